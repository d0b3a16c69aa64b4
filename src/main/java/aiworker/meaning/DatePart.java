package aiworker.meaning;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A part of a date that a statement compares with a number: {@code EXTRACT(month FROM d) = 10}. */
enum DatePart {
  MONTH(
      12,
      "month|monat|mois|\\bmes|mês|maand|månad|måned|miesi|měsíc|месяц|місяц|月|달|월|\\bay|\\blun|mtd|mom",
      "MONTH|MONTHS|MON",
      "(?:FM)?(?:MM|MON|MONTH)"),
  WEEK(
      53,
      "week|woche|semaine|semana|settiman|veck|\\buge|\\buke|tydzie|tygodn|týd|недел|тиж|周|週|星期|礼拜|주|hafta|wow",
      "WEEK|WEEKS|W",
      "(?:FM)?(?:IW|WW)"),
  QUARTER(
      4,
      "quarter|quartal|trimest|kwarta|kvartal|kwartaal|квартал|季|四半期|분기|çeyrek|qoq|qtd",
      "QUARTER|QTR",
      "(?:\"Q\")?Q"),
  DAY(31, "$^", "DAY|DAYS", "(?:FM)?DD"),
  DAY_OF_YEAR(366, "$^", "DOY", "(?:FM)?DDD"),
  DAY_OF_WEEK(7, "$^", "DOW|ISODOW", "I?D");

  /** Words for one day as it passes; on that day every part stands still. */
  private static final Pattern ONE_DAY =
      Pattern.compile(
          "today|yesterday|tomorrow|tonight|heut|gest(?:ern|rig)|morgen|aujourd|hier|demain|\\bhoy|ayer|\\bmañana|hoje|ontem|amanhã|oggi|ieri"
              + "|domani|vandaag|gisteren|i ?dag|i ?går|dziś|dzisiaj|wczoraj|dnes|včera|сегодня|вчера|завтра|сьогодні|вчора|bugün|dün|yarın"
              + "|[今昨明前后後][天日晚]|本日|오늘|어제|내일|astăzi|\\bazi\\b");

  private static final List<String> NAMES =
      List.of("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC");

  private static final Pattern DIGITS = Pattern.compile("\\s*Q?0*([0-9]{1,3})\\s*");

  private final int most;
  private final Pattern unit;
  private final Pattern fields;
  private final Pattern format;

  DatePart(int most, String unit, String fields, String format) {
    this.most = most;
    this.unit = Pattern.compile(unit);
    this.fields = Pattern.compile(fields);
    this.format = Pattern.compile(format);
  }

  /** Whether a field of {@code EXTRACT} or a column has that name, in upper case. */
  boolean isField(String name) {
    return fields.matcher(name).matches()
        || name.endsWith("_" + name())
        || name.startsWith(name() + "_");
  }

  boolean isFormat(String format) {
    return this.format.matcher(format.toUpperCase(Locale.ROOT)).matches();
  }

  /** The number that is written there, perhaps as a month's name; -1 if it is none. */
  int value(String text) {
    Matcher digits = DIGITS.matcher(text);
    if (digits.matches()) {
      int value = Integer.parseInt(digits.group(1));
      return value <= most ? value : -1;
    }
    String name = text.strip().toUpperCase(Locale.ROOT);
    int month =
        this == MONTH && name.matches("[A-Z]{3,9}") ? NAMES.indexOf(name.substring(0, 3)) : -1;
    return month < 0 ? -1 : month + 1;
  }

  /** Whether a number for it stands still where the question is about time as it passes. */
  boolean isFrozen(int value, AskedTime asked) {
    return (asked.isRelativeIn(ONE_DAY) || asked.isRelativeIn(unit)) && !isNamed(value, asked);
  }

  private boolean isNamed(int value, AskedTime asked) {
    return switch (this) {
      case MONTH -> asked.namesMonth(value);
      case QUARTER -> asked.namesQuarter(value);
      default -> asked.namesNumber(value);
    };
  }
}
