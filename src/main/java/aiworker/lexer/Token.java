package aiworker.lexer;

import java.util.Locale;

/**
 * One token as PostgreSQL's own lexer cuts it.
 *
 * @param text as written
 * @param start where it starts, in characters from the start of the statement
 */
public record Token(Kind kind, String text, int start) {
  /** NAMEDATALEN - 1, in bytes of UTF-8. */
  private static final int LONGEST_NAME = 63;

  /** What a token can be. */
  public enum Kind {
    WORD,
    QUOTED_NAME,
    STRING,
    NUMBER,
    PARAMETER,
    OPERATOR,
    PUNCTUATION,
    COMMENT
  }

  /** Whether this is the unquoted word, in any case. */
  public boolean isWord(String upperCase) {
    return kind == Kind.WORD && text.equalsIgnoreCase(upperCase);
  }

  public boolean is(String punctuation) {
    return kind == Kind.PUNCTUATION && text.equals(punctuation);
  }

  public boolean isName() {
    return kind == Kind.WORD || kind == Kind.QUOTED_NAME;
  }

  /** Upper case of an unquoted word, the empty string for anything else. */
  public String word() {
    return kind == Kind.WORD ? text.toUpperCase(Locale.ROOT) : "";
  }

  /** The name that the server would look up, cut where it cuts it. */
  public String name() {
    String name = whole();
    int bytes = 0;
    int end = 0;
    while (end < name.length()) {
      int c = name.codePointAt(end);
      bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
      if (bytes > LONGEST_NAME) {
        break;
      }
      end += Character.charCount(c);
    }
    return name.substring(0, end);
  }

  /** Whether the server cuts it, so that it is another name. */
  public boolean isCut() {
    return isName() && !name().equals(whole());
  }

  private String whole() {
    return kind == Kind.QUOTED_NAME ? unquoted(text) : fold(text);
  }

  /** What a string or name in its own quotes stands for; other text as it is. */
  public static String unquoted(String text) {
    String quote = text.isEmpty() ? "" : text.substring(0, 1);
    return quote.equals("\"") || quote.equals("'")
        ? text.substring(1, text.length() - 1).replace(quote + quote, quote)
        : text;
  }

  public int end() {
    return start + text.length();
  }

  /** ASCII letters only, as the server does in UTF-8. */
  private static String fold(String word) {
    StringBuilder folded = new StringBuilder(word.length());
    for (int i = 0; i < word.length(); i++) {
      char c = word.charAt(i);
      folded.append(c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c);
    }
    return folded.toString();
  }
}
