package aiworker.meaning;

import aiworker.error.Excerpt;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds characters without width in the texts and quoted names of a statement: {@code 'paid'} with
 * one in it equals no value that looks like it. Stateless.
 */
final class InvisibleText {
  private static final Pattern INVISIBLE =
      Pattern.compile("[\\x{200B}-\\x{200D}\\x{2060}\\x{FEFF}]");

  private InvisibleText() {}

  /** A warning for each such text, in their order, unless the question holds the same text. */
  static List<String> warnings(String statement, String question) {
    Set<String> warnings = new LinkedHashSet<>();
    for (Token token : Lexer.tokens(statement)) {
      boolean name = token.kind() == Kind.QUOTED_NAME;
      if (!name && token.kind() != Kind.STRING) {
        continue;
      }
      String text = name ? Token.unquoted(token.text()) : Literals.text(token.text());
      Matcher invisible = INVISIBLE.matcher(text);
      if (invisible.find() && !question.contains(text)) {
        String seen = INVISIBLE.matcher(text).replaceAll("");
        warnings.add(
            "%s \"%s\" in the statement holds a character that is not seen, U+%04X"
                .formatted(
                    name ? "the name" : "the text",
                    Excerpt.cut(Excerpt.line(seen), 100),
                    (int) invisible.group().charAt(0)));
      }
    }
    return List.copyOf(warnings);
  }
}
