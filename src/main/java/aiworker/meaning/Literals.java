package aiworker.meaning;

import aiworker.lexer.Lexer;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The text that a string constant stands for, in each form that PostgreSQL has. Stateless. */
final class Literals {
  private static final Pattern DOLLARS = Pattern.compile("\\$[^$]*\\$");
  private static final Pattern ESCAPE =
      Pattern.compile(
          "\\\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))",
          Pattern.DOTALL);
  private static final Pattern UNICODE =
      Pattern.compile("\\\\(?:([0-9A-Fa-f]{4})|\\+([0-9A-Fa-f]{6})|(\\\\))");

  private Literals() {}

  static String text(String literal) {
    Matcher dollars = DOLLARS.matcher(literal);
    if (dollars.lookingAt()) {
      return literal.substring(dollars.end(), literal.length() - dollars.end());
    }
    String prefix = literal.substring(0, literal.indexOf('\''));
    return Lexer.parts(literal).stream()
        .map(part -> unescaped(prefix, part.replace("''", "'")))
        .collect(Collectors.joining());
  }

  private static String unescaped(String prefix, String value) {
    if (prefix.equalsIgnoreCase("E")) {
      return ESCAPE.matcher(value).replaceAll(Literals::escaped);
    }
    if (prefix.equalsIgnoreCase("U&")) {
      return UNICODE.matcher(value).replaceAll(Literals::escaped);
    }
    return value;
  }

  private static String escaped(MatchResult escape) {
    String text = null;
    for (int group = 1; group <= escape.groupCount(); group++) {
      String digits = escape.group(group);
      if (digits == null) {
        continue;
      }
      if (group == escape.groupCount()) {
        text =
            switch (digits) {
              case "n" -> "\n";
              case "t" -> "\t";
              case "r" -> "\r";
              case "b" -> "\b";
              case "f" -> "\f";
              default -> digits;
            };
      } else {
        int radix = group == 4 ? 8 : 16;
        int point = Integer.parseInt(digits, radix);
        text = Character.isValidCodePoint(point) ? Character.toString(point) : digits;
      }
    }
    return Matcher.quoteReplacement(text);
  }
}
