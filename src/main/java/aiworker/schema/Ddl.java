package aiworker.schema;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Prints relations the way their CREATE statements would, in fewer words. */
final class Ddl {
  private static final Map<Key.Kind, String> WORDS =
      Map.of(
          Key.Kind.PRIMARY,
          "PRIMARY KEY",
          Key.Kind.UNIQUE,
          "UNIQUE",
          Key.Kind.FOREIGN,
          "FOREIGN KEY");

  private final Map<String, Relation> relations;

  /**
   * A printer.
   *
   * @param relations by id: what foreign keys may point to
   */
  Ddl(Map<String, Relation> relations) {
    this.relations = relations;
  }

  /**
   * The relation in several lines, the last ended.
   *
   * @param kept whether to print the column of a name; holds for all that are part of a key
   */
  String print(Relation relation, Predicate<String> kept) {
    StringBuilder out = new StringBuilder(64 + 40 * relation.columns().size());
    out.append(relation.kind()).append(' ').append(relation.name()).append(" (");
    comment(out, about(relation));
    List<Column> columns =
        relation.columns().stream().filter(column -> kept.test(column.name())).toList();
    List<Key> wide = relation.keys().stream().filter(key -> key.columns().size() > 1).toList();
    int left = columns.size() + wide.size();
    for (Column column : columns) {
      out.append("\n  ");
      column(out, relation, column);
      out.append(--left > 0 ? "," : "");
      comment(out, about(column));
    }
    for (Key key : wide) {
      out.append("\n  ").append(WORDS.get(key.kind())).append(' ').append(list(key.columns()));
      references(out, key);
      out.append(--left > 0 ? "," : "");
    }
    int omitted = relation.columns().size() - columns.size();
    if (omitted > 0) {
      out.append("\n  -- … ").append(omitted).append(omitted == 1 ? " column" : " columns");
    }
    return out.append("\n);\n").toString();
  }

  private void column(StringBuilder out, Relation relation, Column column) {
    out.append(column.name()).append(' ').append(column.type());
    boolean primary = false;
    StringBuilder keys = new StringBuilder();
    for (Key key : relation.keys()) {
      if (key.columns().size() == 1 && key.columns().get(0).equals(column.name())) {
        primary |= key.kind() == Key.Kind.PRIMARY;
        keys.append(key.kind() == Key.Kind.FOREIGN ? "" : " " + WORDS.get(key.kind()));
        references(keys, key);
      }
    }
    out.append(column.notNull() && !primary ? " NOT NULL" : "").append(keys);
    if (column.generated() != null) {
      out.append(" GENERATED");
      out.append(column.generated().isEmpty() ? "" : " AS (" + column.generated() + ")");
    }
    if (!column.allowed().isEmpty()) {
      out.append(" CHECK (").append(column.name()).append(" IN ");
      out.append(list(column.allowed())).append(')');
    }
  }

  private void references(StringBuilder out, Key key) {
    Relation target = relations.get(key.target());
    if (target != null) {
      out.append(" REFERENCES ").append(target.name()).append(list(key.targetColumns()));
    }
  }

  private static List<String> about(Relation relation) {
    List<String> about = new ArrayList<>();
    if (relation.rows() >= 0) {
      about.add("~" + rounded(relation.rows()) + " rows");
    }
    if (relation.comment() != null) {
      about.add(relation.comment());
    }
    return about;
  }

  private static List<String> about(Column column) {
    List<String> about = new ArrayList<>();
    if (column.comment() != null) {
      about.add(column.comment());
    }
    if (!column.common().isEmpty()) {
      about.add("values: " + String.join(", ", column.common()));
    }
    return about;
  }

  private static void comment(StringBuilder out, List<String> about) {
    if (!about.isEmpty()) {
      out.append(" -- ").append(String.join("; ", about));
    }
  }

  private static String list(List<String> names) {
    return "(" + String.join(", ", names) + ")";
  }

  /** One significant digit, so that the text changes seldom and providers' caches of it hold. */
  static String rounded(long rows) {
    long unit = 1;
    while (rows / unit >= 10) {
      unit *= 10;
    }
    long value = Math.round((double) rows / unit) * unit;
    if (value >= 1_000_000_000) {
      return value / 1_000_000_000 + "G";
    }
    if (value >= 1_000_000) {
      return value / 1_000_000 + "M";
    }
    return value >= 1_000 ? value / 1_000 + "k" : Long.toString(value);
  }
}
