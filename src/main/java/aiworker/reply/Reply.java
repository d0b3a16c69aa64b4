package aiworker.reply;

import aiworker.error.AiWorkerException;
import aiworker.error.Excerpt;
import aiworker.error.Failure;
import aiworker.error.Refusal;
import aiworker.json.Json;
import java.util.function.Predicate;

/** What a model answered; immutable. */
public sealed interface Reply {
  /** Characters, thoughts aside. */
  int LONGEST = 100_000;

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
   * Reads the content of one finished chat message: thoughts are set aside; a structured answer is
   * taken whole, and only if there is none, prose is searched for a statement.
   *
   * @param known whether a text that looks as if it stood for another is one that the question or
   *     the schema holds
   * @throws AiWorkerException {@link Failure#REPLY_UNREADABLE} if it is empty or no text, {@link
   *     Failure#STATEMENT_REFUSED} if it holds several statements, speaks against its only one or
   *     is too long
   */
  static Reply of(String content, Predicate<String> known) {
    String undone = Escapes.undone(content);
    Reply reply = undone.equals(content) ? read(content) : escaped(content, undone);
    if (reply instanceof Statement statement) {
      try {
        Placeholder.requireNone(statement.sql, known);
      } catch (AiWorkerException e) {
        throw showing("statement: " + statement.sql, e);
      }
    }
    return reply;
  }

  /** A statement as it stands is taken so; of one that was escaped, no text may change. */
  private static Reply escaped(String content, String undone) {
    Statement meant = null;
    try {
      meant = read(undone) instanceof Statement statement ? statement : null;
      Reply reply = read(content);
      boolean same =
          reply instanceof Statement statement
              && (meant == null || Escapes.undone(statement.sql).equals(meant.sql));
      if (meant == null || same) {
        return reply;
      }
    } catch (AiWorkerException e) {
      if (meant == null) {
        return read(content);
      }
    }
    if (!Escapes.keepsTexts(meant.sql, content)) {
      throw Refusal.of("the model's reply holds escapes in texts");
    }
    return meant;
  }

  private static Reply read(String content) {
    String said = Thoughts.setAside(content);
    try {
      return read(content, said);
    } catch (AiWorkerException e) {
      throw showing("reply: " + said, e);
    }
  }

  /** A refusal shows what it is of. */
  private static AiWorkerException showing(String refused, AiWorkerException e) {
    return e.failure() == Failure.STATEMENT_REFUSED && e.detail() == null
        ? new AiWorkerException(
            e.failure(),
            e.getMessage(),
            Excerpt.isText(refused) ? refused : Excerpt.line(refused),
            e)
        : e;
  }

  private static Reply read(String content, String said) {
    if (said.length() > LONGEST) {
      throw Refusal.of(
          "the model's reply of %d characters is over the limit of %d", said.length(), LONGEST);
    }
    StructuredAnswer.Answer answer = StructuredAnswer.in(said);
    if (answer != null) {
      Reply reply = structured(answer, said);
      if (reply instanceof Statement statement) {
        StructuredAnswer.requireNoOther(said, statement.sql);
      }
      return reply;
    }
    if (said.isEmpty()) {
      throw unreadable("the model's reply is empty", content);
    }
    requireText(said);
    String statement = StatementSearch.find(said);
    if (statement == null) {
      return new Prose(said);
    }
    StructuredAnswer.requireNoOther(said, statement);
    return new Statement(statement);
  }

  /** What stands before it may be a draft; what follows it, or stands in it, takes nothing back. */
  private static Reply structured(StructuredAnswer.Answer answer, String said) {
    StructuredAnswer.Answer inner = StructuredAnswer.inside(answer);
    if (inner != null) {
      return structured(inner, said);
    }
    String sql = Json.text(answer.json().path("sql")).strip();
    String problem = Excerpt.cut(Excerpt.line(Json.text(answer.json().path("problem"))), 600);
    requireText(sql);
    String statement;
    try {
      statement = StatementSearch.whole(Markdown.unfenced(sql));
    } catch (AiWorkerException e) {
      throw showing("statement: " + sql, e);
    }
    StatementSearch.Found after = StatementSearch.candidates(answer.after(), !statement.isEmpty());
    if (!after.statements().stream()
        .allMatch(other -> StatementSearch.explains(other, statement) || other.equals(statement))) {
      throw Refusal.of("another statement follows the model's answer");
    }
    if (statement.isEmpty()) {
      return new Prose(problem);
    }
    after.requireNothingBeside(statement);
    boolean asks = Verdict.asksBack(answer.lead(), false) || after.asksBack();
    if (asks || StructuredAnswer.asksBack(answer.json(), statement)) {
      return new Prose(said);
    }
    if (!StructuredAnswer.isNothing(problem)) {
      throw Refusal.of("the model's answer holds a statement and a problem");
    }
    return new Statement(statement);
  }

  private static void requireText(String said) {
    if (!Excerpt.isText(said)) {
      throw unreadable("the answer holds characters that are no text", said);
    }
  }

  private static AiWorkerException unreadable(String message, String text) {
    String begin = Excerpt.cut(Excerpt.line(text), 600);
    return new AiWorkerException(
        Failure.REPLY_UNREADABLE, message, begin.isEmpty() ? null : "it begins: " + begin);
  }
}
