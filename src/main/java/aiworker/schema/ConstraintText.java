package aiworker.schema;

import java.util.ArrayList;
import java.util.List;

/** What {@code pg_get_constraintdef} says, as values; what it says in other shapes is ignored. */
final class ConstraintText {
  private static final int LONGEST_LIST = 60;

  private ConstraintText() {}

  /**
   * A CHECK that lists the values of one column.
   *
   * @param column {@code VALUE} for a domain
   */
  record AllowedValues(String column, List<String> literals) {}

  /** Null if it is no key, or one of a shape not known here. */
  static Key key(String definition) {
    SqlScanner scanner = new SqlScanner(definition);
    if (scanner.skip("PRIMARY KEY ")) {
      return key(Key.Kind.PRIMARY, scanner.names());
    }
    if (scanner.skip("UNIQUE ")) {
      scanner.skip("NULLS NOT DISTINCT ");
      return key(Key.Kind.UNIQUE, scanner.names());
    }
    if (!scanner.skip("FOREIGN KEY ")) {
      return null;
    }
    List<String> columns = scanner.names();
    if (columns == null || !scanner.skip(" REFERENCES ")) {
      return null;
    }
    String target = scanner.qualifiedName();
    List<String> targetColumns = scanner.names();
    return target == null || targetColumns == null
        ? null
        : new Key(Key.Kind.FOREIGN, columns, target, targetColumns);
  }

  private static Key key(Key.Kind kind, List<String> columns) {
    return columns == null ? null : new Key(kind, columns, null, List.of());
  }

  /**
   * The values in {@code CHECK ((c = ANY (ARRAY['a'::text, 'b'::text])))}, or in equalities joined
   * by OR; null if the CHECK says anything else, lists very many or is NOT VALID, so that rows may
   * hold others.
   */
  static AllowedValues allowedValues(String definition) {
    SqlScanner scanner = new SqlScanner(definition);
    if (!scanner.skip("CHECK ")) {
      return null;
    }
    List<String> literals = new ArrayList<>();
    String column = null;
    do {
      String compared = comparedColumn(scanner);
      if (compared == null || (column != null && !column.equals(compared))) {
        return null;
      }
      column = compared;
      if (!(scanner.skip("ANY ") ? array(scanner, literals) : one(scanner, literals))) {
        return null;
      }
      closeAll(scanner);
    } while (scanner.skip(" OR "));
    return ended(scanner) && literals.size() <= LONGEST_LIST
        ? new AllowedValues(column, literals)
        : null;
  }

  private static String comparedColumn(SqlScanner scanner) {
    openAll(scanner);
    String column = scanner.identifier();
    scanner.skip(")");
    scanner.cast();
    return scanner.skip(" = ") ? column : null;
  }

  private static boolean array(SqlScanner scanner, List<String> literals) {
    openAll(scanner);
    if (!scanner.skip("ARRAY[")) {
      return false;
    }
    do {
      if (!one(scanner, literals)) {
        return false;
      }
    } while (scanner.skip(", "));
    return scanner.skip("]");
  }

  private static boolean one(SqlScanner scanner, List<String> literals) {
    String literal = scanner.constant();
    return literal != null && literals.add(literal);
  }

  private static void openAll(SqlScanner scanner) {
    boolean open = true;
    while (open) {
      open = scanner.skip("(");
    }
  }

  private static void closeAll(SqlScanner scanner) {
    do {
      scanner.cast();
    } while (scanner.skip(")"));
  }

  private static boolean ended(SqlScanner scanner) {
    return scanner.atEnd();
  }
}
