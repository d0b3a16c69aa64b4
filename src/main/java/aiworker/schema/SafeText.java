package aiworker.schema;

import java.util.EnumSet;
import java.util.Set;

/**
 * Text of the catalogs and of the cache, which others can write, made safe to print inside a block
 * of a prompt: one line, nothing invisible, nothing that ends a block ({@code </} and three back
 * quotes).
 */
public final class SafeText {
  private static final int LONGEST_COMMENT = 200;

  /** Scripts whose spelling uses zero-width joiners and non-joiners. */
  private static final Set<Character.UnicodeScript> JOINING =
      EnumSet.of(
          Character.UnicodeScript.ARABIC,
          Character.UnicodeScript.BENGALI,
          Character.UnicodeScript.DEVANAGARI,
          Character.UnicodeScript.GUJARATI,
          Character.UnicodeScript.GURMUKHI,
          Character.UnicodeScript.KANNADA,
          Character.UnicodeScript.KHMER,
          Character.UnicodeScript.MALAYALAM,
          Character.UnicodeScript.ORIYA,
          Character.UnicodeScript.SINHALA,
          Character.UnicodeScript.SYRIAC,
          Character.UnicodeScript.TAMIL,
          Character.UnicodeScript.TELUGU);

  private SafeText() {}

  /** Whether it can be printed as it is. Names that cannot are left out of the schema context. */
  static boolean isSafe(String text) {
    if (isPlain(text)) {
      return true;
    }
    int at = 0;
    while (at < text.length()) {
      int c = text.codePointAt(at);
      if (isHidden(c) && !isJoiner(text, at)) {
        return false;
      }
      at += Character.charCount(c);
    }
    return !text.contains("</") && !text.contains("```");
  }

  /** Free text: unsafe characters as {@code \}{@code u000A}, cut to 200 characters. */
  static String comment(String text) {
    return line(text, LONGEST_COMMENT);
  }

  /** Free text: unsafe characters as {@code \}{@code u000A}, cut to so many characters. */
  public static String line(String text, int longest) {
    String stripped = text.strip();
    if (stripped.length() <= longest && isPlain(stripped)) {
      return stripped;
    }
    StringBuilder safe = new StringBuilder();
    int at = 0;
    while (at < stripped.length() && safe.length() < longest) {
      int c = stripped.codePointAt(at);
      if ((isHidden(c) && !isJoiner(stripped, at)) || endsBlock(stripped, at)) {
        safe.append(escape(c));
      } else {
        safe.appendCodePoint(c);
      }
      at += Character.charCount(c);
    }
    return at < stripped.length() ? safe.append('…').toString() : safe.toString();
  }

  /**
   * A string constant that PostgreSQL reads as exactly this value, {@code E''} where plain quotes
   * would not be safe.
   */
  static String literal(String value) {
    if (isSafe(value)) {
      return "'" + value.replace("'", "''") + "'";
    }
    StringBuilder literal = new StringBuilder("E'");
    for (int at = 0; at < value.length(); ) {
      int c = value.codePointAt(at);
      if ((isHidden(c) && !isJoiner(value, at)) || endsBlock(value, at)) {
        literal.append(escape(c));
      } else if (c == '\'' || c == '\\') {
        literal.appendCodePoint(c).appendCodePoint(c);
      } else {
        literal.appendCodePoint(c);
      }
      at += Character.charCount(c);
    }
    return literal.append('\'').toString();
  }

  /**
   * JSON of the same value, safe to print. What is unsafe can only stand in a string, so JSON's own
   * escapes serve.
   *
   * @param json without white space between its tokens but blanks
   */
  public static String json(String json) {
    StringBuilder safe = new StringBuilder();
    for (int at = 0; at < json.length(); ) {
      int c = json.codePointAt(at);
      if ((isHidden(c) && !isJoiner(json, at)) || endsBlock(json, at)) {
        for (char unit : Character.toChars(c)) {
          safe.append(escape(unit));
        }
      } else {
        safe.appendCodePoint(c);
      }
      at += Character.charCount(c);
    }
    return safe.toString();
  }

  /** Whether it is so harmless that nobody need look closer, as nearly all of a catalog is. */
  private static boolean isPlain(String text) {
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c < ' ' || c > '~' || c == '<' || c == '`') {
        return false;
      }
    }
    return true;
  }

  private static boolean endsBlock(String text, int at) {
    return text.startsWith("</", at) || text.startsWith("```", at);
  }

  /**
   * Whether a zero-width joiner or non-joiner stands there which spelling asks for: one alone,
   * between letters of a script that has them.
   */
  private static boolean isJoiner(String text, int at) {
    if (text.charAt(at) != '\u200c' && text.charAt(at) != '\u200d') {
      return false;
    }
    return at > 0
        && at + 1 < text.length()
        && joins(text.charAt(at - 1))
        && joins(text.charAt(at + 1));
  }

  private static boolean joins(char c) {
    return (Character.isLetter(c)
            || Character.getType(c) == Character.NON_SPACING_MARK
            || Character.getType(c) == Character.COMBINING_SPACING_MARK)
        && JOINING.contains(Character.UnicodeScript.of(c));
  }

  private static boolean isHidden(int c) {
    if (c < 0x7F) {
      return c < ' ';
    }
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          true;
      default -> false;
    };
  }

  private static String escape(int c) {
    return c > 0xFFFF ? String.format("\\U%08X", c) : String.format("\\u%04X", c);
  }
}
