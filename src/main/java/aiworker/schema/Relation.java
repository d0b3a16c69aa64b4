package aiworker.schema;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A table, view or the like.
 *
 * @param id {@code schema.name} as the catalog quotes it
 * @param name as a query should write it: without {@code public.} where that finds this relation
 * @param kind TABLE, VIEW and so on
 * @param rows estimated; negative if never counted
 * @param comment null if none
 * @param facts what else is known, as a comment would say it
 */
record Relation(
    String id,
    String name,
    String kind,
    long rows,
    String comment,
    List<String> facts,
    List<Column> columns,
    List<Key> keys) {

  Relation {
    facts = List.copyOf(facts);
    columns = List.copyOf(columns);
    keys = List.copyOf(keys);
  }

  /** Names of the columns that are part of any key. */
  Set<String> keyColumns() {
    Set<String> names = new HashSet<>();
    keys.forEach(key -> names.addAll(key.columns()));
    return names;
  }
}
