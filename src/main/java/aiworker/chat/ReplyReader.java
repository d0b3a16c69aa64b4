package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.usage.Usage;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Reads a Chat Completions reply: the statement if the model kept to the asked shape, its text if
 * not, an error if there is neither.
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

  /** Of either closing tag, without its end. */
  private static final String THOUGHTS_END = "</think";

  private ReplyReader() {}

  /**
   * The JSON of a body that came with status 2xx.
   *
   * @throws PassingException if it ends in the middle
   * @throws AiWorkerException {@link Failure#REPLY_UNREADABLE}
   */
  static Json root(byte[] body, ChatSettings settings) throws PassingException {
    try {
      return Json.read(body);
    } catch (JsonEOFException e) {
      throw PassingException.truncated(
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
  static int status(int status, Json root) {
    int inner = root.path("error").path("code").integer(0);
    boolean answered = !root.path("choices").elements().isEmpty();
    return inner >= 400 && inner <= 599 && !answered ? inner : status;
  }

  /**
   * Reads a reply that means success.
   *
   * @throws PassingException if the endpoint gave up in the middle
   * @throws AiWorkerException {@link Failure#REPLY_UNREADABLE}, {@link Failure#REPLY_CUT}, or
   *     {@link Failure#NO_STATEMENT} with the model's words; like the other it carries the tokens
   *     that the reply cost
   */
  static ChatReply read(Json root, byte[] body, ChatSettings settings) throws PassingException {
    Usage usage = usage(root.path("usage"));
    try {
      return new ChatReply(answer(root, body, settings), usage);
    } catch (AiWorkerException e) {
      throw e.costing(usage);
    } catch (PassingException e) {
      throw new PassingException(e.error().costing(usage));
    }
  }

  private static Usage usage(Json usage) {
    int prompt = tokens(usage.path("prompt_tokens"), 0);
    int completion = tokens(usage.path("completion_tokens"), 0);
    return new Usage(
        prompt,
        completion,
        tokens(usage.path("total_tokens"), Usage.sum(prompt, completion)),
        tokens(usage.path("prompt_tokens_details").path("cached_tokens"), 0));
  }

  private static int tokens(Json count, int other) {
    return Math.max(0, count.integer(other));
  }

  private static String answer(Json root, byte[] body, ChatSettings settings)
      throws PassingException {
    List<Json> choices = root.path("choices").elements();
    Json choice = choices.isEmpty() ? Json.NOTHING : choices.get(0);
    if (!choice.isObject()) {
      throw unreadable(
          "the reply of " + settings.shownUrl() + " has no choices", text(body), settings);
    }
    Json message = choice.path("message");
    requireFinished(choice, settings);
    String content = stripped(texts(message.path("content"), "text"));
    String statement = statement(content, settings);
    if (statement.isEmpty()) {
      throw unreadable("the reply of " + settings.shownUrl() + " is empty", text(body), settings);
    }
    if (!isText(statement)) {
      throw unreadable("the answer holds characters that are no text", statement, settings);
    }
    if (settings.isKeyIn(statement)) {
      throw unreadable("the answer holds the API key", statement, settings);
    }
    return statement;
  }

  private static void requireFinished(Json choice, ChatSettings settings) throws PassingException {
    Json message = choice.path("message");
    String refusal = message.path("refusal").text() + texts(message.path("content"), "refusal");
    if (!refusal.isBlank()) {
      throw noStatement("the model declined the question", refusal, settings);
    }
    String given = choice.path("finish_reason").text();
    String reason = given.toLowerCase(Locale.ROOT).replace('-', '_');
    if (choice.path("error").isObject() || FAILED.contains(reason)) {
      String words = EndpointError.of(choice, "", settings).message();
      throw new PassingException(
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
  private static String texts(Json content, String name) {
    StringBuilder joined = new StringBuilder(name.equals("text") ? content.text() : "");
    content.elements().forEach(part -> joined.append(part.path(name).text()));
    return joined.toString();
  }

  /** The statement in the asked shape if the content holds it, or the content as it is. */
  private static String statement(String content, ChatSettings settings) {
    Json answer = structured(content);
    String rest = content;
    if (answer == Json.NOTHING && mayBeginWithThoughts(content)) {
      // after the first closing tag if that is an answer, for it may hold a tag as text
      answer = structured(after(content, content.indexOf(THOUGHTS_END)));
      if (answer == Json.NOTHING) {
        rest = after(content, content.lastIndexOf(THOUGHTS_END));
        answer = structured(rest);
      }
    }
    if (answer == Json.NOTHING) {
      return rest;
    }
    String sql = answer.path("sql").text().strip();
    if (sql.isEmpty()) {
      throw noStatement(
          "the model has no query for this question", answer.path("problem").text(), settings);
    }
    return sql;
  }

  /**
   * Whether a closing tag ends a reasoning model's thoughts: some local servers leave them in front
   * of the answer, and where the chat template opens them, without the opening tag.
   */
  private static boolean mayBeginWithThoughts(String content) {
    return content.startsWith("<think>")
        || content.startsWith("<thinking>")
        || !(content.contains("<think>") || content.contains("<thinking>"));
  }

  /** What follows the closing tag there; all of the content if there is none. */
  private static String after(String content, int tag) {
    int end = tag + THOUGHTS_END.length();
    if (content.startsWith("ing>", end)) {
      end += "ing".length();
    }
    return tag < 0 || !content.startsWith(">", end)
        ? content
        : stripped(content.substring(end + 1));
  }

  /**
   * The answer in the asked shape: the whole text, or the only such object in its Markdown fences.
   *
   * @return {@link Json#NOTHING} if there is none, or several to choose from
   */
  private static Json structured(String content) {
    String fence = "```";
    Json whole = object(content);
    if (whole != Json.NOTHING || !content.contains(fence)) {
      return whole;
    }
    List<Json> found = new ArrayList<>();
    String[] blocks = content.split(fence, -1);
    for (int at = 1; at < blocks.length; at += 2) {
      Json fenced = object(blocks[at]);
      if (fenced != Json.NOTHING) {
        found.add(fenced);
      }
    }
    if (found.isEmpty() && content.startsWith(fence)) {
      // the fence's end may be part of the statement
      return object(content.substring(fence.length()));
    }
    return found.size() == 1 ? found.get(0) : Json.NOTHING;
  }

  /** The text's object if it has the asked shape; a fence's tag may stand in front. */
  private static Json object(String text) {
    int at = 0;
    while (at < text.length() && Character.isLetterOrDigit(text.charAt(at))) {
      at++;
    }
    String json = text.substring(at).strip();
    Json answer = json.startsWith("{") ? Json.objectOrNothing(json) : Json.NOTHING;
    return answer.has("sql") || answer.has("problem") ? answer : Json.NOTHING;
  }

  /** Without the white space, and the byte order mark, around it. */
  private static String stripped(String text) {
    String stripped = text.strip();
    return stripped.startsWith("\uFEFF") ? stripped.substring(1).strip() : stripped;
  }

  /** Whether PostgreSQL can take it in a text. */
  private static boolean isText(String text) {
    return text.indexOf('\0') < 0 && StandardCharsets.UTF_8.newEncoder().canEncode(text);
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
