package aiworker.check;

import aiworker.error.AiWorkerException;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import java.util.ArrayList;
import java.util.List;
import net.sf.jsqlparser.parser.CCJSqlParser;
import net.sf.jsqlparser.parser.CCJSqlParserConstants;
import net.sf.jsqlparser.parser.CCJSqlParserUtil;
import net.sf.jsqlparser.parser.ParseException;
import net.sf.jsqlparser.parser.TokenMgrException;
import net.sf.jsqlparser.statement.select.Select;

/**
 * From text to JSqlParser's tree, on the calling thread (its own static {@code parse} starts one,
 * which a backend must not).
 */
final class Parser {
  private Parser() {}

  /**
   * The tree of the one query that the text holds.
   *
   * @throws AiWorkerException if this parser does not know its syntax, or cuts it into other tokens
   *     than PostgreSQL would
   */
  static Select parse(String text) {
    try {
      requireSameTokens(text);
      CCJSqlParser parser = CCJSqlParserUtil.newParser(text).withAllowComplexParsing(true);
      if (parser.Statement() instanceof Select select
          && parser.getNextToken().kind == CCJSqlParserConstants.EOF) {
        return select;
      }
      throw ReadOnlyCheck.unread("the parser sees more than one query in it");
    } catch (ParseException
        | TokenMgrException
        | StackOverflowError
        | IllegalArgumentException
        | IllegalStateException
        | IndexOutOfBoundsException
        | ClassCastException
        | UnsupportedOperationException
        | NullPointerException e) {
      throw ReadOnlyCheck.unread("the parser does not know its syntax");
    }
  }

  /** Above all a quote must not begin or end elsewhere. */
  private static void requireSameTokens(String text) {
    StringBuilder ours = new StringBuilder();
    List<String> ourQuotes = new ArrayList<>();
    for (Token token : Lexer.tokens(text)) {
      append(token.text(), ours, ourQuotes);
    }
    StringBuilder theirs = new StringBuilder();
    List<String> theirQuotes = new ArrayList<>();
    CCJSqlParser parser = CCJSqlParserUtil.newParser(text);
    for (net.sf.jsqlparser.parser.Token token = parser.getNextToken();
        token.kind != CCJSqlParserConstants.EOF;
        token = parser.getNextToken()) {
      if (token.specialToken != null) {
        throw ReadOnlyCheck.unread("the parser sees a comment in it");
      }
      append(token.image, theirs, theirQuotes);
    }
    if (!ourQuotes.equals(theirQuotes) || !ours.toString().contentEquals(theirs)) {
      throw ReadOnlyCheck.unread("it can be read in two ways");
    }
  }

  /** A token without white space, apart from what is quoted. */
  private static void append(String token, StringBuilder all, List<String> quotes) {
    if (token.indexOf('\'') >= 0 || token.indexOf('"') >= 0) {
      quotes.add(token);
      all.append(token);
    } else {
      token.chars().filter(c -> !Lexer.isSpace((char) c)).forEach(c -> all.append((char) c));
    }
  }
}
