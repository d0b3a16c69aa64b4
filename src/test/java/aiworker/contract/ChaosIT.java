package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.Full;
import aiworker.testing.TestCluster;
import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Sixteen clients of mixed hits and misses while sessions are cancelled, terminated, timed out,
 * locked out and killed: every answer is the right one, counts are exact for what committed, and
 * nothing is left behind.
 */
class ChaosIT {
  private static final int CLIENTS = 16;
  private static final int KEYS = 20;
  private static final int KILLS = Full.or(3, 1);
  private static final Duration LENGTH = Duration.ofSeconds(Full.or(20, 6));

  private final AtomicLong committedHits = new AtomicLong();
  private final AtomicLong doubtfulHits = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private volatile boolean over;

  @ParameterizedTest
  @EnumSource(BackendRuntime.class)
  void everyAnswerIsRightAndEveryCommittedHitCounts(BackendRuntime runtime) throws Exception {
    runtime.require();
    try (TestCluster cluster = Installation.start(Map.of("deadlock_timeout", "200ms"));
        FakeEndpoint endpoint = FakeEndpoint.start()) {
      String database = Installation.create(cluster, runtime);
      endpoint.otherwise(
          request -> FakeEndpoint.completion("SELECT '" + request.lastMessage() + "' AS answer"));
      try (Connection connection = cluster.connect(database, "postgres");
          Statement statement = connection.createStatement()) {
        Installation.ask(endpoint, statement);
        for (int key = 0; key < KEYS; key++) {
          RuntimeContract.generate(connection, "key " + key, "v1");
        }
        // so that a kill, which is a crash, forgets none
        statement.execute("ALTER TABLE ai_worker.cache_hits SET LOGGED");
      }
      endpoint.delay(Duration.ofMillis(100));
      ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
      for (int client = 0; client < CLIENTS; client++) {
        int seed = client;
        threads.execute(() -> ask(cluster, database, new Random(seed)));
      }
      disturb(cluster, database);
      over = true;
      threads.shutdown();
      assertTrue(threads.awaitTermination(60, TimeUnit.SECONDS));

      assertEquals(List.of(), List.copyOf(wrong));
      awaitRecovery(cluster);
      check(cluster, database);
      cluster.stopServer("immediate");
      cluster.startServer();
      check(cluster, database);
      String log = cluster.log();
      assertFalse(log.contains("terminated by signal 6"), log);
      assertFalse(log.contains("terminated by signal 11"), log);
      assertEquals(KILLS, kills(cluster));
      System.out.printf(
          "chaos, %s: %d hits committed, %d in doubt, %d calls failed, %d kill -9%n",
          runtime.title(), committedHits.get(), doubtfulHits.get(), failures.get(), KILLS);
      assertTrue(committedHits.get() > 20, "hits: " + committedHits);
    }
  }

  /** What was folded stays, what was not is forgotten, and nothing is counted twice. */
  @ParameterizedTest
  @EnumSource(BackendRuntime.class)
  void crashForgetsHitsThatAreNotFoldedAndNothingElse(BackendRuntime runtime) throws Exception {
    runtime.require();
    try (TestCluster cluster = Installation.start(Map.of());
        FakeEndpoint endpoint = FakeEndpoint.start()) {
      String database = Installation.create(cluster, runtime);
      endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
      String statistics =
          "SELECT concat_ws(' ', total_entries, total_hits, total_requests) FROM ai_worker_cache_stats";
      try (Connection connection = cluster.connect(database, "postgres");
          Statement statement = connection.createStatement()) {
        Installation.ask(endpoint, statement);
        for (int i = 0; i < 4; i++) {
          RuntimeContract.generate(connection, "known", "v1");
        }
        RuntimeContract.value(connection, "SELECT ai_worker.clean()");
        for (int i = 4; i < 6; i++) {
          RuntimeContract.generate(connection, "known", "v1");
        }
        assertEquals("1 5 6", RuntimeContract.value(connection, statistics));
      }
      cluster.stopServer("fast");
      cluster.startServer();
      try (Connection connection = cluster.connect(database, "postgres")) {
        assertEquals("1 5 6", RuntimeContract.value(connection, statistics), "a restart");
      }
      cluster.stopServer("immediate");
      cluster.startServer();
      try (Connection connection = cluster.connect(database, "postgres")) {
        assertEquals("1 3 4", RuntimeContract.value(connection, statistics), "a crash");
        assertEquals(
            4, RuntimeContract.generate(connection, "known", "v1").get("hit_count").asInt());
        RuntimeContract.value(connection, "SELECT ai_worker.clean()");
        assertEquals("1 4 5", RuntimeContract.value(connection, statistics));
      }
    }
  }

  /** The last kill may be a moment ago. */
  private static void awaitRecovery(TestCluster cluster) throws InterruptedException {
    for (int i = 0; i < 100; i++) {
      try (Connection connection = cluster.connect("postgres", "postgres")) {
        RuntimeContract.value(connection, "SELECT 1");
        return;
      } catch (SQLException e) {
        Thread.sleep(200);
      }
    }
  }

  private void check(TestCluster cluster, String database) throws SQLException {
    try (Connection connection = cluster.connect(database, "postgres")) {
      for (int i = 0; i < 3; i++) {
        long counted =
            Long.parseLong(
                RuntimeContract.value(connection, "SELECT total_hits FROM ai_worker_cache_stats"));
        assertTrue(
            counted >= committedHits.get() && counted <= committedHits.get() + doubtfulHits.get(),
            counted + " counted, " + committedHits + " committed, " + doubtfulHits + " in doubt");
        assertEquals(
            RuntimeContract.value(connection, "SELECT count(*) FROM ai_worker_cache"),
            RuntimeContract.value(connection, "SELECT total_entries FROM ai_worker_cache_stats"));
        RuntimeContract.value(connection, "SELECT ai_worker.clean()");
      }
      assertEquals(
          "0",
          RuntimeContract.value(
              connection, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"));
      assertEquals(
          "0",
          RuntimeContract.value(
              connection,
              "SELECT count(*) FROM ai_worker_cache WHERE generated_sql <> 'SELECT ''' || prompt_text"
                  + " || ''' AS answer LIMIT 1000'"));
    }
  }

  private void ask(TestCluster cluster, String database, Random random) {
    while (!over) {
      try (Connection connection = cluster.connect(database, "asker");
          Statement statement = connection.createStatement()) {
        for (int i = 0; i < 30 && !over; i++) {
          statement.execute(
              "SET statement_timeout = " + (random.nextInt(4) == 0 ? 20 + random.nextInt(300) : 0));
          statement.execute(
              "SET lock_timeout = " + (random.nextInt(4) == 0 ? 1 + random.nextInt(50) : 0));
          askOnce(connection, statement, random);
        }
      } catch (SQLException e) {
        failures.incrementAndGet();
      }
    }
  }

  /**
   * One transaction of one to three questions; its hits count when it has committed, and are in
   * doubt if that fails.
   */
  private void askOnce(Connection connection, Statement statement, Random random)
      throws SQLException {
    int hits = 0;
    boolean rollback = false;
    boolean block = random.nextInt(3) == 0;
    try {
      if (block) {
        statement.execute(
            "BEGIN" + (random.nextInt(3) == 0 ? " ISOLATION LEVEL REPEATABLE READ" : ""));
      }
      for (int i = block ? 1 + random.nextInt(3) : 1; i > 0; i--) {
        boolean known = random.nextInt(5) > 0;
        String prompt = "key " + (known ? random.nextInt(KEYS) : 1_000 + random.nextInt(1_000));
        String function = random.nextBoolean() ? "ai_cached_sql" : "ai_generate_sql";
        hits++;
        String response =
            RuntimeContract.value(connection, "SELECT " + function + "(?, 'v1')", prompt);
        if (response == null) {
          hits--;
          continue;
        }
        JsonNode json = RuntimeContract.json(response);
        if (!json.get("sql").asText().equals("SELECT '" + prompt + "' AS answer LIMIT 1000")) {
          wrong.add(prompt + " got " + response);
        }
        hits -= json.get("cache_hit").asBoolean() ? 0 : 1;
      }
      if (block) {
        if (random.nextInt(4) == 0) {
          Thread.sleep(random.nextInt(50));
        }
        rollback = random.nextInt(4) == 0;
        statement.execute(rollback ? "ROLLBACK" : "COMMIT");
      }
      committedHits.addAndGet(rollback ? 0 : hits);
    } catch (SQLException e) {
      failures.incrementAndGet();
      if (!isRefusal(e)) {
        doubtfulHits.addAndGet(hits);
        throw e;
      }
      if (block) {
        statement.execute("ROLLBACK");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The server answered, and the session lives. */
  private static boolean isRefusal(SQLException e) {
    return !e.getSQLState().startsWith("08") && !e.getSQLState().startsWith("57P");
  }

  private static int kills(TestCluster cluster) {
    return (int) Pattern.compile("terminated by signal 9").matcher(cluster.log()).results().count();
  }

  /** For as long as it is to last, and until backends were killed with signal 9 in between. */
  private static void disturb(TestCluster cluster, String database) throws Exception {
    Random random = new Random(1);
    long start = System.nanoTime();
    int kills = 0;
    while (System.nanoTime() - start < LENGTH.toNanos() || kills < KILLS) {
      Thread.sleep(30 + random.nextInt(100));
      try (Connection connection = cluster.connect(database, "postgres");
          Statement statement = connection.createStatement()) {
        String victim =
            RuntimeContract.value(
                connection,
                "SELECT pid FROM pg_stat_activity WHERE usename = 'asker' ORDER BY random() LIMIT 1");
        switch (random.nextInt(6)) {
          case 0 -> statement.execute("SELECT pg_terminate_backend(" + victim + ")");
          case 1 -> {
            statement.execute(
                "BEGIN; LOCK TABLE ai_worker_cache IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(0.02); COMMIT");
          }
          case 2 ->
              statement.execute(
                  "BEGIN; SELECT FROM ai_worker.cache_hits FOR UPDATE; SELECT pg_sleep(0.02); COMMIT");
          case 3 -> statement.execute("SELECT ai_worker.clean()");
          default -> statement.execute("SELECT pg_cancel_backend(" + victim + ")");
        }
        boolean due = System.nanoTime() - start > LENGTH.toNanos() * (kills + 1) / (KILLS + 1);
        if (due && victim != null && kills < KILLS) {
          TestCluster.kill(victim);
          Thread.sleep(1_500);
          // it may have been ending by itself
          kills = kills(cluster);
        }
      } catch (SQLException e) {
        // the server is recovering from a kill, or the lock was refused
        Thread.sleep(100);
      } catch (IllegalStateException e) {
        // the victim had ended by itself
        Thread.sleep(10);
      }
    }
  }
}
