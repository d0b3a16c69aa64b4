package aiworker.lexer;

import aiworker.error.Refusal;
import aiworker.lexer.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Cuts text into tokens the way PostgreSQL does with {@code standard_conforming_strings} on
 * (scan.l), in one pass without back-tracking. Refuses what it does not know.
 *
 * <p>Thread rule: one use, one thread.
 */
public final class Lexer {
  private static final String OPERATOR_CHARACTERS = "+-*/<>=~!@#%^&|`?";

  /** An operator may end in + or - only if it holds one of these. */
  private static final String KEEPS_TRAILING_SIGN = "~!@#%^&|`?";

  private final String text;
  private int at;

  private Lexer(String text, int start) {
    this.text = text;
    this.at = start;
  }

  /** A set of words that stand in a text, with white space between them. */
  public static Set<String> words(String text) {
    return Set.of(text.strip().split("\\s+"));
  }

  /** All tokens but comments. */
  public static List<Token> tokens(String text) {
    List<Token> tokens = new ArrayList<>();
    Lexer lexer = new Lexer(text, 0);
    for (Token token = lexer.next(); token != null; token = lexer.next()) {
      if (token.kind() != Kind.COMMENT) {
        tokens.add(token);
      }
    }
    return tokens;
  }

  /** A lexer for reading token by token; comments are tokens too. */
  public static Lexer from(String text, int start) {
    return new Lexer(text, start);
  }

  /** The next token, null at the end. */
  public Token next() {
    while (at < text.length() && isSpace(text.charAt(at))) {
      at++;
    }
    if (at >= text.length()) {
      return null;
    }
    int start = at;
    Kind kind = scan();
    return new Token(kind, text.substring(start, at), start);
  }

  private Kind scan() {
    char c = text.charAt(at);
    if (text.startsWith("--", at)) {
      at = lineEnd(text, at);
      return Kind.COMMENT;
    }
    if (text.startsWith("/*", at)) {
      blockComment();
      return Kind.COMMENT;
    }
    if (c == '\'') {
      string(at + 1, false);
      return Kind.STRING;
    }
    if (c == '"') {
      at = closing('"', at + 1, false);
      return Kind.QUOTED_NAME;
    }
    if (c == '$') {
      return dollar();
    }
    if (isDigit(c) || (c == '.' && at + 1 < text.length() && isDigit(text.charAt(at + 1)))) {
      number();
      return Kind.NUMBER;
    }
    if (isWordStart(c)) {
      return word();
    }
    if (OPERATOR_CHARACTERS.indexOf(c) >= 0) {
      return operator();
    }
    if ("()[],;.".indexOf(c) >= 0) {
      at++;
      return Kind.PUNCTUATION;
    }
    if (c == ':') {
      at += text.startsWith("::", at) || text.startsWith(":=", at) ? 2 : 1;
      return Kind.PUNCTUATION;
    }
    throw Refusal.of("unexpected character U+%04X", (int) c);
  }

  private Kind word() {
    char first = text.charAt(at);
    if (at + 1 < text.length() && text.charAt(at + 1) == '\'' && "eEbBxXnN".indexOf(first) >= 0) {
      string(at + 2, first == 'e' || first == 'E');
      return Kind.STRING;
    }
    if (first == 'u' || first == 'U') {
      if (text.startsWith("&'", at + 1)) {
        string(at + 3, false);
        return Kind.STRING;
      }
      if (text.startsWith("&\"", at + 1)) {
        at = closing('"', at + 3, false);
        return Kind.QUOTED_NAME;
      }
    }
    int start = at;
    boolean ascii = true;
    while (at < text.length() && isWordPart(text.charAt(at))) {
      ascii &= text.charAt(at) < 0x80;
      at++;
    }
    if (!ascii) {
      requireVisible(text.substring(start, at));
    }
    return Kind.WORD;
  }

  /** To the server every character beyond ASCII is a letter; to a reader, spaces are not. */
  private static void requireVisible(String word) {
    word.codePoints()
        .filter(c -> c >= 0x80 && !Character.isUnicodeIdentifierPart(c))
        .forEach(
            c -> {
              throw Refusal.of("unexpected character U+%04X", c);
            });
    if (word.codePoints().anyMatch(Character::isIdentifierIgnorable)) {
      throw Refusal.of("an invisible character in a name");
    }
  }

  private Kind operator() {
    int end = at;
    while (end < text.length()
        && OPERATOR_CHARACTERS.indexOf(text.charAt(end)) >= 0
        && !text.startsWith("--", end)
        && !text.startsWith("/*", end)) {
      end++;
    }
    String operator = text.substring(at, end);
    boolean keepsSign = operator.chars().anyMatch(c -> KEEPS_TRAILING_SIGN.indexOf(c) >= 0);
    while (!keepsSign && end - at > 1 && "+-".indexOf(text.charAt(end - 1)) >= 0) {
      end--;
    }
    if (text.substring(at, end).indexOf('`') >= 0) {
      throw Refusal.of("a backtick is no quote in PostgreSQL");
    }
    at = end;
    return Kind.OPERATOR;
  }

  private Kind dollar() {
    int i = at + 1;
    if (i < text.length() && isDigit(text.charAt(i))) {
      while (i < text.length() && isDigit(text.charAt(i))) {
        i++;
      }
      at = i;
      return Kind.PARAMETER;
    }
    while (i < text.length() && text.charAt(i) != '$' && isWordPart(text.charAt(i))) {
      i++;
    }
    if (i >= text.length() || text.charAt(i) != '$') {
      throw Refusal.of("a lone $");
    }
    String delimiter = text.substring(at, i + 1);
    int close = text.indexOf(delimiter, i + 1);
    if (close < 0) {
      throw Refusal.of("unterminated %s string", delimiter);
    }
    at = close + delimiter.length();
    return Kind.STRING;
  }

  /** Also in the ways of PostgreSQL 16 and later, {@code 1_000} and {@code 0x1F}. */
  private void number() {
    int radix = text.charAt(at) == '0' && at + 1 < text.length() ? radix(text.charAt(at + 1)) : 10;
    if (radix != 10) {
      at += 2;
      digits(radix, true);
    } else {
      digits(10, false);
      if (at < text.length() && text.charAt(at) == '.') {
        at++;
        digits(10, false);
      }
      if (at < text.length() && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
        int exponent = at + 1;
        if (exponent < text.length() && "+-".indexOf(text.charAt(exponent)) >= 0) {
          exponent++;
        }
        if (exponent < text.length() && isDigit(text.charAt(exponent))) {
          at = exponent;
          digits(10, false);
        }
      }
    }
    if (at < text.length() && isWordPart(text.charAt(at))) {
      throw Refusal.of("a number runs into a word");
    }
  }

  private static int radix(char mark) {
    return switch (mark) {
      case 'x', 'X' -> 16;
      case 'o', 'O' -> 8;
      case 'b', 'B' -> 2;
      default -> 10;
    };
  }

  /** Digits with single underscores between them, or before the first. */
  private void digits(int radix, boolean underscoreFirst) {
    boolean underscore = underscoreFirst;
    while (at < text.length()) {
      int digit = at + (underscore && text.charAt(at) == '_' ? 1 : 0);
      if (digit == text.length()
          || text.charAt(digit) >= 0x80
          || Character.digit(text.charAt(digit), radix) < 0) {
        return;
      }
      at = digit + 1;
      underscore = true;
    }
  }

  /** One constant, which goes on in quotes on a later line if there is but white space between. */
  private void string(int from, boolean backslashes) {
    int next = from;
    while (next >= 0) {
      at = closing('\'', next, backslashes);
      next = continuation(text, at);
    }
  }

  /**
   * Where a constant goes on that a quote has closed.
   *
   * @param from the index after that quote
   * @return the index after the quote that follows white space and comments to the end of a line,
   *     with at least one such end in it; else -1
   */
  public static int continuation(String text, int from) {
    boolean ended = false;
    int i = from;
    while (i < text.length() && (isSpace(text.charAt(i)) || text.startsWith("--", i))) {
      if (text.charAt(i) == '-') {
        i = lineEnd(text, i);
      } else {
        ended |= isLineEnd(text.charAt(i));
        i++;
      }
    }
    return ended && i < text.length() && text.charAt(i) == '\'' ? i + 1 : -1;
  }

  /**
   * What stands between the quotes of a constant, which may go on over several lines; doubled
   * quotes and escapes as they are written.
   *
   * @param constant as a token has it, with its prefix, but not in dollars
   */
  public static List<String> parts(String constant) {
    boolean backslashes = "eE".indexOf(constant.charAt(0)) >= 0;
    Lexer lexer = new Lexer(constant, 0);
    List<String> parts = new ArrayList<>();
    int from = constant.indexOf('\'') + 1;
    while (from >= 0) {
      int after = lexer.closing('\'', from, backslashes);
      parts.add(constant.substring(from, after - 1));
      from = continuation(constant, after);
    }
    return parts;
  }

  /** The index after the closing quote; a doubled quote stands for itself. */
  private int closing(char quote, int from, boolean backslashes) {
    int i = from;
    while (i < text.length()) {
      char c = text.charAt(i);
      if (backslashes && c == '\\') {
        i += 2;
      } else if (c != quote) {
        i++;
      } else if (i + 1 < text.length() && text.charAt(i + 1) == quote) {
        i += 2;
      } else {
        return i + 1;
      }
    }
    throw Refusal.of("unterminated %s", quote == '"' ? "quoted name" : "string");
  }

  private void blockComment() {
    int depth = 0;
    while (at < text.length()) {
      if (text.startsWith("/*", at)) {
        depth++;
        at += 2;
      } else if (text.startsWith("*/", at)) {
        depth--;
        at += 2;
        if (depth == 0) {
          return;
        }
      } else {
        at++;
      }
    }
    throw Refusal.of("unterminated comment");
  }

  private static int lineEnd(String text, int from) {
    int i = from;
    while (i < text.length() && !isLineEnd(text.charAt(i))) {
      i++;
    }
    return i;
  }

  private static boolean isLineEnd(char c) {
    return c == '\n' || c == '\r';
  }

  public static boolean isSpace(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isWordStart(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= '\u0080';
  }

  private static boolean isWordPart(char c) {
    return isWordStart(c) || isDigit(c) || c == '$';
  }
}
