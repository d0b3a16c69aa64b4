package aiworker.chat;

import aiworker.AiWorkerException;
import aiworker.Failure;
import aiworker.Usage;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Reads a Chat Completions reply: the statement if the model kept to the asked shape, its text if
 * not, an error if there is neither.
 *
 * <p>Stateless, so any thread may use it.
 */
final class ReplyReader {
  private ReplyReader() {}

  /**
   * Reads a body that came with status 2xx.
   *
   * @throws TruncatedReplyException if it ends in the middle
   * @throws AiWorkerException {@link Failure#REPLY_UNREADABLE}, or {@link Failure#NO_STATEMENT}
   *     with the model's words; it carries the tokens that the reply cost
   */
  static ChatReply read(byte[] body, ChatSettings settings) throws TruncatedReplyException {
    Json root = root(body, settings);
    Usage usage = usage(root.path("usage"));
    try {
      return new ChatReply(answer(root, body, settings), usage);
    } catch (AiWorkerException e) {
      throw e.costing(usage);
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

  private static String answer(Json root, byte[] body, ChatSettings settings) {
    List<Json> choices = root.path("choices").elements();
    Json choice = choices.isEmpty() ? Json.NOTHING : choices.get(0);
    if (!choice.isObject()) {
      throw unreadable(
          "the reply of " + settings.shownUrl() + " has no choices", text(body), settings);
    }
    Json message = choice.path("message");
    requireFinished(choice.path("finish_reason").text(), message, settings);
    String content = withoutThoughts(content(message.path("content"))).strip();
    if (content.isEmpty()) {
      throw unreadable("the reply of " + settings.shownUrl() + " is empty", text(body), settings);
    }
    String statement = statement(content, settings);
    if (!isText(statement)) {
      throw unreadable("the answer holds characters that are no text", statement, settings);
    }
    if (settings.isKeyIn(statement)) {
      throw unreadable("the answer holds the API key", statement, settings);
    }
    return statement;
  }

  private static Json root(byte[] body, ChatSettings settings) throws TruncatedReplyException {
    try {
      return Json.read(body);
    } catch (JsonEOFException e) {
      throw new TruncatedReplyException("the body ends after " + body.length + " bytes");
    } catch (JsonProcessingException e) {
      throw unreadable(
          "the reply of " + settings.shownUrl() + " is not JSON", text(body), settings);
    }
  }

  private static void requireFinished(String reason, Json message, ChatSettings settings) {
    String refusal = message.path("refusal").text();
    if (!refusal.isBlank()) {
      throw noStatement("the model declined the question", refusal, settings);
    }
    if (reason.equals("content_filter")) {
      throw noStatement(
          "the endpoint's content filter stopped the answer",
          content(message.path("content")),
          settings);
    }
    if (reason.equals("length")) {
      throw new AiWorkerException(
          Failure.REPLY_UNREADABLE,
          "the answer of model \"" + settings.model() + "\" was cut at its length limit",
          "it may need a higher limit of completion tokens, or a shorter question");
    }
  }

  /** Text, or the texts of a list of parts. */
  private static String content(Json content) {
    StringBuilder joined = new StringBuilder(content.text());
    content.elements().forEach(part -> joined.append(part.path("text").text()));
    return joined.toString();
  }

  /** Some local servers leave a reasoning model's thoughts in front of its answer. */
  private static String withoutThoughts(String content) {
    String end = "</think>";
    return content.stripLeading().startsWith("<think>") && content.contains(end)
        ? content.substring(content.indexOf(end) + end.length())
        : content;
  }

  private static String statement(String content, ChatSettings settings) {
    Json answer = Json.objectOrNothing(unfenced(content));
    if (!answer.has("sql") && !answer.has("problem")) {
      return content;
    }
    String sql = answer.path("sql").text().strip();
    if (sql.isEmpty()) {
      throw noStatement(
          "the model has no query for this question", answer.path("problem").text(), settings);
    }
    return sql;
  }

  /** Whether PostgreSQL can take it in a text. */
  private static boolean isText(String text) {
    return text.indexOf('\0') < 0 && StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  /** The JSON in a Markdown fence that is the whole text. */
  private static String unfenced(String content) {
    String fence = "```";
    return content.startsWith(fence + "json") && content.endsWith(fence)
        ? content.substring(fence.length() + 4, content.length() - fence.length())
        : content;
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
