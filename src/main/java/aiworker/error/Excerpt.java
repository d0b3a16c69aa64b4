package aiworker.error;

import java.nio.charset.StandardCharsets;

/** Text from outside, made fit for an error. Stateless. */
public final class Excerpt {
  /** Code points looked at. */
  private static final int MOST = 16_000;

  private Excerpt() {}

  /** Whether PostgreSQL can take it as text. */
  public static boolean isText(String text) {
    return text.indexOf('\0') < 0 && StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  /** In one line, and without what PostgreSQL could not take as text. */
  public static String line(String text) {
    StringBuilder line = new StringBuilder();
    text.codePoints()
        .limit(MOST)
        .map(c -> Character.isISOControl(c) || Character.isWhitespace(c) ? ' ' : c)
        .filter(c -> c != ' ' || (line.length() > 0 && line.charAt(line.length() - 1) != ' '))
        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? '?' : c)
        .forEachOrdered(line::appendCodePoint);
    return line.toString().strip();
  }

  /** At most so many characters, and no half of one: PostgreSQL could not take it. */
  public static String cut(String text, int longest) {
    if (text.length() <= longest) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(longest - 1)) ? longest - 1 : longest;
    return text.substring(0, end) + " …";
  }
}
