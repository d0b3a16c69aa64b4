package aiworker.check;

import aiworker.db.Database;
import aiworker.json.Json;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.List;

/**
 * What the server's catalogs hold under the names of a statement, in one round trip.
 *
 * <p>Thread rule: that of the {@link Database}.
 */
final class CatalogLookup {
  private static final String FACTS =
      """
      SELECT o.* FROM ai_worker.named_objects(
        ARRAY(SELECT pg_catalog.jsonb_array_elements_text(?::jsonb)), ?::jsonb) AS o
      """;

  private final Database database;

  CatalogLookup(Database database) {
    this.database = database;
  }

  /** Everything that the names can mean under pg_catalog and the schemas in scope. */
  List<CatalogFact> facts(Names names, List<String> schemas) {
    ArrayNode wanted = Json.array(List.of());
    names.relations().forEach(name -> add(wanted, "relation", name));
    names.functions().forEach(name -> add(wanted, "function", name));
    // f(x) is a cast too where f is a type
    names.functions().forEach(name -> add(wanted, "type", name));
    names.types().forEach(name -> add(wanted, "type", name));
    addAll(wanted, "attribute", names.attributes());
    addAll(wanted, "field", names.fields());
    addAll(wanted, "operator", names.operators());
    return database.query(FACTS, Json.array(schemas).toString(), wanted.toString()).stream()
        .map(CatalogFact::of)
        .toList();
  }

  private static void addAll(ArrayNode wanted, String kind, Collection<String> names) {
    names.forEach(name -> add(wanted, kind, new QualifiedName(null, name)));
  }

  private static void add(ArrayNode wanted, String kind, QualifiedName name) {
    ObjectNode entry = wanted.addObject();
    entry.put("kind", kind);
    entry.put("schema", name.schema());
    entry.put("name", name.name());
  }
}
