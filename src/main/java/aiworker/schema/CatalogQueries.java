package aiworker.schema;

import aiworker.db.Database;
import aiworker.db.Row;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Asks the server for what the schema context is made of. Thread rule: {@link Database}'s. */
final class CatalogQueries {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SCHEMAS =
      "ARRAY(SELECT s.value FROM pg_catalog.jsonb_array_elements_text(?::pg_catalog.jsonb) s(value))";
  private static final String CATALOG =
      "SELECT c.catalog::pg_catalog.text AS answer, c.version FROM public.ai_worker_schema_catalog("
          + SCHEMAS
          + ") c";

  /** A partitioned table has no estimate of its own until somebody analyses it. */
  private static final String ROWS =
      """
      WITH RECURSIVE leaf(schema, name, oid, kind, rows) AS (
        SELECT n.nspname, c.relname, c.oid, c.relkind, c.reltuples
        FROM pg_catalog.pg_namespace n
        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
        WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p', 'm', 'f') AND NOT c.relispartition
        UNION ALL
        SELECT l.schema, l.name, c.oid, c.relkind, c.reltuples
        FROM leaf l
        JOIN pg_catalog.pg_inherits i ON i.inhparent = l.oid
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
      ),
      total AS (
        SELECT l.schema, l.name, pg_catalog.sum(l.rows) AS rows
        FROM leaf l
        WHERE l.kind <> 'p' AND l.rows >= 0
        GROUP BY l.schema, l.name
      )
      SELECT pg_catalog.json_agg(
        pg_catalog.json_build_array(t.schema, t.name, t.rows::pg_catalog.int8)) AS answer
      FROM total t
      """
          .formatted(SCHEMAS);

  /**
   * The view shows only columns that the current user may read, and none under row security. What
   * it says of a table with all that inherit from it holds their values, and they are rows of all
   * that they inherit from: one of them under row security closes it.
   */
  private static final String VALUES =
      """
      WITH RECURSIVE below(root, inherited, oid) AS (
        SELECT c.oid, i.inherited, c.oid
        FROM pg_catalog.pg_namespace n
        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
        CROSS JOIN (VALUES (false), (true)) i(inherited)
        WHERE n.nspname = ANY (%1$s) AND c.relkind IN ('r', 'p', 'm', 'f')
        UNION
        SELECT b.root, true, i.inhrelid
        FROM below b
        JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid
        WHERE b.inherited
      ),
      kin(root, inherited, oid) AS (
        SELECT b.root, b.inherited, b.oid FROM below b
        UNION
        SELECT k.root, k.inherited, i.inhparent
        FROM kin k
        JOIN pg_catalog.pg_inherits i ON i.inhrelid = k.oid
      ),
      family AS (
        SELECT k.root, k.inherited, pg_catalog.bool_or(c.relrowsecurity) AS secured,
               pg_catalog.json_agg(pg_catalog.json_build_array(n.nspname, c.relname)) AS members
        FROM kin k
        JOIN pg_catalog.pg_class c ON c.oid = k.oid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        GROUP BY k.root, k.inherited
      )
      SELECT pg_catalog.json_agg(pg_catalog.json_build_array(v.path, v.common, v.members)) AS answer
      FROM (
        SELECT DISTINCT ON (s.schemaname, s.tablename, s.attname)
               ARRAY[s.schemaname, s.tablename, s.attname] AS path,
               s.most_common_vals::pg_catalog.text::pg_catalog.text[] AS common,
               f.members
        FROM pg_catalog.pg_stats s
        JOIN pg_catalog.pg_namespace n ON n.nspname = s.schemaname
        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        JOIN family f ON f.root = c.oid AND f.inherited = s.inherited AND NOT f.secured
        WHERE t.typcategory = 'S' AND s.most_common_vals IS NOT NULL
          AND s.n_distinct BETWEEN 1 AND 30
        ORDER BY s.schemaname, s.tablename, s.attname, s.inherited DESC) v
      """
          .formatted(SCHEMAS);

  private static final int MOST_VALUES = 12;
  private static final int LONGEST_VALUE = 40;

  private final Database database;
  private final String schemas;

  CatalogQueries(Database database, List<String> schemas) {
    this.database = database;
    this.schemas = JSON.valueToTree(schemas).toString();
  }

  /**
   * The catalogs at one moment.
   *
   * @param version what {@code ai_worker_schema_fingerprint} says of them
   */
  record Answer(JsonNode catalog, String version) {}

  Answer catalog() {
    List<Row> rows = database.query(CATALOG, schemas);
    return new Answer(json(rows), rows.get(0).text("version"));
  }

  /** Estimates by schema and relation. */
  Map<List<String>, Long> rows() {
    Map<List<String>, Long> rows = new HashMap<>();
    for (JsonNode row : json(database.query(ROWS, schemas))) {
      rows.put(List.of(row.path(0).asText(""), row.path(1).asText("")), row.path(2).asLong());
    }
    return rows;
  }

  /**
   * Most common values by schema, relation and column.
   *
   * @param hidden columns never to be told, as {@code column}, {@code table.column} or {@code
   *     schema.table.column}, unquoted; holds for all tables whose rows are rows of that one too
   */
  Map<List<String>, List<String>> values(Set<String> hidden) {
    Map<List<String>, List<String>> values = new HashMap<>();
    for (JsonNode row : json(database.query(VALUES, schemas))) {
      List<String> path = texts(row.path(0));
      boolean told = true;
      for (JsonNode member : row.path(2)) {
        told &= !isHidden(hidden, texts(member), path.get(2));
      }
      if (told) {
        values.put(
            path,
            texts(row.path(1)).stream()
                .filter(value -> !value.isBlank() && value.length() <= LONGEST_VALUE)
                .limit(MOST_VALUES)
                .toList());
      }
    }
    return values;
  }

  private static boolean isHidden(Set<String> hidden, List<String> relation, String column) {
    String named = relation.get(1) + "." + column;
    return hidden.contains(column)
        || hidden.contains(named)
        || hidden.contains(relation.get(0) + "." + named);
  }

  private static JsonNode json(List<Row> rows) {
    String answer = rows.get(0).text("answer");
    try {
      return JSON.readTree(answer == null ? "[]" : answer);
    } catch (JsonProcessingException e) {
      throw new AiWorkerException(
          Failure.INTERNAL, "the catalogs read as no JSON", e.getOriginalMessage(), e);
    }
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(element -> texts.add(element.asText("")));
    return texts;
  }
}
