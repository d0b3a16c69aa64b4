package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.Full;
import aiworker.testing.ProcessCounts;
import aiworker.testing.RawEndpoint;
import aiworker.testing.TestCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/**
 * How fast the wait for a silent endpoint ends, and what a thousand ended waits leave behind. On
 * this machine's server only, whose processes can be looked at.
 */
abstract class CancelContract extends RuntimeContract {
  private static final int CALLS = Full.or(1_000, 100);

  /** Promised for noticing. */
  private static final long PROMISED_MS = Full.atMost(100);

  /** For the end of the process; the JVM under PL/Java takes over 300 ms to halt. */
  private static final long ENDED_MS = Full.atMost(800);

  /** For the slowest, on a busy machine. */
  private static final long SLOWEST_MS = Full.atMost(1_500);

  /** As the test clusters' log_line_prefix writes it. */
  private static final DateTimeFormatter LOGGED =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS z", Locale.ROOT);

  CancelContract(BackendRuntime runtime) {
    super(runtime);
  }

  private interface Action {
    void run() throws Exception;
  }

  /** Reads each request, does what the test says, and never answers. */
  private static final class Silence implements AutoCloseable {
    private volatile Action action = () -> {};
    private volatile long actedAt;
    private volatile long actedAtMillis;
    private final RawEndpoint endpoint =
        RawEndpoint.start(
            (connection, number) -> {
              connection.readRequest();
              actedAt = System.nanoTime();
              actedAtMillis = System.currentTimeMillis();
              action.run();
              connection.hang();
            });

    long millisSince() {
      return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - actedAt);
    }

    @Override
    public void close() {
      endpoint.close();
    }
  }

  @Test
  void cancelledCallsLeaveNothingBehind() throws Exception {
    List<Long> latencies = new ArrayList<>();
    try (Silence silence = new Silence();
        Connection session = asker();
        Connection other = cluster.connect(database, "postgres")) {
      long pid = Long.parseLong(value(session, "SELECT pg_backend_pid()"));
      admin("UPDATE ai_worker_config SET base_url = '" + silence.endpoint.url() + "'");
      silence.action = () -> value(other, "SELECT pg_cancel_backend(" + pid + ")");
      for (int i = 0; i < 20; i++) {
        refusal(session, "slow", "v1", "57014");
      }
      // the threads of the last call end after a second without work
      Thread.sleep(1_500);
      ProcessCounts before = ProcessCounts.of(pid);
      for (int i = 0; i < CALLS; i++) {
        refusal(session, "slow", "v1", "57014");
        latencies.add(silence.millisSince());
      }
      boolean quiet =
          soon(
              () -> {
                ProcessCounts now = ProcessCounts.of(pid);
                // the JVM starts one of its own now and then; a leak would be one a call
                return now.threads() <= before.threads() + 2 && now.sockets() <= before.sockets();
              });
      ProcessCounts after = ProcessCounts.of(pid);
      System.out.printf(
          "%s: %d cancelled calls: threads %d -> %d, sockets %d -> %d, %d connections at the endpoint, %d open%n",
          runtime.title(),
          CALLS,
          before.threads(),
          after.threads(),
          before.sockets(),
          after.sockets(),
          silence.endpoint.connections(),
          silence.endpoint.openConnections());
      assertBounded("pg_cancel_backend", latencies, PROMISED_MS);
      assertTrue(quiet, before + " -> " + after);
      assertEquals(CALLS + 20, silence.endpoint.connections());
      assertEquals(0, silence.endpoint.openConnections());
      assertEquals("0", value(other, "SELECT count(*) FROM pg_locks WHERE pid = " + pid));
      admin("UPDATE ai_worker_config SET base_url = '" + endpoint.url() + "'");
      endpoint.replyWithSql("SELECT 1");
      assertEquals("SELECT 1 LIMIT 1000", generate(session, "usable", "v1").get("sql").asText());
    }
  }

  @Test
  void statementTimeoutIsNoticedAtOnce() throws Exception {
    List<Long> latencies = new ArrayList<>();
    try (Silence silence = new Silence();
        Connection session = asker();
        Statement statement = session.createStatement()) {
      admin("UPDATE ai_worker_config SET base_url = '" + silence.endpoint.url() + "'");
      // the first call starts Java, which may take longer
      statement.execute("SET statement_timeout = '3s'");
      refusal(session, "slow", "v1", "57014");
      statement.execute("SET statement_timeout = '300ms'");
      for (int i = 0; i < 1_000 && latencies.size() < Full.or(50, 10); i++) {
        int before = silence.endpoint.connections();
        long start = System.nanoTime();
        refusal(session, "slow", "v1", "57014");
        // on a busy machine some do not get as far as the endpoint
        if (silence.endpoint.connections() > before) {
          latencies.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) - 300);
        }
      }
      assertEquals(Full.or(50, 10), latencies.size());
    }
    assertBounded("statement_timeout", latencies, PROMISED_MS);
  }

  @Test
  void terminationIsNoticedAtOnce() throws Exception {
    List<Long> seen = new ArrayList<>();
    List<Long> gone = new ArrayList<>();
    try (Silence silence = new Silence();
        Connection other = cluster.connect(database, "postgres")) {
      admin("UPDATE ai_worker_config SET base_url = '" + silence.endpoint.url() + "'");
      for (int i = 0; i < Full.or(20, 5); i++) {
        try (Connection session = asker()) {
          String pid = value(session, "SELECT pg_backend_pid()");
          silence.action = () -> value(other, "SELECT pg_terminate_backend(" + pid + ")");
          assertThrows(SQLException.class, () -> generate(session, "slow", "v1"));
          awaitEnd(pid);
          gone.add(silence.millisSince());
          seen.add(loggedAt(cluster.log(), pid) - silence.actedAtMillis);
        }
      }
    }
    assertBounded("pg_terminate_backend", seen, PROMISED_MS);
    assertBounded("pg_terminate_backend, process gone", gone, ENDED_MS);
    assertNoCrash(cluster.log());
  }

  @Test
  void fastShutdownIsNoticedAtOnce() throws Exception {
    List<Long> seen = new ArrayList<>();
    List<Long> gone = new ArrayList<>();
    try (TestCluster own = Installation.start(Map.of());
        Silence silence = new Silence()) {
      String installed = Installation.create(own, runtime);
      try (Connection admin = own.connect(installed, "postgres");
          Statement statement = admin.createStatement()) {
        statement.execute(
            "UPDATE ai_worker_config SET base_url = '" + silence.endpoint.url() + "'");
      }
      for (int i = 0; i < Full.or(5, 2); i++) {
        String postmaster =
            Files.readAllLines(own.folder().resolve("data/postmaster.pid")).get(0).strip();
        silence.action = () -> TestCluster.asServer("sh", "-c", "kill -INT " + postmaster);
        try (Connection session = own.connect(installed, "asker")) {
          String pid = value(session, "SELECT pg_backend_pid()");
          assertThrows(SQLException.class, () -> generate(session, "slow", "v1"));
          awaitEnd(pid);
          gone.add(silence.millisSince());
          seen.add(loggedAt(own.log(), pid) - silence.actedAtMillis);
        }
        awaitEnd(postmaster);
        own.startServer();
      }
      assertNoCrash(own.log());
    }
    assertBounded("fast shutdown", seen, PROMISED_MS);
    assertBounded("fast shutdown, process gone", gone, ENDED_MS);
  }

  private void assertBounded(String how, List<Long> latencies, long promised) {
    Collections.sort(latencies);
    long median = latencies.get(latencies.size() / 2);
    long slowest = latencies.get(latencies.size() - 1);
    System.out.printf(
        "%s: %s: p50 %d ms, max %d ms (%d calls)%n",
        runtime.title(), how, median, slowest, latencies.size());
    assertTrue(median <= promised, latencies.toString());
    assertTrue(slowest <= SLOWEST_MS, latencies.toString());
  }

  private static void assertNoCrash(String log) {
    for (String sign : Set.of("terminated by signal", "automatic recovery in progress")) {
      assertFalse(log.contains(sign), () -> log);
    }
  }

  /** When the server wrote that it ends the session, in ms since 1970. */
  private static long loggedAt(String log, String pid) {
    String line =
        log.lines()
            .filter(
                l -> l.contains("[" + pid + "]") && l.contains("FATAL:  terminating connection"))
            .findFirst()
            .orElseThrow(() -> new AssertionError("session " + pid + " was not ended"));
    return ZonedDateTime.parse(line.substring(0, line.indexOf(" [")), LOGGED)
        .toInstant()
        .toEpochMilli();
  }

  private static void awaitEnd(String pid) throws InterruptedException {
    Path process = Path.of("/proc", pid);
    for (int i = 0; Files.exists(process); i++) {
      assertTrue(i < 20_000, "process " + pid + " does not end");
      Thread.sleep(1);
    }
  }

  private static boolean soon(BooleanSupplier condition) throws InterruptedException {
    for (int i = 0; i < 100 && !condition.getAsBoolean(); i++) {
      Thread.sleep(50);
    }
    return condition.getAsBoolean();
  }
}
