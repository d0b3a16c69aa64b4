package aiworker.meaning;

import java.text.Normalizer;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a question says of time: whether it passes, and which years, months and numbers are the
 * question's own. Read once, in one pass per pattern.
 */
final class AskedTime {
  private static final int FLAGS = Pattern.UNICODE_CHARACTER_CLASS;

  private static final Pattern RELATIVE = Pattern.compile(RelativeTime.WORDS, FLAGS);
  private static final Pattern OVER = Pattern.compile(RelativeTime.OVER);
  private static final Pattern MONTH_ALONE = Pattern.compile(RelativeTime.MONTH_ALONE, FLAGS);
  private static final Pattern NUMBER = Pattern.compile("[0-9]+");
  private static final Pattern SPACE = Pattern.compile("\\s+");

  private static final Pattern DECADE =
      Pattern.compile(
          "(?<![0-9])([0-9]{4}|[0-9]0)(?:['’]?s|['’-]?er|[- ]?(?:х|е|ых|ті|тих)|['’]erne|-talet)(?!\\w)|(?<![0-9])([0-9]{4}|[0-9]0) ?(?:年代|년대)"
              + "|\\b(?:ann[ée]es|años|anos|anni|jaren|anii|lat(?:a|ach)?)(?: de)? ['’]?([0-9]{4}|[0-9]0)(?![0-9])",
          FLAGS);

  private static final Pattern DECADE_IN_WORDS =
      Pattern.compile(
          "\\b(?:(twenties|zwanziger)|(thirties|dreißiger)|(forties|vierziger)|(fifties|fünfziger|cinquanta|cincuenta)"
              + "|(sixties|sechziger|soixante|sessanta|sesenta|sessenta)|(seventies|siebziger|soixante-dix|settanta|setenta)"
              + "|(eighties|achtziger|quatre-vingts?|ottanta|ochenta|oitenta|tachtig)|(nineties|neunziger|quatre-vingt-dix|novanta|noventa|negentig))\\w*",
          FLAGS);

  private static final Pattern CENTURY =
      Pattern.compile(
          "\\bcentur(?:y|ies)\\b|jahrhundert|\\bsiècle|\\bsiglo|\\bséculo|\\bsecolo|\\beeuw\\b|\\bwiek|\\bстоліт|\\bвек[аеу]?\\b|世[纪紀]|세기",
          FLAGS);

  private static final Pattern YEAR_OF_TWO_DIGITS =
      Pattern.compile(
          "(?:['’/.-]|\\b(?:fy|cy|ay|gj|wj|ef|ss|ws) ?['’]?)([0-9]{2})(?![0-9])", FLAGS);

  private static final Pattern MONTH = Pattern.compile(RelativeTime.MONTHS, FLAGS);

  private static final Pattern ORDINAL =
      Pattern.compile(
          "\\b(?:(first|erste\\w*|premi\\w+|primer\\w*|primo|prima|eerste)|(second|zweite\\w*|deuxi\\w+|segund\\w+|second[oa]|tweede)"
              + "|(third|dritte\\w*|troisi\\w+|tercer\\w*|terceir\\w+|terz[oa]|derde)|(fourth|vierte\\w*|quatri\\w+|cuart[ao]s?|quart[ao]s?|vierde))\\b",
          FLAGS);

  /** Years that one may mean by "the 20th century" or an earlier one. */
  private static final int CENTURIES_END = 2001;

  /** Characters that are read at each end for words; numbers are read everywhere. */
  private static final int LONGEST_END = 20_000;

  private final Set<Integer> years = new HashSet<>();
  private final Set<Integer> numbers = new HashSet<>();
  private final Set<Integer> months = new HashSet<>();
  private final boolean centuries;
  private final String relative;

  AskedTime(String question) {
    String said =
        SPACE.matcher(Normalizer.normalize(question, Normalizer.Form.NFKC)).replaceAll(" ");
    String asked = ends(said).toLowerCase(Locale.ROOT);
    StringBuilder found = new StringBuilder();
    for (Matcher matcher = OVER.matcher(said); matcher.find() && found.length() < 10_000; ) {
      found.append(matcher.group()).append('\n');
    }
    for (Matcher matcher = RELATIVE.matcher(asked); matcher.find() && found.length() < 10_000; ) {
      found.append(matcher.group()).append('\n');
    }
    readNumbers(said.toLowerCase(Locale.ROOT));
    if (found.length() == 0 && years.isEmpty() && MONTH_ALONE.matcher(asked).find()) {
      found.append("\n");
    }
    relative = found.toString().toLowerCase(Locale.ROOT);
    centuries = CENTURY.matcher(asked).find();
    for (Matcher month = MONTH.matcher(asked); month.find(); ) {
      months.add(group(month));
    }
    for (Matcher ordinal = ORDINAL.matcher(asked); ordinal.find(); ) {
      numbers.add(group(ordinal));
    }
  }

  /** What is pasted between the ends of a long question says little of time as it passes. */
  private static String ends(String said) {
    return said.length() <= 2 * LONGEST_END
        ? said
        : said.substring(0, LONGEST_END) + " " + said.substring(said.length() - LONGEST_END);
  }

  private void readNumbers(String asked) {
    int last = 0;
    int end = 0;
    for (Matcher number = NUMBER.matcher(asked); number.find(); ) {
      if (number.end() - number.start() > 4) {
        continue;
      }
      int value = Integer.parseInt(number.group());
      numbers.add(value);
      if (number.end() - number.start() == 4 && value >= 1900 && value < 2100) {
        String between = asked.substring(end, number.start());
        if (last > 0 && value > last && between.length() <= 15 && between.indexOf(',') < 0) {
          for (int year = last; year < value; year++) {
            years.add(year);
          }
        }
        years.add(value);
        last = value;
        end = number.end();
      }
    }
    for (Matcher decade = DECADE.matcher(asked); decade.find(); ) {
      String digits = decade.group(group(decade));
      int value = Integer.parseInt(digits);
      addDecade(value < 100 ? value + (value > 20 ? 1900 : 2000) : value);
    }
    for (Matcher decade = DECADE_IN_WORDS.matcher(asked); decade.find(); ) {
      addDecade(1910 + 10 * group(decade));
    }
    for (Matcher year = YEAR_OF_TWO_DIGITS.matcher(asked); year.find(); ) {
      years.add(2000 + Integer.parseInt(year.group(1)));
      years.add(1900 + Integer.parseInt(year.group(1)));
    }
  }

  private void addDecade(int first) {
    for (int year = first; year < first + 10; year++) {
      years.add(year);
    }
  }

  /** The number of the group that matched. */
  private static int group(Matcher matcher) {
    for (int group = 1; group <= matcher.groupCount(); group++) {
      if (matcher.group(group) != null) {
        return group;
      }
    }
    return 0;
  }

  /** Whether it is about time as it passes. */
  boolean isRelative() {
    return !relative.isEmpty();
  }

  /** Whether it speaks of time as it passes in that unit, as "last month" does. */
  boolean isRelativeIn(Pattern unit) {
    return unit.matcher(relative).find();
  }

  /** Whether that year is the question's own. */
  boolean namesYear(int year) {
    return years.contains(year) || (centuries && year <= CENTURIES_END);
  }

  boolean namesMonth(int month) {
    return months.contains(month) || numbers.contains(month);
  }

  boolean namesNumber(int number) {
    return numbers.contains(number);
  }

  /** Whether it names the quarter, or a month of it. */
  boolean namesQuarter(int quarter) {
    return numbers.contains(quarter)
        || List.of(3 * quarter - 2, 3 * quarter - 1, 3 * quarter).stream()
            .anyMatch(months::contains);
  }
}
