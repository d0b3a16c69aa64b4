package aiworker.db;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** One row as text by column name; immutable. */
public record Row(Map<String, String> columns) {
  public Row {
    columns = Collections.unmodifiableMap(new LinkedHashMap<>(columns));
  }

  /** The column's text, null for SQL NULL. */
  public String text(String column) {
    if (!columns.containsKey(column)) {
      throw new IllegalArgumentException("no column " + column + " in " + columns.keySet());
    }
    return columns.get(column);
  }

  public int integer(String column) {
    return Integer.parseInt(text(column));
  }

  /** PostgreSQL's boolean output, {@code t}/{@code f} or {@code true}/{@code false}. */
  public boolean bool(String column) {
    String value = text(column);
    return "t".equals(value) || "true".equals(value);
  }
}
