package aiworker.reply;

import aiworker.error.AiWorkerException;
import aiworker.error.Refusal;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Texts that models write where they do not know which: {@code city = '<city>'}. Only a text that
 * is compared is one; a key, a pattern or a format is not. Stateless.
 */
final class Placeholder {
  private static final Set<String> COMPARISONS = Set.of("=", "<>", "!=", "<", ">", "<=", ">=");

  private static final Set<String> MATCHES = Lexer.words("LIKE ILIKE BETWEEN WHEN");

  /** What a text may be wrapped in and still be compared. */
  private static final Set<String> WRAPPERS = Lexer.words("LOWER UPPER TRIM BTRIM INITCAP CAST");

  private static final Set<String> TIMES = Lexer.words("DATE TIMESTAMP TIMESTAMPTZ");

  private static final Pattern QUOTES =
      Pattern.compile("^(?:[eEnN]|[uU]&)?'|'$|^\\$\\w*\\$|\\$\\w*\\$$");

  private static final Pattern LIKE_ONE =
      Pattern.compile(
          "%?(?:<<?(?!/?(?:b|i|p|u|a|br|hr|em|li|ul|ol|td|tr|div|span|html|body|script|img|h[1-6]|strong|table|pre|code|null|none|unknown"
              + "|empty|think|answer)>)[a-z][\\w .-]*>>?|\\{\\{[^{}]+}}|\\$\\{ ?\\w+ ?}|\\[\\[[a-z_ ]+]]|__\\w+__|#[a-z_]+#|%s|%\\(\\w+\\)s|\\[(?!true]|false]|null])[a-z]+(?:[_ ][a-z]+)*]"
              + "|(?:your|insert|enter|replace|put|placeholder|some|desired|specific|target|given)[_ -](?:\\w+[_ -])*(?:name|value|id|date|country|city|email|region|category|status|year|month"
              + "|code|type|product|customer|user|here|text|string|number|key|state|title)|placeholder|\\.\\.\\.|…|yyyy-mm-dd|dd\\.mm\\.yyyy|mm/dd/yyyy"
              + "|start_?date|end_?date"
              // parameters of other languages
              + "|[:$&][a-z_]\\w*|:?\\?|\\$\\d+|\\w+_(?:goes_)?here|tbd|fixme|to[_ -]be[_ -](?:determined|filled|added|defined)|n/a_here|change[_ -]?me|fill[_ -]me[_ -]in|\\?\\?\\?)%?",
          Pattern.CASE_INSENSITIVE);

  /** Between signs of percent it is a part of an address. */
  private static final Pattern VARIABLE = Pattern.compile("@[a-z_]\\w*", Pattern.CASE_INSENSITIVE);

  private static final Pattern NAME =
      Pattern.compile(
          "%?(?:[A-Z][A-Z0-9]*[_ ])+(?:NAME|HERE|VALUE|PLACEHOLDER)%?|X{4,}|[yY]our[A-Z]\\w*");

  /** An array of one element is written so too. */
  private static final Pattern BRACED =
      Pattern.compile("%?[#%]?\\{ ?[a-z_]\\w* ?}%?", Pattern.CASE_INSENSITIVE);

  private static final Pattern ANY_TEXT = Pattern.compile("^[%_]+|[%_]+$");

  /** What somebody may look for in texts. */
  private static final Pattern SIGNS = Pattern.compile("[^\\p{Alnum}]+");

  private static final Pattern TIME =
      Pattern.compile(
          "(?:YYYY|YY)(?:[-/.].*)?|.{1,2}[-/.].{1,2}[-/.]YYYY(?: .*)?|\\d{4}[-/.](?:MM|XX|mm)(?:[-/.].*)?|\\d{4}[-/.]\\d\\d[-/.](?:DD|XX|dd)(?: .*)?|(?:19|20)(?:XX|xx|YY)(?:[-/.].*)?");

  private Placeholder() {}

  /**
   * Fails if a text in a statement stands for something else.
   *
   * @param known whether the question or the schema has a text, so that it is what was meant
   * @throws aiworker.error.AiWorkerException STATEMENT_REFUSED
   */
  static void requireNone(String statement, Predicate<String> known) {
    List<Token> tokens;
    try {
      tokens = Lexer.tokens(statement);
    } catch (AiWorkerException e) {
      // it will be refused for that
      return;
    }
    for (int at = 1; at < tokens.size(); at++) {
      if (tokens.get(at).kind() == Kind.STRING && isPlaceholder(tokens, at, known)) {
        throw Refusal.of(
            "%s stands for something that the question does not say", tokens.get(at).text());
      }
    }
  }

  private static boolean isPlaceholder(List<Token> tokens, int at, Predicate<String> known) {
    String text = QUOTES.matcher(tokens.get(at).text()).replaceAll("").replace("''", "'");
    boolean time = TIME.matcher(text).matches();
    boolean braced = BRACED.matcher(text).matches() && !isArray(tokens, at);
    boolean other =
        LIKE_ONE.matcher(text).matches()
            || NAME.matcher(text).matches()
            || VARIABLE.matcher(text).matches();
    String core = ANY_TEXT.matcher(text).replaceAll("");
    boolean sign = core.length() < text.length() && SIGNS.matcher(core).matches();
    return ((time && isTime(tokens, at)) || ((time || braced || other) && isCompared(tokens, at)))
        && !sign
        && !known.test(text)
        && !known.test(core);
  }

  private static boolean isTime(List<Token> tokens, int at) {
    return (is(tokens, at - 1, "(") && word(tokens, at - 2).matches("TO_(?:DATE|TIMESTAMP)"))
        || TIMES.contains(word(tokens, at - 1))
        || (is(tokens, at + 1, "::") && TIMES.contains(word(tokens, at + 2)))
        || (word(tokens, at + 1).equals("AS") && TIMES.contains(word(tokens, at + 2)));
  }

  private static boolean isArray(List<Token> tokens, int at) {
    if (is(tokens, at - 1, "(") && Set.of("ANY", "ALL", "SOME").contains(word(tokens, at - 2))) {
      return true;
    }
    for (int i = at + 1; i + 1 < tokens.size() && i < at + 6; i++) {
      if (is(tokens, i, "[") && is(tokens, i + 1, "]")) {
        return is(tokens, at + 1, "::");
      }
    }
    return false;
  }

  private static boolean isCompared(List<Token> tokens, int at) {
    if (isComparison(tokens, at + 1) && tokens.get(at - 1).kind() != Kind.OPERATOR) {
      return true;
    }
    int before = at - 1;
    while (before >= 0) {
      String word = word(tokens, before);
      String other = word(tokens, before - 1) + " " + word;
      if (isComparison(tokens, before)
          || MATCHES.contains(word)
          || other.equals("SIMILAR TO")
          || other.equals("DISTINCT FROM")) {
        return true;
      }
      boolean string = before > 0 && tokens.get(before - 1).kind() == Kind.STRING;
      if (TIMES.contains(word)) {
        before--;
      } else if (word.equals("AND") && string) {
        before -= 2;
        before -= TIMES.contains(word(tokens, before)) ? 1 : 0;
        return word(tokens, before).equals("BETWEEN");
      } else if (is(tokens, before, ",")
          || (string && tokens.get(before).kind() == Kind.OPERATOR)) {
        before -= is(tokens, before - 2, "::") ? 3 : 1;
        if (before < 0 || tokens.get(before).kind() != Kind.STRING) {
          return false;
        }
        before--;
      } else if (is(tokens, before, "(") && word(tokens, before - 1).equals("IN")) {
        return true;
      } else if (is(tokens, before, "(") && WRAPPERS.contains(word(tokens, before - 1))) {
        before -= 2;
      } else if (is(tokens, before, "[") && word(tokens, before - 1).equals("ARRAY")) {
        before -= 2;
      } else if (is(tokens, before, "(")
          && Set.of("ANY", "ALL", "SOME").contains(word(tokens, before - 1))) {
        before -= 2;
      } else if (is(tokens, before, "(")) {
        before--;
      } else {
        return false;
      }
    }
    return false;
  }

  private static boolean isComparison(List<Token> tokens, int at) {
    return at >= 0
        && at < tokens.size()
        && tokens.get(at).kind() == Kind.OPERATOR
        && COMPARISONS.contains(tokens.get(at).text());
  }

  private static String word(List<Token> tokens, int at) {
    return at < 0 || at >= tokens.size() ? "" : tokens.get(at).word();
  }

  private static boolean is(List<Token> tokens, int at, String punctuation) {
    return at >= 0 && at < tokens.size() && tokens.get(at).is(punctuation);
  }
}
