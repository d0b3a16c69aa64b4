package aiworker.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Definitions of types, one line each, from the catalog's JSON, and how a query names a type. */
final class TypeReader {
  private static final int MOST_LABELS = 100;

  private final boolean publicFound;

  /**
   * A reader.
   *
   * @param publicFound whether names of schema {@code public} are found without it
   */
  TypeReader(boolean publicFound) {
    this.publicFound = publicFound;
  }

  /** Null if the type has a name that is not safe to print. */
  UserType read(JsonNode type) {
    String id = type.path(0).asText("") + "." + type.path(1).asText("");
    String base = type.path(4).asText("");
    if (!SafeText.isSafe(id + base)) {
      return null;
    }
    return switch (type.path(2).asText("")) {
      case "e" ->
          define("TYPE", id, List.of(), " AS ENUM (" + labels(type.path(3)) + ")", type.path(7));
      case "r" ->
          define(
              "TYPE",
              id,
              List.of(id(base)),
              " AS RANGE (subtype = " + bare(base) + ")",
              type.path(7));
      default ->
          define("DOMAIN", id, List.of(id(base)), " AS " + bare(base) + rules(type), type.path(7));
    };
  }

  /** A composite type, whose fields the catalog lists as a relation's columns. */
  UserType composite(String id, List<Column> fields, JsonNode comment) {
    List<String> texts = fields.stream().map(field -> field.name() + " " + field.type()).toList();
    return define(
        "TYPE",
        id,
        fields.stream().map(Column::typeId).toList(),
        " AS (" + String.join(", ", texts) + ")",
        comment);
  }

  /** The type without modifiers, array brackets and collation. */
  static String id(String type) {
    return Objects.requireNonNullElse(new SqlScanner(type).qualifiedName(), "");
  }

  /** As a query would write it. */
  String bare(String type) {
    if (publicFound && type.startsWith("public.")) {
      return type.substring("public.".length());
    }
    return type.replace("timestamp with time zone", "timestamptz")
        .replace("timestamp without time zone", "timestamp")
        .replace("character varying", "varchar")
        .replace("double precision", "float8");
  }

  private UserType define(
      String word, String id, List<String> uses, String definition, JsonNode comment) {
    String text = comment.asText("");
    String note = text.isBlank() ? "" : " -- " + SafeText.comment(text);
    return new UserType(id, uses, word + " " + bare(id) + definition + ";" + note);
  }

  private static String rules(JsonNode domain) {
    StringBuilder rules = new StringBuilder(domain.path(5).asBoolean() ? " NOT NULL" : "");
    for (JsonNode check : domain.path(6)) {
      ConstraintText.AllowedValues values = ConstraintText.allowedValues(check.asText(""));
      if (values != null) {
        rules
            .append(" CHECK (VALUE IN (")
            .append(String.join(", ", values.literals()))
            .append("))");
      }
    }
    return rules.toString();
  }

  private static String labels(JsonNode labels) {
    List<String> literals = new ArrayList<>();
    for (JsonNode label : labels) {
      if (literals.size() == MOST_LABELS) {
        literals.add("…");
        break;
      }
      literals.add(SafeText.literal(label.asText("")));
    }
    return String.join(", ", literals);
  }
}
