package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.Full;
import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Many sessions at once: nothing waits that need not, nothing is lost, and the model is asked once.
 */
abstract class ConcurrencyContract extends RuntimeContract {
  private static final int HITS = Full.or(100, 25);

  private final ExecutorService clients = Executors.newCachedThreadPool();

  ConcurrencyContract(BackendRuntime runtime) {
    super(runtime);
  }

  @Override
  boolean sessionsMatter() {
    return true;
  }

  @AfterEach
  void noLockIsLeft() throws SQLException {
    assertEquals("0", adminValue("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"));
  }

  private <T> List<T> atOnce(int count, Callable<T> work) throws Exception {
    List<Future<T>> futures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      futures.add(clients.submit(work));
    }
    List<T> results = new ArrayList<>();
    for (Future<T> future : futures) {
      results.add(future.get(120, TimeUnit.SECONDS));
    }
    return results;
  }

  private String countedHits() throws SQLException {
    String before = adminValue("SELECT total_hits FROM ai_worker_cache_stats");
    adminValue("SELECT ai_worker.clean()");
    assertEquals(before, adminValue("SELECT hit_count FROM ai_worker_cache"));
    assertEquals(before, adminValue("SELECT total_hits FROM ai_worker_cache_stats"));
    return before;
  }

  private void cacheOne() throws SQLException {
    endpoint.replyWithSql("SELECT 1");
    generate("hot", "v1");
  }

  @Test
  void sixteenClientsOnOneKeyLoseNoHitAndDoubleNone() throws Exception {
    cacheOne();
    atOnce(
        16,
        () -> {
          try (Connection connection = asker()) {
            generate(connection, "hot", "v1");
            for (int i = 0; i < HITS; i++) {
              assertEquals(
                  "SELECT 1 LIMIT 1000",
                  value(connection, "SELECT ai_cached_sql('hot', 'v1') ->> 'sql'"));
            }
            return generate(connection, "hot", "v1");
          }
        });
    assertEquals(Integer.toString(16 * (HITS + 2)), countedHits());
    assertEquals(1, endpoint.requests().size());
  }

  @Test
  void hitsGoOnWhileFoldingAndWhileRowsAreLocked() throws Exception {
    cacheOne();
    generate("hot", "v1");
    try (Connection other = cluster.connect(database, "postgres");
        Statement lock = other.createStatement();
        Connection connection = asker();
        Statement statement = connection.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("SELECT * FROM ai_worker_cache FOR UPDATE");
      lock.execute("SELECT * FROM ai_worker.cache_hits FOR UPDATE");
      statement.execute("SET statement_timeout = '3s'");
      for (int hit = 2; hit <= 5; hit++) {
        assertEquals(hit, generate(connection, "hot", "v1").get("hit_count").asInt());
        adminValue("SELECT ai_worker.clean()");
      }
      other.rollback();
    }
    assertEquals("5", countedHits());
  }

  /**
   * Counters that are hit between its snapshot and its lock on them cost it no more than others.
   */
  @Test
  void cleanUpKeepsPaceWithHits() throws Exception {
    int entries = 10_000;
    fill(entries, "1 day");
    String all = "SELECT count(ai_cached_sql('q' || i, 'v1')) FROM generate_series(1, %d) AS i";
    adminValue(all.formatted(entries));
    AtomicInteger hits = new AtomicInteger();
    AtomicBoolean over = new AtomicBoolean();
    Callable<Void> asking =
        () -> {
          try (Connection connection = asker();
              PreparedStatement hit =
                  connection.prepareStatement("SELECT ai_cached_sql('q' || ?::int, 'v1')")) {
            while (!over.get() && hits.get() < 6 * entries) {
              hit.setInt(1, ThreadLocalRandom.current().nextInt(entries) + 1);
              hit.execute();
              hits.incrementAndGet();
            }
          }
          return null;
        };
    List<Future<Void>> askers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      askers.add(clients.submit(asking));
    }
    while (hits.get() < 4_000) {
      Thread.sleep(20);
    }
    int before = hits.get();
    adminValue("SELECT ai_worker.clean()");
    int meanwhile = hits.get() - before;
    over.set(true);
    for (Future<Void> asker : askers) {
      asker.get(120, TimeUnit.SECONDS);
    }
    assertTrue(meanwhile < 5 * entries, () -> meanwhile + " hits meanwhile");
    assertEquals(
        Integer.toString(entries + hits.get()),
        adminValue("SELECT total_hits FROM ai_worker_cache_stats"));
  }

  @ParameterizedTest
  @ValueSource(ints = {Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE})
  void hitsUnderStricterIsolationNeverFailACommit(int isolation) throws Exception {
    cacheOne();
    generate("hot", "v1");
    try (Connection one = asker();
        Connection two = asker()) {
      for (Connection connection : List.of(one, two)) {
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(isolation);
        value(connection, "SELECT count(*) FROM users");
      }
      for (int i = 0; i < 3; i++) {
        assertTrue(generate(one, "hot", "v1").get("cache_hit").asBoolean());
        assertTrue(generate(two, "hot", "v1").get("cache_hit").asBoolean());
        generate("hot", "v1");
      }
      adminValue("SELECT ai_worker.clean()");
      one.commit();
      two.commit();
    }
    assertEquals("10", countedHits());
  }

  @ParameterizedTest
  @ValueSource(strings = {"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"})
  void thousandsOfHitsInOneTransactionTakeTheirTimeAndNoMore(String isolation) throws Exception {
    cacheOne();
    int hits = Full.or(10_000, 3_000);
    try (Connection connection = asker();
        Statement statement = connection.createStatement()) {
      statement.execute("SET statement_timeout = " + Full.atMost(hits / 2));
      statement.execute("BEGIN ISOLATION LEVEL " + isolation);
      String all = "SELECT count(ai_cached_sql('hot', 'v1')) FROM generate_series(1, " + hits + ")";
      assertEquals(Integer.toString(hits), value(connection, all));
      statement.execute("SAVEPOINT here");
      assertEquals(Integer.toString(hits), value(connection, all));
      statement.execute("ROLLBACK TO here");
      assertEquals(hits + 1, generate(connection, "hot", "v1").get("hit_count").asInt());
      statement.execute("COMMIT");
    }
    assertEquals("1", adminValue("SELECT count(*) FROM ai_worker.cache_hits"));
    assertEquals(Integer.toString(hits + 1), countedHits());
  }

  @ParameterizedTest
  @ValueSource(strings = {"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"})
  void thousandsOfHitsInTurnInOneTransactionTakeNoLonger(String isolation) throws Exception {
    fill(30, "1 day");
    int hits = Full.or(12_000, 3_000);
    try (Connection connection = asker();
        Statement statement = connection.createStatement()) {
      statement.execute("SET statement_timeout = " + Full.atMost(hits / 2));
      for (int keys : new int[] {2, 30}) {
        String all =
            "SELECT max((ai_cached_sql('q' || 1 + i %% %d, 'v1') ->> 'hit_count')::int)"
                    .formatted(keys)
                + " FROM generate_series(1, "
                + hits
                + ") AS i";
        statement.execute("BEGIN ISOLATION LEVEL " + isolation);
        assertEquals(Integer.toString(hits / keys), value(connection, all));
        statement.execute("SAVEPOINT here");
        assertEquals(Integer.toString(2 * hits / keys), value(connection, all));
        statement.execute("ROLLBACK TO here");
        assertEquals(1 + hits / keys, generate(connection, "q1", "v1").get("hit_count").asInt());
        statement.execute("COMMIT");
        assertEquals(
            Integer.toString(hits + 1), adminValue("SELECT total_hits FROM ai_worker_cache_stats"));
        admin("SELECT ai_worker_reset_stats()");
      }
    }
  }

  /** What a transaction remembers of its counters is a setting that its caller may set. */
  @ParameterizedTest
  @ValueSource(strings = {"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"})
  void nonsenseInTheMemoryOfATransactionLosesNoHit(String isolation) throws Exception {
    cacheOne();
    String key = adminValue("SELECT left(cache_key, 16) FROM ai_worker_cache");
    List<String> memories =
        List.of(
            "x",
            key,
            " " + key + "=",
            " " + key + "=(0,1) ",
            " " + key + "=(0,1)+",
            " " + key + "=(0,1)+x ",
            " " + key + "=(0,0)+0 ",
            " " + key + "=(999999999,9999)+0 ",
            " " + key + "=(99999999999,1)+0 ",
            " " + key + "=(0,99999)+99999999999999999999 ",
            " " + key + "=(0,1)+99999999999999999 ",
            adminValue("SELECT cache_key || ' (0,1) 1' FROM ai_worker_cache"));
    try (Connection connection = asker();
        Statement statement = connection.createStatement()) {
      statement.execute("BEGIN ISOLATION LEVEL " + isolation);
      for (String memory : memories) {
        statement.execute("SET LOCAL ai_worker.counted = '" + memory + "'");
        assertNotNull(value(connection, "SELECT ai_cached_sql('hot', 'v1')"));
        assertNotNull(value(connection, "SELECT ai_cached_sql('hot', 'v1')"));
      }
      assertNull(statement.getWarnings());
      statement.execute("COMMIT");
      assertNull(connection.getWarnings());
    }
    assertEquals(Integer.toString(2 * memories.size()), countedHits());
  }

  /** A commit that waits for the disk would wait for the log, which a hit hardly adds to. */
  @Test
  void hitWritesNextToNothingToTheLog() throws Exception {
    cacheOne();
    int hits = 500;
    try (Connection connection = asker()) {
      generate(connection, "hot", "v1");
      String before = adminValue("SELECT pg_current_wal_insert_lsn()");
      for (int hit = 0; hit < hits; hit++) {
        value(connection, "SELECT ai_cached_sql('hot', 'v1')");
      }
      int bytes =
          Integer.parseInt(adminValue("SELECT pg_current_wal_insert_lsn() - '" + before + "'"));
      // beside them somebody may write a checkpoint or what runs at the time
      assertTrue(bytes < 100 * hits, bytes + " bytes");
    }
    assertEquals(
        "u",
        adminValue(
            "SELECT relpersistence FROM pg_class WHERE oid = 'ai_worker.cache_hits'::regclass"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"})
  void hitsCountInATableThatADbaMadeLogged(String isolation) throws Exception {
    cacheOne();
    generate("hot", "v1");
    admin("ALTER TABLE ai_worker.cache_hits SET LOGGED");
    try (Connection connection = asker();
        Statement statement = connection.createStatement()) {
      statement.execute("SET default_transaction_isolation = '" + isolation + "'");
      value(connection, "SELECT ai_cached_sql('hot', 'v1')");
    } finally {
      admin("ALTER TABLE ai_worker.cache_hits SET UNLOGGED");
    }
    assertEquals("2", countedHits());
  }

  @ParameterizedTest
  @ValueSource(strings = {"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"})
  void lockOnTheCountersKeepsNoAnswer(String isolation) throws Exception {
    cacheOne();
    generate("hot", "v1");
    try (Connection other = cluster.connect(database, "postgres");
        Statement lock = other.createStatement();
        Connection connection = asker();
        Statement statement = connection.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("LOCK TABLE ai_worker.cache_hits IN SHARE MODE");
      statement.execute("SET statement_timeout = " + Full.atMost(500));
      statement.execute("SET default_transaction_isolation = '" + isolation + "'");
      assertEquals(
          "SELECT 1 LIMIT 1000", value(connection, "SELECT ai_cached_sql('hot', 'v1') ->> 'sql'"));
      other.rollback();
      assertNotNull(value(connection, "SELECT ai_cached_sql('hot', 'v1')"));
    }
    assertEquals("2", countedHits());
  }

  @ParameterizedTest
  @ValueSource(strings = {"REPEATABLE READ", "SERIALIZABLE"})
  void whatStricterTransactionsLeaveIsPutTogetherByTheNextHit(String isolation) throws Exception {
    cacheOne();
    try (Connection connection = asker();
        Statement statement = connection.createStatement()) {
      statement.execute("SET default_transaction_isolation = '" + isolation + "'");
      for (int hit = 0; hit < 80; hit++) {
        value(connection, "SELECT ai_cached_sql('hot', 'v1')");
      }
      statement.execute("SET default_transaction_isolation = 'read committed'");
      assertEquals(81, generate(connection, "hot", "v1").get("hit_count").asInt());
      assertEquals("1", adminValue("SELECT count(*) FROM ai_worker.cache_hits"));
      assertEquals(82, generate(connection, "hot", "v1").get("hit_count").asInt());
    }
    assertEquals("82", countedHits());
  }

  /** Where vacuum gives an empty end of a table back to the system, it locks everybody out. */
  @Test
  void hitsCountWhileTablesAreVacuumed() throws Exception {
    cacheOne();
    AtomicBoolean over = new AtomicBoolean();
    Future<Integer> hits =
        clients.submit(
            () -> {
              int count = 0;
              try (Connection connection = asker()) {
                for (; !over.get(); count++) {
                  assertNotNull(value(connection, "SELECT ai_cached_sql('hot', 'v1')"));
                }
              }
              return count;
            });
    try (Connection other = cluster.connect(database, "postgres");
        Statement statement = other.createStatement()) {
      for (int round = 0; round < Full.or(20, 3); round++) {
        statement.execute(
            "INSERT INTO ai_worker.cache_hits SELECT 'none', now(), 0, 1, now(), array_fill(0, ARRAY[28])"
                + " FROM generate_series(1, 20000)");
        statement.execute(
            "INSERT INTO ai_worker_cache SELECT 'k' || i, repeat('x', 200), 'm', 'v', 'SELECT 1', true, 0, now(),"
                + " now() + interval '1 hour', now(), 0 FROM generate_series(1, 20000) AS i");
        statement.execute("DELETE FROM ai_worker.cache_hits WHERE cache_key = 'none'");
        statement.execute("DELETE FROM ai_worker_cache WHERE model = 'm'");
        statement.execute("VACUUM ai_worker.cache_hits, ai_worker_cache");
      }
    } finally {
      over.set(true);
    }
    assertEquals(Integer.toString(hits.get(60, TimeUnit.SECONDS)), countedHits());
  }

  /** The counters' table grows under a lock. */
  @Test
  void hitsOfClientsInAHurryCount() throws Exception {
    fill(2_000, "1 day");
    atOnce(
        8,
        () -> {
          try (Connection connection = asker();
              Statement statement = connection.createStatement()) {
            statement.execute("SET lock_timeout = 1");
            return value(
                connection,
                "SELECT count(ai_cached_sql('q' || i, 'v1')) FROM generate_series(1, 2000) AS i");
          }
        });
    assertEquals("16000", adminValue("SELECT total_hits FROM ai_worker_cache_stats"));
  }

  @Test
  void missesUnderSerializableNeverFailACommitAndAreCachedLater() throws Exception {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    try (Connection one = asker();
        Connection two = asker()) {
      for (Connection connection : List.of(one, two)) {
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
      }
      generate(one, "first", "v1");
      generate(two, "second", "v1");
      generate(one, "second", "v1");
      generate(two, "first", "v1");
      one.commit();
      two.commit();
    }
    adminValue("SELECT ai_worker.clean()");
    assertEquals(
        "first,second",
        adminValue(
            "SELECT string_agg(prompt_text, ',' ORDER BY prompt_text) FROM ai_worker_cache"));
    assertTrue(generate("first", "v1").get("cache_hit").asBoolean());
  }

  @Test
  void hitOfASubtransactionThatRollsBackIsNotCounted() throws Exception {
    cacheOne();
    try (Connection connection = asker()) {
      connection.setAutoCommit(false);
      generate(connection, "hot", "v1");
      Savepoint savepoint = connection.setSavepoint();
      generate(connection, "hot", "v1");
      connection.rollback(savepoint);
      assertEquals(2, generate(connection, "hot", "v1").get("hit_count").asInt());
      connection.commit();
    }
    assertEquals("2", countedHits());
  }

  @ParameterizedTest
  @MethodSource("crowds")
  void sessionsThatMissTogetherAskTheModelOnce(int sessions) throws Exception {
    endpoint.delay(Duration.ofSeconds(2));
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    List<JsonNode> responses = atOnce(sessions, () -> generate("all at once", "v1"));
    assertEquals(1, endpoint.requests().size());
    assertEquals(
        1, responses.stream().filter(response -> !response.get("cache_hit").asBoolean()).count());
    assertEquals(
        List.of("SELECT 1 LIMIT 1000"),
        responses.stream().map(r -> r.get("sql").asText()).distinct().toList());
    assertEquals(Integer.toString(sessions - 1), countedHits());
  }

  static IntStream crowds() {
    return IntStream.of(2, Full.or(8, 6), Full.or(32, 6)).distinct();
  }

  @Test
  void waiterObeysItsOwnTimeout() throws Exception {
    CountDownLatch firstIsAnswered = holdUpTheFirst();
    Future<JsonNode> leader = clients.submit(() -> generate("slow", "v1"));
    awaitRequests(1);
    try (Connection connection = asker();
        Statement statement = connection.createStatement()) {
      statement.execute("SET statement_timeout = '800ms'");
      long start = System.nanoTime();
      refusal(connection, "slow", "v1", "57014");
      assertTrue(System.nanoTime() - start < Full.atMost(2_000_000_000L));
    }
    firstIsAnswered.countDown();
    leader.get(30, TimeUnit.SECONDS);
    assertEquals(1, endpoint.requests().size());
  }

  @Test
  void waiterGoesOnWhenTheLeaderDies() throws Exception {
    holdUpTheFirst();
    try (Connection leading = asker()) {
      String pid = value(leading, "SELECT pg_backend_pid()");
      Future<JsonNode> leader = clients.submit(() -> generate(leading, "mortal", "v1"));
      awaitRequests(1);
      Future<JsonNode> waiter = clients.submit(() -> generate("mortal", "v1"));
      Thread.sleep(1_000);
      assertEquals(1, endpoint.requests().size());
      adminValue("SELECT pg_terminate_backend(" + pid + ")");
      assertFalse(waiter.get(30, TimeUnit.SECONDS).get("cache_hit").asBoolean());
      org.junit.jupiter.api.Assertions.assertThrows(
          Exception.class, () -> leader.get(30, TimeUnit.SECONDS));
    }
    assertEquals(2, endpoint.requests().size());
  }

  @Test
  void waiterGoesOnWhenTheLeaderDoesNotCommit() throws Exception {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    try (Connection leading = asker()) {
      leading.setAutoCommit(false);
      generate(leading, "uncommitted", "v1");
      long start = System.nanoTime();
      assertFalse(generate("uncommitted", "v1").get("cache_hit").asBoolean());
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
      assertTrue(millis < Full.atMost(5_000), millis + " ms");
      leading.commit();
    }
    assertEquals("1", adminValue("SELECT count(*) FROM ai_worker_cache"));
  }

  @Test
  void waitingIsBounded() throws Exception {
    admin("UPDATE ai_worker_config SET flight_wait_ms = 300");
    CountDownLatch firstIsAnswered = holdUpTheFirst();
    Future<JsonNode> leader = clients.submit(() -> generate("bounded", "v1"));
    awaitRequests(1);
    Future<JsonNode> waiter = clients.submit(() -> generate("bounded", "v1"));
    awaitRequests(2);
    waiter.get(30, TimeUnit.SECONDS);
    firstIsAnswered.countDown();
    leader.get(30, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE ai_worker_config SET cache_enabled = false",
        "CREATE EVENT TRIGGER audited ON ddl_command_end EXECUTE FUNCTION public.audited()"
      })
  void nobodyWaitsForWhatWillNotBeStored(String reason) throws Exception {
    admin(
        "UPDATE ai_worker_config SET request_timeout_ms = 120000, flight_wait_ms = 600000",
        "CREATE FUNCTION public.audited() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end'",
        reason);
    try {
      CountDownLatch firstIsAnswered = holdUpTheFirst();
      Future<JsonNode> first = clients.submit(() -> generate("unstored", "v1"));
      awaitRequests(1);
      clients.submit(() -> generate("unstored", "v1")).get(100, TimeUnit.SECONDS);
      assertFalse(first.isDone());
      firstIsAnswered.countDown();
      first.get(30, TimeUnit.SECONDS);
    } finally {
      admin("DROP EVENT TRIGGER IF EXISTS audited", "DROP FUNCTION public.audited()");
    }
  }

  /** Lets the first request, and it alone, wait for the latch. */
  private CountDownLatch holdUpTheFirst() {
    CountDownLatch latch = new CountDownLatch(1);
    AtomicBoolean first = new AtomicBoolean(true);
    endpoint.otherwise(
        request -> {
          if (first.getAndSet(false)) {
            try {
              latch.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
          return FakeEndpoint.completion("SELECT 1");
        });
    return latch;
  }

  private void awaitRequests(int count) throws InterruptedException {
    for (int i = 0; i < 1_500 && endpoint.requests().size() < count; i++) {
      Thread.sleep(20);
    }
    assertEquals(count, endpoint.requests().size());
  }
}
