package aiworker.check;

import aiworker.db.Database;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * The second layer of the proof: the server parses, analyses and plans the statement under the
 * schemas in scope, and runs nothing. See {@code sql/check/statement.sql}.
 */
final class ServerCheck {
  private static final String CHECK =
      """
      SELECT ai_worker.check_statement(?, ARRAY(
        SELECT pg_catalog.jsonb_array_elements_text(?::jsonb))) AS refusal
      """;

  private final Database database;
  private final List<String> schemas;

  ServerCheck(Database database, List<String> schemas) {
    this.database = database;
    this.schemas = schemas;
  }

  /**
   * Returns if the server accepts the statement.
   *
   * @throws AiWorkerException STATEMENT_INVALID with the server's words, STATEMENT_REFUSED if the
   *     server calls it no query or more than one
   */
  void require(String statement) {
    String path = Json.array(schemas).toString();
    String refusal = database.query(CHECK, statement, path).get(0).text("refusal");
    if (refusal != null) {
      throw failure(refusal, statement);
    }
  }

  private static AiWorkerException failure(String refusal, String statement) {
    JsonNode error = Json.ours(refusal);
    String sqlState = error.path("sqlstate").asText();
    boolean refused = sqlState.equals("42P11") || sqlState.equals("0A000");
    StringBuilder detail = new StringBuilder("SQLSTATE ").append(sqlState);
    for (String field : List.of("message", "detail", "hint")) {
      String words = error.path(field).asText("");
      if (!words.isEmpty()) {
        detail.append("; ").append(field).append(": ").append(words);
      }
    }
    detail.append("; statement: ").append(statement);
    return new AiWorkerException(
        refused ? Failure.STATEMENT_REFUSED : Failure.STATEMENT_INVALID,
        "the server does not accept the statement: " + error.path("message").asText(),
        detail.toString());
  }
}
