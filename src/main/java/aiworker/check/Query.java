package aiworker.check;

import aiworker.error.AiWorkerException;
import aiworker.error.Refusal;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * One query, as far as its tokens tell: a single statement that begins as a query does, with every
 * bracket closed, so that what is put around it stays around it. Size and nesting are bounded, so
 * that neither stack nor time of any parser runs away.
 *
 * @param text what was written, without comments, final semicolons and parentheses around all of
 *     it, and with one blank where there was white space; its strings read the same in every
 *     session, and its names hold no escapes
 * @param tokens of that text
 */
record Query(String text, List<Token> tokens) {
  /** A private-use character that no statement may hold, free for marks. */
  static final char MARK = '\uE000';

  private static final int LONGEST = 50_000;
  private static final int MOST_TOKENS = 10_000;
  private static final int DEEPEST = 40;

  /** The server keeps all columns of both sides for each. */
  private static final int MOST_JOINS = 64;

  private static final Set<String> OPENING_WORDS = Set.of("CASE", "NOT");
  static final Set<String> FIRST_WORDS = Set.of("SELECT", "WITH", "VALUES", "TABLE");

  /**
   * Reads it off the text of anyone.
   *
   * @throws AiWorkerException STATEMENT_REFUSED if it is no single query or too large
   */
  static Query of(String statement) {
    if (statement.length() > LONGEST) {
      throw Refusal.of("%d characters, allowed are %d", statement.length(), LONGEST);
    }
    requirePlainCharacters(statement);
    List<Token> tokens = Lexer.tokens(statement);
    while (!tokens.isEmpty() && tokens.get(tokens.size() - 1).is(";")) {
      tokens.remove(tokens.size() - 1);
    }
    if (tokens.size() > MOST_TOKENS) {
      throw Refusal.of("%d tokens, allowed are %d", tokens.size(), MOST_TOKENS);
    }
    long joins = tokens.stream().filter(token -> token.isWord("JOIN")).count();
    if (joins > MOST_JOINS) {
      throw Refusal.of("%d joins, allowed are %d", joins, MOST_JOINS);
    }
    requireOneQuery(tokens);
    requireShallow(tokens);
    while (tokens.get(0).is("(") && closing(tokens, 0) == tokens.size() - 1) {
      tokens = tokens.subList(1, tokens.size() - 1);
    }
    StringBuilder text = new StringBuilder();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      if (i > 0 && token.start() != tokens.get(i - 1).end()) {
        text.append(' ');
      }
      String read = token.text();
      if (token.kind() == Kind.STRING) {
        read = portable(EscapedText.joined(read));
      } else if (token.kind() == Kind.QUOTED_NAME && !read.startsWith("\"")) {
        boolean escaped = i + 2 < tokens.size() && tokens.get(i + 1).isWord("UESCAPE");
        read = EscapedText.name(read, escaped ? tokens.get(i + 2).text() : "'\\'");
        requirePlainCharacters(read);
        i += escaped ? 2 : 0;
      }
      expected.add(read);
      text.append(read);
    }
    return again(text.toString(), expected);
  }

  /** Where the bracket is closed that opens there. */
  static int closing(List<Token> tokens, int open) {
    int depth = 0;
    int at = open;
    do {
      depth += depth(tokens.get(at++));
    } while (depth > 0);
    return at - 1;
  }

  /** 1 for what opens a bracket, -1 for what closes one. */
  static int depth(Token token) {
    return token.is("(") || token.is("[") ? 1 : token.is(")") || token.is("]") ? -1 : 0;
  }

  /** Whether a word there is a label or an attribute, whatever word it is. */
  boolean isLabel(int at) {
    return at > 0 && (tokens.get(at - 1).isWord("AS") || tokens.get(at - 1).is("."));
  }

  private static Query again(String text, List<String> expected) {
    List<Token> tokens = Lexer.tokens(text);
    if (!tokens.stream().map(Token::text).toList().equals(expected)) {
      throw Refusal.of("it can be read in two ways");
    }
    return new Query(text, List.copyOf(tokens));
  }

  private static void requireOneQuery(List<Token> tokens) {
    Deque<String> open = new ArrayDeque<>();
    for (Token token : tokens) {
      if (token.is(";")) {
        throw Refusal.of("two statements");
      } else if (token.is("(") || token.is("[")) {
        open.push(token.is("(") ? ")" : "]");
      } else if ((token.is(")") || token.is("]")) && (open.isEmpty() || !token.is(open.pop()))) {
        throw Refusal.of("\"%s\" closes nothing", token.text());
      }
    }
    if (!open.isEmpty()) {
      throw Refusal.of("\"%s\" is missing", open.peek());
    }
    String first =
        tokens.stream().filter(token -> !token.is("(")).findFirst().map(Token::text).orElse("");
    if (!FIRST_WORDS.contains(first.toUpperCase(Locale.ROOT))) {
      throw Refusal.of("only one SELECT is allowed, and it begins with \"%s\"", first);
    }
    if (tokens.stream().filter(token -> depth(token) == 0).count() < 2) {
      throw Refusal.of("nothing follows %s", first);
    }
  }

  private static void requireShallow(List<Token> tokens) {
    int depth = 0;
    int run = 0;
    for (Token token : tokens) {
      depth += token.isWord("CASE") ? 1 : token.isWord("END") ? -1 : depth(token);
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

  /**
   * A string that reads the same whatever {@code standard_conforming_strings} is in the session
   * that runs the statement: where it is off, a backslash in plain quotes could end the string
   * early and make statements of its text. Strings with Unicode escapes are an error there.
   */
  private static String portable(String string) {
    if (string.indexOf('\\') < 0 || "eE$uU".indexOf(string.charAt(0)) >= 0) {
      return string;
    }
    if (string.charAt(0) != '\'') {
      throw Refusal.of("a backslash in %s", string);
    }
    return "E" + string.replace("\\", "\\\\");
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
