package aiworker.schema;

import aiworker.json.Json;
import aiworker.lexer.Token;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Turns the JSON of {@code ai_worker.schema_catalog} into values; drops what has a name that is not
 * safe to print, and foreign keys to relations that are not in it.
 */
final class CatalogReader {
  private static final String STANDARD_COMMENT = "standard public schema";
  private static final String NOT_NULL = " NOT NULL";
  private static final int LONGEST_EXPRESSION = 200;
  private static final Map<String, String> KINDS =
      Map.of("r", "TABLE", "v", "VIEW", "m", "MATERIALIZED VIEW", "f", "FOREIGN TABLE");

  private final JsonNode catalog;
  private final Map<List<String>, Long> rows;
  private final Map<List<String>, List<String>> values;
  private final Map<String, String> names = new HashMap<>();
  private final TypeReader typeReader;
  private final Map<String, String> bareTypes = new HashMap<>();
  private final Map<String, String> typeIds = new HashMap<>();

  /** A reader of the server's JSON; what is null is empty. */
  static CatalogReader of(String catalog, String rowEstimates, String commonValues) {
    Map<List<String>, Long> rows = new HashMap<>();
    for (JsonNode row : json(rowEstimates)) {
      rows.put(List.of(row.path(0).asText(""), row.path(1).asText("")), row.path(2).asLong());
    }
    Map<List<String>, List<String>> values = new HashMap<>();
    for (JsonNode column : json(commonValues)) {
      values.put(texts(column.path(0)), texts(column.path(1)));
    }
    return new CatalogReader(json(catalog), rows, values);
  }

  private static JsonNode json(String text) {
    return Json.ours(text == null ? "[]" : text);
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(element -> texts.add(element.asText("")));
    return texts;
  }

  /**
   * Reads one catalog.
   *
   * @param rows estimates by schema and relation, unquoted
   * @param values most common values by schema, relation and column, unquoted
   */
  private CatalogReader(
      JsonNode catalog, Map<List<String>, Long> rows, Map<List<String>, List<String>> values) {
    this.catalog = catalog;
    this.rows = rows;
    this.values = values;
    boolean publicFound = false;
    for (JsonNode schema : catalog.path("schemas")) {
      publicFound |= schema.path(0).asText("").equals("public");
    }
    this.typeReader = new TypeReader(publicFound);
    nameRelations();
  }

  Catalog read() {
    Map<String, UserType> types = new LinkedHashMap<>();
    for (JsonNode node : catalog.path("types")) {
      UserType type = typeReader.read(node);
      if (type != null) {
        types.put(type.id(), type);
      }
    }
    Map<String, Relation> relations = new LinkedHashMap<>();
    for (JsonNode relation : catalog.path("relations")) {
      String id = id(relation);
      if (!names.containsKey(id)) {
        continue;
      }
      if (text(relation, "kind").equals("c")) {
        List<Column> fields = columns(relation, Map.of());
        types.put(id, typeReader.composite(id, fields, relation.path("comment")));
      } else {
        relations.put(id, relation(relation, id));
      }
    }
    List<Note> notes = new ArrayList<>();
    catalog.path("notes").forEach(note -> notes.add(Note.of(note)));
    return new Catalog(headings(), types, relations, notes);
  }

  /** {@code public.} goes where the bare name finds the same relation under the search path. */
  private void nameRelations() {
    Set<String> taken = new HashSet<>();
    for (JsonNode relation : catalog.path("relations")) {
      String name = text(relation, "name");
      boolean found = taken.add(name) && !relation.path("hidden").asBoolean();
      String id = id(relation);
      if (SafeText.isSafe(id)) {
        names.put(id, found && text(relation, "schema").equals("public") ? name : id);
      }
    }
  }

  private List<String> headings() {
    List<String> headings = new ArrayList<>();
    for (JsonNode schema : catalog.path("schemas")) {
      String name = schema.path(0).asText("");
      String comment = schema.path(1).asText("");
      if (!comment.isBlank() && !comment.equals(STANDARD_COMMENT) && SafeText.isSafe(name)) {
        headings.add("-- schema " + name + ": " + SafeText.comment(comment));
      }
    }
    return headings;
  }

  private Relation relation(JsonNode node, String id) {
    List<Key> keys = new ArrayList<>();
    Map<String, List<String>> allowed = new HashMap<>();
    for (JsonNode constraint : node.path("constraints")) {
      Key key = ConstraintText.key(constraint.asText(""));
      if (key != null) {
        keys.add(key);
      }
      ConstraintText.AllowedValues values = ConstraintText.allowedValues(constraint.asText(""));
      if (values != null) {
        allowed.putIfAbsent(values.column(), values.literals());
      }
    }
    List<Column> columns = columns(node, allowed);
    Set<String> kept = new HashSet<>();
    columns.forEach(column -> kept.add(column.name()));
    keys.removeIf(
        key ->
            !kept.containsAll(key.columns())
                || (key.kind() == Key.Kind.FOREIGN && !names.containsKey(key.target())));
    return new Relation(
        id,
        names.get(id),
        KINDS.getOrDefault(text(node, "kind"), "TABLE"),
        rows.getOrDefault(path(node), -1L),
        comment(node.path("comment")),
        columns,
        keys);
  }

  private List<Column> columns(JsonNode relation, Map<String, List<String>> allowed) {
    List<Column> columns = new ArrayList<>();
    for (JsonNode text : relation.path("columns")) {
      SqlScanner scanner = new SqlScanner(text.asText(""));
      String name = scanner.identifier();
      if (name == null || !SafeText.isSafe(text.asText(""))) {
        continue;
      }
      scanner.skip(" ");
      String type = scanner.rest();
      boolean notNull = type.endsWith(NOT_NULL);
      if (notNull) {
        type = type.substring(0, type.length() - NOT_NULL.length());
      }
      columns.add(
          new Column(
              name,
              bareTypes.computeIfAbsent(type, typeReader::bare),
              typeIds.computeIfAbsent(type, TypeReader::id),
              notNull,
              expression(relation.path("generated").path(name)),
              allowed.getOrDefault(name, List.of()),
              common(relation, name),
              comment(relation.path("comments").path(name))));
    }
    return columns;
  }

  private List<String> common(JsonNode relation, String column) {
    if (values.isEmpty()) {
      return List.of();
    }
    List<String> path = new ArrayList<>(path(relation));
    path.add(Token.unquoted(column));
    return values.getOrDefault(path, List.of()).stream().map(SafeText::literal).toList();
  }

  private static List<String> path(JsonNode relation) {
    return List.of(
        Token.unquoted(text(relation, "schema")), Token.unquoted(text(relation, "name")));
  }

  private static String id(JsonNode relation) {
    return text(relation, "schema") + "." + text(relation, "name");
  }

  private static String text(JsonNode node, String field) {
    return node.path(field).asText("");
  }

  private static String expression(JsonNode generated) {
    if (generated.isMissingNode()) {
      return null;
    }
    String expression = generated.asText("");
    return expression.length() <= LONGEST_EXPRESSION && SafeText.isSafe(expression)
        ? expression
        : "";
  }

  private static String comment(JsonNode text) {
    return text.asText("").isBlank() ? null : SafeText.comment(text.asText(""));
  }
}
