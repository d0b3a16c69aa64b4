package aiworker.reply;

import aiworker.error.AiWorkerException;
import aiworker.error.Refusal;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds the one statement in text: bare, in a code fence, or with prose in front of it. Never
 * changes or drops a character of the statement and never chooses among several.
 *
 * <p>One pass without back-tracking, so its time is linear in the text's length. Stateless.
 */
final class StatementSearch {
  /** Characters looked at to tell whether a statement begins; bounds the work on hostile text. */
  private static final int LONGEST_LEAD = 1_000;

  /** Words that begin a statement; those that are no query go on and are refused by the check. */
  private static final Set<String> QUERY_VERBS = Set.of("SELECT", "WITH", "VALUES", "TABLE");

  private static final Set<String> OTHER_VERBS =
      Lexer.words(
          """
          INSERT UPDATE DELETE MERGE CREATE ALTER DROP TRUNCATE GRANT REVOKE COPY DO CALL EXECUTE
          PREPARE EXPLAIN SET RESET BEGIN COMMIT ROLLBACK LOCK VACUUM ANALYZE NOTIFY LISTEN
          REFRESH
          """);

  private StatementSearch() {}

  /**
   * The statement's own text, without fence, prose in front and the semicolon at its end; null if
   * there is none.
   *
   * @throws AiWorkerException STATEMENT_REFUSED if there are several, or something follows the
   *     semicolon
   */
  static String find(String text) {
    Set<String> statements = new LinkedHashSet<>();
    if (startsStatement(text, 0, true)) {
      statements.add(text);
    } else if (Markdown.nextFence(text, 0) < text.length()) {
      statements.addAll(fenced(text));
    } else {
      statements.addAll(amongProse(text));
    }
    Set<String> found = new LinkedHashSet<>();
    statements.forEach(statement -> found.add(whole(statement)));
    if (found.size() > 1) {
      throw Refusal.of("the model's reply holds %d statements, allowed is 1", found.size());
    }
    return found.isEmpty() ? null : found.iterator().next();
  }

  /**
   * A statement without the semicolon at its end.
   *
   * @throws AiWorkerException STATEMENT_REFUSED if more than comments follows that
   */
  static String whole(String statement) {
    Lexer lexer = Lexer.from(statement, 0);
    int end = -1;
    try {
      for (Token token = lexer.next(); token != null; token = lexer.next()) {
        if (end < 0 && token.is(";")) {
          end = token.start();
        } else if (end >= 0 && !token.is(";") && token.kind() != Kind.COMMENT) {
          throw Refusal.of("text follows the first statement, at \"%s\"", token.text());
        }
      }
    } catch (AiWorkerException e) {
      if (end >= 0) {
        throw e;
      }
    }
    return (end < 0 ? statement : statement.substring(0, end)).strip();
  }

  /** What a fence holds if it is SQL by its tag, or by its look if it has none. */
  private static List<String> fenced(String text) {
    List<String> found = new ArrayList<>();
    for (int at = Markdown.nextFence(text, 0); at < text.length(); ) {
      Markdown.Fence fence = Markdown.fence(text, at);
      boolean sql = fence.isSql() || fence.tag().isEmpty();
      if (sql && startsStatement(fence.body(), 0, true)) {
        found.add(fence.body());
      }
      at = Markdown.nextFence(text, fence.end());
    }
    return found;
  }

  private static List<String> amongProse(String text) {
    List<String> inline = new ArrayList<>();
    for (String code : Markdown.inlineCode(text)) {
      if (code.indexOf(' ') > 0 && startsStatement(code, 0, true)) {
        inline.add(code);
      }
    }
    if (!inline.isEmpty()) {
      return inline;
    }
    for (int at = 1; at < text.length(); at++) {
      boolean begins = text.charAt(at - 1) == '\n' || text.charAt(at - 1) == ':';
      if (begins && startsStatement(text, at, false)) {
        return List.of(text.substring(at));
      }
    }
    return List.of();
  }

  /** Whether a statement begins here; in the middle of prose, capitalised words are prose. */
  static boolean startsStatement(String text, int from, boolean atStart) {
    int to = from == 0 ? text.length() : Math.min(text.length(), from + LONGEST_LEAD);
    Lexer lexer = Lexer.from(text.substring(from, to), 0);
    try {
      Token token = lexer.next();
      while (token != null && (token.kind() == Kind.COMMENT || token.is("("))) {
        token = lexer.next();
      }
      if (token == null || token.kind() != Kind.WORD || !isVerb(token.word())) {
        return false;
      }
      if (isCapitalised(token.text()) && (!atStart || endsAsProse(text))) {
        return false;
      }
      Token next = lexer.next();
      if (token.isWord("WITH")) {
        return next != null && next.isName() && beginsCommonTableExpression(next, lexer);
      }
      return next != null && !next.is(".") && !next.is(",");
    } catch (AiWorkerException e) {
      return false;
    }
  }

  private static boolean beginsCommonTableExpression(Token name, Lexer lexer) {
    if (name.isWord("RECURSIVE")) {
      return true;
    }
    Token next = lexer.next();
    return next != null && (next.isWord("AS") || next.is("("));
  }

  private static boolean endsAsProse(String text) {
    return ".?!:"
            .indexOf(
                text.isBlank()
                    ? ' '
                    : text.stripTrailing().charAt(text.stripTrailing().length() - 1))
        >= 0;
  }

  private static boolean isCapitalised(String word) {
    return Character.isUpperCase(word.charAt(0))
        && (word.length() == 1 || word.chars().skip(1).anyMatch(Character::isLowerCase));
  }

  static boolean isVerb(String upperCase) {
    return QUERY_VERBS.contains(upperCase) || OTHER_VERBS.contains(upperCase);
  }
}
