package aiworker.check;

import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A query in which tokens that PostgreSQL knows and JSqlParser does not are replaced by ones it
 * knows. JSqlParser prints the tokens of a query in the order in which it read them; whatever it
 * prints otherwise is not what was read.
 *
 * <p>What is replaced: operators JSqlParser lacks or prints badly ({@code #-}, {@code @?}), strings
 * with a prefix, a backslash or dollar quotes, and columns named like one of its keywords. An
 * operator stands for another of any precedence, because the tree is read for what it names alone.
 */
final class TokenSubstitution {
  private static final Set<String> KNOWN_OPERATORS =
      Set.of(
          "+", "-", "*", "/", "%", "=", "<", ">", "<=", ">=", "<>", "!=", "||", "~", "~*", "!~",
          "!~*", "~~", "!~~", "&&", "@>", "<@", "->", "->>", "=>");

  /** Unreserved in PostgreSQL, special to JSqlParser. */
  private static final Set<String> KEYWORD_LIKE_NAMES =
      Set.of("NUMBER", "KEY", "VALUE", "DATA", "TEXT", "TYPE", "STATUS", "LEVEL", "SIZE", "STYLE");

  private final String text;
  private final Map<String, String> marked;

  private TokenSubstitution(String text, Map<String, String> marked) {
    this.text = text;
    this.marked = marked;
  }

  static TokenSubstitution of(Query query) {
    Map<String, String> marked = new HashMap<>();
    StringBuilder text = new StringBuilder();
    List<Token> tokens = query.tokens();
    for (int i = 0; i < tokens.size(); i++) {
      if (i > 0 && tokens.get(i).start() != tokens.get(i - 1).end()) {
        text.append(' ');
      }
      text.append(
          tokens.get(i).isWord("TABLE") && !query.isLabel(i)
              // by definition; the parser loses the schema of TABLE sales.targets
              ? "SELECT * FROM"
              : replacement(tokens, i, marked));
    }
    return new TokenSubstitution(text.toString(), marked);
  }

  /** What JSqlParser is given. */
  String text() {
    return text;
  }

  /** A name as the statement has it. */
  String original(String name) {
    return marked.getOrDefault(name, name);
  }

  /** Refuses a printed text that does not say what was read, token for token. */
  void requireSame(String printed) {
    List<String> before = comparable(Lexer.tokens(text));
    List<String> after = comparable(Lexer.tokens(printed));
    if (before.contains("OFFSET")) {
      // the printer puts OFFSET after LIMIT, whichever came first
      before.sort(null);
      after.sort(null);
    }
    if (!before.equals(after)) {
      throw ReadOnlyCheck.unread("the parser cannot print it without change");
    }
  }

  private static String replacement(List<Token> tokens, int i, Map<String, String> marked) {
    Token token = tokens.get(i);
    return switch (token.kind()) {
      case STRING -> {
        if ("uU".indexOf(token.text().charAt(0)) >= 0) {
          throw ReadOnlyCheck.unread("the parser does not know strings with Unicode escapes");
        }
        yield isPlain(token) ? token.text() : mark(token, "'", marked);
      }
      case WORD -> isKeywordLikeColumn(tokens, i) ? mark(token, "\"", marked) : token.text();
      case OPERATOR -> {
        if (KNOWN_OPERATORS.contains(token.text())) {
          yield token.text();
        }
        if (i + 1 == tokens.size()) {
          throw ReadOnlyCheck.unread("it ends in an operator");
        }
        yield isPrefix(tokens, i) ? "-" : "||";
      }
      default -> token.text();
    };
  }

  private static boolean isPlain(Token string) {
    return string.text().startsWith("'") && string.text().indexOf('\\') < 0;
  }

  private static String mark(Token token, String quote, Map<String, String> marked) {
    String mark = quote + Query.MARK + marked.size() + quote;
    marked.put(mark, token.text());
    return mark;
  }

  /** A column, neither a function nor a type. */
  private static boolean isKeywordLikeColumn(List<Token> tokens, int i) {
    if (!KEYWORD_LIKE_NAMES.contains(tokens.get(i).word())) {
      return false;
    }
    Token previous = i > 0 ? tokens.get(i - 1) : null;
    Token next = i + 1 < tokens.size() ? tokens.get(i + 1) : null;
    boolean called = next != null && (next.is("(") || next.kind() == Kind.STRING);
    boolean type = previous != null && previous.is("::");
    return !called && !type;
  }

  /** Whether an operator here has no left operand. */
  private static boolean isPrefix(List<Token> tokens, int i) {
    if (i == 0) {
      return true;
    }
    Token previous = tokens.get(i - 1);
    return previous.is("(")
        || previous.is("[")
        || previous.is(",")
        || previous.kind() == Kind.OPERATOR
        || Keywords.BEFORE_EXPRESSION.contains(previous.word());
  }

  /** Words in one case; {@code SELECT ALL} is SELECT. */
  private static List<String> comparable(List<Token> tokens) {
    List<String> comparable = new ArrayList<>();
    Token previous = null;
    for (Token token : tokens) {
      boolean noise = token.isWord("ALL") && previous != null && previous.isWord("SELECT");
      if (!noise) {
        comparable.add(token.kind() == Kind.WORD ? token.word() : token.text());
      }
      previous = token;
    }
    return comparable;
  }
}
