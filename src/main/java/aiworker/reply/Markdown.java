package aiworker.reply;

import aiworker.error.AiWorkerException;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import java.util.Locale;
import java.util.regex.Pattern;

/** Code among prose: fences of back quotes or tildes, and inline code. Stateless. */
final class Markdown {
  private Markdown() {}

  /**
   * A code fence of three back quotes or tildes or more; its end may be missing.
   *
   * @param tag what it says of its kind, perhaps nothing
   * @param body what it holds after its tag
   * @param end after the closing marks
   */
  record Fence(String tag, String body, int end) {}

  private static final Pattern OF_THOUGHTS =
      Pattern.compile(
          "think.*|thoughts?|reason.*|reflection|analysis|scratchpad|plan|draft|monologue|cot",
          Pattern.CASE_INSENSITIVE);

  /** Whether it says of itself that it holds no answer. */
  static boolean isOfThoughts(Fence fence) {
    return OF_THOUGHTS.matcher(fence.tag()).matches();
  }

  /** Without white space and a byte order mark before it. */
  static String trimmed(String text) {
    String trimmed = text.strip();
    while (!trimmed.isEmpty() && "\uFEFF\u200B".indexOf(trimmed.charAt(0)) >= 0) {
      trimmed = trimmed.substring(1).strip();
    }
    return trimmed;
  }

  /** Whether a fence begins there; one of tildes, which are operators too, only begins a line. */
  static boolean isFence(String text, int at) {
    if (!text.startsWith("~~~", at)) {
      return text.startsWith("```", at);
    }
    int before = at;
    while (before > 0 && text.charAt(before - 1) == ' ') {
      before--;
    }
    return before == 0 || text.charAt(before - 1) == '\n';
  }

  /** The fence that begins there. */
  static Fence fence(String text, int at) {
    int open = marksEnd(text, at);
    int tag = open;
    while (tag < text.length() && text.charAt(tag) == ' ') {
      tag++;
    }
    int start = tag;
    while (start < text.length() && isTagCharacter(text.charAt(start))) {
      start++;
    }
    if (StatementSearch.isVerb(text.substring(tag, start).toUpperCase(Locale.ROOT))) {
      tag = open;
      start = open;
    }
    int body = start;
    while (body < text.length()
        && (Character.isWhitespace(text.charAt(body)) || text.charAt(body) == '\uFEFF')) {
      body++;
    }
    String marks = text.substring(at, open);
    int close =
        StatementSearch.startsStatement(text, body, true)
            ? closeOfStatement(text, body, marks)
            : close(text, Math.max(body, StructuredAnswer.end(text, body)), marks);
    boolean opensAnother =
        text.substring(start, close).isBlank()
            && close + marks.length() < text.length()
            && isTagCharacter(text.charAt(close + marks.length()))
            && close > start;
    int end = close == text.length() || opensAnother ? close : marksEnd(text, close);
    return new Fence(text.substring(tag, start), trimmed(text.substring(start, close)), end);
  }

  /** What a fence holds if the text is nothing else; else the text. */
  static String unfenced(String text) {
    if (!isFence(text, 0)) {
      return text;
    }
    Fence fence = fence(text, 0);
    return fence.end() == text.length() ? fence.body() : text;
  }

  /** Back quotes in a string or comment close nothing. */
  private static int closeOfStatement(String text, int body, String marks) {
    Lexer lexer = Lexer.from(text, body);
    try {
      for (int at = body; at < text.length(); ) {
        while (at < text.length() && Lexer.isSpace(text.charAt(at))) {
          at++;
        }
        if (text.startsWith(marks, at)) {
          return at;
        }
        Token token = lexer.next();
        at = token == null ? text.length() : token.end();
      }
    } catch (AiWorkerException e) {
      return close(text, body, marks);
    }
    return text.length();
  }

  /** The first at the begin of a line or in the first line. */
  private static int close(String text, int from, String marks) {
    int line = text.indexOf('\n', from);
    int close = text.indexOf(marks, from);
    if (close < 0 || line < 0 || close < line) {
      return close < 0 ? text.length() : close;
    }
    int ofLine = text.indexOf('\n' + marks, from);
    return ofLine < 0 ? close : ofLine + 1;
  }

  private static int marksEnd(String text, int at) {
    int end = at;
    while (end < text.length() && text.charAt(end) == text.charAt(at)) {
      end++;
    }
    return end;
  }

  private static boolean isTagCharacter(char c) {
    return Character.isLetterOrDigit(c) || c == '+' || c == '-' || c == '_';
  }
}
