package aiworker.check;

import aiworker.db.Database;
import aiworker.db.Row;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * The second layer of the proof: the server analyses the statement under the schemas in scope, as a
 * role without rights, and says what it resolved; nothing is planned or run. See {@code
 * sql/check/resolve.sql}.
 *
 * <p>Thread rule: that of the {@link Database}.
 */
final class ServerCheck {
  private static final String RESOLVE =
      """
      SELECT r.* FROM ai_worker.resolve_statement(
        ?, ARRAY(SELECT pg_catalog.jsonb_array_elements_text(?::jsonb)), ?::jsonb,
        ARRAY(SELECT pg_catalog.jsonb_array_elements_text(?::jsonb))) AS r
      """;

  private static final String SQLSTATE = "SQLSTATE ";

  private final Database database;
  private final List<String> schemas;
  private final List<String> allowedFunctions;

  ServerCheck(Database database, List<String> schemas, List<String> allowedFunctions) {
    this.database = database;
    this.schemas = schemas;
    this.allowedFunctions = allowedFunctions;
  }

  /**
   * What a statement means to the server.
   *
   * @param objects what it reads and calls
   * @param facts what else is known of it; {@link ProvenSql.Facts#NONE} where names alone are
   *     judged
   * @param namesOnly why the server could not be asked for that, so that these are all that its
   *     names can mean; null if it could
   * @param text that means this under every search path; empty if there is none
   */
  record Resolution(
      List<CatalogFact> objects, ProvenSql.Facts facts, String namesOnly, String text) {}

  /**
   * Has the server resolve it.
   *
   * @param written as the model wrote it, for errors
   * @param names that the statement holds
   * @throws AiWorkerException STATEMENT_INVALID with the server's words, STATEMENT_REFUSED if the
   *     server calls it no query or more than one, or it cannot be proven here
   */
  Resolution resolve(String written, String statement, Names names) {
    Row row =
        database
            .query(
                RESOLVE,
                statement,
                Json.array(schemas).toString(),
                names.json(),
                Json.array(allowedFunctions).toString())
            .get(0);
    if (row.text("error") != null) {
      throw failure(Json.ours(row.text("error")), written);
    }
    List<CatalogFact> objects = new ArrayList<>();
    ProvenSql.Facts facts = ProvenSql.Facts.NONE;
    for (JsonNode object : Json.ours(row.text("objects"))) {
      if (object.path("kind").asText().equals("facts")) {
        facts =
            new ProvenSql.Facts(
                texts(object.required("columns")),
                texts(object.required("functions")),
                object.required("divides_integers").booleanValue());
      } else {
        objects.add(CatalogFact.of(object));
      }
    }
    String qualified = row.text("qualified");
    return new Resolution(
        objects, facts, row.text("names_only"), qualified == null ? statement : qualified);
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.textValue()));
    return texts;
  }

  private static AiWorkerException failure(JsonNode error, String written) {
    String sqlState = error.path("sqlstate").asText();
    StringBuilder detail = new StringBuilder(SQLSTATE).append(sqlState);
    for (String field : List.of("message", "detail", "hint")) {
      String words = error.path(field).asText("");
      if (!words.isEmpty()) {
        detail.append("; ").append(field).append(": ").append(words);
      }
    }
    detail.append("; statement: ").append(written);
    return new AiWorkerException(
        isRefusal(sqlState) ? Failure.STATEMENT_REFUSED : Failure.STATEMENT_INVALID,
        "the server does not accept the statement: " + error.path("message").asText(),
        detail.toString());
  }

  static boolean isSyntaxError(AiWorkerException e) {
    return e.detail() != null && e.detail().startsWith(SQLSTATE + "42601;");
  }

  /** No query, or one of a temporary table, which no view of ours can read. */
  private static boolean isRefusal(String sqlState) {
    return sqlState.equals("42P16") || sqlState.equals("0A000");
  }
}
