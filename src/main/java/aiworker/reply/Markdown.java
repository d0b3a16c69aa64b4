package aiworker.reply;

import java.util.ArrayList;
import java.util.List;

/** What stands between back quotes. Stateless. */
final class Markdown {
  static final String FENCE = "```";

  private Markdown() {}

  /** What code fences hold, tags included; the last may lack its end. */
  static List<String> fenced(String text) {
    return between(text, FENCE, true);
  }

  /** What single back quotes hold. */
  static List<String> inlineCode(String text) {
    return between(text, "`", false);
  }

  private static List<String> between(String text, String quote, boolean mayLackItsEnd) {
    List<String> found = new ArrayList<>();
    String[] parts = text.split(quote, -1);
    for (int at = 1; at < (mayLackItsEnd ? parts.length : parts.length - 1); at += 2) {
      found.add(parts[at]);
    }
    return found;
  }
}
