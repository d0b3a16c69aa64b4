package aiworker.reply;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A reply that somebody on its way has written as HTML. Stateless. */
final class Escapes {
  private static final Pattern ENTITY =
      Pattern.compile("&(?:lt|gt|amp|quot|apos|nbsp|#0?39|#x27|#34|#x22|#60|#62|#38);");

  private Escapes() {}

  /** The text that was meant, if all of it has been escaped; else the text as it is. */
  static String undone(String text) {
    if (text.indexOf("&") < 0 || text.indexOf('<') >= 0 || text.indexOf('>') >= 0) {
      return text;
    }
    Matcher entity = ENTITY.matcher(text);
    StringBuilder undone = new StringBuilder();
    int from = 0;
    boolean quoted = false;
    while (entity.find()) {
      String between = text.substring(from, entity.start());
      quoted ^= between.chars().filter(c -> c == '\'').count() % 2 == 1;
      if (between.indexOf('&') >= 0 || quoted) {
        return text;
      }
      undone.append(between).append(character(entity.group()));
      from = entity.end();
    }
    return text.indexOf('&', from) >= 0 ? text : undone.append(text.substring(from)).toString();
  }

  private static char character(String entity) {
    return switch (entity) {
      case "&lt;", "&#60;" -> '<';
      case "&gt;", "&#62;" -> '>';
      case "&amp;", "&#38;" -> '&';
      case "&quot;", "&#34;", "&#x22;" -> '"';
      case "&nbsp;" -> ' ';
      default -> '\'';
    };
  }
}
