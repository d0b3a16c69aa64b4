package aiworker.reply;

import aiworker.error.AiWorkerException;
import aiworker.error.Refusal;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * SQL beside a statement: the rest of it, or a later version. What the statement has already only
 * explains it. Stateless.
 */
final class Leftover {
  private static final Set<String> CLAUSES =
      Lexer.words(
          """
          WHERE AND OR JOIN LEFT RIGHT FULL CROSS NATURAL INNER FROM GROUP HAVING ORDER LIMIT OFFSET FETCH UNION
          INTERSECT EXCEPT WINDOW ON USING
          """);

  /** Those that are no words of prose in small letters. */
  private static final Set<String> CLAUSES_IN_PROSE =
      Lexer.words("WHERE JOIN GROUP HAVING ORDER LIMIT OFFSET UNION INTERSECT EXCEPT");

  /** What may stand in a name of clauses, as in ORDER BY. */
  private static final Set<String> IN_NAMES =
      Lexer.words(
          "BY ALL OUTER LATERAL DISTINCT NOT EXISTS IN IS NULL LIKE ILIKE NULLS FIRST LAST");

  private static final Pattern LEFT_OUT = Pattern.compile("\\.\\.\\.|…");

  private static final Pattern NOT_USED =
      Pattern.compile(
          "\\b(?:without|no|instead of|rather than)(?:\\W+\\w+){0,2}\\W*\\z",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern VERB =
      Pattern.compile(
          "(?<![A-Za-z0-9])(?<![A-Za-z0-9]_)(?:SELECT|WITH|VALUES|TABLE)\\b",
          Pattern.CASE_INSENSITIVE);

  /** Words before the name of a clause. */
  private static final Pattern BEFORE_NAME =
      Pattern.compile(
          "\\b(?:the|an?|this|that|each|inner|outer|first|second|plain|no|one|of|same|your)\\W*\\z",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern CLAUSE =
      Pattern.compile(
          "^[ \\t>]*(?:(?:[-*+•]|\\d{1,2}[.)])[ \\t]+)?[*_\"]{0,3}(?<code>(?:WHERE|AND|JOIN|LEFT|INNER|CROSS|GROUP|HAVING|ORDER|LIMIT|OFFSET|UNION|INTERSECT|EXCEPT)[ \\t][^\\n*\"]+)",
          Pattern.MULTILINE);

  private static final Pattern QUOTES = Pattern.compile("[“”„«»‘’]");

  private static final Pattern LINE_OF_ITS_OWN =
      Pattern.compile("\\n\\s*(?:\\n|[-*+•>|#]|\\d{1,2}[.)])");

  /** Characters before a verb that are looked at. */
  private static final int LONGEST_LEAD = 60;

  /** Characters of a statement among prose, and how many are looked at; bounds the work. */
  private static final int LONGEST = 2_000;

  private static final int MOST = 50;

  private Leftover() {}

  /** Whether code is of a clause and no statement. */
  static boolean isClause(String code) {
    List<Token> tokens = tokens(code);
    int at = 0;
    while (at < tokens.size() && (tokens.get(at).is("(") || tokens.get(at).is(";"))) {
      at++;
    }
    return at < tokens.size()
        && CLAUSES.contains(tokens.get(at).word())
        && !(Set.of("LEFT", "RIGHT").contains(tokens.get(at).word())
            && at + 1 < tokens.size()
            && tokens.get(at + 1).is("("));
  }

  /** Whether the prose before code says that the statement does without it. */
  static boolean isNotUsed(CharSequence prose) {
    return NOT_USED
        .matcher(prose.subSequence(Math.max(0, prose.length() - LONGEST_LEAD), prose.length()))
        .find();
  }

  /**
   * Fails if a part of a statement is not in the statement.
   *
   * @throws AiWorkerException STATEMENT_REFUSED
   */
  static void requireParts(Collection<String> parts, String statement) {
    List<String> all = words(tokens(statement));
    for (String part : parts) {
      for (String piece : LEFT_OUT.split(part, -1)) {
        List<String> words = words(tokens(piece));
        boolean named =
            words.stream().allMatch(word -> CLAUSES.contains(word) || IN_NAMES.contains(word));
        boolean whole = piece.isBlank() || isRead(piece);
        if (!whole || !(named || contains(all, words))) {
          throw Refusal.of("a part of the statement follows or precedes it, \"%s\"", line(piece));
        }
      }
    }
  }

  /**
   * Fails if text after a statement holds another.
   *
   * @throws AiWorkerException STATEMENT_REFUSED
   */
  static void requireNoOther(String after, String statement) {
    List<String> all = words(tokens(statement));
    Matcher verb = VERB.matcher(after);
    int from = 0;
    for (int seen = 0; seen < MOST && verb.find(from); seen++) {
      int begin = verb.start();
      from = verb.end();
      boolean place = isPlace(after, begin);
      boolean among = verb.group().equals("SELECT") && !isNamed(after, begin);
      String code = place || among ? after.substring(begin, end(after, begin)) : "";
      boolean call = place && code.indexOf('(') > 0;
      if (!code.isEmpty()
          && (StatementSearch.startsStatement(after, begin, false)
              || (call && StatementSearch.startsStatement(code, 0, true)))) {
        List<Token> tokens = tokens(QUOTES.matcher(code).replaceAll(" "));
        if (isOther(tokens, all, place)) {
          throw Refusal.of("another statement follows the model's answer");
        }
      }
    }
    requireNoClause(after, all);
  }

  /** A line that begins with a clause which the statement has none of. */
  private static void requireNoClause(String after, List<String> statement) {
    Matcher clause = CLAUSE.matcher(after);
    while (clause.find()) {
      List<String> words = words(tokens(clause.group("code")));
      boolean named =
          words.stream().allMatch(word -> CLAUSES.contains(word) || IN_NAMES.contains(word));
      if (!named && !statement.contains(words.get(0))) {
        throw Refusal.of("a part of the statement follows it, \"%s\"", line(clause.group("code")));
      }
    }
  }

  private static boolean isOther(List<Token> tokens, List<String> statement, boolean place) {
    List<String> words = words(tokens);
    if (words.size() < 2 || contains(statement, words)) {
      return false;
    }
    int same = statement.size();
    if (words.size() > same && words.subList(0, same).equals(statement)) {
      // "SELECT count(*) FROM users counts all rows"
      List<String> rest = words.subList(same, words.size());
      return rest.stream().anyMatch(CLAUSES_IN_PROSE::contains);
    }
    boolean reads =
        tokens.stream().anyMatch(t -> t.isWord("FROM") && (place || t.text().equals("FROM")));
    if (reads || !words.get(0).equals("SELECT")) {
      return true;
    }
    // "SELECT count(*) counts the rows"
    Token second = tokens.get(1);
    boolean value = second.kind() == Kind.NUMBER || second.kind() == Kind.STRING || second.is("(");
    boolean call = words.size() > 2 && words.get(2).equals("(");
    return place && (value || call) && !contains(statement, words.subList(0, 2));
  }

  /** Whether a statement could begin there: at a line, a mark or a quote. */
  private static boolean isPlace(String text, int begin) {
    int at = begin;
    boolean marked = false;
    while (at > 0 && begin - at < LONGEST_LEAD && isMark(text.charAt(at - 1))) {
      at--;
      marked |= "|\"“„«*_".indexOf(text.charAt(at)) >= 0;
    }
    return marked
        || at == 0
        || "\n:：.!?;".indexOf(text.charAt(at - 1)) >= 0
        || (at > 1
            && text.charAt(at - 1) == ')'
            && Character.isLetterOrDigit(text.charAt(at - 2))
            && (at == 2 || !Character.isLetter(text.charAt(at - 3))));
  }

  private static boolean isMark(char c) {
    return c != '\n'
        && (Character.isWhitespace(c) || ">-*+•–—·#|\"'“”„«»‘’([_~`→⇒".indexOf(c) >= 0);
  }

  private static boolean isNamed(String text, int begin) {
    return BEFORE_NAME.matcher(text.substring(Math.max(0, begin - LONGEST_LEAD), begin)).find();
  }

  /** The end of the lines that belong together, or of the cell of a table. */
  private static int end(String text, int begin) {
    int most = Math.min(text.length(), begin + LONGEST);
    Matcher line = LINE_OF_ITS_OWN.matcher(text).region(begin, most);
    int end = line.find() ? line.start() : most;
    int lead = text.lastIndexOf('\n', begin);
    if (text.substring(lead + 1, begin).indexOf('|') >= 0) {
      int cell = text.indexOf(" |", begin);
      end = cell > 0 && !text.startsWith("||", cell + 1) ? Math.min(end, cell) : end;
    }
    int bold = text.startsWith("**", begin - 2) ? text.indexOf("**", begin) : -1;
    return bold > 0 ? Math.min(end, bold) : end;
  }

  private static boolean isRead(String code) {
    try {
      return !Lexer.tokens(code).isEmpty() || code.isBlank() || code.strip().startsWith("--");
    } catch (AiWorkerException e) {
      return false;
    }
  }

  /** As many as can be read. */
  private static List<Token> tokens(String code) {
    List<Token> tokens = new ArrayList<>();
    Lexer lexer = Lexer.from(code, 0);
    try {
      for (Token token = lexer.next(); token != null; token = lexer.next()) {
        if (token.kind() != Kind.COMMENT) {
          tokens.add(token);
        }
      }
    } catch (AiWorkerException e) {
      return tokens;
    }
    return tokens;
  }

  /** Without qualifiers and semicolons, and words in upper case. */
  private static List<String> words(List<Token> tokens) {
    List<String> words = new ArrayList<>();
    for (int at = 0; at < tokens.size(); at++) {
      boolean qualifier =
          at + 2 < tokens.size() && tokens.get(at).isName() && tokens.get(at + 1).is(".");
      if (qualifier) {
        at++;
      } else if (!tokens.get(at).is(";")) {
        Token token = tokens.get(at);
        words.add(token.isName() ? token.name().toUpperCase(Locale.ROOT) : token.text());
      }
    }
    return words;
  }

  private static boolean contains(List<String> all, List<String> words) {
    return Collections.indexOfSubList(all, words) >= 0;
  }

  private static String line(String code) {
    return code.strip().replaceAll("\\s+", " ");
  }
}
