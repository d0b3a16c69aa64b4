package aiworker.meaning;

import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.text.Normalizer;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds a date that a model has written for a question like "orders of last month": right today at
 * best, and wrong from the cache tomorrow.
 *
 * <p>A date whose year the question names, in two digits or four, is the question's own; so is the
 * New Year that ends such a year. A day that stands for no time, as the origin of {@code date_bin}
 * does, is none.
 */
public final class FrozenTime {
  private static final int FLAGS =
      Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.UNICODE_CHARACTER_CLASS;

  private static final Pattern RELATIVE = Pattern.compile(RelativeTime.WORDS, FLAGS);

  private static final String YEAR = "((?:19|20)[0-9]{2})";
  private static final String MONTH = "(?:0?[1-9]|1[0-2])";
  private static final String DAY = "(?:0?[1-9]|[12][0-9]|3[01])";
  private static final String NAME =
      "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?";
  private static final String SIGN = "[-/.]";
  private static final String TIME = "(?:[ T].*)?";

  /** A day or a month, in the forms that the server reads and people write; each with its year. */
  private static final List<Pattern> DATES =
      List.of(
          date(YEAR + SIGN + MONTH + SIGN + DAY + TIME),
          date(YEAR + "[-/]" + MONTH),
          date(MONTH + SIGN + YEAR),
          date(YEAR + "(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])" + TIME),
          date("[0-9]{1,2}" + SIGN + "[0-9]{1,2}" + SIGN + YEAR + TIME),
          date(
              "(?:"
                  + DAY
                  + "[- .]*)?"
                  + NAME
                  + "[- ]*(?:"
                  + DAY
                  + "(?:st|nd|rd|th)?,? +)?"
                  + YEAR
                  + TIME),
          date(YEAR + "[- ]" + NAME + "(?:[- ]" + DAY + ")?" + TIME),
          date(YEAR + "[- ]?(?:Q[1-4]|W[0-5][0-9])|(?:Q[1-4]|W[0-5][0-9])[- ]?" + YEAR),
          // of LIKE
          date(
              "(?=.*[%_])%?"
                  + YEAR
                  + "(?:"
                  + SIGN
                  + "(?:"
                  + MONTH
                  + "|__)?(?:"
                  + SIGN
                  + "[0-9_]{0,2})?)?[ _]*%?"),
          date("%" + SIGN + "?(?:" + MONTH + SIGN + ")?" + YEAR),
          // of a range or an array
          date("[\\[({] *" + YEAR + SIGN + MONTH + SIGN + DAY + ".*[\\])}]"),
          date("[\\[(] *, *" + YEAR + SIGN + MONTH + SIGN + DAY + ".*[\\])]"));

  /** What is a date only beside a year: {@code to_char(d, 'YYYY') = '2026'}. */
  private static final Pattern OF_A_YEAR = date(YEAR + "(?:0[1-9]|1[0-2])?");

  /** Seconds or milliseconds since 1970, from 2001 on. */
  private static final Pattern EPOCH = Pattern.compile("[12][0-9]{9}(?:[0-9]{3})?");

  /** Days that people write for no time, for always, or to count from. */
  private static final Pattern ORIGIN =
      Pattern.compile(
          "\\s*(?:(?:19[0-7]0|2000|2001)-?01-?01|2000-?01-?03|1[89]99-?12-?3[01]|2099|20[0-9]{2}-?12-?31 ?99).*");

  /** Words that begin another condition than the one before. */
  private static final Set<String> BOUNDARIES =
      Lexer.words("SELECT WHERE AND OR ON HAVING WHEN THEN ELSE GROUP ORDER LIMIT OFFSET UNION");

  private static final Set<String> OF_YEARS =
      Lexer.words("TO_CHAR MAKE_DATE MAKE_TIMESTAMP MAKE_TIMESTAMPTZ DATE_PART");

  private static final Set<String> OF_SECONDS = Set.of("EPOCH", "TO_TIMESTAMP");

  private FrozenTime() {}

  private static Pattern date(String form) {
    return Pattern.compile("\\s*(?:" + form + ")\\s*", Pattern.CASE_INSENSITIVE);
  }

  /**
   * The first such date as written, null if there is none.
   *
   * @param statement that has been proven
   */
  public static String find(String question, String statement) {
    String asked = Normalizer.normalize(question, Normalizer.Form.NFKC).replaceAll("\\s+", " ");
    if (!RELATIVE.matcher(asked).find()) {
      return null;
    }
    List<Token> tokens = Lexer.tokens(statement);
    Deque<String> calls = new ArrayDeque<>();
    int begin = 0;
    boolean between = false;
    for (int i = 0; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      if (BOUNDARIES.contains(token.word())) {
        begin = between && token.isWord("AND") ? begin : i;
        between = false;
      }
      between |= token.isWord("BETWEEN");
      if (token.is("(")) {
        calls.push(i == 0 ? "" : tokens.get(i - 1).word());
      } else if (token.is(")") && !calls.isEmpty()) {
        calls.pop();
      } else if (!"DATE_BIN".equals(calls.peek())) {
        String year = year(tokens, begin, i);
        if (year != null && !names(asked, year, token.text())) {
          return token.text();
        }
      }
    }
    return null;
  }

  /** The year of a date there; null if none stands there. */
  private static String year(List<Token> tokens, int begin, int at) {
    Token token = tokens.get(at);
    String text = token.text();
    if (token.kind() == Kind.STRING) {
      String value =
          Token.unquoted(
              text.replaceFirst("^[EeUuNn]&?'", "'").replaceAll("^\\$\\w*\\$|\\$\\w*\\$$", ""));
      if (ORIGIN.matcher(value).matches()) {
        return null;
      }
      for (Pattern date : DATES) {
        Matcher matcher = date.matcher(value);
        if (matcher.matches()) {
          return matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
        }
      }
      return yearAlone(tokens, begin, at, value);
    }
    if (token.kind() != Kind.NUMBER) {
      return null;
    }
    if (EPOCH.matcher(text).matches() && isBeside(tokens, begin, at, OF_SECONDS, "EPOCH")) {
      long seconds = Long.parseLong(text.substring(0, 10));
      return String.valueOf(Instant.ofEpochSecond(seconds).atZone(ZoneOffset.UTC).getYear());
    }
    return yearAlone(tokens, begin, at, text);
  }

  private static String yearAlone(List<Token> tokens, int begin, int at, String value) {
    Matcher year = OF_A_YEAR.matcher(value);
    return year.matches() && isBeside(tokens, begin, at, OF_YEARS, "YEAR") ? year.group(1) : null;
  }

  /** Whether one of the words stands in the condition that holds the token there. */
  private static boolean isBeside(
      List<Token> tokens, int begin, int at, Set<String> words, String field) {
    boolean between = false;
    for (int i = begin; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      if (i > at && BOUNDARIES.contains(token.word()) && !(between && token.isWord("AND"))) {
        return false;
      }
      between = (between && !token.isWord("AND")) || token.isWord("BETWEEN");
      String name =
          token.kind() == Kind.STRING
              ? Token.unquoted(token.text()).toUpperCase(Locale.ROOT)
              : token.name().toUpperCase(Locale.ROOT);
      boolean named = token.isName() || token.kind() == Kind.STRING;
      if (named && (name.endsWith(field) || words.contains(name))) {
        return true;
      }
    }
    return false;
  }

  /** Whether the question names that year, or the one that ends where this one begins. */
  private static boolean names(String asked, String year, String literal) {
    int number = Integer.parseInt(year);
    boolean begins = literal.matches(".?" + year + "-?01-?01.*");
    return isIn(asked, number) || (begins && isIn(asked, number - 1));
  }

  private static boolean isIn(String asked, int year) {
    return Pattern.compile(
            "(?<![0-9])%d(?![0-9])|['\\u2019/.-]%02d(?![0-9])".formatted(year, year % 100))
        .matcher(asked)
        .find();
  }
}
