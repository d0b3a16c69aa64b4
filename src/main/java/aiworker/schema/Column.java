package aiworker.schema;

import java.util.List;

/**
 * One column of a relation.
 *
 * @param name quoted where SQL needs it
 * @param type as to be written in a cast, with its collation if that is not the type's own
 * @param typeId of the type without array brackets and modifiers, {@code schema.name} as the
 *     catalog quotes it
 * @param generated the expression, empty if it cannot be told, null if not generated
 * @param allowed SQL literals of the values that a CHECK lists; empty if none does
 * @param common SQL literals of all values of few, or of the most common ones; empty if not asked
 *     for
 * @param alike values that are like words of the question, of very many; empty if not asked for
 * @param span what else is known of the values, as a comment would say it; null if nothing
 * @param comment null if none
 */
record Column(
    String name,
    String type,
    String typeId,
    boolean notNull,
    String generated,
    List<String> allowed,
    List<String> common,
    List<String> alike,
    String span,
    String comment) {
  /** Common values that are told at most; so many need not be all. */
  private static final int MOST_COMMON = 30;

  Column {
    allowed = List.copyOf(allowed);
    common = List.copyOf(common);
    alike = List.copyOf(alike);
  }

  /** SQL literals of all its values; empty if they are not known, or are no texts. */
  List<String> knownValues() {
    if (type.endsWith("[]")) {
      return List.of();
    }
    List<String> known = allowed.isEmpty() && common.size() < MOST_COMMON ? common : allowed;
    return known.stream().allMatch(literal -> literal.endsWith("'")) ? known : List.of();
  }
}
