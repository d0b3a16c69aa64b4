package aiworker.check;

import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

/**
 * Changes how a statement is written: white space, comments, case, quotes, Unicode escapes, letters
 * that look alike, and how deep it stands in others. But for the look-alikes, which make another
 * name, its meaning stays.
 */
final class Mutation {
  private static final int DEEPEST = 30;

  /** Latin letters and the Cyrillic ones that look like them. */
  private static final String LATIN = "aceopsxyi";

  private static final String LOOK_ALIKE = "асеорѕхуі";

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
            && closesOnlyItsOwn(statement)
        ? wrapped(changed.toString(), random)
        : changed.toString();
  }

  /** What ends a bracket before its own could be an honest query in brackets. */
  private static boolean closesOnlyItsOwn(String statement) {
    int depth = 0;
    for (Token token : Lexer.tokens(statement)) {
      depth += Query.depth(token);
      if (depth < 0) {
        return false;
      }
    }
    return true;
  }

  private static String word(Token token, Random random) {
    String text = token.text();
    boolean function =
        text.chars().allMatch(c -> c < 128)
            && (text.contains("_") || text.equals("users") || text.equals("secret"));
    return switch (random.nextInt(function ? 16 : 9)) {
      case 0, 1, 2 -> text.toUpperCase(Locale.ROOT);
      case 3, 4, 5 -> text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
      case 6, 7, 8 -> text;
      case 9 -> escaped(token.name(), random);
      case 10 -> lookAlike(text, random);
      default -> '"' + token.name() + '"';
    };
  }

  /** The name in the server's notation with Unicode escapes, some of its characters escaped. */
  static String escaped(String name, Random random) {
    StringBuilder escaped = new StringBuilder("U&\"");
    name.chars()
        .forEach(
            c ->
                escaped.append(
                    switch (random.nextInt(3)) {
                      case 0 -> String.format("\\%04x", c);
                      case 1 -> String.format("\\+%06x", c);
                      default -> String.valueOf((char) c);
                    }));
    return escaped.append('"').toString();
  }

  /** The word with one letter of another alphabet, if it has a letter for that. */
  static String lookAlike(String word, Random random) {
    int start = random.nextInt(word.length());
    for (int i = 0; i < word.length(); i++) {
      int at = (start + i) % word.length();
      int letter = LATIN.indexOf(word.charAt(at));
      if (letter >= 0) {
        return word.substring(0, at) + LOOK_ALIKE.charAt(letter) + word.substring(at + 1);
      }
    }
    return word;
  }

  private static String wrapped(String statement, Random random) {
    return switch (random.nextInt(7)) {
      case 0 -> "(" + statement + ")";
      case 1 -> "SELECT * FROM (" + statement + ") AS wrapped";
      case 2 -> "WITH wrapped AS (" + statement + ") SELECT * FROM wrapped";
      case 3 -> statement + ";";
      case 4 -> "SELECT t.from FROM (SELECT 1 AS from) AS t, LATERAL (" + statement + ") AS table_";
      case 5 -> nested(statement, 1 + random.nextInt(DEEPEST), random);
      default -> statement;
    };
  }

  private static String nested(String statement, int depth, Random random) {
    String nested = statement;
    for (int level = 0; level < depth; level++) {
      nested =
          switch (random.nextInt(3)) {
            case 0 -> "(" + nested + ")";
            case 1 -> "SELECT * FROM (" + nested + ") AS level" + level;
            default -> "SELECT EXISTS (" + nested + ")";
          };
    }
    return nested;
  }
}
