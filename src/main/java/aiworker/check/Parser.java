package aiworker.check;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.error.Refusal;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import net.sf.jsqlparser.parser.CCJSqlParser;
import net.sf.jsqlparser.parser.CCJSqlParserConstants;
import net.sf.jsqlparser.parser.CCJSqlParserUtil;
import net.sf.jsqlparser.parser.ParseException;
import net.sf.jsqlparser.parser.TokenMgrException;
import net.sf.jsqlparser.statement.Statement;
import net.sf.jsqlparser.statement.select.Select;

/**
 * From text to JSqlParser's tree, on the calling thread (its own static {@code parse} starts one,
 * which a backend must not). Size and nesting are bounded before, so that neither stack nor time
 * runs away.
 */
final class Parser {
  private static final int LONGEST = 50_000;
  private static final int MOST_TOKENS = 10_000;
  private static final int DEEPEST = 40;
  private static final Set<String> OPENING_WORDS = Set.of("CASE", "NOT");

  private Parser() {}

  /**
   * The tree of the one query that the text holds.
   *
   * @throws AiWorkerException STATEMENT_INVALID if it does not parse, STATEMENT_REFUSED if it is no
   *     single query or too large
   */
  static Select parse(String text) {
    requireBounded(text);
    try {
      CCJSqlParser parser = CCJSqlParserUtil.newParser(text).withAllowComplexParsing(true);
      Statement statement = parser.Statement();
      net.sf.jsqlparser.parser.Token rest = parser.getNextToken();
      while (rest.kind == CCJSqlParserConstants.ST_SEMICOLON) {
        rest = parser.getNextToken();
      }
      if (rest.kind != CCJSqlParserConstants.EOF) {
        throw Refusal.of("text follows the first statement, at \"%s\"", rest.image);
      }
      if (!(statement instanceof Select select)) {
        throw Refusal.of(
            "only one SELECT is allowed, found %s", statement.getClass().getSimpleName());
      }
      return select;
    } catch (ParseException | TokenMgrException e) {
      throw new AiWorkerException(
          Failure.STATEMENT_INVALID,
          "statement cannot be parsed",
          firstLine(e.getMessage()) + "; statement: " + text,
          e);
    } catch (StackOverflowError e) {
      throw new AiWorkerException(
          Failure.STATEMENT_REFUSED, "statement refused: it is nested too deeply", null, e);
    } catch (IllegalArgumentException
        | IllegalStateException
        | IndexOutOfBoundsException
        | ClassCastException
        | UnsupportedOperationException
        | NullPointerException e) {
      throw new AiWorkerException(
          Failure.STATEMENT_INVALID, "statement cannot be parsed", "statement: " + text, e);
    }
  }

  /**
   * Refuses a text that this parser and PostgreSQL would cut into different tokens, above all one
   * where a quote begins or ends elsewhere.
   */
  static void requireSameTokens(String text) {
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
        throw Refusal.of("a comment would remain");
      }
      append(token.image, theirs, theirQuotes);
    }
    if (!ourQuotes.equals(theirQuotes) || !ours.toString().contentEquals(theirs)) {
      throw Refusal.of("it can be read in two ways");
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

  /** Refuses what is too large or too deeply nested to parse. */
  private static void requireBounded(String text) {
    if (text.length() > LONGEST) {
      throw Refusal.of("%d characters, allowed are %d", text.length(), LONGEST);
    }
    List<Token> tokens = Lexer.tokens(text);
    if (tokens.size() > MOST_TOKENS) {
      throw Refusal.of("%d tokens, allowed are %d", tokens.size(), MOST_TOKENS);
    }
    int depth = 0;
    int run = 0;
    for (Token token : tokens) {
      if (token.is("(") || token.is("[") || token.isWord("CASE")) {
        depth++;
      } else if (token.is(")") || token.is("]") || token.isWord("END")) {
        depth--;
      }
      run = isPrefix(token) ? run + 1 : 0;
      if (depth > DEEPEST || run > DEEPEST) {
        throw Refusal.of("nested more than %d deep", DEEPEST);
      }
    }
  }

  /** Words and signs that nest without brackets. */
  private static boolean isPrefix(Token token) {
    return OPENING_WORDS.contains(token.word()) || token.kind() == Kind.OPERATOR;
  }

  private static String firstLine(String message) {
    return message == null ? "" : message.lines().limit(2).reduce((a, b) -> a + " " + b).orElse("");
  }
}
