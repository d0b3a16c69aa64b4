package aiworker.reply;

import aiworker.error.AiWorkerException;
import aiworker.error.Refusal;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Finds the one statement in text: bare, in a code fence, or with prose around it. Never changes a
 * character of the statement and never chooses among several.
 *
 * <p>One pass without back-tracking, so its time is linear in the text's length. Stateless.
 */
final class StatementSearch {
  private static final int LONGEST = 100_000;

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

  private static final Set<String> SQL_TAGS =
      Set.of("", "sql", "postgresql", "postgres", "pgsql", "psql", "plpgsql");

  /** Words that may begin a paragraph in the middle of a query. */
  private static final Set<String> CLAUSES =
      Lexer.words(
          """
          SELECT FROM WHERE GROUP HAVING ORDER LIMIT OFFSET FETCH UNION INTERSECT EXCEPT JOIN
          LEFT RIGHT FULL INNER CROSS NATURAL ON AND OR WINDOW CASE WHEN THEN ELSE END AS
          """);

  private StatementSearch() {}

  /**
   * The statement's own text, without fence, prose and trailing semicolon; null if there is none.
   *
   * @throws AiWorkerException STATEMENT_REFUSED if there are several or the text is over 100,000
   *     characters
   */
  static String find(String text) {
    if (text.length() > LONGEST) {
      throw Refusal.of(
          "the model's reply of %d characters is over the limit of %d", text.length(), LONGEST);
    }
    Set<String> statements = new LinkedHashSet<>();
    if (text.contains(Markdown.FENCE)) {
      Markdown.fenced(text).forEach(block -> statements.addAll(statements(code(block))));
    } else {
      statements.addAll(bare(text));
    }
    if (statements.size() > 1) {
      throw Refusal.of("the model's reply holds %d statements, allowed is 1", statements.size());
    }
    return statements.isEmpty() ? null : statements.iterator().next();
  }

  /** What a fence holds if it is SQL by its tag, or by its look if it has none; else nothing. */
  private static String code(String block) {
    int tagEnd = 0;
    while (tagEnd < block.length() && isTagCharacter(block.charAt(tagEnd))) {
      tagEnd++;
    }
    String tag = block.substring(0, tagEnd);
    if (isVerb(tag.toUpperCase(Locale.ROOT))) {
      return block;
    }
    return SQL_TAGS.contains(tag.toLowerCase(Locale.ROOT)) ? block.substring(tagEnd) : "";
  }

  private static List<String> bare(String content) {
    if (startsStatement(content, 0, true)) {
      return statements(content);
    }
    List<String> inline = new ArrayList<>();
    for (String code : Markdown.inlineCode(content)) {
      if (code.indexOf(' ') > 0 && startsStatement(code, 0, true)) {
        inline.addAll(statements(code));
      }
    }
    if (!inline.isEmpty()) {
      return inline;
    }
    for (int at = 0; at < content.length(); at++) {
      boolean begins = at > 0 && (content.charAt(at - 1) == '\n' || content.charAt(at - 1) == ':');
      if (begins && startsStatement(content, at, false)) {
        return statements(content.substring(at));
      }
    }
    return List.of();
  }

  /** Whether a statement begins here; in the middle of prose, capitalised words are prose. */
  private static boolean startsStatement(String text, int from, boolean atStart) {
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
      if (!atStart && isCapitalised(token.text())) {
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

  /** The statements in text that begins with one; prose after a semicolon or blank line goes. */
  private static List<String> statements(String text) {
    List<String> found = new ArrayList<>();
    int start = 0;
    while (start < text.length() && startsStatement(text, start, found.isEmpty())) {
      int end = end(text, start);
      String statement = text.substring(start, end).strip();
      if (!statement.isEmpty()) {
        found.add(statement);
      }
      start = nextStatement(text, end);
    }
    return found;
  }

  /** Where the statement ends: at a semicolon, before a paragraph of prose, or with the text. */
  private static int end(String text, int start) {
    Lexer lexer = Lexer.from(text, start);
    int previous = start;
    for (Token token = next(lexer); token != null; token = next(lexer)) {
      if (token.is(";")) {
        return token.start();
      }
      if (isProse(token) && hasBlankLine(text, previous, token.start())) {
        return previous;
      }
      previous = token.end();
    }
    return text.length();
  }

  /** The next token; what cannot be cut any further ends the search. */
  private static Token next(Lexer lexer) {
    try {
      return lexer.next();
    } catch (AiWorkerException e) {
      return null;
    }
  }

  /** After a statement, the start of the next line or semicolon that begins another. */
  private static int nextStatement(String text, int from) {
    int at = from;
    while (at < text.length()) {
      if (startsStatement(text, at, false)
          || (text.charAt(at) == ';' && startsStatement(text, at + 1, true))) {
        return text.charAt(at) == ';' ? at + 1 : at;
      }
      int line = text.indexOf('\n', at);
      int semicolon = text.indexOf(';', at + 1);
      if (line < 0 && semicolon < 0) {
        return text.length();
      }
      at = semicolon >= 0 && (line < 0 || semicolon < line) ? semicolon : line + 1;
    }
    return text.length();
  }

  private static boolean isProse(Token token) {
    return token.kind() == Kind.WORD
        && isCapitalised(token.text())
        && !CLAUSES.contains(token.word());
  }

  private static boolean isCapitalised(String word) {
    return Character.isUpperCase(word.charAt(0))
        && (word.length() == 1 || word.chars().skip(1).anyMatch(Character::isLowerCase));
  }

  private static boolean hasBlankLine(String text, int from, int to) {
    return text.substring(from, to).lines().skip(1).limit(1).anyMatch(String::isBlank)
        && text.substring(from, to).chars().filter(c -> c == '\n').count() > 1;
  }

  private static boolean isVerb(String upperCase) {
    return QUERY_VERBS.contains(upperCase) || OTHER_VERBS.contains(upperCase);
  }

  private static boolean isTagCharacter(char c) {
    return Character.isLetterOrDigit(c) || c == '+' || c == '-' || c == '_';
  }
}
