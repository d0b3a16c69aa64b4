package aiworker.schema;

import aiworker.json.Json;
import aiworker.lexer.Token;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
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
  private final Map<List<String>, JsonNode> facts;
  private final Map<List<String>, JsonNode> values;
  private final Map<String, String> names = new HashMap<>();
  private final TypeReader typeReader;
  private final Map<String, String> bareTypes = new HashMap<>();
  private final Map<String, String> typeIds = new HashMap<>();

  /** A reader of the server's JSON; what is null is empty. */
  static CatalogReader of(String catalog, String tableFacts, String commonValues) {
    Map<List<String>, JsonNode> facts = new HashMap<>();
    for (JsonNode table : json(tableFacts)) {
      facts.put(List.of(table.path(0).asText(""), table.path(1).asText("")), table);
    }
    Map<List<String>, JsonNode> values = new HashMap<>();
    for (JsonNode column : json(commonValues)) {
      values.put(texts(column.path(0)), column);
    }
    return new CatalogReader(json(catalog), facts, values);
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
   * @param facts elements of {@code ai_worker.table_facts} by schema and relation, unquoted
   * @param values elements of {@code ai_worker.common_values} by schema, relation and column,
   *     unquoted
   */
  private CatalogReader(
      JsonNode catalog, Map<List<String>, JsonNode> facts, Map<List<String>, JsonNode> values) {
    this.catalog = catalog;
    this.facts = facts;
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
        List<Column> fields = columns(relation, Map.of(), MissingNode.getInstance());
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
    List<String> told = new ArrayList<>();
    for (JsonNode constraint : node.path("constraints")) {
      Key key = ConstraintText.key(constraint.asText(""));
      if (key != null) {
        keys.add(key);
      }
      ConstraintText.AllowedValues values = ConstraintText.allowedValues(constraint.asText(""));
      String check = ConstraintText.check(constraint.asText(""));
      if (values != null) {
        allowed.putIfAbsent(values.column(), values.literals());
      } else if (check != null) {
        told.add(check);
      }
    }
    JsonNode known = facts.getOrDefault(path(node), MissingNode.getInstance());
    String partitions = known.path(3).asText("");
    if (!partitions.isEmpty() && SafeText.isSafe(partitions)) {
      told.add(0, "PARTITION BY " + partitions);
    }
    List<String> parents =
        texts(known.path(4)).stream().filter(names::containsKey).map(names::get).toList();
    if (!parents.isEmpty()) {
      told.add(0, "INHERITS (" + String.join(", ", parents) + ")");
    }
    String query = query(text(node, "body"));
    if (query != null) {
      told.add(0, "AS " + query);
    }
    for (JsonNode index : known.path(5)) {
      List<String> unique = texts(index);
      if (keys.stream().noneMatch(key -> key.target() == null && key.columns().equals(unique))) {
        keys.add(new Key(Key.Kind.UNIQUE, unique, null, List.of()));
      }
    }
    List<Column> columns = columns(node, allowed, known.path(6));
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
        known.path(2).asLong(-1),
        comment(node.path("comment")),
        told,
        columns,
        keys);
  }

  private List<Column> columns(
      JsonNode relation, Map<String, List<String>> allowed, JsonNode defaults) {
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
      JsonNode known = values(relation, name);
      columns.add(
          new Column(
              name,
              bareTypes.computeIfAbsent(type, typeReader::bare),
              typeIds.computeIfAbsent(type, TypeReader::id),
              notNull,
              expression(relation.path("generated").path(name)),
              allowed.getOrDefault(name, List.of()),
              literals(known.path(1)),
              texts(known.path(2)),
              about(defaults.path(name).asText(""), known),
              comment(relation.path("comments").path(name))));
    }
    return columns;
  }

  private JsonNode values(JsonNode relation, String column) {
    if (values.isEmpty()) {
      return MissingNode.getInstance();
    }
    List<String> path = new ArrayList<>(path(relation));
    path.add(Token.unquoted(column));
    JsonNode known = values.get(path);
    return known == null ? MissingNode.getInstance() : known;
  }

  private static List<String> literals(JsonNode values) {
    return texts(values).stream().map(SafeText::literal).toList();
  }

  /**
   * Its constant default, and the keys of its objects or its least and greatest value; null if
   * nothing of that is known.
   */
  private static String about(String byDefault, JsonNode known) {
    List<String> about = new ArrayList<>();
    if (!byDefault.isEmpty()) {
      String literal = new SqlScanner(byDefault).constant();
      about.add("default " + (literal == null ? SafeText.comment(byDefault) : literal));
    }
    if (known.path(3).size() > 0) {
      about.add("keys: " + String.join(", ", literals(known.path(3))));
    }
    if (known.path(4).size() == 2) {
      about.add(
          SafeText.comment(
              known.path(4).path(0).asText() + " to " + known.path(4).path(1).asText()));
    }
    return about.isEmpty() ? null : String.join("; ", about);
  }

  /** A view's query in one line; null if it is not told, as it is too long or not safe to print. */
  private static String query(String body) {
    StringBuilder query = new StringBuilder(body.length());
    boolean quoted = false;
    String stripped = body.strip();
    for (int at = 0; at < stripped.length(); at++) {
      char c = stripped.charAt(at);
      quoted ^= c == '\'' || c == '"';
      boolean blank = !quoted && (c == ' ' || c == '\n');
      if (!blank) {
        query.append(c);
      } else if (query.charAt(query.length() - 1) != ' ') {
        query.append(' ');
      }
    }
    String text = query.toString();
    boolean told = text.contains(" ") && text.endsWith(";") && SafeText.isSafe(text);
    return told ? text.substring(0, text.length() - 1) : null;
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
