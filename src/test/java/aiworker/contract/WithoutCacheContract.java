package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The answer comes without a usable cache, the caller's transaction commits, and a DBA is told once
 * per session.
 */
abstract class WithoutCacheContract extends RuntimeContract {
  WithoutCacheContract(BackendRuntime runtime) {
    super(runtime);
  }

  @Override
  boolean sessionsMatter() {
    return true;
  }

  @BeforeEach
  void answerAnything() {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
  }

  /** Asks twice within one transaction that also writes, and returns the warnings. */
  private List<String> answersAndCommits(String... setUp) throws SQLException {
    List<String> warnings = new ArrayList<>();
    try (Connection connection = cluster.connect(database, "postgres");
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (String sql : setUp) {
        statement.execute(sql);
      }
      if (setUp.length == 0) {
        statement.execute(
            "INSERT INTO products VALUES ((SELECT count(*) FROM products) + 1, 'thing', 1)");
      }
      for (int i = 0; i < 2; i++) {
        try (ResultSet rows =
            statement.executeQuery("SELECT ai_generate_sql('anyhow', 'v1') ->> 'sql'")) {
          rows.next();
          assertEquals("SELECT 1 LIMIT 1000", rows.getString(1));
        }
        for (SQLWarning warning = statement.getWarnings();
            warning != null;
            warning = warning.getNextWarning()) {
          warnings.add(warning.getMessage());
        }
        statement.clearWarnings();
      }
      connection.commit();
    }
    return warnings;
  }

  private void repair() {
    Installation.Outcome outcome =
        Installation.run(cluster, database, Map.of(), "--runtime", runtime.option());
    assertEquals(0, outcome.exitCode(), outcome.output());
  }

  private static void assertTold(String what, int times, List<String> warnings) {
    assertEquals(
        times,
        warnings.stream().filter(warning -> warning.contains(what)).count(),
        warnings.toString());
  }

  @Test
  void tableDroppedAndRepaired() throws SQLException {
    admin("DROP TABLE ai_worker_cache CASCADE");
    List<String> warnings = answersAndCommits();
    assertTold("the cache is incomplete", 1, warnings);
    assertTold("could not be cached", 1, warnings);
    assertEquals(2, endpoint.requests().size());
    repair();
    assertFalse(generate("anyhow", "v1").get("cache_hit").asBoolean());
    assertTrue(generate("anyhow", "v1").get("cache_hit").asBoolean());
  }

  @Test
  void columnMissing() throws SQLException {
    admin("ALTER TABLE ai_worker_cache RENAME COLUMN tokens_used TO tokens");
    assertTold("the cache is incomplete", 1, answersAndCommits());
    admin("ALTER TABLE ai_worker_cache RENAME COLUMN tokens TO tokens_used");
  }

  @Test
  void privilegeRevoked() throws SQLException {
    admin("REVOKE ALL ON ai_worker_cache FROM ai_worker");
    assertTold("the cache cannot be read", 1, answersAndCommits());
    admin("GRANT ALL ON ai_worker_cache TO ai_worker");
  }

  @Test
  void cacheSwitchedOff() throws SQLException {
    admin("UPDATE ai_worker_config SET cache_enabled = false");
    assertEquals(List.of(), answersAndCommits());
    assertEquals("0", adminValue("SELECT count(*) FROM ai_worker_cache"));
    assertEquals(2, endpoint.requests().size());
  }

  @Test
  void eventTriggerThatKeepsAnswersFromTheCacheIsNamed() throws SQLException {
    admin(
        "CREATE FUNCTION public.audited() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end'",
        "CREATE EVENT TRIGGER audited ON ddl_command_end EXECUTE FUNCTION public.audited()");
    try {
      assertTold("event trigger audited would fire", 1, answersAndCommits());
      assertEquals("0", adminValue("SELECT count(*) FROM ai_worker_cache"));
      assertTrue(
          adminValue("SELECT ai_worker_health() ->> 'problems'").contains("event trigger audited"));
    } finally {
      admin("DROP EVENT TRIGGER audited", "DROP FUNCTION public.audited()");
    }
  }

  @Test
  void readOnlyTransactionHasHitsAndMisses() throws SQLException {
    assertEquals(List.of(), answersAndCommits("SET TRANSACTION READ ONLY"));
    assertEquals("0", adminValue("SELECT count(*) FROM ai_worker_cache"));
    generate("anyhow", "v1");
    endpoint.requests();
    int asked = endpoint.requests().size();
    assertEquals(List.of(), answersAndCommits("SET TRANSACTION READ ONLY"));
    assertEquals(asked, endpoint.requests().size());
  }

  @Test
  void conflictUnderRepeatableRead() throws SQLException {
    try (Connection connection = asker()) {
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      value(connection, "SELECT count(*) FROM users");
      generate("contended", "v1");
      assertFalse(generate(connection, "contended", "v1").get("cache_hit").asBoolean());
      connection.commit();
    }
    assertEquals("1", adminValue("SELECT count(*) FROM ai_worker_cache"));
  }

  @Test
  void failingTriggerAndFullDisk() throws SQLException {
    for (String sqlState : List.of("P0001", "53100")) {
      admin(
          "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no more' USING ERRCODE = '"
              + sqlState
              + "'; END $$",
          "CREATE TRIGGER fail BEFORE INSERT ON ai_worker_cache FOR EACH ROW EXECUTE FUNCTION fail()");
      assertTold("could not be cached: no more", 1, answersAndCommits());
      admin("DROP TRIGGER fail ON ai_worker_cache");
      generate("anyhow", "v1");
      admin(
          "CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON ai_worker.cache_hits FOR EACH ROW EXECUTE FUNCTION fail()");
      assertTold("a hit could not be counted: no more", 1, answersAndCommits());
      admin("DROP FUNCTION fail() CASCADE", "TRUNCATE ai_worker_cache");
    }
  }

  @Test
  void lockedTable() throws SQLException {
    generate("anyhow", "v1");
    try (Connection other = cluster.connect(database, "postgres");
        Statement lock = other.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("LOCK TABLE ai_worker_cache IN ACCESS EXCLUSIVE MODE");
      List<String> warnings = answersAndCommits();
      assertTold("the cache is locked", 1, warnings);
      other.rollback();
    }
    assertTrue(generate("anyhow", "v1").get("cache_hit").asBoolean());
  }

  @Test
  void entryOfAnotherOpenTransaction() throws SQLException {
    try (Connection other = cluster.connect(database, "postgres");
        Statement insert = other.createStatement()) {
      other.setAutoCommit(false);
      insert.execute(
          "INSERT INTO ai_worker_cache (cache_key, prompt_text, model, schema_version, generated_sql, expires_at)"
              + " VALUES (encode(sha256('anyhow|test-model|v1'), 'hex'), 'anyhow', 'test-model', 'v1', 'SELECT 1',"
              + " now() + interval '1 hour')");
      assertTold("could not be cached", 1, answersAndCommits());
      other.rollback();
    }
  }

  @Test
  void publicationOfAllTablesDisturbsNothing() throws SQLException {
    admin("CREATE PUBLICATION everything FOR ALL TABLES", "DELETE FROM ai_worker.usage_parts");
    try (Connection connection = asker()) {
      generate(connection, "published", "v1");
      generate(connection, "published", "v1");
      assertEquals(2, generate(connection, "published", "v1").get("hit_count").asInt());
      assertEquals(null, connection.getWarnings());
      admin("SELECT ai_worker_cleanup_cache()");
      assertEquals("2", adminValue("SELECT hit_count FROM ai_worker_cache"));
      assertEquals("1", adminValue("SELECT sum(calls) FROM ai_worker_usage WHERE role = 'asker'"));
    } finally {
      admin("DROP PUBLICATION everything");
    }
  }
}
