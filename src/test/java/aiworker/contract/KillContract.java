package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.TestCluster;
import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * A backend killed, or the whole server stopped, in the middle of a hit, a miss, a store and a
 * clean-up: what had not committed is lost, and nothing else.
 *
 * <p>Middles are made by triggers that hold a session up when it comes to write to the table that
 * its application_name says.
 */
abstract class KillContract extends OwnClusterContract {
  private static final Duration HANGING = Duration.ofSeconds(60);
  private static final Pattern READY =
      Pattern.compile("database system is ready to accept connections");
  private static final List<String> TABLES =
      List.of(
          "ai_worker_cache", "ai_worker.cache_hits", "ai_worker.cache_totals", "ai_worker.traffic");

  private final List<CompletableFuture<PSQLException>> calls = new ArrayList<>();

  KillContract(BackendRuntime runtime) {
    super(runtime);
  }

  @BeforeAll
  void makeMiddles() throws SQLException {
    // so that a kill, which is a crash, forgets no hits that have committed
    admin(
        "ALTER TABLE ai_worker.cache_hits SET LOGGED",
        "CREATE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS"
            + " 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END'");
    for (String table : TABLES) {
      admin(
          "CREATE TRIGGER hold_up BEFORE INSERT OR UPDATE OR DELETE ON %1$s FOR EACH ROW WHEN (current_setting('application_name') = '%1$s') EXECUTE FUNCTION hold_up()"
              .formatted(table));
    }
  }

  @Test
  void killInTheMiddleOfAHitLosesThatHit() throws Exception {
    fill();
    try (Connection victim = warmAsker()) {
      holdUpAt("ai_worker.cache_hits", victim, "SELECT ai_generate_sql('known', 'v1')");
      kill(victim);
    }
    assertWhole(1, 3, 4);
  }

  @Test
  void killAfterAHitOfAnOpenTransactionLosesThatHit() throws Exception {
    fill();
    try (Connection victim = warmAsker()) {
      victim.setAutoCommit(false);
      assertEquals(4, generate(victim, "known", "v1").get("hit_count").asInt());
      kill(victim);
    }
    assertWhole(1, 3, 4);
  }

  @Test
  void killInTheMiddleOfAMissLeavesNothingOfIt() throws Exception {
    fill();
    try (Connection victim = warmAsker();
        Connection waiter = warmAsker()) {
      endpoint.delay(HANGING);
      int before = endpoint.requests().size();
      start(victim, "SELECT ai_generate_sql('new', 'v1')");
      await(() -> endpoint.requests().size() > before);
      start(waiter, "SELECT ai_generate_sql('new', 'v1')");
      kill(victim);
    }
    assertWhole(1, 3, 4);
  }

  @Test
  void killInTheMiddleOfAStoreLeavesNothingOfIt() throws Exception {
    fill();
    // before the entry is written, and after it when the sums follow
    for (String table : List.of("ai_worker_cache", "ai_worker.cache_totals")) {
      try (Connection victim = warmAsker()) {
        holdUpAt(table, victim, "SELECT ai_generate_sql('new', 'v1')");
        kill(victim);
      }
    }
    assertWhole(1, 3, 4);
  }

  @Test
  void killInTheMiddleOfACleanUpNeitherLosesNorDoublesHits() throws Exception {
    fill();
    // before pending hits are taken, before they are added to the entry, before they are added to
    // the traffic
    for (String table : List.of("ai_worker.cache_hits", "ai_worker_cache", "ai_worker.traffic")) {
      try (Connection victim = cluster.connect(database, "admin")) {
        holdUpAt(table, victim, "SELECT ai_worker_cleanup_cache()");
        kill(victim);
      }
      assertEquals("3", adminValue("SELECT total_hits FROM ai_worker_cache_stats"));
    }
    assertWhole(1, 3, 4);
  }

  @Test
  void immediateStopInTheMiddleOfEverythingLosesWhatHadNotCommitted() throws Exception {
    fill();
    List<Connection> victims = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      victims.add(warmAsker());
    }
    try {
      holdUpAt("ai_worker.cache_hits", victims.get(0), "SELECT ai_generate_sql('known', 'v1')");
      holdUpAt("ai_worker.cache_hits", victims.get(1), "SELECT ai_cached_sql('known', 'v1')");
      holdUpAt("ai_worker_cache", victims.get(2), "SELECT ai_generate_sql('new', 'v1')");
      holdUpAt("ai_worker.cache_totals", victims.get(3), "SELECT ai_generate_sql('newer', 'v1')");
      victims.get(4).setAutoCommit(false);
      generate(victims.get(4), "known", "v1");
      generate(victims.get(4), "newest", "v1");
      endpoint.delay(HANGING);
      int before = endpoint.requests().size();
      start(victims.get(5), "SELECT ai_generate_sql('slow', 'v1')");
      await(() -> endpoint.requests().size() > before);
      start(victims.get(6), "SELECT ai_generate_sql('slow', 'v1')");
      own.stopServer("immediate");
      own.startServer();
      awaitFailures();
    } finally {
      for (Connection victim : victims) {
        victim.close();
      }
    }
    assertWhole(1, 3, 4);
  }

  /** One entry with three hits, none of them folded; one miss. */
  private void fill() throws SQLException {
    endpoint.otherwise(
        request -> FakeEndpoint.completion("SELECT '" + request.lastMessage() + "' AS answer"));
    try (Connection connection = asker()) {
      for (int i = 0; i < 4; i++) {
        generate(connection, "known", "v1");
      }
    }
  }

  /** A session in which Java runs already. */
  private Connection warmAsker() throws SQLException {
    Connection connection = asker();
    try (Statement statement = connection.createStatement()) {
      statement.execute("BEGIN READ ONLY; SELECT ai_generate_sql('warm', 'v1'); COMMIT");
    }
    return connection;
  }

  private void holdUpAt(String table, Connection victim, String call) throws Exception {
    try (Statement statement = victim.createStatement()) {
      statement.execute("SET application_name = '" + table + "'");
    }
    start(victim, call);
    String pid = pid(victim);
    await(
        () ->
            "PgSleep"
                .equals(adminValue("SELECT wait_event FROM pg_stat_activity WHERE pid = " + pid)));
  }

  private void start(Connection connection, String call) {
    calls.add(
        CompletableFuture.supplyAsync(
            () -> assertThrows(PSQLException.class, () -> value(connection, call))));
  }

  private static String pid(Connection connection) throws SQLException {
    return Integer.toString(connection.unwrap(PGConnection.class).getBackendPID());
  }

  private void kill(Connection victim) throws Exception {
    long restarts = READY.matcher(own.log()).results().count();
    TestCluster.kill(pid(victim));
    awaitFailures();
    await(() -> READY.matcher(own.log()).results().count() > restarts);
  }

  /** Every call ends with its connection. */
  private void awaitFailures() throws Exception {
    for (CompletableFuture<PSQLException> call : calls) {
      PSQLException e = call.get(20, TimeUnit.SECONDS);
      ServerErrorMessage said = e.getServerErrorMessage();
      assertTrue(said == null || said.getSeverity().equals("FATAL"), e::toString);
    }
    calls.clear();
  }

  /** Counts are these, before and after a clean-up, and calls go on. */
  private void assertWhole(int entries, int hits, int requests) throws SQLException {
    endpoint.delay(Duration.ZERO);
    assertEquals("0", adminValue("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"));
    try (Connection session = cluster.connect(database, "postgres")) {
      for (int i = 0; i < 2; i++) {
        assertEquals(
            entries + " " + entries + " " + hits + " " + requests,
            adminValue(
                "SELECT concat_ws(' ', total_entries, valid_entries, total_hits, total_requests) FROM ai_worker_cache_stats"));
        assertEquals(
            Integer.toString(entries),
            adminValue(
                "SELECT count(*) FROM ai_worker_cache WHERE generated_sql = 'SELECT ''' || prompt_text || ''' AS answer LIMIT 1000'"));
        assertEquals(
            adminValue(
                "SELECT sum(octet_length(prompt_text) + octet_length(generated_sql)) FROM ai_worker_cache"),
            adminValue("SELECT sum(bytes) FROM ai_worker.cache_totals"));
        value(session, "SELECT ai_worker_cleanup_cache()");
      }
      assertEquals(
          Integer.toString(hits), adminValue("SELECT sum(hit_count) FROM ai_worker_cache"));
      JsonNode hit = generate(session, "known", "v1");
      assertTrue(hit.get("cache_hit").asBoolean());
      assertEquals(hits + 1, hit.get("hit_count").asInt());
      assertFalse(generate(session, "new", "v1").get("cache_hit").asBoolean());
      assertTrue(generate(session, "new", "v1").get("cache_hit").asBoolean());
    }
    assertFalse(Pattern.compile("terminated by signal (?!9:)").matcher(own.log()).find());
  }

  private interface Condition {
    boolean holds() throws SQLException;
  }

  private static void await(Condition condition)
      throws SQLException, InterruptedException, TimeoutException {
    for (int i = 0; i < 1_000; i++) {
      if (condition.holds()) {
        return;
      }
      Thread.sleep(20);
    }
    throw new TimeoutException();
  }

  /** The virtual machine guards the end of its own stack, which must lie beyond the server's. */
  @Test
  void recursionWithoutEndIsAnErrorOfTheServerAfterJavaHasStarted() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    try (Connection connection = cluster.connect(database, "postgres");
        Statement statement = connection.createStatement()) {
      generate(connection, "starts Java", "v1");
      statement.execute(
          "CREATE FUNCTION pg_temp.r(n int) RETURNS int LANGUAGE plpgsql AS 'begin return pg_temp.r(n + 1); end'");
      SQLException e =
          assertThrows(SQLException.class, () -> statement.execute("SELECT pg_temp.r(1)"));
      assertEquals("54001", e.getSQLState(), e.getMessage());
      assertFalse(generate(connection, "goes on", "v1").get("cache_hit").asBoolean());
    }
  }
}
