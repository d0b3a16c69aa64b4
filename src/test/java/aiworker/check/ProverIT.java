package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.config.Config;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProverIT {
  private static final Names NO_NAMES = Names.of("", Set.of(), Set.of());
  @AutoClose private static final CheckDatabase database = CheckDatabase.create();

  @AfterEach
  void rollBack() throws SQLException {
    database.connection().rollback();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SELECT * FROM users | SELECT * FROM users LIMIT 1000
          SELECT * FROM users; | SELECT * FROM users LIMIT 1000
          SELECT id FROM users LIMIT 5 | SELECT id FROM users LIMIT 5
          SELECT id FROM users LIMIT 5000 | SELECT id FROM users LIMIT 1000
          SELECT id FROM users LIMIT 99999999999999999999 | SELECT id FROM users LIMIT 1000
          SELECT id FROM users LIMIT ALL OFFSET 3 | SELECT id FROM users LIMIT 1000 OFFSET 3
          SELECT id FROM users LIMIT NULL | SELECT id FROM users LIMIT 1000
          SELECT id FROM users OFFSET 2 LIMIT 7 | SELECT id FROM users OFFSET 2 LIMIT 7
          SELECT id FROM users OFFSET 2 | SELECT id FROM users OFFSET 2 LIMIT 1000
          SELECT id FROM users LIMIT 2 + 3 | SELECT * FROM (SELECT id FROM users LIMIT 2 + 3) AS answer LIMIT 1000
          SELECT id FROM users LIMIT (SELECT 5) | SELECT * FROM (SELECT id FROM users LIMIT (SELECT 5)) AS answer LIMIT 1000
          SELECT id FROM users FETCH FIRST ROW ONLY | SELECT id FROM users FETCH FIRST ROW ONLY
          SELECT id FROM users OFFSET 1 FETCH NEXT 5000 ROWS ONLY | SELECT id FROM users OFFSET 1 FETCH NEXT 1000 ROWS ONLY
          SELECT id FROM users FETCH FIRST 7 ROWS ONLY OFFSET 1 | SELECT id FROM users FETCH FIRST 7 ROWS ONLY OFFSET 1
          SELECT id FROM users FETCH FIRST (1 + 1) ROWS ONLY | SELECT * FROM (SELECT id FROM users FETCH FIRST (1 + 1) ROWS ONLY) AS answer LIMIT 1000
          SELECT id FROM users ORDER BY count FETCH FIRST 2 ROWS WITH TIES | SELECT * FROM (SELECT id FROM users ORDER BY count FETCH FIRST 2 ROWS WITH TIES) AS answer LIMIT 1000
          ((SELECT id FROM users)); | SELECT id FROM users LIMIT 1000
          (SELECT id FROM users LIMIT 2000) | SELECT id FROM users LIMIT 1000
          (SELECT id FROM users LIMIT 3) ORDER BY 1 | SELECT * FROM ((SELECT id FROM users LIMIT 3) ORDER BY 1) AS answer LIMIT 1000
          (SELECT 1 LIMIT 3) UNION SELECT 2 | (SELECT 1 LIMIT 3) UNION SELECT 2 LIMIT 1000
          WITH a AS (SELECT 1) (SELECT * FROM a LIMIT 3) | SELECT * FROM (WITH a AS (SELECT 1) (SELECT * FROM a LIMIT 3)) AS answer LIMIT 1000
          SELECT id AS limit, u.id FROM users u | SELECT id AS limit, u.id FROM users u LIMIT 1000
          SELECT u.limit FROM (SELECT 1 AS limit) u LIMIT 5000 | SELECT u.limit FROM (SELECT 1 AS limit) u LIMIT 1000
          SELECT 1 UNION SELECT 2 | SELECT 1 UNION SELECT 2 LIMIT 1000
          SELECT 1 UNION (SELECT 2 LIMIT 9) | SELECT 1 UNION (SELECT 2 LIMIT 9) LIMIT 1000
          VALUES (1), (2) | VALUES (1), (2) LIMIT 1000
          TABLE users | TABLE users LIMIT 1000
          WITH a AS (SELECT 1 AS x LIMIT 5) SELECT x FROM a | WITH a AS (SELECT 1 AS x LIMIT 5) SELECT x FROM a LIMIT 1000
          """)
  void limitIsAddedAndCapped(String statement, String proven) {
    Config config = CheckDatabase.config(1_000, List.of(), List.of("public"), false);
    assertEquals(proven, new Prover(database.database(), config).prove(statement).text());
  }

  @Test
  void whatTheServerSaysOfAnInvalidStatementIsInTheDetail() {
    AiWorkerException e =
        assertThrows(
            AiWorkerException.class, () -> database.prover().prove("SELECT nmae FROM users"));
    assertEquals(Failure.STATEMENT_INVALID, e.failure());
    assertTrue(e.detail().contains("42703"), e.detail());
    assertTrue(e.detail().contains("nmae"), e.detail());
  }

  @Test
  void refusalsShowTheStatementAsItWasWritten() {
    String statement = "select *  from secret.salaries -- all";
    AiWorkerException e =
        assertThrows(AiWorkerException.class, () -> database.prover().prove(statement));
    assertEquals("statement: " + statement, e.detail());
  }

  /** The words of a parser that is not the server's would mislead the model. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          SELECT FROM WHERE x | syntax error at or near "WHERE"
          SELECT name users id FROM users | syntax error at or near "id"
          SELECT TOP 5 * FROM users | syntax error at or near "5"
          SELECT id FROM users LIMIT 5, 10 | LIMIT #,# syntax is not supported
          SELECT * FROM users WHERE name = 'x' 'y' | syntax error at or near "'y'"
          """)
  void whatIsNoSqlIsRefusedInTheServersWords(String statement, String words) {
    AiWorkerException e =
        assertThrows(AiWorkerException.class, () -> database.prover().prove(statement));
    assertEquals(Failure.STATEMENT_INVALID, e.failure());
    assertEquals("the server does not accept the statement: " + words, e.getMessage());
    assertTrue(e.detail().startsWith("SQLSTATE 42601; message: " + words), e.detail());
    assertTrue(e.detail().endsWith("; statement: " + statement), e.detail());
  }

  @Test
  void nothingRunsWhileTheServerChecks() throws SQLException {
    ServerCheck server =
        new ServerCheck(database.database(), List.of("public", "sales"), List.of());
    long start = System.nanoTime();
    server.resolve(
        "",
        "SELECT pg_catalog.pg_sleep(30), leave_trace(1), repeat('x', 1000000000) FROM users",
        NO_NAMES);
    assertTrue(System.nanoTime() - start < 5_000_000_000L);
    assertEquals(
        "0", database.database().query("SELECT count(*) AS n FROM executed").get(0).text("n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SELECT 1; SELECT 2 | STATEMENT_INVALID
          DELETE FROM users | STATEMENT_INVALID
          WITH x AS (DELETE FROM users RETURNING *) SELECT * FROM x | STATEMENT_REFUSED
          SELECT * FROM nowhere | STATEMENT_INVALID
          SELECT * FROM salaries | STATEMENT_INVALID
          SELECT nothing(1) | STATEMENT_INVALID
          SELECT id FROM users ORDER BY | STATEMENT_INVALID
          """)
  void serverRefusesAlone(String statement, Failure failure) {
    ServerCheck server =
        new ServerCheck(database.database(), List.of("public", "sales"), List.of());
    AiWorkerException e =
        assertThrows(AiWorkerException.class, () -> server.resolve(statement, statement, NO_NAMES));
    assertEquals(failure, e.failure(), e.getMessage());
  }

  @Test
  void searchPathIsBackAfterTheServerCheck() throws SQLException {
    database.execute("SET LOCAL search_path = sales");
    database.prover().prove("SELECT * FROM users");
    assertEquals("sales", database.database().query("SHOW search_path").get(0).text("search_path"));
  }
}
