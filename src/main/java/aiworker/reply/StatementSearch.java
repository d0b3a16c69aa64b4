package aiworker.reply;

import aiworker.error.AiWorkerException;
import aiworker.error.Refusal;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Finds the one statement in text: bare, in a code fence, as inline code, or with prose in front of
 * it. Never changes or drops a character of the statement and never chooses among several.
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

  /** What follows a verb in every statement that begins with it. */
  private static final Map<String, String> FOLLOWS =
      Map.of("INSERT", "INTO", "DELETE", "FROM", "MERGE", "INTO", "REFRESH", "MATERIALIZED");

  /** What may follow the name in TABLE users. */
  private static final Set<String> AFTER_TABLE =
      Lexer.words("ORDER LIMIT OFFSET FETCH FOR UNION INTERSECT EXCEPT");

  /** English words that stand before a noun, and in no statement before a word but these. */
  private static final Set<String> ARTICLES =
      Lexer.words("THE AN YOUR MY OUR WHICH THESE THOSE THIS THAT ANOTHER EITHER");

  private static final Set<String> AFTER_NAME = Lexer.words("FROM AS");

  /** English words that follow a verb in prose. */
  private static final Set<String> PROSE =
      Lexer.words(
          """
          A THE AN YOUR MY OUR THIS THAT THESE THOSE IT ME US YOU YOURSELF WHAT WHICH WHO HOW WHEN WHY WHERE THERE
          NOT NO TO UP OF IN BY WITH FOR IS ARE WAS WERE I WE
          """);

  /** Words of English that speak against a statement, right before it and right after it. */
  private static final Pattern AGAINST_WHAT_FOLLOWS =
      Pattern.compile(
          "(?:\\b(?:not|never|avoid|wrong|incorrect|invalid|cannot)|n['\u2019]t|instead of|rather than)"
              + "(?:\\W+(?:use|using|run|running|write|do|say|just|simply|try|is|was|be|would|query|statement|one|sql"
              + "|this|that|like|with|approach|version|attempt|draft|example))*\\W*\\z",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern AGAINST_WHAT_PRECEDES =
      Pattern.compile(
          "\\W*(?:(?:but|which|this|that|it|the|above|query|statement|one|first|draft)\\W+){0,4}"
              + "(?:is|was|would|will|does|did|can|could|should|wo|ca)?\\W*(?:be\\W+)?"
              + "(?:wrong|incorrect|invalid|fails?|(?:not|n['\u2019]t|cannot)\\W+(?:be\\W+)?"
              + "(?:work|used?|right|correct|valid|possible|run|enough|what|an? answer|the answer))\\b",
          Pattern.CASE_INSENSITIVE);

  private static final int LONGEST_VERDICT = 200;

  private StatementSearch() {}

  /**
   * The statement's own text, without fence, prose in front and the semicolon at its end; null if
   * there is none.
   *
   * @throws AiWorkerException STATEMENT_REFUSED if there are several, something follows the
   *     semicolon, or the prose speaks against it
   */
  static String find(String text) {
    Set<String> found = candidates(text);
    if (found.size() > 1) {
      throw Refusal.of("the model's reply holds %d statements, allowed is 1", found.size());
    }
    return found.isEmpty() ? null : found.iterator().next();
  }

  /**
   * All that may be meant as the statement; what is plain among prose ends where the text does.
   *
   * @throws AiWorkerException STATEMENT_REFUSED if the prose speaks against one
   */
  static Set<String> candidates(String text) {
    Set<String> found = new LinkedHashSet<>();
    if (startsStatement(text, 0, true)) {
      found.add(whole(text));
      return found;
    }
    Set<String> inline = new LinkedHashSet<>();
    int said = 0;
    for (int at = 0; at < text.length(); ) {
      int end = at + 1;
      String statement = null;
      Set<String> kind = found;
      if (Markdown.isFence(text, at)) {
        Markdown.Fence fence = Markdown.fence(text, at);
        end = fence.end();
        statement = startsStatement(fence.body(), 0, true) ? fence.body() : null;
      } else if (text.charAt(at) == '`' && text.indexOf('`', end) > 0) {
        String code = text.substring(end, text.indexOf('`', end));
        end += code.length() + 1;
        statement = code.indexOf(' ') > 0 && startsStatement(code, 0, true) ? code : null;
        kind = inline;
      } else if (begins(text, at) && startsStatement(text, at, false)) {
        statement = text.substring(at);
        end = text.length();
      }
      if (statement != null) {
        requireNothingAgainst(text, said, at, end);
        kind.add(whole(statement));
        said = end;
      }
      at = end;
    }
    if (found.size() == 1) {
      // `SELECT count(*)` may explain a part of the one that reads tables
      String one = spaced(found.iterator().next());
      inline.removeIf(
          code -> reads(one) && !reads(spaced(code)) && one.startsWith(spaced(code) + " "));
    }
    found.addAll(inline);
    return found;
  }

  private static boolean begins(String text, int at) {
    return at > 0 && (text.charAt(at - 1) == '\n' || text.charAt(at - 1) == ':');
  }

  private static String spaced(String statement) {
    return statement.replaceAll("\\s+", " ").toUpperCase(Locale.ROOT);
  }

  private static boolean reads(String spaced) {
    return spaced.contains(" FROM ");
  }

  private static void requireNothingAgainst(String text, int said, int from, int to) {
    String before = text.substring(Math.max(said, from - LONGEST_VERDICT), from);
    if (before.stripTrailing().endsWith(";")) {
      throw Refusal.of("another statement may end before the one in the model's reply");
    }
    String after = text.substring(to, Math.min(text.length(), to + LONGEST_VERDICT));
    if (AGAINST_WHAT_FOLLOWS.matcher(before).find()
        || AGAINST_WHAT_PRECEDES.matcher(after).lookingAt()) {
      throw Refusal.of("the model's reply speaks against its own statement");
    }
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

  /** Whether a statement begins here; in the middle of prose, capitalised words are prose. */
  static boolean startsStatement(String text, int from, boolean atStart) {
    int to = from == 0 ? text.length() : Math.min(text.length(), from + LONGEST_LEAD);
    Lexer lexer = Lexer.from(text.substring(from, to), 0);
    Token verb = next(lexer);
    while (verb != null && verb.is("(")) {
      verb = next(lexer);
    }
    if (verb == null || !isVerb(verb.word())) {
      return false;
    }
    if (isCapitalised(verb.text()) && (!atStart || endsAsProse(text))) {
      return false;
    }
    Token second = next(lexer);
    return second != null
        && switch (verb.word()) {
          case "SELECT" -> beginsSelectList(second, lexer);
          case "WITH" -> beginsCommonTableExpression(second, lexer);
          case "VALUES" -> second.is("(");
          case "TABLE" -> isTable(second, lexer);
          case "DO" -> second.kind() == Kind.STRING || second.isWord("LANGUAGE");
          default ->
              FOLLOWS.containsKey(verb.word())
                  ? second.isWord(FOLLOWS.get(verb.word()))
                  : (second.isName() || second.is("(") || second.is(";"))
                      && !PROSE.contains(second.word());
        };
  }

  /** The next one but comments; null at the end, or where no token is. */
  private static Token next(Lexer lexer) {
    try {
      Token token = lexer.next();
      while (token != null && token.kind() == Kind.COMMENT) {
        token = lexer.next();
      }
      return token;
    } catch (AiWorkerException e) {
      return null;
    }
  }

  private static boolean beginsSelectList(Token second, Lexer lexer) {
    if (second.is(".") || second.is(",")) {
      return false;
    }
    boolean from = false;
    Token token = second;
    while (token != null && token.kind() == Kind.WORD) {
      Token after = next(lexer);
      if (ARTICLES.contains(token.word())
          && after != null
          && after.kind() == Kind.WORD
          && !AFTER_NAME.contains(after.word())) {
        return false;
      }
      if (from || (after != null && after.is(":"))) {
        return from;
      }
      from = token.isWord("FROM");
      token = after;
    }
    return true;
  }

  private static boolean beginsCommonTableExpression(Token second, Lexer lexer) {
    Token name = second.isWord("RECURSIVE") ? next(lexer) : second;
    Token after = name != null && name.isName() ? next(lexer) : null;
    if (after != null && after.is("(")) {
      while (after != null && !after.is(")")) {
        after = next(lexer);
      }
      after = next(lexer);
    }
    Token body = after != null && after.isWord("AS") ? next(lexer) : null;
    return body != null && (body.is("(") || body.isWord("MATERIALIZED") || body.isWord("NOT"));
  }

  private static boolean isTable(Token second, Lexer lexer) {
    Token name = second.isWord("ONLY") ? next(lexer) : second;
    Token after = name != null && name.isName() ? next(lexer) : null;
    while (after != null && after.is(".")) {
      name = next(lexer);
      after = name != null && name.isName() ? next(lexer) : null;
    }
    return name != null
        && name.isName()
        && (after == null || after.is(";") || after.is(")") || AFTER_TABLE.contains(after.word()));
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
