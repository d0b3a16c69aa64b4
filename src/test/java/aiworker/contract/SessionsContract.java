package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.Full;
import aiworker.testing.TestCluster;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.util.ServerErrorMessage;

/** Java runs in no more sessions than {@code max_sessions}. */
abstract class SessionsContract extends OwnClusterContract {
  SessionsContract(BackendRuntime runtime) {
    super(runtime);
  }

  @BeforeEach
  void answer() throws Exception {
    await(0);
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
  }

  @Test
  void oneOverTheLimitIsRefusedAndHitsAndSessionsWithJavaAreNot() throws Exception {
    limit(2, 100);
    try (Connection failed = asker();
        Connection pooled = asker();
        Connection late = asker()) {
      endpoint.replyError(400, "not like this");
      refusal(failed, "fails", "v1", "IA015");
      pooled.setAutoCommit(false);
      generate(pooled, "asked", "v1");
      pooled.rollback();
      pooled.setAutoCommit(true);
      execute(pooled, "DISCARD ALL");
      long start = System.nanoTime();
      ServerErrorMessage error = refusal(late, "late", "v1", "53300");
      assertTrue(millisSince(start) >= 100, error.toString());
      assertEquals("Java runs in 2 sessions already", error.getMessage());
      assertTrue(error.getDetail().contains("max_sessions is 2."), error.getDetail());
      assertTrue(error.getHint().contains("max_sessions in ai_worker_config"), error.getHint());
      assertFalse(generate(failed, "asked", "v1").get("cache_hit").asBoolean());
      assertFalse(generate(pooled, "asked again", "v1").get("cache_hit").asBoolean());
      assertTrue(generate(late, "asked", "v1").get("cache_hit").asBoolean());
      assertTrue(
          value(late, "SELECT ai_sql('asked', 'v1')").startsWith("SELECT 1"), "a hit needs none");
      assertEquals(2, withJava());
      JsonNode health = json(adminValue("SELECT ai_worker_health()"));
      assertEquals(runtime.option(), health.get("runtime").asText());
      assertTrue(health.get("problems").toString().contains("max_sessions"), health.toString());
      limit(3, 100);
      assertFalse(generate(late, "late", "v1").get("cache_hit").asBoolean());
    }
  }

  @Test
  void noMoreThanTheLimitStartEverHoweverManyAskAtOnce() throws Exception {
    limit(2, 600_000);
    int sessions = Full.or(32, 5);
    List<CompletableFuture<JsonNode>> answers = new ArrayList<>();
    for (int i = 0; i < sessions; i++) {
      String question = "at once " + i;
      answers.add(CompletableFuture.supplyAsync(() -> inOwnSession(question)));
    }
    int most = 0;
    CompletableFuture<Void> all =
        CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new));
    while (!all.isDone()) {
      most = Math.max(most, withJava());
    }
    for (CompletableFuture<JsonNode> answer : answers) {
      assertFalse(answer.get().get("cache_hit").asBoolean());
    }
    assertEquals(2, most);
  }

  @Test
  void theAnswerToTheSameQuestionIsWaitedFor() throws Exception {
    limit(1, 60_000);
    endpoint.delay(Duration.ofSeconds(1));
    try (Connection leader = asker();
        Connection waiter = asker()) {
      CompletableFuture<JsonNode> first =
          CompletableFuture.supplyAsync(() -> inSession(leader, "the same"));
      awaitRequests(1);
      assertTrue(generate(waiter, "the same", "v1").get("cache_hit").asBoolean());
      assertFalse(first.get().get("cache_hit").asBoolean());
      assertEquals(1, withJava());
    }
  }

  @Test
  void whoWaitsIsCancelledAtOnceAndGoesOnWhenASessionEnds() throws Exception {
    limit(1, 60_000);
    try (Connection waiter = asker()) {
      String pid = value(waiter, "SELECT pg_backend_pid()");
      try (Connection holder = asker()) {
        generate(holder, "holds", "v1");
        CompletableFuture<ServerErrorMessage> refused =
            CompletableFuture.supplyAsync(() -> refusal(waiter, "waits", "v1", "57014"));
        awaitSleep(pid);
        assertEquals(
            "java|"
                + adminValue("SELECT left(ai_worker.cache_key('waits', 'test-model', 'v1'), 7)"),
            adminValue(
                "SELECT waits_for || '|' || question FROM ai_worker_activity WHERE pid = " + pid));
        long start = System.nanoTime();
        adminValue("SELECT pg_cancel_backend(" + pid + ")");
        refused.get(60, TimeUnit.SECONDS);
        assertTrue(millisSince(start) < Full.atMost(100), millisSince(start) + " ms");
        assertEquals("0", adminValue("SELECT count(*) FROM ai_worker_activity"));
        CompletableFuture<JsonNode> answer =
            CompletableFuture.supplyAsync(() -> inSession(waiter, "waits"));
        awaitSleep(pid);
        execute(holder, "SELECT pg_terminate_backend(pg_backend_pid())");
        assertFalse(answer.get(60, TimeUnit.SECONDS).get("cache_hit").asBoolean());
        assertEquals("0", adminValue("SELECT count(*) FROM ai_worker_activity"));
      }
    }
  }

  @Test
  void killedSessionsDoNotCount() throws Exception {
    limit(1, 60_000);
    try (Connection holder = asker()) {
      generate(holder, "holds", "v1");
      TestCluster.kill(value(holder, "SELECT pg_backend_pid()"));
      long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
      while (!own.log().contains("all server processes terminated; reinitializing")
          || !canConnect()) {
        assertTrue(System.nanoTime() < end, own.log());
      }
    }
    assertFalse(inOwnSession("afterwards").get("cache_hit").asBoolean());
  }

  private boolean canConnect() {
    try (Connection connection = asker()) {
      return connection.isValid(1);
    } catch (SQLException e) {
      return false;
    }
  }

  private void limit(int most, int waitMillis) throws SQLException {
    admin(
        "UPDATE ai_worker_config SET max_sessions = " + most + ", flight_wait_ms = " + waitMillis);
  }

  private JsonNode inOwnSession(String question) {
    try (Connection connection = asker()) {
      return inSession(connection, question);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode inSession(Connection connection, String question) {
    try {
      return generate(connection, question, "v1");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void execute(Connection connection, String sql) {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      assertEquals("57P01", e.getSQLState(), e.getMessage());
    }
  }

  private static long millisSince(long start) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  private void awaitRequests(int count) throws InterruptedException {
    while (endpoint.requests().size() < count) {
      Thread.sleep(5);
    }
  }

  private void awaitSleep(String pid) throws SQLException {
    while (adminValue(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid = " + pid)
        == null) {
      Thread.onSpinWait();
    }
  }

  private void await(int sessions) throws InterruptedException, TimeoutException {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (withJava() != sessions) {
      if (System.nanoTime() > end) {
        throw new TimeoutException(withJava() + " sessions with Java");
      }
      Thread.sleep(5);
    }
  }

  /**
   * How many sessions have Java: processes that have as the system says, and that the server knows.
   */
  private int withJava() {
    try (Stream<Path> processes = Files.list(Path.of("/proc"));
        Connection observer = cluster.connect("postgres", "postgres")) {
      List<String> pids =
          processes
              .map(process -> process.getFileName().toString())
              .filter(name -> name.matches("[0-9]+"))
              .filter(SessionsContract::hasJava)
              .toList();
      return Integer.parseInt(
          value(
              observer,
              "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (?::integer[])",
              "{" + String.join(",", pids) + "}"));
    } catch (IOException | SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean hasJava(String pid) {
    try {
      return Files.readString(Path.of("/proc", pid, "maps")).contains("libjvm.so");
    } catch (IOException e) {
      return false;
    }
  }
}
