package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Excerpt;
import aiworker.error.Failure;
import aiworker.json.Json;
import aiworker.usage.Usage;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/**
 * Reads what the Chat Completions protocol says of a reply: whether it is whole, what it cost, and
 * the words in it. What those mean is not read here.
 *
 * <p>Stateless, so any thread may use it.
 */
final class ReplyReader {
  /** Reasons to stop that mean a whole answer; none is given by some servers. */
  private static final Set<String> FINISHED =
      Set.of(
          "",
          "stop",
          "stop_sequence",
          "eos",
          "eos_token",
          "end",
          "end_turn",
          "complete",
          "completed",
          "finished",
          "done",
          "tool_calls",
          "tool_use",
          "function_call");

  private static final Set<String> CUT =
      Set.of(
          "length",
          "max_length",
          "max_tokens",
          "max_output_tokens",
          "model_length",
          "model_context_window_exceeded");

  private static final Set<String> FILTERED =
      Set.of(
          "content_filter",
          "safety",
          "refusal",
          "recitation",
          "blocklist",
          "prohibited_content",
          "sensitive",
          "spii");

  private static final Set<String> FAILED =
      Set.of(
          "error",
          "abort",
          "aborted",
          "cancelled",
          "canceled",
          "timeout",
          "network_error",
          "insufficient_system_resource");

  private ReplyReader() {}

  /**
   * The JSON of a body that came with status 2xx.
   *
   * @throws RetryableException if it ends in the middle
   * @throws AiWorkerException {@link Failure#REPLY_UNREADABLE}
   */
  static JsonNode root(byte[] body, ChatSettings settings) throws RetryableException {
    try {
      return Json.read(body);
    } catch (JsonEOFException e) {
      throw RetryableException.truncated(
          "the body ends after " + body.length + " bytes", settings, e);
    } catch (JsonProcessingException e) {
      throw unreadable(
          "the reply of " + settings.shownUrl() + " is not JSON", text(body), settings);
    }
  }

  /**
   * The status that a reply means: some gateways send 200 with an error, and its status, inside.
   *
   * @param status the one in the reply's head, 2xx
   */
  static int status(int status, JsonNode root) {
    int inner = Json.integer(root.path("error").path("code"), 0);
    boolean answered = Json.elements(root.path("choices")).iterator().hasNext();
    return inner >= 400 && inner <= 599 && !answered ? inner : status;
  }

  /**
   * Reads a reply that means success. One with a problem is {@link Failure#REPLY_CUT}, or {@link
   * Failure#NO_STATEMENT} if the model or a filter declined.
   *
   * @throws RetryableException if the endpoint gave up in the middle
   * @throws AiWorkerException {@link Failure#REPLY_UNREADABLE}; like the other it carries the
   *     tokens that the reply cost
   */
  static ChatReply read(JsonNode root, byte[] body, ChatSettings settings)
      throws RetryableException {
    Usage usage = usage(root.path("usage"));
    try {
      return new ChatReply(answer(root, body, settings), usage);
    } catch (AiWorkerException e) {
      if (e.failure() == Failure.NO_STATEMENT || e.failure() == Failure.REPLY_CUT) {
        return new ChatReply(null, usage, e);
      }
      throw e.costing(usage);
    } catch (RetryableException e) {
      throw new RetryableException(e.error().costing(usage));
    }
  }

  private static Usage usage(JsonNode usage) {
    int prompt = tokens(usage.path("prompt_tokens"), 0);
    int completion = tokens(usage.path("completion_tokens"), 0);
    return new Usage(
        prompt,
        completion,
        tokens(usage.path("total_tokens"), Usage.sum(prompt, completion)),
        tokens(usage.path("prompt_tokens_details").path("cached_tokens"), 0));
  }

  private static int tokens(JsonNode count, int other) {
    return Math.max(0, Json.integer(count, other));
  }

  private static String answer(JsonNode root, byte[] body, ChatSettings settings)
      throws RetryableException {
    JsonNode choice = root.path("choices").path(0);
    if (!choice.isObject()) {
      throw unreadable(
          "the reply of " + settings.shownUrl() + " has no choices", text(body), settings);
    }
    requireFinished(choice, settings);
    String content = texts(choice.path("message").path("content"), "text");
    if (content.isBlank()) {
      throw unreadable("the reply of " + settings.shownUrl() + " is empty", text(body), settings);
    }
    if (!Excerpt.isText(content)) {
      throw unreadable("the answer holds characters that are no text", content, settings);
    }
    if (settings.isKeyIn(content)) {
      throw unreadable("the answer holds the API key", "", settings);
    }
    return content;
  }

  private static void requireFinished(JsonNode choice, ChatSettings settings)
      throws RetryableException {
    JsonNode message = choice.path("message");
    String refusal = Json.text(message.path("refusal")) + texts(message.path("content"), "refusal");
    if (!refusal.isBlank()) {
      throw noStatement("the model declined the question", refusal, settings);
    }
    String given = Json.text(choice.path("finish_reason"));
    String reason = given.toLowerCase(Locale.ROOT).replace('-', '_');
    if (choice.path("error").isObject() || FAILED.contains(reason)) {
      String words = EndpointError.of(choice, "", settings).message();
      throw new RetryableException(
          new AiWorkerException(
              Failure.ENDPOINT_FAILED,
              settings.shownUrl() + " failed in the middle of its answer",
              words.isEmpty() ? "finish_reason: " + EndpointError.shown(given, settings) : words));
    }
    if (FILTERED.contains(reason)) {
      throw noStatement(
          "the endpoint's content filter stopped the answer",
          texts(message.path("content"), "text"),
          settings);
    }
    if (CUT.contains(reason)) {
      throw new AiWorkerException(
          Failure.REPLY_CUT,
          "the answer of model \"" + settings.model() + "\" was cut at its length limit",
          settings.sampling().maxCompletionTokens() == null
              ? "the limit is the endpoint's own, as max_completion_tokens is not set"
              : "max_completion_tokens is " + settings.sampling().maxCompletionTokens());
    }
    if (!FINISHED.contains(reason)) {
      // perhaps whole, perhaps half of it: a query that lacks its end can be valid and wrong
      throw new AiWorkerException(
          Failure.REPLY_UNREADABLE,
          "the answer of model \"" + settings.model() + "\" ended for a reason that is not known",
          "finish_reason: " + EndpointError.shown(given, settings));
    }
  }

  /** Text, or what a list's parts hold under that name. */
  private static String texts(JsonNode content, String name) {
    StringBuilder joined = new StringBuilder(name.equals("text") ? Json.text(content) : "");
    Json.elements(content).forEach(part -> joined.append(Json.text(part.path(name))));
    return joined.toString();
  }

  private static AiWorkerException noStatement(
      String message, String words, ChatSettings settings) {
    return new AiWorkerException(
        Failure.NO_STATEMENT,
        message,
        words.isBlank() ? null : EndpointError.shown(words, settings));
  }

  private static AiWorkerException unreadable(String message, String text, ChatSettings settings) {
    return new AiWorkerException(
        Failure.REPLY_UNREADABLE,
        message,
        text.isBlank() ? null : "it begins: " + EndpointError.shown(text, settings));
  }

  private static String text(byte[] body) {
    return new String(body, 0, Math.min(body.length, 2_000), StandardCharsets.UTF_8);
  }
}
