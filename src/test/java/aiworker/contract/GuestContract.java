package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.Full;
import aiworker.testing.ProcessCounts;
import aiworker.testing.TestCluster;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * A session in which Java has run ends, and its statements are cancelled, as in any other session:
 * at once, whatever it waits for.
 */
abstract class GuestContract extends OwnClusterContract {
  /** Promised for each, in milliseconds. */
  private static final long AT_ONCE = 500;

  /** Names as the system has them, of fifteen characters; HotSpot 17 to 25. */
  private static final Pattern JAVAS_OWN =
      Pattern.compile(
          "postgres|VM Thread|VM Periodic Tas|C[12] CompilerThre|Reference Handl|Finalizer|Signal Dispatch|Service Thread"
              + "|Monitor Deflati|Notification Th|Common-Cleaner|Sweeper thread|Attach Listener|HttpClient-1-Se");

  private static final int SESSIONS = Full.or(20, 2);

  /** What a session waits in, and how others see that it does. */
  enum Wait {
    LOCK("SELECT pg_advisory_lock(1)", "wait_event_type = 'Lock'"),
    SLEEP("SELECT pg_sleep(600)", "wait_event = 'PgSleep'"),
    SORT(
        "SELECT count(*) FROM (SELECT md5(generate_series(1, 100000000)::text) AS hash ORDER BY 1) AS sorted WHERE (SELECT pg_advisory_xact_lock(2)) IS NOT NULL",
        "EXISTS (SELECT FROM pg_locks AS l WHERE l.pid = a.pid AND l.objid = 2)"),
    COPY(
        "COPY pg_temp.copied FROM STDIN",
        "state = 'active' AND query LIKE 'COPY%' AND wait_event = 'ClientRead'");

    private final String statement;
    private final String sign;

    Wait(String statement, String sign) {
      this.statement = statement;
      this.sign = sign;
    }

    void begin(Connection connection, AtomicBoolean ended) throws SQLException {
      if (this != COPY) {
        value(connection, statement);
        return;
      }
      try (Statement table = connection.createStatement()) {
        table.execute("CREATE TEMP TABLE IF NOT EXISTS copied (line text)");
      }
      CopyIn copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(statement);
      // The server looks for a cancel when a line comes, and the driver for an error when it ends
      while (!ended.get()) {
        copy.writeToCopy(new byte[] {'a', '\n'}, 0, 2);
        copy.flushCopy();
        pause();
      }
      copy.endCopy();
    }
  }

  private Connection observer;
  private final AtomicBoolean ended = new AtomicBoolean();

  GuestContract(BackendRuntime runtime) {
    super(runtime);
  }

  @AfterEach
  void nothingCrashed() throws SQLException, IOException {
    if (observer != null) {
      observer.close();
    }
    String log = own.log();
    assertFalse(log.contains("terminated by signal"), () -> log);
    assertFalse(log.contains("exited with exit code 2"), () -> log);
    assertFalse(log.contains("automatic recovery in progress"), () -> log);
    try (Stream<Path> files = Files.list(own.folder().resolve("data"))) {
      assertEquals(
          List.of(),
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.matches("(hs_err|core|java_pid|replay_pid).*|.*[.](hprof|mdmp)"))
              .toList());
    }
  }

  /** What stays are Java's own, one of them its HTTP client's, which sleeps. */
  @Test
  void noThreadOfOursIsLeftInASessionThatIsIdle() throws Exception {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    try (Connection session = asker()) {
      generate(session, "threads", "v1");
      Path tasks = Path.of("/proc", pid(session), "task");
      List<String> others;
      long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
      do {
        pause();
        others = threads(tasks);
        others.removeIf(name -> JAVAS_OWN.matcher(name).matches());
      } while (!others.isEmpty() && System.nanoTime() < end);
      assertEquals(List.of(), others);
      assertEquals(
          1, threads(tasks).stream().filter(name -> name.startsWith("HttpClient")).count());
    }
  }

  private static List<String> threads(Path tasks) throws IOException {
    List<String> names = new ArrayList<>();
    try (Stream<Path> threads = Files.list(tasks)) {
      for (Path thread : threads.toList()) {
        try {
          names.add(Files.readString(thread.resolve("comm")).strip());
        } catch (NoSuchFileException e) {
          // it has just ended
        }
      }
    }
    return names;
  }

  @Test
  void idleSessionsEndAtOnce() throws Exception {
    for (int round = 0; round < Full.or(5, 1); round++) {
      for (Connection session : usedSessions(Full.or(20, 1))) {
        String pid = pid(session);
        long start = System.nanoTime();
        if (TestCluster.major() < 14) {
          observe("SELECT pg_terminate_backend(" + pid + ")");
        } else {
          assertEquals("t", observe("SELECT pg_terminate_backend(" + pid + ", 20000)"));
        }
        awaitGone(pid);
        assertAtOnce(start);
      }
    }
  }

  @Test
  void waitsAreCancelledAtOnce() throws Exception {
    try (Connection blocker = cluster.connect(database, "postgres");
        Connection session = usedSessions(1).get(0)) {
      value(blocker, "SELECT pg_advisory_lock(1)");
      for (int round = 0; round < Full.or(100, 2); round++) {
        for (Wait wait : Wait.values()) {
          CompletableFuture<SQLException> outcome = waiting(session, wait);
          long start = System.nanoTime();
          observe("SELECT pg_cancel_backend(" + pid(session) + ")");
          await(
              "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid = "
                  + pid(session),
              "0");
          assertAtOnce(start);
          ended.set(true);
          SQLException e = outcome.get(60, TimeUnit.SECONDS);
          assertEquals("57014", e.getSQLState(), e.getMessage());
        }
      }
      assertEquals("1", value(session, "SELECT 1"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void waitingSessionsEndAtOnce(Wait wait) throws Exception {
    try (Connection blocker = cluster.connect(database, "postgres")) {
      value(blocker, "SELECT pg_advisory_lock(1)");
      for (Connection session : usedSessions(Full.or(20, 1))) {
        CompletableFuture<SQLException> outcome = waiting(session, wait);
        String pid = pid(session);
        long start = System.nanoTime();
        observe("SELECT pg_terminate_backend(" + pid + ")");
        awaitGone(pid);
        assertAtOnce(start);
        outcome.get(60, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void fastShutdownTakesAsLongAsWithoutJava() throws Exception {
    List<Connection> sessions = usedSessions(SESSIONS);
    CompletableFuture<SQLException> outcome = waiting(sessions.get(0), Wait.SLEEP);
    CompletableFuture<SQLException> call = waitingForTheModel(sessions.get(1));
    long start = System.nanoTime();
    own.stopServer("fast");
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    own.startServer();
    outcome.get(60, TimeUnit.SECONDS);
    call.get(60, TimeUnit.SECONDS);
    // The command's own steps and a checkpoint are part of it
    assertTrue(millis < Full.atMost(AT_ONCE + 1_000), millis + " ms");
  }

  @Test
  void immediateShutdownLeavesNothingBehind() throws Exception {
    List<Connection> sessions = usedSessions(SESSIONS);
    CompletableFuture<SQLException> outcome = waiting(sessions.get(0), Wait.SLEEP);
    CompletableFuture<SQLException> call = waitingForTheModel(sessions.get(1));
    long start = System.nanoTime();
    own.stopServer("immediate");
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    String log = own.log();
    Path data = own.folder().resolve("data");
    own.startServer();
    outcome.get(60, TimeUnit.SECONDS);
    call.get(60, TimeUnit.SECONDS);
    assertFalse(log.contains("terminated by signal"), () -> log);
    assertTrue(millis < Full.atMost(AT_ONCE + 1_000), millis + " ms");
    // The next start recovers, as it should: the log begins anew for the other tests
    Files.writeString(data.resolveSibling("server.log"), "");
  }

  @Test
  void databaseIsDroppedUnderItsSessions() throws Exception {
    String dropped = cluster.createDatabase(database);
    List<Connection> sessions = usedSessions(dropped, SESSIONS);
    CompletableFuture<SQLException> outcome = waiting(sessions.get(0), Wait.SLEEP);
    long start = System.nanoTime();
    observe("DROP DATABASE " + dropped + " WITH (FORCE)");
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    outcome.get(60, TimeUnit.SECONDS);
    assertTrue(millis < Full.atMost(AT_ONCE + 1_000), millis + " ms");
  }

  @Test
  void idleTransactionTimesOut() throws Exception {
    for (Connection session : usedSessions(Full.or(20, 1))) {
      String pid = pid(session);
      try (Statement statement = session.createStatement()) {
        statement.execute("SET idle_in_transaction_session_timeout = '100ms'");
        long start = System.nanoTime();
        statement.execute("BEGIN");
        awaitGone(pid);
        assertAtOnce(start + TimeUnit.MILLISECONDS.toNanos(100));
      }
    }
  }

  @Test
  void clientThatVanishesIsNoticed() throws Exception {
    if (TestCluster.major() < 14) {
      return;
    }
    for (Connection session : usedSessions(Full.or(20, 1))) {
      try (Statement statement = session.createStatement()) {
        statement.execute("SET client_connection_check_interval = '100ms'");
      }
      CompletableFuture<SQLException> outcome = waiting(session, Wait.SLEEP);
      String pid = pid(session);
      long start = System.nanoTime();
      session.abort(Runnable::run);
      awaitGone(pid);
      assertAtOnce(start + TimeUnit.MILLISECONDS.toNanos(100));
      outcome.get(60, TimeUnit.SECONDS);
    }
  }

  /** Each with a question of its own, so that nothing is remembered of the one before. */
  @Test
  void missesLeaveNothingBehind() throws Exception {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    try (Connection session = cluster.connect(database, "postgres")) {
      int pid = Integer.parseInt(value(session, "SELECT pg_backend_pid()"));
      miss(session, "warming up", 150);
      ProcessCounts before = ProcessCounts.of(pid);
      long memory = residentMegabytes(pid);
      long contexts = contextMegabytes(session);
      miss(session, "again", Full.or(10_000, 200));
      ProcessCounts after = ProcessCounts.of(pid);
      assertTrue(after.threads() <= before.threads() + 2, after + ", before " + before);
      assertTrue(after.sockets() <= before.sockets() + 1, after + ", before " + before);
      long grown = residentMegabytes(pid) - memory;
      assertTrue(grown <= Full.or(16, 24), "grown by " + grown + " MB from " + memory);
      grown = contextMegabytes(session) - contexts;
      assertTrue(grown <= 4, "memory contexts have grown by " + grown + " MB");
    }
  }

  private void miss(Connection session, String question, int times) throws SQLException {
    for (int i = 0; i < times; i++) {
      generate(session, question + " " + i, "v1");
    }
  }

  private static long residentMegabytes(int pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc", Integer.toString(pid), "status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1_024;
      }
    }
    throw new AssertionError("no VmRSS");
  }

  /** Since PostgreSQL 14 the server tells. */
  private static long contextMegabytes(Connection session) throws SQLException {
    if (value(session, "SELECT to_regclass('pg_backend_memory_contexts')") == null) {
      return 0;
    }
    return Long.parseLong(
        value(
            session, "SELECT sum(total_bytes)::bigint / 1048576 FROM pg_backend_memory_contexts"));
  }

  /** With Java's own -Xss it would be a crash at 1 MB. */
  @Test
  void recursionEndsAtMaxStackDepth() throws SQLException {
    try (Connection session = usedSessions(1).get(0);
        Statement statement = session.createStatement()) {
      statement.execute(
          "CREATE FUNCTION pg_temp.deep(n integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN pg_temp.deep(n + 1); END'");
      for (String depth : List.of("2MB", "7600kB")) {
        statement.execute("SET max_stack_depth = '" + depth + "'");
        assertEquals(
            "54001",
            assertThrows(SQLException.class, () -> value(session, "SELECT pg_temp.deep(1)"))
                .getSQLState());
      }
      JsonNode health = json(value(session, "SELECT ai_worker_health()"));
      assertTrue(isHealthy(health), health.toString());
      statement.execute("SET max_stack_depth = '2MB'");
      assertTrue(generate(session, "goes on", "v1").has("sql"));
    }
  }

  @Test
  void memoryThatIsTooLittleEndsTheCallAlone() throws SQLException {
    String big = cluster.createDatabase(database);
    try (Connection session = cluster.connect(big, "postgres");
        Statement statement = session.createStatement()) {
      endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
      assertTrue(generate(session, "before", "v1").has("sql"));
      statement.execute(
          """
          CREATE SCHEMA big;
          DO $$
          BEGIN
            FOR i IN 1 .. 20 LOOP
              EXECUTE format('CREATE TABLE big.t%s (%s)', i,
                (SELECT string_agg('c' || n || ' integer', ', ') FROM generate_series(1, 1000) AS n));
            END LOOP;
          END
          $$;
          INSERT INTO pg_description
          SELECT attrelid, 'pg_class'::regclass, attnum, repeat('€', 1000)
            FROM pg_attribute WHERE attrelid::regclass::text LIKE 'big.%' AND attnum > 0;
          GRANT USAGE ON SCHEMA big TO ai_worker_prover;
          UPDATE ai_worker_config SET schemas = '{public, big}'""");
      ServerErrorMessage error = refusal(session, "too much", "v1", "53200");
      assertEquals("Java is out of memory", error.getMessage());
      assertTrue(error.getHint().contains("jvm_options"), error.getHint());
      statement.execute("UPDATE ai_worker_config SET schemas = '{public}'");
      assertTrue(generate(session, "after", "v1").has("sql"));
    }
  }

  @Test
  void whatIsTooDeepOrTooLargeEndsTheCallAlone() throws SQLException {
    admin("UPDATE ai_worker_config SET max_prompt_chars = 1000000, repair_rounds = 0");
    try (Connection session = cluster.connect(database, "postgres")) {
      for (String reply :
          List.of(
              "SELECT " + "(".repeat(100_000) + "1" + ")".repeat(100_000),
              "SELECT " + "NOT ".repeat(100_000) + "true",
              "SELECT 1" + " + 1".repeat(100_000),
              "[".repeat(500_000),
              "{\"sql\":".repeat(100_000),
              "<think>".repeat(100_000))) {
        endpoint.replyWith(reply);
        PSQLException e = assertThrows(PSQLException.class, () -> generate(session, "deep", "v1"));
        assertTrue(e.getSQLState().matches("IA0[12].|54001"), e.getSQLState() + e.getMessage());
        endpoint.replyWithSql("SELECT 1");
        assertTrue(generate(session, "after " + reply.length(), "v1").has("sql"));
      }
      refusal(session, "é".repeat(8_000_000), "v1", "IA002");
      endpoint.replyWith("SELECT 1 /* " + "é".repeat(40_000) + " */");
      assertTrue(generate(session, "é".repeat(Full.or(1_000_000, 100_000)), "v1").has("sql"));
    }
  }

  private static void assertAtOnce(long start) {
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    assertTrue(millis < Full.atMost(AT_ONCE), millis + " ms");
  }

  private List<Connection> usedSessions(int count) throws SQLException {
    return usedSessions(database, count);
  }

  /** Sessions that have missed, and so have started Java. */
  private List<Connection> usedSessions(String name, int count) throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    endpoint.delay(Duration.ZERO);
    List<Connection> sessions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Connection session = cluster.connect(name, "postgres");
      JsonNode answer = generate(session, "starts Java " + pid(session), "v1");
      assertFalse(answer.get("cache_hit").asBoolean());
      sessions.add(session);
    }
    return sessions;
  }

  private CompletableFuture<SQLException> waiting(Connection session, Wait wait) throws Exception {
    ended.set(false);
    CompletableFuture<SQLException> outcome =
        CompletableFuture.supplyAsync(
            () -> assertThrows(SQLException.class, () -> wait.begin(session, ended)));
    await(
        "SELECT count(*) FROM pg_stat_activity AS a WHERE a.pid = "
            + pid(session)
            + " AND "
            + wait.sign,
        "1");
    return outcome;
  }

  private CompletableFuture<SQLException> waitingForTheModel(Connection session) throws Exception {
    endpoint.delay(Duration.ofSeconds(60));
    int before = endpoint.requests().size();
    CompletableFuture<SQLException> outcome =
        CompletableFuture.supplyAsync(
            () ->
                assertThrows(
                    SQLException.class,
                    () -> value(session, "SELECT public.ai_generate_sql('slow', 'v1')")));
    for (int i = 0; i < 6_000 && endpoint.requests().size() == before; i++) {
      pause();
    }
    return outcome;
  }

  private void awaitGone(String pid) throws Exception {
    await("SELECT count(*) FROM pg_stat_activity WHERE pid = " + pid, "0");
  }

  private void await(String query, String expected) throws Exception {
    for (int i = 0; i < 6_000; i++) {
      if (expected.equals(observe(query))) {
        return;
      }
      pause();
    }
    throw new TimeoutException(query);
  }

  private static void pause() {
    try {
      Thread.sleep(5);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private String observe(String sql) throws SQLException {
    if (observer == null || observer.isClosed()) {
      observer = cluster.connect("postgres", "postgres");
    }
    if (sql.startsWith("SELECT")) {
      return value(observer, sql);
    }
    try (Statement statement = observer.createStatement()) {
      statement.execute(sql);
      return null;
    }
  }

  private static String pid(Connection connection) throws SQLException {
    return Integer.toString(connection.unwrap(PGConnection.class).getBackendPID());
  }
}
