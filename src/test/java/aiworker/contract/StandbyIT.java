package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.TestCluster;
import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A hot standby serves hits, answers misses unless a quota would count them, and writes nothing.
 */
class StandbyIT {
  @ParameterizedTest
  @EnumSource(BackendRuntime.class)
  void standbyServesHitsAndAnswersMisses(BackendRuntime runtime) throws Exception {
    runtime.require();
    try (TestCluster primary = Installation.start(Map.of("wal_level", "replica"));
        FakeEndpoint endpoint = FakeEndpoint.start()) {
      String database = Installation.create(primary, runtime);
      endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
      try (Connection connection = primary.connect(database, "postgres");
          Statement statement = connection.createStatement()) {
        Installation.ask(endpoint, statement);
        RuntimeContract.generate(connection, "known", "v1");
        RuntimeContract.value(connection, "SELECT ai_cached_sql('known', 'v1')");
      }
      try (TestCluster standby = primary.standby();
          Connection connection = standby.connect(database, "asker")) {
        assertEquals("t", RuntimeContract.value(connection, "SELECT pg_is_in_recovery()"));
        connection.setAutoCommit(false);
        JsonNode hit = RuntimeContract.generate(connection, "known", "v1");
        assertTrue(hit.get("cache_hit").asBoolean());
        assertEquals(1, hit.get("hit_count").asInt());
        JsonNode miss = RuntimeContract.generate(connection, "unknown", "v1");
        assertFalse(miss.get("cache_hit").asBoolean());
        assertEquals("SELECT 1 LIMIT 1000", miss.get("sql").asText());
        assertNull(RuntimeContract.value(connection, "SELECT ai_cached_sql('unknown', 'v1')"));
        assertFalse(
            RuntimeContract.generate(connection, "automatic", null).get("cache_hit").asBoolean());
        connection.commit();
        assertNoWarning(connection);
        assertStatisticsLackWhatIsNotFolded(standby, database);
        assertWaitIsSeen(standby, database, endpoint, connection);
        quota(primary, standby, database);
        RuntimeContract.refusal(connection, "one more", "v1", "53400");
        connection.rollback();
        assertTrue(
            RuntimeContract.generate(connection, "known", "v1").get("cache_hit").asBoolean());
      }
    }
  }

  /** The hit of the primary is in a table that the standby cannot see. */
  private static void assertStatisticsLackWhatIsNotFolded(TestCluster standby, String database)
      throws SQLException {
    try (Connection connection = standby.connect(database, "postgres")) {
      assertEquals(
          "1 0 1",
          RuntimeContract.value(
              connection,
              "SELECT concat_ws(' ', total_entries, total_hits, total_requests) FROM ai_worker_cache_stats"));
      assertEquals(
          "0", RuntimeContract.value(connection, "SELECT count(*) FROM ai_worker.unfolded_hits()"));
    }
  }

  private static void assertWaitIsSeen(
      TestCluster standby, String database, FakeEndpoint endpoint, Connection asker)
      throws Exception {
    endpoint.delay(Duration.ofSeconds(60));
    CompletableFuture<Void> slow =
        CompletableFuture.runAsync(() -> RuntimeContract.refusal(asker, "slow", "v1", "57014"));
    try (Connection watcher = standby.connect(database, "postgres")) {
      while (RuntimeContract.value(watcher, "SELECT pg_cancel_backend(pid) FROM ai_worker_activity")
          == null) {
        assertFalse(slow.isDone());
        Thread.sleep(20);
      }
    }
    slow.get(60, TimeUnit.SECONDS);
    asker.rollback();
    endpoint.delay(Duration.ZERO);
  }

  /** What cannot be counted is refused, so a quota is one for the standby too. */
  private static void quota(TestCluster primary, TestCluster standby, String database)
      throws Exception {
    try (Connection connection = primary.connect(database, "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute(
          "INSERT INTO ai_worker_quotas (role, per, max_calls) VALUES ('asker', '1 day', 100)");
    }
    try (Connection connection = standby.connect(database, "postgres")) {
      while (RuntimeContract.value(connection, "SELECT 1 FROM ai_worker_quotas") == null) {
        Thread.sleep(50);
      }
    }
  }

  private static void assertNoWarning(Connection connection) throws SQLException {
    assertNull(connection.getWarnings());
  }
}
