package aiworker.schema;

import aiworker.db.Database;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the model may know of the database: the relations of the schemas in scope as DDL-like text,
 * never row data unless value hints are asked for.
 *
 * <p>The text is data of whoever may create tables or comments. It is fit for a block in a prompt
 * that ends with a line of its own, a closing tag or three back quotes: catalog text never begins a
 * line in it, and it holds no control or invisible characters but its own line feeds, no {@code </}
 * and no three back quotes.
 *
 * <p>Immutable; can be kept and used on any thread once read.
 */
public final class SchemaContext {
  private static final int CHARACTERS_PER_TOKEN = 4;

  private final Catalog catalog;
  private final String version;

  SchemaContext(Catalog catalog, String version) {
    this.catalog = catalog;
    this.version = version;
  }

  /**
   * Reads the catalogs as they are now.
   *
   * @param schemas in search-path order; those that do not exist count as empty
   * @param valueHints whether to tell the most common values of text columns with few values, from
   *     the planner's statistics that the current user may see
   * @param hiddenColumns whose values are never told, as {@code column}, {@code table.column} or
   *     {@code schema.table.column}, unquoted
   */
  public static SchemaContext read(
      Database database, List<String> schemas, boolean valueHints, Set<String> hiddenColumns) {
    CatalogQueries queries = new CatalogQueries(database, schemas);
    Map<List<String>, List<String>> values =
        valueHints ? queries.values(Set.copyOf(hiddenColumns)) : Map.of();
    CatalogQueries.Answer answer = queries.catalog();
    return new SchemaContext(
        new CatalogReader(answer.catalog(), queries.rows(), values).read(), answer.version());
  }

  /**
   * The fingerprint of the very catalogs that the text is made of, as {@code
   * ai_worker_schema_fingerprint} computes it: the version to store an answer under.
   */
  public String version() {
    return version;
  }

  /**
   * The text for one prompt: everything, the same for every prompt, if it fits; otherwise the
   * relations and columns nearest to the prompt. Empty if there is no relation, or none fits.
   *
   * @param tokenBudget most tokens that the text may have, at four characters each
   */
  public String render(String prompt, int tokenBudget) {
    int characters = Math.multiplyExact(tokenBudget, CHARACTERS_PER_TOKEN);
    String whole = Selection.whole(catalog, characters);
    return whole != null ? whole : Selection.nearest(catalog, prompt, characters);
  }
}
