package aiworker.check;

import aiworker.error.AiWorkerException;
import aiworker.error.Refusal;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;

/**
 * Constants and names in the longer ways of writing them (scan.l and parser.c of the server), as
 * the plain ones that they stand for. Stateless.
 */
final class EscapedText {
  private EscapedText() {}

  /**
   * A constant that goes on over several lines, in one pair of quotes and without the comments
   * between. One with backslash escapes keeps its joints, since an escape could reach over them.
   */
  static String joined(String string) {
    if (string.startsWith("$")) {
      return string;
    }
    boolean escapes = "eE".indexOf(string.charAt(0)) >= 0;
    return string.substring(0, string.indexOf('\'') + 1)
        + String.join(escapes ? "'\n'" : "", Lexer.parts(string))
        + "'";
  }

  /**
   * The quoted name that one with Unicode escapes stands for.
   *
   * @param written {@code U&"..."}
   * @param escape the constant that holds the escape character
   * @throws AiWorkerException STATEMENT_REFUSED if the server would not read it either
   */
  static String name(String written, String escape) {
    if (escape.length() != 3
        || isHex(escape.charAt(1))
        || "+'\" \t\n".indexOf(escape.charAt(1)) >= 0) {
      throw Refusal.of("%s is no escape character", escape);
    }
    char mark = escape.charAt(1);
    String text = Token.unquoted(written.substring(2));
    StringBuilder name = new StringBuilder();
    for (int at = 0; at < text.length(); ) {
      if (text.charAt(at) != mark) {
        name.append(text.charAt(at++));
      } else if (at + 1 < text.length() && text.charAt(at + 1) == mark) {
        name.append(mark);
        at += 2;
      } else {
        boolean six = text.startsWith("+", at + 1);
        int from = at + (six ? 2 : 1);
        at = from + (six ? 6 : 4);
        name.appendCodePoint(codePoint(text, from, at));
      }
    }
    return '"' + name.toString().replace("\"", "\"\"") + '"';
  }

  private static int codePoint(String text, int from, int to) {
    if (to > text.length() || !text.substring(from, to).chars().allMatch(EscapedText::isHex)) {
      throw Refusal.of("an escape without its digits in a name");
    }
    int code = Integer.parseInt(text.substring(from, to), 16);
    if (code == 0 || !Character.isValidCodePoint(code)) {
      throw Refusal.of("unexpected character U+%04X", code);
    }
    return code;
  }

  private static boolean isHex(int c) {
    return c < 0x80 && Character.digit(c, 16) >= 0;
  }
}
