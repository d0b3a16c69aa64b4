package aiworker.check;

import java.util.Locale;
import java.util.Random;
import java.util.Set;

/** Changes how a statement is written, not what it means. */
final class Mutation {
  private static final String[] SPACES = {
    " ", "\n", "\t", "  ", " /* x */ ", "\r\n", " -- x\n", "\f"
  };

  private Mutation() {}

  static String of(String statement, Random random) {
    StringBuilder changed = new StringBuilder();
    int end = 0;
    for (Token token : Lexer.tokens(statement)) {
      if (token.start() > end) {
        changed.append(SPACES[random.nextInt(SPACES.length)]);
      }
      changed.append(token.kind() == Token.Kind.WORD ? word(token, random) : token.text());
      end = token.end();
    }
    String first = Lexer.tokens(statement).get(0).word();
    return Set.of("SELECT", "WITH", "VALUES", "TABLE").contains(first)
        ? wrapped(changed.toString(), random)
        : changed.toString();
  }

  private static String word(Token token, Random random) {
    String text = token.text();
    boolean function =
        text.chars().allMatch(c -> c < 128)
            && (text.contains("_") || text.equals("users") || text.equals("secret"));
    return switch (random.nextInt(function ? 4 : 3)) {
      case 0 -> text.toUpperCase(Locale.ROOT);
      case 1 -> text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
      case 2 -> text;
      default -> Identifiers.quote(Identifiers.name(text));
    };
  }

  private static String wrapped(String statement, Random random) {
    return switch (random.nextInt(5)) {
      case 0 -> "(" + statement + ")";
      case 1 -> "SELECT * FROM (" + statement + ") AS wrapped";
      case 2 -> "WITH wrapped AS (" + statement + ") SELECT * FROM wrapped";
      case 3 -> statement + ";";
      default -> statement;
    };
  }
}
