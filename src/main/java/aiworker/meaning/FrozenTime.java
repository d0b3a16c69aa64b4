package aiworker.meaning;

import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds a date that a model has written for a question like "orders of last month": right today at
 * best, and wrong from the cache tomorrow.
 *
 * <p>A part of a date that the question names is the question's own: its year, in two digits or
 * four, as a decade or between two others; the New Year that ends such a year; a month or another
 * number. A day that stands for no time, as the origin of {@code date_bin} does, is none.
 */
public final class FrozenTime {
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

  /** A day with a year of two digits; without slashes only where the server writes or reads one. */
  private static final Pattern SHORT_DATE =
      Pattern.compile("\\s*%?[0-9]{1,2}/[0-9]{1,2}/([0-9]{2})\\s*");

  private static final Pattern SHORT_DATE_OF_A_FORMAT =
      Pattern.compile(
          "\\s*%?(?:[0-9]{1,2}[-/. ]){1,2}([0-9]{2})\\s*|([0-9]{2})-[0-9]{1,2}(?:-[0-9]{1,2})?");

  private static final Set<String> OF_FORMATS = Lexer.words("TO_CHAR TO_DATE TO_TIMESTAMP");

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

  /** Words of times that move. */
  private static final Set<String> MOVING =
      Lexer.words(
          """
          NOW CURRENT_DATE CURRENT_TIMESTAMP LOCALTIMESTAMP CLOCK_TIMESTAMP STATEMENT_TIMESTAMP TRANSACTION_TIMESTAMP
          INTERVAL DATE_TRUNC GENERATE_SERIES AGE MAKE_INTERVAL
          """);

  private static final Set<String> COMPARISONS = Set.of("=", "<", ">", "<=", ">=", "<>", "!=");

  /** So many different months in one statement are a table of months, and none of them is now. */
  private static final int MANY = 5;

  private final AskedTime asked;
  private final List<Token> tokens;

  /** The tokens of one condition. */
  private int begin;

  private int end;
  private final Set<String> names = new HashSet<>();

  private FrozenTime(AskedTime asked, List<Token> tokens) {
    this.asked = asked;
    this.tokens = tokens;
  }

  private static Pattern date(String form) {
    return Pattern.compile("\\s*(?:" + form + ")\\s*", Pattern.CASE_INSENSITIVE);
  }

  /**
   * The first such date as written, null if there is none.
   *
   * @param statement that has been proven
   */
  public static String find(String question, String statement) {
    AskedTime asked = new AskedTime(question);
    return asked.isRelative() ? new FrozenTime(asked, Lexer.tokens(statement)).find() : null;
  }

  private String find() {
    Deque<String> calls = new ArrayDeque<>();
    Token part = null;
    Map<DatePart, Set<Integer>> parts = new EnumMap<>(DatePart.class);
    for (int i = 0; i < tokens.size(); i++) {
      if (i == end) {
        beginCondition(i);
      }
      Token token = tokens.get(i);
      if (token.is("(")) {
        calls.push(i == 0 ? "" : tokens.get(i - 1).word());
      } else if (token.is(")") && !calls.isEmpty()) {
        calls.pop();
      } else if (!"DATE_BIN".equals(calls.peek())) {
        String year = year(i);
        if (year != null && !names(Integer.parseInt(year), token.text())) {
          return token.text();
        }
        DatePart frozen = year == null ? frozenPart(i) : null;
        if (frozen != null) {
          part = part == null ? token : part;
          parts.computeIfAbsent(frozen, any -> new HashSet<>()).add(frozen.value(text(token)));
        }
      }
    }
    return parts.values().stream().anyMatch(values -> values.size() < MANY) ? part.text() : null;
  }

  /** A condition ends before the next word that begins one; the AND of BETWEEN does not. */
  private void beginCondition(int at) {
    begin = at;
    end = at;
    names.clear();
    boolean between = false;
    do {
      Token token = tokens.get(end);
      between = (between && !token.isWord("AND")) || token.isWord("BETWEEN");
      if (token.isName()) {
        names.add(token.name().toUpperCase(Locale.ROOT));
      } else if (token.kind() == Kind.STRING) {
        names.add(text(token).toUpperCase(Locale.ROOT));
      }
      end++;
    } while (end < tokens.size()
        && !(BOUNDARIES.contains(tokens.get(end).word())
            && !(between && tokens.get(end).isWord("AND"))));
  }

  private static String text(Token token) {
    return token.kind() == Kind.STRING ? Literals.text(token.text()) : token.text();
  }

  /** The year of a date there; null if none stands there. */
  private String year(int at) {
    Token token = tokens.get(at);
    String text = token.text();
    if (token.kind() == Kind.STRING) {
      String value = text(token);
      if (ORIGIN.matcher(value).matches()) {
        return null;
      }
      for (Pattern date : DATES) {
        Matcher matcher = date.matcher(value);
        if (matcher.matches()) {
          return matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
        }
      }
      String year = yearOfTwoDigits(value);
      return year == null ? yearAlone(value) : year;
    }
    if (token.kind() != Kind.NUMBER) {
      return null;
    }
    if (EPOCH.matcher(text).matches() && isBeside(OF_SECONDS, "EPOCH")) {
      long seconds = Long.parseLong(text.substring(0, 10));
      return String.valueOf(Instant.ofEpochSecond(seconds).atZone(ZoneOffset.UTC).getYear());
    }
    return yearAlone(text);
  }

  private String yearOfTwoDigits(String value) {
    Matcher date = SHORT_DATE.matcher(value);
    if (!date.matches()) {
      boolean formatted = names.stream().anyMatch(OF_FORMATS::contains);
      date = SHORT_DATE_OF_A_FORMAT.matcher(value);
      if (!formatted || !date.matches() || !isFormatOfTwoDigits()) {
        boolean alone = formatted && value.matches("[0-9]{2}") && names.contains("YY");
        return alone ? "20" + value : null;
      }
    }
    return "20" + (date.group(1) == null ? date.group(2) : date.group(1));
  }

  private boolean isFormatOfTwoDigits() {
    return names.stream().anyMatch(name -> name.matches("(?:.*[^Y])?YY(?:[^Y].*)?"));
  }

  private String yearAlone(String value) {
    Matcher year = OF_A_YEAR.matcher(value);
    return year.matches() && isBeside(OF_YEARS, "YEAR") ? year.group(1) : null;
  }

  /** Whether one of the words stands in the condition. */
  private boolean isBeside(Set<String> words, String field) {
    return names.stream().anyMatch(name -> name.endsWith(field) || words.contains(name));
  }

  /** What a number or text stands for that is compared with a part of a date and stands still. */
  private DatePart frozenPart(int at) {
    Token token = tokens.get(at);
    if ((token.kind() != Kind.NUMBER && token.kind() != Kind.STRING)
        || !isCompared(at)
        || names.stream().anyMatch(MOVING::contains)) {
      return null;
    }
    boolean formatted = names.contains("TO_CHAR");
    for (DatePart part : DatePart.values()) {
      boolean beside = names.stream().anyMatch(formatted ? part::isFormat : part::isField);
      int value = beside ? part.value(text(token)) : -1;
      if (value >= 0) {
        return part.isFrozen(value, asked) ? part : null;
      }
    }
    return null;
  }

  private boolean isCompared(int at) {
    Token before = at > begin ? tokens.get(at - 1) : null;
    Token after = at + 1 < tokens.size() ? tokens.get(at + 1) : null;
    if (after != null && after.kind() == Kind.OPERATOR && !COMPARISONS.contains(after.text())) {
      return false;
    }
    boolean compares = after != null && COMPARISONS.contains(after.text());
    if (before == null) {
      return compares;
    }
    boolean listed = (before.is("(") || before.is(",")) && names.contains("IN");
    return compares
        || listed
        || COMPARISONS.contains(before.text())
        || before.isWord("BETWEEN")
        || before.isWord("AND");
  }

  /** Whether the question names that year, or the one that ends where this one begins. */
  private boolean names(int year, String literal) {
    boolean begins = literal.matches(".?" + year + "-?01-?01.*");
    return asked.namesYear(year) || (begins && asked.namesYear(year - 1));
  }
}
