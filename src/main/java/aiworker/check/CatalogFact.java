package aiworker.check;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * One object of the server's catalog that a name in a statement can mean.
 *
 * @param kind relation, function, attribute, field, type, definition, operator or cast
 * @param schema of the object; of the function, for an operator or a cast
 * @param name of the object; of the function, for an operator or a cast
 * @param symbol the name as the statement has it; the types of a cast
 * @param trait the kind of relation (pg_class.relkind) or type (pg_type.typtype), else the
 *     volatility of the function
 * @param extension whether an extension owns it
 * @param runsCode whether using a type runs functions that are not built in
 * @param shadowsBuiltin whether pg_catalog holds a function or operator of that name too
 */
record CatalogFact(
    String kind,
    String schema,
    String name,
    String symbol,
    String trait,
    boolean extension,
    boolean runsCode,
    boolean shadowsBuiltin) {
  static CatalogFact of(JsonNode object) {
    return new CatalogFact(
        object.required("kind").asText(),
        object.required("schema").asText(),
        object.required("name").asText(),
        object.required("symbol").asText(),
        object.required("trait").asText(),
        object.required("extension").booleanValue(),
        object.required("runs_code").booleanValue(),
        object.required("shadows_builtin").booleanValue());
  }

  boolean isBuiltin() {
    return schema.equals("pg_catalog");
  }

  String qualifiedName() {
    return schema + "." + name;
  }
}
