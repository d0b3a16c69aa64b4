package aiworker.schema;

import java.util.List;

/**
 * A primary, unique or foreign key.
 *
 * @param columns quoted where SQL needs it
 * @param target {@code schema.name} of the relation that a foreign key points to, as the catalog
 *     quotes it; null for others
 * @param targetColumns empty unless a foreign key
 */
record Key(Kind kind, List<String> columns, String target, List<String> targetColumns) {
  enum Kind {
    PRIMARY,
    UNIQUE,
    FOREIGN
  }

  Key {
    columns = List.copyOf(columns);
    targetColumns = List.copyOf(targetColumns);
  }
}
