package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;

/** Expiry, limits, and what a DBA schedules or types. */
abstract class UpkeepContract extends RuntimeContract {
  UpkeepContract(BackendRuntime runtime) {
    super(runtime);
  }

  @Test
  void expiryFollowsTheClockEvenInALongTransaction() throws Exception {
    admin("UPDATE ai_worker_config SET default_ttl = '3 seconds'");
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    try (Connection connection = cluster.connect(database, "postgres")) {
      connection.setAutoCommit(false);
      generate(connection, "brief", "v1");
      assertTrue(generate(connection, "brief", "v1").get("cache_hit").asBoolean());
      value(connection, "SELECT pg_sleep_until(expires_at) FROM ai_worker_cache");
      assertFalse(generate(connection, "brief", "v1").get("cache_hit").asBoolean());
      assertTrue(generate(connection, "brief", "v1").get("cache_hit").asBoolean());
      connection.commit();
    }
    assertEquals("1", adminValue("SELECT count(*) FROM ai_worker_cache"));
    assertEquals("1", adminValue("SELECT total_hits FROM ai_worker_cache_stats"));
  }

  @Test
  void limitsEvictTheLeastRecentlyUsed() throws SQLException {
    fill(20, "1 day");
    assertEquals("SELECT 20", value("SELECT ai_cached_sql('q20', 'v1') ->> 'sql'"));
    admin("UPDATE ai_worker_config SET max_entries = 5");
    assertEquals("15", value("SELECT ai_worker_cleanup_cache()"));
    assertEquals(
        "q1,q2,q20,q3,q4",
        adminValue(
            "SELECT string_agg(prompt_text, ',' ORDER BY prompt_text) FROM ai_worker_cache"));
    endpoint.replyWithSql("SELECT 6");
    generate("new", "v1");
    assertEquals("5", adminValue("SELECT count(*) FROM ai_worker_cache"));
    assertEquals("0", adminValue("SELECT count(*) FROM ai_worker_cache WHERE prompt_text = 'q4'"));
    admin(
        "UPDATE ai_worker_cache SET prompt_text = repeat('x', 600)",
        "UPDATE ai_worker_config SET max_bytes = 2000");
    assertEquals("2", value("SELECT ai_worker_cleanup_cache()"));
    assertEquals("3", adminValue("SELECT total_entries FROM ai_worker_cache_stats"));
  }

  @Test
  void bigCleanUpIsDoneInBatchesThatCommit() throws SQLException {
    fill(25_000, "-1 day");
    assertEquals("10000", value("SELECT ai_worker_cleanup_cache()"));
    try (Connection connection = cluster.connect(database, "admin");
        Statement statement = connection.createStatement()) {
      statement.execute("CALL ai_worker_cleanup_all()");
    }
    assertEquals("0", adminValue("SELECT count(*) FROM ai_worker_cache"));
    assertEquals("0", adminValue("SELECT total_entries FROM ai_worker_cache_stats"));
  }

  @Test
  void cleanUpSkipsWhatIsLocked() throws SQLException {
    fill(3, "-1 day");
    try (Connection other = cluster.connect(database, "postgres");
        Statement lock = other.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("SELECT * FROM ai_worker_cache WHERE prompt_text = 'q2' FOR UPDATE");
      assertEquals("2", value("SELECT ai_worker_cleanup_cache()"));
      other.rollback();
    }
    assertEquals("1", value("SELECT ai_worker_cleanup_cache()"));
  }

  @Test
  void invalidateDeletesOneVersion() throws SQLException {
    fill(3, "1 day");
    admin("UPDATE ai_worker_cache SET schema_version = 'v2' WHERE prompt_text = 'q1'");
    assertEquals("2", value("SELECT ai_worker_invalidate('v1')"));
    assertEquals("0", value("SELECT ai_worker_invalidate('v1')"));
    assertEquals("1", adminValue("SELECT total_entries FROM ai_worker_cache_stats"));
  }

  @Test
  void warmingGoesOnAfterABadPrompt() throws SQLException {
    endpoint.replyWithSql("SELECT 1").replyWith("What do you mean?").replyWithSql("SELECT 2");
    Connection connection = warm("admin");
    List<String> rows =
        column(
            connection,
            "SELECT to_jsonb(w) FROM ai_worker_warm_cache(ARRAY['one', ' ', 'what', 'two', 'one'], 'v1') AS w");
    assertEquals(
        List.of(true, false, false, true, true),
        rows.stream().map(r -> json(r).get("ok").asBoolean()).toList());
    assertTrue(json(rows.get(1)).get("error").asText().startsWith("IA001: "), rows.get(1));
    assertTrue(json(rows.get(2)).get("error").asText().startsWith("IA020: "), rows.get(2));
    assertTrue(json(rows.get(4)).get("cache_hit").asBoolean());
    assertEquals("SELECT 2 LIMIT 1000", value("SELECT ai_sql('two', 'v1')"));
  }

  /** After the change is undone the old version is served again, as it was. */
  @Test
  void whatIsRenewedWhileTheSchemaChangesIsNotKept() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT id FROM users"));
    generate("one", null);
    generate("two", null);
    AtomicBoolean changed = new AtomicBoolean();
    endpoint.otherwise(
        request -> {
          if (!changed.getAndSet(true)) {
            asSuperuser("ALTER TABLE users ADD COLUMN extra int");
          }
          return FakeEndpoint.completion("SELECT extra FROM users");
        });
    try (Connection admin = cluster.connect(database, "admin")) {
      assertEquals("0", value(admin, "SELECT ai_worker_refresh_popular(0, '2 days')"));
    } finally {
      asSuperuser("ALTER TABLE users DROP COLUMN extra");
    }
    assertTrue(changed.get());
    for (String question : List.of("one", "two")) {
      JsonNode answer = generate(question, null);
      assertTrue(answer.get("cache_hit").asBoolean());
      assertEquals("SELECT id FROM users LIMIT 1000", answer.get("sql").asText());
    }
  }

  /** The model may guess a column that it was not told of, and that is gone again later. */
  @Test
  void whatIsAnsweredWhileTheSchemaChangesIsNotKept() throws SQLException {
    endpoint.otherwise(
        request -> {
          asSuperuser("ALTER TABLE users ADD COLUMN extra int");
          return FakeEndpoint.completion("SELECT extra FROM users");
        });
    try {
      assertEquals("SELECT extra FROM users LIMIT 1000", generate("one", null).get("sql").asText());
    } finally {
      asSuperuser("ALTER TABLE users DROP COLUMN extra");
    }
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT id FROM users"));
    assertFalse(generate("one", null).get("cache_hit").asBoolean());
    assertTrue(generate("one", null).get("cache_hit").asBoolean());
  }

  @Test
  void whatIsRenewedWhileTheModelChangesIsNotKept() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    generate("one", "v1");
    endpoint.otherwise(
        request -> {
          asSuperuser("UPDATE ai_worker_config SET model = 'another'");
          return FakeEndpoint.completion("SELECT 2");
        });
    try (Connection admin = cluster.connect(database, "admin")) {
      assertEquals("0", value(admin, "SELECT ai_worker_refresh_popular(0, '2 days')"));
    }
    admin("UPDATE ai_worker_config SET model = 'test-model'");
    assertEquals("SELECT 1 LIMIT 1000", generate("one", "v1").get("sql").asText());
  }

  private void asSuperuser(String sql) {
    try {
      admin(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ai_worker_warm_cache(ARRAY['new'], 'v1')",
        "ai_worker_refresh_popular(0, '2 days')"
      })
  void noModelIsPaidForWhatWouldNotBeKept(String call) throws SQLException {
    fill(1, "1 day");
    try (Connection admin = cluster.connect(database, "admin");
        Statement statement = admin.createStatement()) {
      statement.execute("SET default_transaction_read_only = on");
      assertNothingWouldBeCached("the transaction is read-only", admin, call);
      statement.execute("SET default_transaction_read_only = off");
      admin("UPDATE ai_worker_config SET cache_enabled = false");
      assertNothingWouldBeCached("cache_enabled is off", admin, call);
    }
    assertEquals(0, endpoint.requests().size());
  }

  private static void assertNothingWouldBeCached(String why, Connection admin, String call) {
    PSQLException refused =
        assertThrows(PSQLException.class, () -> value(admin, "SELECT " + call), why);
    assertEquals("55000", refused.getSQLState());
    assertTrue(refused.getMessage().contains("no answer would be cached: " + why));
  }

  @Test
  void popularEntriesAreRenewedWithTheirHits() throws SQLException {
    fill(3, "10 minutes");
    admin("UPDATE ai_worker_cache SET hit_count = 7 WHERE prompt_text IN ('q1', 'q2')");
    value("SELECT ai_cached_sql('q1', 'v1')");
    endpoint.replyWithSql("SELECT 100").replyWith("I will not.");
    assertEquals("1", value("SELECT ai_worker_refresh_popular(7, '1 hour')"));
    JsonNode renewed = json(value("SELECT ai_cached_sql('q1', 'v1')"));
    assertEquals("SELECT 100 LIMIT 1000", renewed.get("sql").asText());
    assertEquals(9, renewed.get("hit_count").asInt());
    assertEquals(
        "q1",
        adminValue(
            "SELECT prompt_text FROM ai_worker_cache WHERE expires_at > now() + interval '50 minutes'"));
    assertEquals("SELECT 2", value("SELECT ai_sql('q2', 'v1')"));
    assertEquals(2, endpoint.requests().size());
  }

  @Test
  void statisticsOfAnEmptyCacheAreZeros() throws SQLException {
    JsonNode stats = json(value("SELECT ai_worker_cache_stats()"));
    for (String name :
        List.of(
            "total_entries",
            "valid_entries",
            "expired_entries",
            "total_hits",
            "avg_hits_per_entry",
            "total_tokens_saved",
            "max_hits",
            "total_requests",
            "hit_rate",
            "hit_p50_ms",
            "hit_p95_ms",
            "miss_p50_ms",
            "miss_p95_ms")) {
      assertEquals(0.0, stats.get(name).asDouble(-1), name);
    }
    assertTrue(stats.get("oldest_entry").isNull() && stats.get("newest_entry").isNull());
  }

  @Test
  void statisticsKnowWhatExpired() throws SQLException {
    fill(4, "1 day");
    admin(
        "UPDATE ai_worker_cache SET expires_at = now() - interval '1 second' WHERE prompt_text = 'q1'",
        "UPDATE ai_worker_cache SET expires_at = now() - interval '5 hours' WHERE prompt_text = 'q2'");
    assertEquals(
        "[4, 2, 2]",
        adminValue(
            "SELECT jsonb_build_array(total_entries, valid_entries, expired_entries) FROM ai_worker_cache_stats"));
  }

  @Test
  void statisticsKnowTheOldestAndNewestEntry() throws SQLException {
    fill(5, "1 day");
    for (String change :
        List.of(
            "UPDATE ai_worker_cache SET created_at = created_at - substr(prompt_text, 2)::int * interval '3 hours'",
            "DELETE FROM ai_worker_cache WHERE prompt_text = 'q5'",
            "UPDATE ai_worker_cache SET created_at = now() - interval '9 days' WHERE prompt_text = 'q2'",
            "SELECT ai_worker.clean()",
            "DELETE FROM ai_worker_cache WHERE created_at < now() - interval '30 hours'",
            "SELECT ai_worker_reset_stats()",
            "DELETE FROM ai_worker_cache",
            "TRUNCATE ai_worker_cache")) {
      admin(change);
      assertEquals(
          adminValue(
              "SELECT concat_ws(' to ', min(created_at), max(created_at)) FROM ai_worker_cache"),
          adminValue(
              "SELECT concat_ws(' to ', oldest_entry, newest_entry) FROM ai_worker_cache_stats"),
          change);
    }
  }

  @Test
  void queriesOfDbasWorkWhileSessionsCall() throws SQLException {
    fill(50, "1 day");
    try (Connection connection = cluster.connect(database, "admin");
        Statement statement = connection.createStatement()) {
      for (String sql :
          List.of(
              "SELECT prompt_text, hit_count FROM ai_worker_cache ORDER BY hit_count DESC LIMIT 10",
              "SELECT * FROM ai_worker_cache WHERE prompt_text LIKE '%q1%'",
              "SELECT DATE(created_at), count(*), sum(hit_count) FROM ai_worker_cache GROUP BY DATE(created_at)",
              "DELETE FROM ai_worker_cache WHERE schema_version = 'v0'",
              "DELETE FROM ai_worker_cache WHERE cache_key NOT IN"
                  + " (SELECT cache_key FROM ai_worker_cache ORDER BY hit_count DESC LIMIT 40)",
              "DELETE FROM ai_worker_cache WHERE created_at < now() - interval '30 days'",
              "SELECT * FROM ai_worker_cache_stats")) {
        statement.execute(sql);
        value("SELECT ai_cached_sql('q1', 'v1')");
      }
      assertEquals("40", adminValue("SELECT total_entries FROM ai_worker_cache_stats"));
      statement.execute("TRUNCATE ai_worker_cache");
      assertNull(value("SELECT ai_cached_sql('q1', 'v1')"));
      assertEquals("0", adminValue("SELECT total_entries FROM ai_worker_cache_stats"));
    }
  }

  private static final String PENDING =
      "INSERT INTO ai_worker.cache_pending (cache_key, prompt_text, model, schema_version, generated_sql, created_at,"
          + " expires_at) SELECT encode(sha256(('q1|test-model|v1')::bytea), 'hex'), 'q1', 'test-model', 'v1',"
          + " 'SELECT ' || i, now() - i * interval '1 minute', now() + interval '1 day' FROM generate_series(10, 12) AS i";

  private void assertSumsAreRight(String afterWhat) throws SQLException {
    assertEquals(
        adminValue(
            "SELECT concat_ws(' ', count(*), coalesce(sum(hit_count), 0), coalesce(sum(tokens_used * hit_count), 0),"
                + " coalesce(sum(octet_length(prompt_text) + octet_length(generated_sql)), 0)) FROM ai_worker_cache"),
        adminValue(
            "SELECT concat_ws(' ', coalesce(sum(entries), 0), coalesce(sum(hits), 0), coalesce(sum(tokens_saved), 0),"
                + " coalesce(sum(bytes), 0)) FROM ai_worker.cache_totals"),
        afterWhat);
  }

  private void repair() {
    Installation.Outcome outcome =
        Installation.run(cluster, database, Map.of(), "--runtime", runtime.option());
    assertEquals(0, outcome.exitCode(), outcome.output());
  }

  private String cachedPrompts() throws SQLException {
    return adminValue(
        "SELECT string_agg(prompt_text, ',' ORDER BY prompt_text) FROM ai_worker_cache");
  }

  @Test
  void hitsThatAreNotFoldedKeepAnEntry() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    admin("UPDATE ai_worker_config SET max_entries = 3");
    for (String prompt : List.of("a", "b", "c")) {
      generate(prompt, "v1");
    }
    for (int hit = 1; hit <= 5; hit++) {
      assertEquals(hit, generate("a", "v1").get("hit_count").asInt());
    }
    generate("d", "v1");
    assertEquals("a,c,d", cachedPrompts());
    assertEquals(6, generate("a", "v1").get("hit_count").asInt());
    assertEquals("6", adminValue("SELECT total_hits FROM ai_worker_cache_stats"));
    assertEquals(
        "6",
        adminValue(
            "SELECT sum(latency) FROM (SELECT unnest(latency) AS latency FROM ai_worker.traffic WHERE kind = 'hit'"
                + " UNION ALL SELECT unnest(latency) FROM ai_worker.cache_hits) AS counted"));
    assertSumsAreRight("eviction");
  }

  /** Somebody counts a hit and does not commit, so it cannot be folded. */
  @Test
  void hitsThatAreLockedKeepAnEntryAndKeepNobodyWaiting() throws SQLException {
    fill(3, "1 day");
    value("SELECT ai_cached_sql('q3', 'v1')");
    admin("UPDATE ai_worker_config SET max_entries = 3");
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    try (Connection other = asker()) {
      other.setAutoCommit(false);
      generate(other, "q3", "v1");
      generate("new", "v1");
      assertEquals("new,q1,q3", cachedPrompts());
      other.commit();
    }
    assertEquals("2", adminValue("SELECT total_hits FROM ai_worker_cache_stats"));
  }

  @Test
  void evictionKeepsWhatIsHotAmongMany() throws SQLException {
    fill(300, "1 day");
    Connection connection = warm("admin");
    for (int i = 300; i > 250; i--) {
      value(connection, "SELECT ai_cached_sql('q" + i + "', 'v1')");
    }
    admin("UPDATE ai_worker_config SET max_entries = 299");
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    generate("new", "v1");
    assertEquals("299", adminValue("SELECT count(*) FROM ai_worker_cache"));
    assertEquals(
        "0",
        adminValue("SELECT count(*) FROM ai_worker_cache WHERE prompt_text IN ('q249', 'q250')"));
    assertEquals("50", adminValue("SELECT total_hits FROM ai_worker_cache_stats"));
  }

  @Test
  void wrongSumsNeitherEmptyTheCacheNorStay() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    admin(
        "UPDATE ai_worker_config SET max_entries = 3",
        "INSERT INTO ai_worker.cache_totals (created_hour, expires_hour, entries, hits, tokens_saved, bytes) VALUES (now(), now(), 4, 9, 9, 99)");
    generate("a", "v1");
    generate("b", "v1");
    assertEquals("a,b", cachedPrompts());
    value("SELECT ai_worker_cleanup_cache()");
    assertSumsAreRight("clean-up");
    admin(
        "INSERT INTO ai_worker.cache_totals (created_hour, expires_hour, entries, hits, tokens_saved, bytes) VALUES (now(), now(), 4, 9, 9, 99)");
    value("SELECT ai_worker_recount()");
    assertSumsAreRight("ai_worker_recount");
  }

  @ParameterizedTest
  @ValueSource(strings = {"entries", "bytes", "hits", "tokens_saved"})
  void noSumThatIsWrongEvictsOrStays(String sum) throws SQLException {
    fill(30, "1 day");
    admin("UPDATE ai_worker.cache_totals SET " + sum + " = " + sum + " + 1000000000000");
    assertEquals("0", value("SELECT ai_worker_cleanup_cache()"));
    assertEquals("30", adminValue("SELECT count(*) FROM ai_worker_cache"));
    assertSumsAreRight(sum);
  }

  /** Verified entries neither count nor go, so the grand total can be right and the sums wrong. */
  @Test
  void sumsThatAreWrongOnlyWithoutVerifiedEntriesEvictNothingAndDoNotStay() throws SQLException {
    fill(30, "1 day");
    admin(
        "UPDATE ai_worker_cache SET expires_at = 'infinity' WHERE prompt_text <= 'q2'",
        "UPDATE ai_worker_config SET max_entries = 40",
        "INSERT INTO ai_worker.cache_totals SELECT now(), h, n, 0, 0, 0"
            + " FROM (VALUES (timestamptz 'infinity', -100), (now(), 100)) AS v (h, n)");
    assertEquals("0", value("SELECT ai_worker_cleanup_cache()"));
    assertEquals(
        "30 t",
        adminValue(
            "SELECT concat_ws(' ', (SELECT count(*) FROM ai_worker_cache),"
                + " (SELECT bool_and(entries > 0) FROM ai_worker.cache_totals))"));
    assertSumsAreRight("clean-up");
  }

  /** The sums of a big cache are not read at once, but a wrong one is found before many go. */
  @Test
  void sumsOfABigCacheAreMendedBeforeMuchIsEvicted() throws SQLException {
    fill(300, "1 day");
    admin(
        "UPDATE ai_worker_cache SET prompt_text = rpad(prompt_text, 60000, encode(sha256(prompt_text::bytea), 'hex'))",
        "INSERT INTO ai_worker_cache SELECT 'k' || i, 'p', 'm', 'v', repeat('x', 1000), true, 0, now(),"
            + " now() + interval '1 day', now(), 0 FROM generate_series(1, 20000) AS i",
        "UPDATE ai_worker.cache_totals SET entries = entries + 1000000000");
    assertEquals("0", value("SELECT ai_worker_cleanup_cache()"));
    assertSumsAreRight("clean-up");
    assertEquals("20300", adminValue("SELECT count(*) FROM ai_worker_cache"));
  }

  @Test
  void nothingIsEvictedByWrongSumsWhileSomebodyStores() throws SQLException {
    fill(30, "1 day");
    admin("UPDATE ai_worker.cache_totals SET bytes = bytes + 1000000000000");
    try (Connection other = cluster.connect(database, "admin");
        Statement storing = other.createStatement()) {
      storing.execute("BEGIN; LOCK TABLE ai_worker_cache IN ROW EXCLUSIVE MODE");
      assertEquals("0", value("SELECT ai_worker_cleanup_cache()"));
      storing.execute("ROLLBACK");
    }
    assertEquals("30", adminValue("SELECT count(*) FROM ai_worker_cache"));
    value("SELECT ai_worker_cleanup_cache()");
    assertSumsAreRight("clean-up");
  }

  @Test
  void sumsAreRightAfterTablesWereDroppedAndRepaired() throws SQLException {
    fill(4, "1 day");
    admin(
        "UPDATE ai_worker_cache SET hit_count = 3, tokens_used = 5",
        "DROP TABLE ai_worker.cache_totals CASCADE");
    repair();
    assertSumsAreRight("the sums were dropped");
    admin(
        "DROP TABLE ai_worker_cache CASCADE",
        "ALTER DATABASE " + database + " SET default_transaction_isolation = 'serializable'");
    try {
      repair();
    } finally {
      admin("ALTER DATABASE " + database + " RESET default_transaction_isolation");
    }
    assertSumsAreRight("the cache was dropped");
  }

  @ParameterizedTest
  @ValueSource(ints = {Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE})
  void sumsAreRightAfterTruncateWithAnOldSnapshot(int isolation) throws SQLException {
    fill(2, "1 day");
    try (Connection connection = cluster.connect(database, "admin");
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(isolation);
      statement.execute("SELECT 1 FROM ai_worker_config");
      admin("UPDATE ai_worker_cache SET cache_key = 'o' || left(cache_key, 63), hit_count = 2");
      fill(4, "1 day");
      statement.execute("TRUNCATE ai_worker_cache");
      connection.commit();
    }
    assertSumsAreRight("TRUNCATE");
  }

  @Test
  void recountUnderAnOldSnapshotIsRefused() throws SQLException {
    try (Connection connection = cluster.connect(database, "admin")) {
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      PSQLException e =
          assertThrows(PSQLException.class, () -> value(connection, "SELECT ai_worker_recount()"));
      assertEquals("25000", e.getSQLState());
      assertTrue(e.getServerErrorMessage().getHint().contains("READ COMMITTED"), e.getMessage());
    }
  }

  @Test
  void pendingEntryReplacesAnExpiredOneAndTheNewestCounts() throws SQLException {
    fill(1, "-1 day");
    admin(PENDING);
    assertEquals("0", value("SELECT ai_worker_cleanup_cache()"));
    assertEquals("SELECT 10", value("SELECT ai_cached_sql('q1', 'v1') ->> 'sql'"));
    admin(PENDING.replace("'SELECT ' || i", "'SELECT 20'"));
    assertEquals("0", value("SELECT ai_worker_cleanup_cache()"));
    assertEquals("SELECT 10", value("SELECT ai_cached_sql('q1', 'v1') ->> 'sql'"));
    assertEquals("0", adminValue("SELECT count(*) FROM ai_worker.cache_pending"));
  }

  @Test
  void cleanUpDoesNotWaitForTheOpenInsertOfAPendingEntry() throws SQLException {
    admin(PENDING);
    try (Connection other = cluster.connect(database, "postgres");
        Statement insert = other.createStatement();
        Connection cleaner = cluster.connect(database, "admin");
        Statement statement = cleaner.createStatement()) {
      other.setAutoCommit(false);
      insert.execute(
          "INSERT INTO ai_worker_cache (cache_key, prompt_text, model, schema_version, generated_sql, expires_at)"
              + " VALUES (encode(sha256('q1|test-model|v1'), 'hex'), 'q1', 'test-model', 'v1', 'SELECT 0',"
              + " now() + interval '1 hour')");
      statement.execute("SET statement_timeout = '5s'");
      assertEquals("0", value(cleaner, "SELECT ai_worker_cleanup_cache()"));
      assertEquals("3", adminValue("SELECT count(*) FROM ai_worker.cache_pending"));
      endpoint.replyWithSql("SELECT 7");
      generate("another", "v1");
      assertEquals("another", cachedPrompts());
      other.rollback();
    }
    value("SELECT ai_worker_cleanup_cache()");
    assertEquals("another,q1", cachedPrompts());
  }

  @Test
  void cleanUpUnderSerializableIsRefused() throws SQLException {
    fill(1, "-1 day");
    try (Connection connection = cluster.connect(database, "admin");
        Statement statement = connection.createStatement()) {
      statement.execute("SET default_transaction_isolation = serializable");
      PSQLException e =
          assertThrows(
              PSQLException.class, () -> value(connection, "SELECT ai_worker_cleanup_cache()"));
      assertEquals("25000", e.getSQLState(), e.getMessage());
      assertTrue(e.getServerErrorMessage().getHint().contains("READ COMMITTED"), e.getMessage());
      statement.execute("CALL ai_worker_cleanup_all()");
      assertEquals("serializable", value(connection, "SHOW transaction_isolation"));
    }
    assertEquals("0", adminValue("SELECT count(*) FROM ai_worker_cache"));
  }

  @Test
  void resetGivesUpRatherThanKeepStoresOut() throws SQLException {
    fill(1, "1 day");
    value("SELECT ai_cached_sql('q1', 'v1')");
    try (Connection other = asker();
        Connection connection = cluster.connect(database, "admin");
        Statement statement = connection.createStatement()) {
      other.setAutoCommit(false);
      generate(other, "q1", "v1");
      statement.execute("SET statement_timeout = '10s'");
      PSQLException e =
          assertThrows(
              PSQLException.class, () -> value(connection, "SELECT ai_worker_reset_stats()"));
      assertEquals("55P03", e.getSQLState(), e.getMessage());
      assertTrue(e.getServerErrorMessage().getHint().contains("pg_stat_activity"), e.getMessage());
      other.commit();
    }
    assertEquals("2", adminValue("SELECT total_hits FROM ai_worker_cache_stats"));
    value("SELECT ai_worker_reset_stats()");
    assertEquals("0", adminValue("SELECT total_hits FROM ai_worker_cache_stats"));
  }

  private String value(String sql) throws SQLException {
    return value(warm("admin"), sql);
  }
}
