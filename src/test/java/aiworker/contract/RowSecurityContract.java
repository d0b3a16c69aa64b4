package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.Full;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code ai_run_sql} gives each caller what he may see, and no one may write through it. */
abstract class RowSecurityContract extends RuntimeContract {
  RowSecurityContract(BackendRuntime runtime) {
    super(runtime);
  }

  @BeforeAll
  void createNotes() throws SQLException {
    admin(
        "CREATE TABLE notes (id int PRIMARY KEY, owner name NOT NULL, body text NOT NULL)",
        "INSERT INTO notes VALUES (1, 'asker', 'mine'), (2, 'admin', 'his'), (3, 'admin', 'his too')",
        "ALTER TABLE notes ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY own ON notes USING (owner = current_user)",
        "GRANT ALL ON notes TO asker, admin",
        "CREATE SEQUENCE numbers",
        "GRANT ALL ON SEQUENCE numbers TO asker",
        "CREATE FUNCTION write_note() RETURNS int LANGUAGE sql VOLATILE AS"
            + " $$UPDATE public.notes SET body = 'overwritten' RETURNING id$$");
  }

  @Test
  void eachCallerSeesHisOwnRowsOfOneCachedStatement() throws SQLException {
    endpoint.replyWithSql("SELECT id FROM notes ORDER BY id");
    try (Connection asker = asker();
        Connection admin = cluster.connect(database, "admin")) {
      assertEquals(List.of("{\"id\": 1}"), run(asker, "all notes"));
      assertEquals(List.of("{\"id\": 2}", "{\"id\": 3}"), run(admin, "all notes"));
      assertEquals(List.of("{\"id\": 1}"), run(asker, "all notes"));
    }
    assertEquals(1, endpoint.requests().size());
    assertEquals("1", adminValue("SELECT count(*) FROM ai_worker_cache"));
  }

  @Test
  void switchingRowSecurityOffIsAnErrorAndNoWayAround() throws SQLException {
    endpoint.replyWithSql("SELECT id FROM notes");
    try (Connection asker = asker();
        Statement statement = asker.createStatement()) {
      statement.execute("SET row_security = off");
      assertFails("42501", asker, "all notes");
    }
  }

  @Test
  void columnPrivilegesOfTheCallerApply() throws SQLException {
    endpoint.replyWithSql("SELECT body FROM notes").replyWithSql("SELECT id FROM notes");
    admin("REVOKE SELECT ON notes FROM asker", "GRANT SELECT (id, owner) ON notes TO asker");
    try (Connection asker = asker()) {
      assertFails("42501", asker, "bodies");
      assertEquals(List.of("{\"id\": 1}"), run(asker, "ids"));
    } finally {
      admin("GRANT SELECT ON notes TO asker");
    }
  }

  /** Rows of the cache that no proof ever saw: the server itself must hold them read-only. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "25006; SELECT write_note()",
        "25006; SELECT nextval('numbers')",
        "25001; SELECT set_config('transaction_read_only', 'off', true), write_note()",
        "25006; SELECT * FROM notes FOR UPDATE",
        "25006; SELECT count(*) FROM notes WHERE write_note() > 0",
        "0A000; WITH x AS (UPDATE notes SET body = 'x' RETURNING id) SELECT * FROM x",
        "42601; DELETE FROM notes"
      })
  void tamperedEntryCannotWrite(String sqlState, String statement) throws SQLException {
    assertTampered(sqlState, statement);
  }

  @Test
  void tamperedEntryCannotEndTheStatementItIsRunIn() throws SQLException {
    assertTampered("42601", "SELECT 1) AS answer; DELETE FROM notes; SELECT 1 FROM (SELECT 1");
    assertTampered("42601", "SELECT 1) AS answer; DELETE FROM notes; --");
    assertTampered("42601", "SELECT 1) AS answer; DELETE FROM notes RETURNING id; --");
    assertTampered(
        "25006",
        "SELECT 1) AS answer ON false) AS named; WITH gone AS (DELETE FROM notes RETURNING id) SELECT 1"
            + " FROM (SELECT answer.* FROM (SELECT) AS nothing LEFT JOIN (SELECT 1");
    assertTampered("42601", "SELECT 1) AS answer; SET transaction_read_only = off; --");
  }

  private void assertTampered(String sqlState, String statement) throws SQLException {
    // the estimate would refuse it before
    admin("UPDATE ai_worker_config SET max_cost = NULL");
    endpoint.replyWithSql("SELECT id FROM notes");
    generate("tampered", "v1");
    try (Connection superuser = cluster.connect(database, "postgres");
        var update =
            superuser.prepareStatement(
                "UPDATE ai_worker_cache SET generated_sql = ?"
                    + " WHERE prompt_text = 'tampered'")) {
      update.setString(1, statement);
      assertEquals(1, update.executeUpdate());
    }
    String before = adminValue("SELECT md5(string_agg(n::text, ',' ORDER BY id)) FROM notes AS n");
    Connection asker = warm("asker");
    assertFails(sqlState, asker, "tampered");
    assertEquals("off", value(asker, "SHOW transaction_read_only"));
    assertEquals(
        before, adminValue("SELECT md5(string_agg(n::text, ',' ORDER BY id)) FROM notes AS n"));
    assertEquals("f", adminValue("SELECT is_called FROM numbers"));
    admin("TRUNCATE ai_worker_cache");
  }

  @Test
  void statementTimeoutOfTheCallerEndsTheQuery() throws SQLException {
    admin("UPDATE ai_worker_config SET max_cost = NULL");
    endpoint.replyWithSql(
        "SELECT count(*) FROM generate_series(1, 1000000) AS a, generate_series(1, 1000000) AS b");
    generate("slow", "v1");
    try (Connection asker = asker();
        Statement statement = asker.createStatement()) {
      statement.execute("SET statement_timeout = '300ms'");
      long start = System.nanoTime();
      assertFails("57014", asker, "slow");
      assertTrue(System.nanoTime() - start < Full.atMost(2_000_000_000L));
      statement.execute("SET statement_timeout = 0");
      assertEquals("1", value(asker, "SELECT 1"));
    }
  }

  @Test
  void nothingOfItsSettingsStaysWithTheCaller() throws SQLException {
    endpoint.replyWithSql("SELECT id FROM notes");
    try (Connection asker = asker();
        Statement statement = asker.createStatement()) {
      asker.setAutoCommit(false);
      statement.execute("SET search_path = pg_catalog");
      run(asker, "all notes");
      assertEquals("pg_catalog", value(asker, "SHOW search_path"));
      assertEquals("off", value(asker, "SHOW transaction_read_only"));
      statement.execute("UPDATE public.notes SET body = body");
      asker.rollback();
    }
  }

  @Test
  void theTransactionStaysWritableAndKeepsItsOwnWrites() throws SQLException {
    endpoint
        .replyWithSql("SELECT body FROM notes ORDER BY id")
        .replyWithSql("SELECT 1 / (id - id) FROM notes");
    generate("bodies", "v1");
    generate("by zero", "v1");
    try (Connection asker = asker();
        Statement statement = asker.createStatement()) {
      asker.setAutoCommit(false);
      statement.execute("UPDATE public.notes SET body = 'first'");
      assertEquals(List.of("{\"body\": \"first\"}"), run(asker, "bodies"));
      statement.execute("UPDATE public.notes SET body = body || ', second'");
      statement.execute(
          """
          DO $$
          BEGIN
            PERFORM public.ai_run_sql('by zero', 'v1');
          EXCEPTION WHEN division_by_zero THEN
            UPDATE public.notes SET body = body || ', third';
          END
          $$
          """);
      Savepoint before = asker.setSavepoint();
      assertFails("22012", asker, "by zero");
      asker.rollback(before);
      assertEquals("off", value(asker, "SHOW transaction_read_only"));
      assertEquals(List.of("{\"body\": \"first, second, third\"}"), run(asker, "bodies"));
      statement.execute("UPDATE public.notes SET body = body || ', fourth'");
      asker.commit();
      assertEquals("first, second, third, fourth", value(asker, "SELECT body FROM public.notes"));
      statement.execute("UPDATE public.notes SET body = 'mine'");
      asker.commit();
    }
  }

  @Test
  void aReadOnlyTransactionStaysReadOnly() throws SQLException {
    endpoint.replyWithSql("SELECT id FROM notes");
    generate("ids", "v1");
    try (Connection asker = asker();
        Statement statement = asker.createStatement()) {
      asker.setAutoCommit(false);
      statement.execute("SET TRANSACTION READ ONLY");
      assertEquals(List.of("{\"id\": 1}"), run(asker, "ids"));
      assertEquals("on", value(asker, "SHOW transaction_read_only"));
      SQLException e =
          assertThrows(
              SQLException.class, () -> statement.execute("UPDATE public.notes SET body = ''"));
      assertEquals("25006", e.getSQLState(), e.getMessage());
      asker.rollback();
    }
  }

  /** The inner call ends its own read-only block; the outer one still holds. */
  @Test
  void aCallWithinACallLeavesTheOuterOneReadOnly() throws SQLException {
    assertTampered(
        "25006",
        "SELECT * FROM ai_worker.execute('SELECT 1 AS n', 'public') AS inner_call"
            + " WHERE write_note() > 0");
  }

  /** A function of the caller's own that asks for what the statement itself may not ask. */
  @Test
  void codeWithinTheStatementCannotAskForReadWrite() throws SQLException {
    admin(
        "CREATE FUNCTION unlock() RETURNS int LANGUAGE plpgsql AS"
            + " $$BEGIN SET TRANSACTION READ WRITE; RETURN public.write_note(); END$$",
        "CREATE FUNCTION unlock_inside() RETURNS int LANGUAGE plpgsql AS"
            + " $$BEGIN BEGIN SET LOCAL transaction_read_only = off; EXCEPTION WHEN OTHERS THEN NULL; END;"
            + " RETURN public.write_note(); END$$");
    try {
      assertTampered("25001", "SELECT unlock()");
      assertTampered("25006", "SELECT unlock_inside()");
    } finally {
      admin("DROP FUNCTION unlock()", "DROP FUNCTION unlock_inside()");
    }
  }

  private static List<String> run(Connection connection, String prompt) throws SQLException {
    return column(connection, "SELECT public.ai_run_sql(?, 'v1')", prompt);
  }

  private static void assertFails(String sqlState, Connection connection, String prompt) {
    SQLException e = assertThrows(SQLException.class, () -> run(connection, prompt));
    assertEquals(sqlState, e.getSQLState(), e.getMessage());
  }
}
