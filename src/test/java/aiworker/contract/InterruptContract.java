package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.Full;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/**
 * Waiting for the model never holds up the server: cancel, time-outs, termination and shutdown work
 * at once.
 */
abstract class InterruptContract extends RuntimeContract {
  private static final Duration HANGING = Duration.ofSeconds(60);
  private static final int TERMINATIONS = Full.or(20, 5);

  InterruptContract(BackendRuntime runtime) {
    super(runtime);
  }

  @Test
  void statementTimeoutEndsTheWaitAndLeavesTheSessionUsable() throws SQLException {
    endpoint.delay(HANGING);
    try (Connection connection = asker();
        Statement statement = connection.createStatement()) {
      value(connection, "SELECT ai_cached_sql('warm', 'v1')");
      statement.execute("SET statement_timeout = '700ms'");
      long start = System.nanoTime();
      refusal(connection, "slow", "v1", "57014");
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
      assertTrue(millis < Full.atMost(2_000), millis + " ms");
      statement.execute("SET statement_timeout = 0");
      endpoint.delay(Duration.ZERO);
      endpoint.replyWithSql("SELECT 1");
      assertEquals("SELECT 1 LIMIT 1000", generate(connection, "quick", "v1").get("sql").asText());
    }
  }

  @Test
  void cancelEndsTheWaitWithinATransactionThatGoesOnAfterASavepoint() throws Exception {
    endpoint.delay(HANGING);
    try (Connection connection = asker();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      String pid = value(connection, "SELECT pg_backend_pid()");
      statement.execute("SAVEPOINT before");
      CompletableFuture<SQLException> call = inBackground(connection);
      awaitRequest();
      long start = System.nanoTime();
      adminValue("SELECT pg_cancel_backend(" + pid + ")");
      assertEquals("57014", call.get(10, TimeUnit.SECONDS).getSQLState());
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
      assertTrue(millis < Full.atMost(1_000), millis + " ms");
      statement.execute("ROLLBACK TO before");
      assertEquals("1", value(connection, "SELECT 1"));
      connection.commit();
    }
  }

  @Test
  void terminationNeverCrashesTheCluster() throws Exception {
    endpoint.delay(HANGING);
    String startedAt = adminValue("SELECT pg_postmaster_start_time()");
    int before = endpoint.requests().size();
    for (int i = 0; i < TERMINATIONS; i++) {
      try (Connection connection = asker()) {
        String pid = value(connection, "SELECT pg_backend_pid()");
        CompletableFuture<SQLException> call = inBackground(connection);
        awaitRequests(before + i + 1);
        adminValue("SELECT pg_terminate_backend(" + pid + ")");
        call.get(20, TimeUnit.SECONDS);
        awaitGone(pid);
      }
    }
    assertEquals(startedAt, adminValue("SELECT pg_postmaster_start_time()"));
    assertNoCrash();
  }

  @Test
  void terminationInsideAStatementOfOursNeverCrashesTheCluster() throws Exception {
    endpoint.otherwise(request -> aiworker.testing.FakeEndpoint.completion("SELECT 1"));
    for (int i = 0; i < TERMINATIONS; i++) {
      try (Connection blocker = cluster.connect(database, "postgres");
          Statement lock = blocker.createStatement();
          Connection connection = asker()) {
        String pid = value(connection, "SELECT pg_backend_pid()");
        blocker.setAutoCommit(false);
        // The core reads the settings over SPI, and waits there.
        lock.execute("LOCK TABLE ai_worker_config IN ACCESS EXCLUSIVE MODE");
        CompletableFuture<SQLException> call = inBackground(connection);
        awaitLockWait(pid);
        lock.execute("SELECT pg_terminate_backend(" + pid + ")");
        call.get(20, TimeUnit.SECONDS);
        awaitGone(pid);
      }
    }
    assertNoCrash();
  }

  @Test
  void terminationWhileJavaStartsNeverCrashesTheCluster() throws Exception {
    endpoint.delay(HANGING);
    for (int i = 0; i < TERMINATIONS; i++) {
      try (Connection connection = asker()) {
        String pid = value(connection, "SELECT pg_backend_pid()");
        CompletableFuture<SQLException> call = inBackground(connection);
        Thread.sleep(800L * i / TERMINATIONS);
        adminValue("SELECT pg_terminate_backend(" + pid + ")");
        call.get(20, TimeUnit.SECONDS);
        awaitGone(pid);
      }
    }
    assertNoCrash();
  }

  private void assertNoCrash() {
    String log = cluster.log();
    assertFalse(log.contains("terminated by signal"), () -> log);
    assertFalse(log.contains("automatic recovery in progress"), () -> log);
  }

  private static CompletableFuture<SQLException> inBackground(Connection connection) {
    return CompletableFuture.supplyAsync(
        () -> assertThrows(SQLException.class, () -> generate(connection, "slow", "v1")));
  }

  private void awaitRequest() throws InterruptedException, TimeoutException {
    awaitRequests(1);
  }

  private void awaitRequests(int count) throws InterruptedException, TimeoutException {
    for (int i = 0; i < 1_000; i++) {
      if (endpoint.requests().size() >= count) {
        return;
      }
      Thread.sleep(20);
    }
    throw new TimeoutException("no request came");
  }

  private void awaitLockWait(String pid)
      throws SQLException, InterruptedException, TimeoutException {
    awaitTrue("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = " + pid, "1");
  }

  private void awaitGone(String pid) throws SQLException, InterruptedException, TimeoutException {
    awaitTrue("SELECT count(*) FROM pg_stat_activity WHERE pid = " + pid, "0");
  }

  private void awaitTrue(String query, String expected)
      throws SQLException, InterruptedException, TimeoutException {
    try (Connection connection = cluster.connect("postgres", "postgres")) {
      for (int i = 0; i < 1_000; i++) {
        if (expected.equals(value(connection, query))) {
          return;
        }
        Thread.sleep(20);
      }
    }
    throw new TimeoutException(query);
  }
}
