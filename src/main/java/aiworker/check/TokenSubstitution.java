package aiworker.check;

import aiworker.error.Refusal;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A statement in which tokens that PostgreSQL knows and JSqlParser does not are replaced by ones it
 * knows, and the way back. JSqlParser prints the tokens of a query in the order in which it read
 * them, so a replaced token is found again by its mark or, for an operator, by its place among the
 * operators. Whatever does not come back exactly is refused.
 *
 * <p>What is replaced: operators JSqlParser lacks or prints badly ({@code #-}, {@code @?}), strings
 * with a prefix, a backslash or dollar quotes, and columns named like one of its keywords. An
 * operator stands for another of any precedence: only the order of the tokens counts, because the
 * tree is read for what it names, and the server parses the text that comes back.
 */
final class TokenSubstitution {
  /** A private-use character that no statement may hold. */
  private static final char MARK = '\uE000';

  private static final Set<String> KNOWN_OPERATORS =
      Set.of(
          "+", "-", "*", "/", "%", "=", "<", ">", "<=", ">=", "<>", "!=", "||", "~", "~*", "!~",
          "!~*", "~~", "!~~", "&&", "@>", "<@", "->", "->>", "=>");

  /** Unreserved in PostgreSQL, special to JSqlParser. */
  private static final Set<String> KEYWORD_LIKE_NAMES =
      Set.of("NUMBER", "KEY", "VALUE", "DATA", "TEXT", "TYPE", "STATUS", "LEVEL", "SIZE", "STYLE");

  private final List<Token> original;
  private final String text;
  private final Map<String, String> marked;

  private TokenSubstitution(List<Token> original, String text, Map<String, String> marked) {
    this.original = original;
    this.text = text;
    this.marked = marked;
  }

  static TokenSubstitution of(String statement) {
    requirePlainCharacters(statement);
    List<Token> tokens = new ArrayList<>();
    for (Token token : Lexer.tokens(statement)) {
      if (token.isWord("TABLE")) {
        // by definition; the parser loses the schema of TABLE sales.targets
        for (String word : List.of("SELECT ", "*", "FROM")) {
          tokens.addAll(
              Lexer.tokens(word).stream()
                  .map(t -> new Token(t.kind(), t.text(), token.start()))
                  .toList());
        }
      } else {
        tokens.add(token);
      }
    }
    while (!tokens.isEmpty() && tokens.get(tokens.size() - 1).is(";")) {
      tokens.remove(tokens.size() - 1);
    }
    Map<String, String> marked = new HashMap<>();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < tokens.size(); i++) {
      if (i > 0 && tokens.get(i).start() != tokens.get(i - 1).end()) {
        text.append(' ');
      }
      text.append(replacement(tokens, i, marked));
    }
    return new TokenSubstitution(tokens, text.toString(), marked);
  }

  /** What JSqlParser is given. */
  String text() {
    return text;
  }

  /** A name as the statement has it. */
  String original(String name) {
    return marked.getOrDefault(name, name);
  }

  /**
   * Refuses a printed text that does not say what was read, token for token.
   *
   * @param printed before any change to the tree
   */
  void requireSame(String printed) {
    List<String> before = comparable(Lexer.tokens(text));
    List<String> after = comparable(Lexer.tokens(printed));
    if (before.contains("OFFSET")) {
      // the printer puts OFFSET after LIMIT, whichever came first
      before.sort(null);
      after.sort(null);
    }
    if (!before.equals(after)) {
      throw Refusal.of("it cannot be printed without change");
    }
  }

  /** The printed text with the statement's own tokens in place again. */
  String restore(String printed) {
    List<Token> ownOperators = original.stream().filter(TokenSubstitution::isOperator).toList();
    List<Token> tokens = Lexer.tokens(printed);
    List<String> expected = new ArrayList<>();
    StringBuilder restored = new StringBuilder();
    int operator = 0;
    int copied = 0;
    for (Token token : tokens) {
      String own = original(token.text());
      if (isOperator(token)) {
        if (operator >= ownOperators.size()) {
          throw Refusal.of("it cannot be printed without change");
        }
        own = ownOperators.get(operator++).text();
      }
      expected.add(own);
      restored.append(printed, copied, token.start()).append(own);
      copied = token.end();
    }
    if (operator != ownOperators.size()) {
      throw Refusal.of("it cannot be printed without change");
    }
    if (!expected.equals(Lexer.tokens(restored.toString()).stream().map(Token::text).toList())) {
      throw Refusal.of("it cannot be printed without change");
    }
    return restored.toString();
  }

  private static boolean isOperator(Token token) {
    return token.kind() == Kind.OPERATOR && !token.text().equals("*");
  }

  private static String replacement(List<Token> tokens, int i, Map<String, String> marked) {
    Token token = tokens.get(i);
    return switch (token.kind()) {
      case STRING -> isPlain(token) ? token.text() : mark(token, "'", marked);
      case WORD -> isKeywordLikeColumn(tokens, i) ? mark(token, "\"", marked) : token.text();
      case OPERATOR -> {
        if (KNOWN_OPERATORS.contains(token.text())) {
          yield token.text();
        }
        if (i + 1 == tokens.size()) {
          throw Refusal.of("it ends in an operator");
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
    String mark = quote + MARK + marked.size() + quote;
    marked.put(mark, token.kind() == Kind.STRING ? portable(token.text()) : token.text());
    return mark;
  }

  /**
   * A string that reads the same whatever {@code standard_conforming_strings} is in the session
   * that runs the statement: where it is off, a backslash in plain quotes could end the string
   * early and make statements of its text.
   */
  private static String portable(String string) {
    if (string.indexOf('\\') < 0 || "eE$".indexOf(string.charAt(0)) >= 0) {
      return string;
    }
    if (string.charAt(0) != '\'') {
      throw Refusal.of("a backslash in %s", string);
    }
    return "E" + string.replace("\\", "\\\\");
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

  private static void requirePlainCharacters(String statement) {
    for (int i = 0; i < statement.length(); i++) {
      char c = statement.charAt(i);
      boolean pair =
          Character.isHighSurrogate(c)
              ? i + 1 < statement.length() && Character.isLowSurrogate(statement.charAt(i + 1))
              : !Character.isLowSurrogate(c)
                  || (i > 0 && Character.isHighSurrogate(statement.charAt(i - 1)));
      if ((c < ' ' && !Lexer.isSpace(c)) || c == '\u007F' || c == MARK || !pair) {
        throw Refusal.of("unexpected character U+%04X", (int) c);
      }
    }
  }
}
