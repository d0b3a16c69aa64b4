package aiworker.reply;

import aiworker.error.AiWorkerException;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A reply that somebody on its way has written as HTML. Stateless. */
final class Escapes {
  private static final Pattern ENTITY =
      Pattern.compile("&(?:lt|gt|amp|quot|apos|nbsp|#0?39|#x27|#34|#x22|#60|#62|#38);");

  private Escapes() {}

  /** The text that was meant, if all of it has been escaped; else the text as it is. */
  static String undone(String text) {
    return text.indexOf('&') < 0
            || text.indexOf('<') >= 0
            || text.indexOf('>') >= 0
            || ENTITY.matcher(text).replaceAll("").indexOf('&') >= 0
        ? text
        : replaced(text, false);
  }

  /** Whether no string, quoted name or comment of a statement has changed but for its quotes. */
  static boolean keepsTexts(String statement, String escaped) {
    String quotes = replaced(escaped, true);
    Lexer lexer = Lexer.from(statement, 0);
    try {
      for (Token token = lexer.next(); token != null; token = lexer.next()) {
        boolean quoted = token.kind() == Kind.STRING || token.kind() == Kind.QUOTED_NAME;
        if ((quoted || token.kind() == Kind.COMMENT) && !quotes.contains(token.text())) {
          return false;
        }
      }
    } catch (AiWorkerException e) {
      return false;
    }
    return true;
  }

  private static String replaced(String text, boolean quotesOnly) {
    Matcher entity = ENTITY.matcher(text);
    StringBuilder undone = new StringBuilder();
    while (entity.find()) {
      char c = character(entity.group());
      boolean kept = quotesOnly && c != '"' && c != '\'';
      entity.appendReplacement(
          undone, Matcher.quoteReplacement(kept ? entity.group() : String.valueOf(c)));
    }
    return entity.appendTail(undone).toString();
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
