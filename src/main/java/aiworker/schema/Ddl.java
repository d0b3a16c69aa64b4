package aiworker.schema;

import java.util.ArrayList;
import java.util.HashMap;
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
   * @param notes what is said of it, and of each column by its name; nothing of one that is missing
   */
  String print(Relation relation, Predicate<String> kept, Map<String, String> notes) {
    StringBuilder out = new StringBuilder(64 + 40 * relation.columns().size());
    out.append(relation.kind()).append(' ').append(relation.name()).append(" (");
    String rows = relation.rows() < 0 ? "" : "~" + rounded(relation.rows()) + " rows";
    String note = notes.getOrDefault("", "");
    comment(out, rows.isEmpty() || note.isEmpty() ? rows + note : rows + "; " + note);
    List<Column> columns =
        relation.columns().stream().filter(column -> kept.test(column.name())).toList();
    List<Key> wide = relation.keys().stream().filter(key -> key.columns().size() > 1).toList();
    int left = columns.size() + wide.size();
    for (Column column : columns) {
      out.append("\n  ");
      column(out, relation, column);
      out.append(--left > 0 ? "," : "");
      comment(out, notes.getOrDefault(column.name(), ""));
    }
    for (Key key : wide) {
      out.append("\n  ").append(WORDS.get(key.kind())).append(' ').append(list(key.columns()));
      references(out, key);
      out.append(--left > 0 ? "," : "");
    }
    int omitted = relation.columns().size() - columns.size();
    if (omitted > 0) {
      out.append("\n  -- … ")
          .append(omitted)
          .append(omitted == 1 ? " column left out" : " columns left out");
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
      out.append(" REFERENCES ").append(target.name());
      boolean primary =
          target.keys().stream()
              .anyMatch(
                  other ->
                      other.kind() == Key.Kind.PRIMARY
                          && other.columns().equals(key.targetColumns()));
      out.append(primary ? "" : list(key.targetColumns()));
    }
  }

  /** What is said of the relation besides its definition; empty if nothing. */
  static String note(Relation relation, int longest) {
    List<String> about = new ArrayList<>();
    if (relation.comment() != null) {
      about.add(cut(relation.comment(), longest));
    }
    about.addAll(relation.facts());
    return String.join("; ", about);
  }

  /** What is said of the column besides its definition, its comment cut; empty if nothing. */
  static String note(Relation relation, Column column, int longest) {
    List<String> about = new ArrayList<>();
    if (column.comment() != null) {
      about.add(cut(column.comment(), longest));
    }
    if (!column.common().isEmpty()) {
      about.add("values: " + String.join(", ", column.common()));
    }
    // a key's numbers are none that a question asks for
    if (column.span() != null && !relation.keyColumns().contains(column.name())) {
      about.add(column.span());
    }
    return String.join("; ", about);
  }

  /** The notes of a relation and all its columns, as {@link #print} takes them. */
  static Map<String, String> notes(Relation relation, int longest) {
    Map<String, String> notes = new HashMap<>();
    notes.put("", note(relation, longest));
    relation.columns().forEach(column -> notes.put(column.name(), note(relation, column, longest)));
    return notes;
  }

  private static String cut(String comment, int longest) {
    if (comment.length() <= longest) {
      return comment;
    }
    int end = Character.isHighSurrogate(comment.charAt(longest - 1)) ? longest - 1 : longest;
    return comment.substring(0, end) + "…";
  }

  private static void comment(StringBuilder out, String about) {
    out.append(about.isEmpty() ? "" : " -- ").append(about);
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
