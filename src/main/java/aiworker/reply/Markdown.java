package aiworker.reply;

import aiworker.error.AiWorkerException;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What stands between back quotes. Stateless. */
final class Markdown {
  private static final String FENCE = "```";

  private static final Set<String> SQL_TAGS =
      Lexer.words(
          """
          sql postgresql postgres pgsql psql plpgsql sqlite sqlite3 mysql mariadb tsql plsql oracle duckdb snowflake
          bigquery redshift ansi
          """);

  private Markdown() {}

  /**
   * A code fence of three back quotes or more; its end may be missing.
   *
   * @param tag in lower case, empty if there is none
   * @param body what it holds after that
   * @param end after the closing quotes
   */
  record Fence(String tag, String body, int end) {
    boolean isSql() {
      return SQL_TAGS.contains(tag);
    }
  }

  /** Where the next fence begins, the text's length if there is none. */
  static int nextFence(String text, int from) {
    int at = text.indexOf(FENCE, from);
    return at < 0 ? text.length() : at;
  }

  /** The fence that begins there. */
  static Fence fence(String text, int at) {
    int open = quotesEnd(text, at);
    int start = open;
    while (start < text.length() && isTagCharacter(text.charAt(start))) {
      start++;
    }
    String tag = text.substring(open, start);
    if (StatementSearch.isVerb(tag.toUpperCase(Locale.ROOT))) {
      tag = "";
      start = open;
    }
    int body = start;
    while (body < text.length() && Character.isWhitespace(text.charAt(body))) {
      body++;
    }
    String quotes = text.substring(at, open);
    int close =
        StatementSearch.startsStatement(text, body, true)
            ? closeOfStatement(text, body, quotes)
            : close(text, Math.max(body, StructuredAnswer.end(text, body)), quotes);
    return new Fence(
        tag.toLowerCase(Locale.ROOT), text.substring(start, close), quotesEnd(text, close));
  }

  /** What a fence holds if the text is nothing else; else the text. */
  static String unfenced(String text) {
    if (!text.startsWith(FENCE)) {
      return text;
    }
    Fence fence = fence(text, 0);
    return fence.end() == text.length() ? fence.body().strip() : text;
  }

  /** What single back quotes hold. */
  static List<String> inlineCode(String text) {
    List<String> found = new ArrayList<>();
    String[] parts = text.split("`", -1);
    for (int at = 1; at < parts.length - 1; at += 2) {
      found.add(parts[at]);
    }
    return found;
  }

  /** Back quotes in a string or comment close nothing. */
  private static int closeOfStatement(String text, int body, String quotes) {
    Lexer lexer = Lexer.from(text, body);
    try {
      for (int at = body; at < text.length(); ) {
        while (at < text.length() && Lexer.isSpace(text.charAt(at))) {
          at++;
        }
        if (text.startsWith(quotes, at)) {
          return at;
        }
        Token token = lexer.next();
        at = token == null ? text.length() : token.end();
      }
    } catch (AiWorkerException e) {
      return close(text, body, quotes);
    }
    return text.length();
  }

  /** The first at the begin of a line or in the first line. */
  private static int close(String text, int from, String quotes) {
    int line = text.indexOf('\n', from);
    int close = text.indexOf(quotes, from);
    if (close < 0 || line < 0 || close < line) {
      return close < 0 ? text.length() : close;
    }
    int ofLine = text.indexOf('\n' + quotes, from);
    return ofLine < 0 ? close : ofLine + 1;
  }

  private static int quotesEnd(String text, int at) {
    int end = at;
    while (end < text.length() && text.charAt(end) == '`') {
      end++;
    }
    return end;
  }

  private static boolean isTagCharacter(char c) {
    return Character.isLetterOrDigit(c) || c == '+' || c == '-' || c == '_';
  }
}
