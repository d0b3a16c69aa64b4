package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.db.DatabaseException;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CostCeilingIT {
  private static CheckDatabase database;

  @BeforeAll
  static void create() throws SQLException {
    database = CheckDatabase.create();
    // or autovacuum does it between two estimates
    database.execute("ANALYZE");
    database.connection().commit();
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
  }

  @AfterEach
  void rollBack() throws SQLException {
    database.connection().rollback();
  }

  private static String estimate(String statement) {
    return database
        .database()
        .query("SELECT ai_worker.estimate_cost(?, 'public, sales, pg_temp') AS cost", statement)
        .get(0)
        .text("cost");
  }

  @Test
  void theLimitCountsInTheCost() {
    assertTrue(
        Double.parseDouble(estimate("SELECT 1 FROM users a, users b LIMIT 1"))
            < Double.parseDouble(estimate("SELECT 1 FROM users a, users b")));
  }

  @Test
  void whoMayNotReadATableGetsNoEstimate() throws SQLException {
    database.execute(
        """
        CREATE ROLE estimator;
        GRANT USAGE ON SCHEMA ai_worker TO estimator;
        GRANT EXECUTE ON FUNCTION ai_worker.estimate_cost(text, text) TO estimator;
        SET LOCAL ROLE estimator
        """);
    assertNull(estimate("SELECT * FROM users"));
    database.execute("RESET ROLE; GRANT SELECT ON users TO estimator; SET LOCAL ROLE estimator");
    assertTrue(Double.parseDouble(estimate("SELECT * FROM users")) > 1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SELECT 1; DELETE FROM executed | 42P11
          SELECT 1; SELECT leave_trace(1) | 42P11
          DELETE FROM executed | 42P11
          WITH d AS (DELETE FROM executed RETURNING *) SELECT * FROM d | 0A000
          ANALYZE SELECT leave_trace(1) | 42601
          ) SELECT 1 | 42601
          """)
  void estimatingTakesOneQueryAndRunsNothing(String statement, String sqlState)
      throws SQLException {
    DatabaseException e = assertThrows(DatabaseException.class, () -> estimate(statement));
    assertEquals(sqlState, e.error().sqlState(), e.getMessage());
    rollBack();
    assertEquals(
        "0", database.database().query("SELECT count(*) AS n FROM executed").get(0).text("n"));
  }

  @Test
  void estimatingDoesNotExecute() {
    long start = System.nanoTime();
    estimate("SELECT pg_catalog.pg_sleep(30), leave_trace(1) FROM users");
    assertTrue(System.nanoTime() - start < 5_000_000_000L);
    assertEquals(
        "0", database.database().query("SELECT count(*) AS n FROM executed").get(0).text("n"));
  }

  @Test
  void searchPathAndReadWriteModeAreBackAfterwards() throws SQLException {
    database.execute("SET LOCAL search_path = sales");
    estimate("SELECT * FROM users");
    assertEquals("sales", database.database().query("SHOW search_path").get(0).text("search_path"));
    assertEquals(
        "off",
        database
            .database()
            .query("SHOW transaction_read_only")
            .get(0)
            .text("transaction_read_only"));
  }

  @Test
  void operatorsInTheSchemasInScopeCannotTakeOverTheEstimate() throws SQLException {
    database.execute(
        """
        CREATE FUNCTION public.mine(json, json) RETURNS json LANGUAGE plpgsql AS
          $$BEGIN INSERT INTO public.executed DEFAULT VALUES; RETURN '1'; END$$;
        CREATE OPERATOR public.->> (LEFTARG = json, RIGHTARG = json, FUNCTION = public.mine);
        CREATE OPERATOR public.-> (LEFTARG = json, RIGHTARG = json, FUNCTION = public.mine)
        """);
    assertTrue(Double.parseDouble(estimate("SELECT * FROM users")) > 1);
    assertEquals(
        "0", database.database().query("SELECT count(*) AS n FROM executed").get(0).text("n"));
  }
}
