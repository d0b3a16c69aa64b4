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
import java.util.Map;
import java.util.Set;

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

  /** Characters of prose that are read next to a statement; bounds the work on hostile text. */
  private static final int LONGEST_PROSE = 10_000;

  /** Words after which an operand, a name or another word stands, so that no alias does. */
  private static final Set<String> BEFORE_MORE =
      Lexer.words(
          """
          SELECT FROM AS BY JOIN AND OR NOT IN LIKE ILIKE SIMILAR TO IS WHERE LIMIT OFFSET ON HAVING UNION INTERSECT EXCEPT
          ALL DISTINCT TABLE ONLY WITH CASE WHEN THEN ELSE BETWEEN USING COLLATE NULLS FETCH FIRST NEXT FOR OVER WINDOW ANY
          LATERAL VALUES SYMMETRIC INTERVAL DATE TIMESTAMP TIME ZONE AT ESCAPE ROWS ROW
          """);

  /** Words that end a statement and are no alias. */
  private static final Set<String> LAST_WORDS =
      Lexer.words(
          """
          ASC DESC FIRST LAST ONLY TIES ROW ROWS END NULL TRUE FALSE UNKNOWN ALL CURRENT_DATE CURRENT_TIMESTAMP LOCALTIME
          LOCALTIMESTAMP CURRENT_USER USER ORDINALITY UPDATE SHARE LOCKED NOWAIT NORMALIZED DOCUMENT
          """);

  /** Characters that change the order in which others are shown. */
  private static final String REORDERING = "\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069";

  /**
   * What was found in a text.
   *
   * @param parts code that is no statement, but may be a part of one
   * @param after prose that follows one
   */
  record Found(Set<String> statements, boolean asksBack, List<String> parts, String after) {
    /** Fails if what else was found belongs to the statement, or is another. */
    void requireNothingBeside(String statement) {
      Leftover.requireParts(parts, statement);
      Leftover.requireNoOther(after, statement);
    }
  }

  private StatementSearch() {}

  /**
   * The statement's own text, without fence, prose in front and the semicolon at its end; null if
   * there is none, or the prose asks back on what it depends.
   *
   * @throws AiWorkerException STATEMENT_REFUSED if there are several, something follows the
   *     semicolon, or the prose speaks against it
   */
  static String find(String text) {
    Found found = candidates(text, false);
    if (found.statements.size() > 1) {
      throw Refusal.of(
          "the model's reply holds %d statements, allowed is 1", found.statements.size());
    }
    if (found.statements.isEmpty()) {
      return null;
    }
    String statement = found.statements.iterator().next();
    found.requireNothingBeside(statement);
    return found.asksBack ? null : statement;
  }

  /**
   * All that may be meant as the statement; what is plain among prose ends where the text does.
   *
   * @param after whether the text follows an answer, which it may take back
   * @throws AiWorkerException STATEMENT_REFUSED if the prose speaks against one
   */
  static Found candidates(String text, boolean after) {
    Set<String> found = new LinkedHashSet<>();
    if (startsStatement(text, 0, true)) {
      found.add(whole(text));
      return new Found(found, false, List.of(), "");
    }
    Set<String> inline = new LinkedHashSet<>();
    StringBuilder prose = new StringBuilder();
    List<String> parts = new ArrayList<>();
    StringBuilder all = new StringBuilder();
    boolean asks = false;
    boolean follows = after;
    for (int at = 0; at < text.length(); ) {
      int end = at + 1;
      String statement = null;
      Set<String> kind = found;
      boolean code = false;
      if (Markdown.isFence(text, at)) {
        Markdown.Fence fence = Markdown.fence(text, at);
        end = fence.end();
        code = true;
        String body = Markdown.unfenced(fence.body());
        statement = startsStatement(body, 0, true) && !Markdown.isOfThoughts(fence) ? body : null;
        boolean sql =
            fence.tag().toLowerCase(Locale.ROOT).matches("(?:postgre|pg|p)?s?sql|postgres");
        if (statement == null
            && !Markdown.isOfThoughts(fence)
            && (sql || Leftover.isClause(body))) {
          parts.add(body);
        }
      } else if (text.charAt(at) == '`' && text.indexOf('`', end) > 0) {
        String mark = text.charAt(end) == '`' && text.indexOf("``", end + 1) > 0 ? "``" : "`";
        int begin = at + mark.length();
        String quoted = text.substring(begin, text.indexOf(mark, begin));
        end = begin + quoted.length() + mark.length();
        statement = quoted.indexOf(' ') > 0 && startsStatement(quoted, 0, true) ? quoted : null;
        kind = inline;
        if (statement == null && Leftover.isClause(quoted) && !Leftover.isNotUsed(prose)) {
          parts.add(quoted);
        }
      } else if (begins(text, at) && startsStatement(text, at, false)) {
        statement = text.substring(at);
        end = text.length();
      }
      if (statement != null) {
        asks |= judge(prose.toString(), follows, true);
        kind.add(whole(statement));
        boolean leads = follows;
        follows = true;
        all.append(leads ? prose : "").append("\n\n");
        prose.setLength(0);
      } else if (code) {
        prose.append("\n\n");
        all.append(follows ? Markdown.fence(text, at).body() : "").append("\n\n");
      } else {
        prose.append(text, at, end);
      }
      at = end;
    }
    if (follows) {
      asks |= judge(prose.toString(), true, false);
      all.append(prose);
    }
    if (found.size() == 1) {
      String one = found.iterator().next();
      inline.removeIf(code -> explains(code, one));
    }
    found.addAll(inline);
    return new Found(found, asks, parts, all.toString());
  }

  /** Whether prose beside a statement asks back. */
  private static boolean judge(String prose, boolean follows, boolean leads) {
    boolean asks = false;
    if (follows) {
      String begin = prose.substring(0, Math.min(prose.length(), LONGEST_PROSE)).strip();
      boolean goesOn = !begin.isEmpty() && Character.isLowerCase(begin.charAt(0));
      asks = Verdict.asksBack(goesOn ? "This " + begin : begin, true);
    }
    if (leads) {
      String lead = prose.stripTrailing();
      if (lead.endsWith(";")) {
        throw Refusal.of("another statement may end before the one in the model's reply");
      }
      asks |= Verdict.asksBack(lead.substring(Math.max(0, lead.length() - LONGEST_PROSE)), false);
    }
    return asks;
  }

  private static boolean begins(String text, int at) {
    return at > 0
        && (text.charAt(at - 1) == '\n'
            || text.charAt(at - 1) == ':'
            || text.startsWith(":**", at - 3));
  }

  /** {@code SELECT count(*)} may explain a part of the one that reads tables. */
  static boolean explains(String code, String statement) {
    String one = spaced(statement);
    return reads(one) && !reads(spaced(code)) && one.startsWith(spaced(code) + " ");
  }

  private static String spaced(String statement) {
    return statement.replaceAll("\\s+", " ").toUpperCase(Locale.ROOT);
  }

  private static boolean reads(String spaced) {
    return spaced.contains(" FROM ");
  }

  /**
   * A statement without the semicolon at its end.
   *
   * @throws AiWorkerException STATEMENT_REFUSED if more than comments follows that
   */
  static String whole(String statement) {
    if (statement.chars().anyMatch(c -> REORDERING.indexOf(c) >= 0)) {
      throw Refusal.of("a character that changes the order in which others are shown");
    }
    Lexer lexer = Lexer.from(statement, 0);
    int end = -1;
    List<Token> tokens = new ArrayList<>();
    for (boolean more = true; more; ) {
      Token token;
      try {
        token = lexer.next();
      } catch (AiWorkerException e) {
        if (end >= 0) {
          throw e;
        }
        return statement.strip();
      }
      more = token != null;
      if (more && token.kind() == Kind.COMMENT) {
        Verdict.requireFor(token.text());
      } else if (more && end < 0 && token.is(";")) {
        end = token.start();
      } else if (more && end >= 0 && !token.is(";")) {
        throw Refusal.of("text follows the first statement, at \"%s\"", token.text());
      } else if (more && end < 0) {
        tokens.add(token);
      }
    }
    requireNoWordOfProse(statement, tokens);
    requireEnd(tokens);
    return (end < 0 ? statement : statement.substring(0, end)).strip();
  }

  /** What would go on in another fence. */
  private static void requireEnd(List<Token> tokens) {
    Token last = tokens.isEmpty() ? null : tokens.get(tokens.size() - 1);
    if (last != null && last.is(",")) {
      throw Refusal.of("the statement ends in a comma");
    }
  }

  /** "Thanks" on a line of its own would be the last table's alias. */
  private static void requireNoWordOfProse(String statement, List<Token> tokens) {
    if (tokens.size() < 3) {
      return;
    }
    Token last = tokens.get(tokens.size() - 1);
    Token before = tokens.get(tokens.size() - 2);
    boolean labelled = before.isWord("AS") && isCapitalised(before.text());
    if (labelled) {
      before = tokens.get(tokens.size() - 3);
    }
    boolean alias =
        last.kind() == Kind.WORD
            && !LAST_WORDS.contains(last.word())
            && (before.kind() == Kind.QUOTED_NAME
                || before.kind() == Kind.STRING
                || before.kind() == Kind.NUMBER
                || before.is(")")
                || before.is("]")
                || (before.kind() == Kind.WORD && !BEFORE_MORE.contains(before.word())));
    boolean ofItsOwn =
        statement.substring(before.end(), last.start()).indexOf('\n') >= 0
            || (isCapitalised(last.text()) && last.text().length() > 3);
    long used = tokens.stream().filter(t -> t.isName() && t.name().equals(last.name())).count();
    boolean reads = tokens.stream().anyMatch(token -> token.isWord("FROM"));
    if (alias && ofItsOwn && used == 1 && (reads || labelled)) {
      throw Refusal.of("a word follows the statement, \"%s\"", last.text());
    }
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
