package aiworker.schema;

import java.util.List;

/**
 * All values that a column of texts is known to hold: those that a CHECK lists, or those that are
 * told of it as its most common ones.
 *
 * @param column {@code relation.column}, as a query would write it
 * @param literals SQL literals of the values, at least one
 * @param foldsCase whether the column's type takes no notice of case
 * @param padded whether it takes no notice of spaces at the end
 */
public record KnownValues(String column, List<String> literals, boolean foldsCase, boolean padded) {
  public KnownValues {
    literals = List.copyOf(literals);
  }

  /** Whether the text is one of them. */
  public boolean contains(String text) {
    String literal = told(literal(text));
    return literals.stream()
        .map(this::told)
        .anyMatch(known -> foldsCase ? known.equalsIgnoreCase(literal) : known.equals(literal));
  }

  /** Whether the text is one of them but for capitals. */
  public boolean containsInAnyCase(String text) {
    String literal = told(literal(text));
    return literals.stream().map(this::told).anyMatch(literal::equalsIgnoreCase);
  }

  private String told(String literal) {
    return padded ? literal.replaceFirst(" +'$", "'") : literal;
  }

  /** A string constant that stands for the text, safe to print. */
  public static String literal(String text) {
    return SafeText.literal(text);
  }
}
