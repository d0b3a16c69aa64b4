package aiworker.check;

import aiworker.config.Config;
import aiworker.db.Database;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.json.Json;
import java.math.BigDecimal;

/**
 * The optional ceiling on what the planner expects a proven statement to cost. The estimate needs
 * the right to read the tables; where this role lacks it, the ceiling is left to {@code
 * ai_worker.execute}, which has the caller's rights.
 */
final class CostCeiling {
  private static final String ESTIMATE =
      """
      SELECT ai_worker.estimate_cost(?, (
        SELECT pg_catalog.string_agg(pg_catalog.quote_ident(s.name), ', ' ORDER BY s.place)
          || ', pg_temp'
        FROM pg_catalog.jsonb_array_elements_text(?::jsonb) WITH ORDINALITY AS s(name, place)
      ))::text AS cost
      """;

  private final Database database;
  private final Config config;

  CostCeiling(Database database, Config config) {
    this.database = database;
    this.config = config;
  }

  /**
   * Returns if there is no ceiling, the estimate is not above it, or there is no estimate.
   *
   * @param statement proven by both layers
   * @throws AiWorkerException STATEMENT_REFUSED with the estimate and the ceiling
   */
  void require(String statement) {
    if (config.maxCost() == null) {
      return;
    }
    String schemas = Json.array(config.schemas()).toString();
    String cost = database.query(ESTIMATE, statement, schemas).get(0).text("cost");
    if (cost != null && new BigDecimal(cost).compareTo(config.maxCost()) > 0) {
      throw new AiWorkerException(
          Failure.STATEMENT_REFUSED,
          "statement refused: it is expected to cost too much",
          "Its estimated cost is %s, max_cost allows %s; statement: %s"
              .formatted(cost, config.maxCost(), statement));
    }
  }
}
