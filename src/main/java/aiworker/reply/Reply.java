package aiworker.reply;

import aiworker.error.AiWorkerException;
import aiworker.error.Excerpt;
import aiworker.error.Failure;
import aiworker.json.Json;
import com.fasterxml.jackson.databind.JsonNode;

/** What a model answered; immutable. */
public sealed interface Reply {
  /**
   * The statement.
   *
   * @throws AiWorkerException {@link Failure#NO_STATEMENT} with the model's words if there is none
   */
  String sql();

  /** One statement, not a character of it changed; nothing is proven about it. */
  record Statement(String sql) implements Reply {}

  /** No statement, but perhaps the reason. */
  record Prose(String words) implements Reply {
    @Override
    public String sql() {
      throw new AiWorkerException(
          Failure.NO_STATEMENT,
          "the model answered without a statement",
          words.isBlank() ? null : words);
    }
  }

  /**
   * Reads the content of one finished chat message: thoughts in front of the answer are left out,
   * the asked shape is taken if it is there, and what remains is searched for a statement.
   *
   * @throws AiWorkerException {@link Failure#REPLY_UNREADABLE} if it is empty or no text, {@link
   *     Failure#STATEMENT_REFUSED} if it holds several statements or is too long
   */
  static Reply of(String content) {
    StructuredAnswer answer = StructuredAnswer.of(content);
    String said = answer.rest();
    JsonNode shape = answer.shape();
    if (shape.isObject()) {
      said = Json.text(shape.path("sql")).strip();
      if (said.isEmpty()) {
        return new Prose(Excerpt.cut(Excerpt.line(Json.text(shape.path("problem"))), 600));
      }
    }
    if (said.isEmpty()) {
      throw unreadable("the model's reply is empty", content);
    }
    if (!Excerpt.isText(said)) {
      throw unreadable("the answer holds characters that are no text", said);
    }
    String statement = StatementSearch.find(said);
    return statement == null ? new Prose(said) : new Statement(statement);
  }

  private static AiWorkerException unreadable(String message, String text) {
    String begin = Excerpt.cut(Excerpt.line(text), 600);
    return new AiWorkerException(
        Failure.REPLY_UNREADABLE, message, begin.isEmpty() ? null : "it begins: " + begin);
  }
}
