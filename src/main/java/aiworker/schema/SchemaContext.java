package aiworker.schema;

import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

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

  SchemaContext(Catalog catalog) {
    this.catalog = catalog;
  }

  /**
   * Reads what the server tells of the catalogs, as JSON.
   *
   * @param catalog of {@code ai_worker.schema_catalog}
   * @param rowEstimates of {@code ai_worker.row_estimates}; null if there is none
   * @param commonValues of {@code ai_worker.common_values}; null if none are to be told
   */
  public static SchemaContext of(String catalog, String rowEstimates, String commonValues) {
    return new SchemaContext(CatalogReader.of(catalog, rowEstimates, commonValues).read());
  }

  /**
   * What the model is told with one prompt.
   *
   * @param relations everything, the same for every prompt, if it fits; otherwise the relations and
   *     columns nearest to the prompt. Empty if there is no relation, or none fits
   * @param notes of administrators on what is told or asked for, a line each; empty if there are
   *     none
   */
  public record Told(String relations, String notes) {}

  /**
   * Chooses that.
   *
   * @param tokenBudget most tokens that the relations may have, at four characters each
   * @param notesBudget the same for the notes
   */
  public Told tell(String prompt, int tokenBudget, int notesBudget) {
    int characters = Math.multiplyExact(tokenBudget, CHARACTERS_PER_TOKEN);
    String whole = Selection.whole(catalog, characters);
    Selection nearest = whole == null ? Selection.nearest(catalog, prompt, characters) : null;
    return new Told(
        nearest == null ? whole : nearest.text(),
        new Notes(catalog, nearest, prompt)
            .text(Math.multiplyExact(notesBudget, CHARACTERS_PER_TOKEN)));
  }

  /**
   * What is known of the columns of that name in these relations.
   *
   * @param column without quotes
   * @param relations {@code schema.name} without quotes
   * @return none unless all of the relations are known, and all values of each such column
   */
  public List<KnownValues> knownValues(String column, Set<String> relations) {
    List<KnownValues> known = new ArrayList<>();
    Set<String> unseen = new HashSet<>(relations);
    for (Relation relation : catalog.relations().values()) {
      if (unseen.remove(unquoted(relation.id()))) {
        for (Column candidate : relation.columns()) {
          if (Token.unquoted(candidate.name()).equals(column)) {
            List<String> literals = candidate.knownValues();
            if (literals.isEmpty()
                || candidate.type().matches(".* COLLATE (?!\"(?:C|POSIX)\"$).*")) {
              return List.of();
            }
            known.add(
                new KnownValues(
                    relation.name() + "." + candidate.name(),
                    literals,
                    candidate.typeId().endsWith(".citext"),
                    candidate.type().startsWith("character(")
                        || candidate.type().equals("character")));
          }
        }
      }
    }
    return unseen.isEmpty() ? known : List.of();
  }

  private static String unquoted(String id) {
    return Lexer.tokens(id).stream()
        .filter(Token::isName)
        .map(Token::name)
        .collect(Collectors.joining("."));
  }
}
