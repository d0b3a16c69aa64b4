package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.Full;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Quotas hold whatever callers do, and what was used is there to be read. */
abstract class QuotaContract extends RuntimeContract {
  private static final String COUNTERS =
      "SELECT count(*) FROM pg_class WHERE relnamespace = 'ai_worker'::regnamespace AND relname LIKE 'quota%'";

  private static final String SOON = "SET statement_timeout = '" + Full.atMost(5) + "s'";

  private final ExecutorService clients = Executors.newCachedThreadPool();

  QuotaContract(BackendRuntime runtime) {
    super(runtime);
  }

  @BeforeEach
  void withoutQuotas() throws SQLException {
    admin(
        "DELETE FROM ai_worker_quotas",
        "DELETE FROM ai_worker.usage_parts",
        "SELECT ai_worker.drop_counters()");
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
  }

  private void asAdmin(String sql) throws SQLException {
    try (Connection connection = cluster.connect(database, "admin");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private void quota(String role, String per, String maxCalls, String maxTokens)
      throws SQLException {
    asAdmin(
        "INSERT INTO ai_worker_quotas (role, per, max_calls, max_tokens) VALUES (%s, '%s', %s, %s)"
            .formatted(role, per, maxCalls, maxTokens));
  }

  private String used() throws SQLException {
    return adminValue(
        "SELECT string_agg(calls || ' calls ' || tokens || ' tokens', ', ') FROM ai_worker_quota_usage()");
  }

  private String usage(String role) throws SQLException {
    return adminValue(
        "SELECT calls || ' calls ' || failed_calls || ' failed ' || prompt_tokens || '+' || completion_tokens || '='"
            + " || tokens FROM ai_worker_usage WHERE day = (now() AT TIME ZONE 'UTC')::date AND role = '"
            + role
            + "'");
  }

  @Test
  void sessionsShareOneLimit() throws Exception {
    quota("NULL", "365 days", "5", "NULL");
    List<Future<Boolean>> calls = new ArrayList<>();
    for (int i = 0; i < Full.or(16, 7); i++) {
      String question = "question " + i;
      calls.add(clients.submit(() -> answersOrRefuses(question, "53400")));
    }
    long answered = 0;
    for (Future<Boolean> call : calls) {
      answered += call.get(120, TimeUnit.SECONDS) ? 1 : 0;
    }
    assertEquals(5, answered);
    assertEquals(5, endpoint.requests().size());
    assertEquals("5 calls 600 tokens", used());
  }

  @Test
  void refusalNamesTheLimitAndWhenItEnds() throws SQLException {
    quota("'asker'", "1 day", "1", "NULL");
    generate("first", "v1");
    ServerErrorMessage error = refusal("second", "v1", "53400");
    assertEquals("the quota of 1 calls per 1 day is used up", error.getMessage());
    assertTrue(
        error
            .getDetail()
            .matches(
                "Quota \\d+ of role \"asker\": 1 calls were used since .* 00:00:00.*; the next window begins at .*"),
        error.getDetail());
    assertTrue(error.getHint().contains("max_calls in ai_worker_quotas"), error.getHint());
  }

  @Test
  void whatIsRolledBackCounts() throws SQLException {
    quota("'asker'", "365 days", "3", "NULL");
    try (Connection connection = asker()) {
      connection.setAutoCommit(false);
      generate(connection, "one", "v1");
      connection.rollback();
      Savepoint savepoint = connection.setSavepoint();
      generate(connection, "two", "v1");
      connection.rollback(savepoint);
      generate(connection, "three", "v1");
      connection.rollback();
      refusal(connection, "four", "v1", "53400");
      connection.rollback();
      refusal(connection, "one", "v1", "53400");
      connection.rollback();
    }
    assertEquals(3, endpoint.requests().size());
  }

  @Test
  void anOpenTransactionKeepsNobodyWaiting() throws SQLException {
    quota("NULL", "365 days", "100", "NULL");
    try (Connection connection = asker()) {
      connection.setAutoCommit(false);
      generate(connection, "one", "v1");
      try (Connection other = asker();
          Statement statement = other.createStatement()) {
        statement.execute(SOON);
        generate(other, "two", "v1");
      }
      asAdmin(SOON + "; UPDATE ai_worker_quotas SET max_calls = 1");
      refusal("three", "v1", "53400");
      asAdmin(SOON + "; DELETE FROM ai_worker_quotas");
      adminValue("SELECT ai_worker_cleanup_cache()");
      generate("three", "v1");
      connection.commit();
    }
    adminValue("SELECT ai_worker_cleanup_cache()");
    assertEquals("0", adminValue(COUNTERS));
  }

  @ParameterizedTest
  @ValueSource(ints = {Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE})
  void anOldSnapshotHidesNoCall(int isolation) throws SQLException {
    quota("'asker'", "365 days", "2", "NULL");
    try (Connection connection = asker()) {
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(isolation);
      generate(connection, "one", "v1");
      generate("two", "v1");
      refusal(connection, "three", "v1", "53400");
      connection.rollback();
    }
    assertEquals(2, endpoint.requests().size());
  }

  @Test
  void theRoleThatLoggedInCounts() throws SQLException {
    quota("'asker'", "365 days", "1", "NULL");
    try (Connection connection = asker();
        Statement statement = connection.createStatement()) {
      generate(connection, "one", "v1");
      statement.execute("SET ROLE ai_worker_user");
      refusal(connection, "two", "v1", "53400");
    }
    try (Connection connection = cluster.connect(database, "admin");
        Statement statement = connection.createStatement()) {
      generate(connection, "two", "v1");
      generate(connection, "three", "v1");
      statement.execute("SET ROLE ai_worker_user");
      generate(connection, "four", "v1");
    }
    quota("'admin'", "365 days", "1", "NULL");
    quota("NULL", "365 days", "1", "NULL");
    try (Connection connection = cluster.connect(database, "postgres")) {
      generate(connection, "five", "v1");
    }
    try (Connection connection = cluster.connect(database, "admin")) {
      assertTrue(
          refusal(connection, "six", "v1", "53400").getDetail().contains("all roles together"));
    }
    assertEquals("1 calls 120 tokens, 0 calls 0 tokens, 1 calls 120 tokens", used());
  }

  @Test
  void hitsAreNeitherCountedNorRefused() throws SQLException {
    quota("NULL", "365 days", "1", "NULL");
    generate("known", "v1");
    refusal("unknown", "v1", "53400");
    for (int i = 0; i < 3; i++) {
      assertTrue(generate("known", "v1").get("cache_hit").asBoolean());
    }
    assertEquals("1 calls 120 tokens", used());
  }

  @Test
  void sessionsThatWaitForAnothersAnswerAreNotCounted() throws Exception {
    quota("NULL", "365 days", "1", "NULL");
    endpoint.delay(Duration.ofSeconds(2));
    List<Future<Boolean>> calls = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      calls.add(clients.submit(() -> answersOrRefuses("all at once", "53400")));
    }
    for (Future<Boolean> call : calls) {
      assertTrue(call.get(60, TimeUnit.SECONDS));
    }
    assertEquals("1 calls 120 tokens", used());
  }

  @Test
  void readOnlyTransactionsAreRefusedUnderAQuotaAndOnlyThere() throws SQLException {
    quota("'asker'", "365 days", "10", "NULL");
    generate("known", "v1");
    for (String role : List.of("asker", "admin")) {
      try (Connection connection = cluster.connect(database, role);
          Statement statement = connection.createStatement()) {
        statement.execute("SET default_transaction_read_only = on");
        assertTrue(generate(connection, "known", "v1").get("cache_hit").asBoolean());
        if (role.equals("asker")) {
          assertTrue(refusal(connection, "new", "v1", "53400").getHint().contains("read-write"));
        } else {
          assertFalse(generate(connection, "new", "v1").get("cache_hit").asBoolean());
        }
      }
    }
    assertEquals("1 calls 120 tokens", used());
  }

  @Test
  void theNextWindowBeginsAnew() throws Exception {
    quota("'asker'", "3 seconds", "2", "NULL");
    try (Connection connection = asker()) {
      generate(connection, "warm", "v1");
      for (int window = 0; window < 2; window++) {
        Thread.sleep(
            Long.parseLong(
                adminValue(
                    "SELECT (extract(epoch FROM window_end - clock_timestamp()) * 1000)::bigint + 20"
                        + " FROM ai_worker_quota_usage()")));
        assertEquals("0 calls 0 tokens", used());
        generate(connection, "one " + window, "v1");
        generate(connection, "two " + window, "v1");
        refusal(connection, "three " + window, "v1", "53400");
        assertEquals("2 calls 240 tokens", used());
      }
    }
  }

  /** All are past the look at the breaker when one of them takes the probe. */
  @Test
  void whoLosesTheRaceForTheProbeIsNotCounted() throws Exception {
    endpoint.otherwise(request -> new FakeEndpoint.Reply(503, Map.of(), "{}"));
    for (int i = 0; i < 3; i++) {
      refusal("down " + i, "v1", "IA016");
    }
    quota("'asker'", "365 days", "100", "NULL");
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    endpoint.delay(Duration.ofSeconds(3));
    List<Future<Boolean>> calls = new ArrayList<>();
    try (Connection other = cluster.connect(database, "postgres");
        Statement lock = other.createStatement()) {
      adminValue(
          "SELECT setval('ai_worker.endpoint_state', s.last_value >> 40 << 40)"
              + " FROM ai_worker.endpoint_state AS s");
      other.setAutoCommit(false);
      lock.execute("LOCK TABLE ai_worker_quotas IN SHARE UPDATE EXCLUSIVE MODE");
      for (int i = 0; i < 4; i++) {
        String question = "race " + i;
        calls.add(clients.submit(() -> answersOrRefuses(question, "IA011")));
      }
      long start = System.nanoTime();
      while (!adminValue(
              "SELECT count(*) FROM pg_locks WHERE relation = 'ai_worker_quotas'::regclass AND NOT granted")
          .equals("4")) {
        assertTrue(System.nanoTime() - start < Full.atMost(4_000_000_000L));
        Thread.sleep(20);
      }
      other.rollback();
    }
    long answered = 0;
    for (Future<Boolean> call : calls) {
      answered += call.get(60, TimeUnit.SECONDS) ? 1 : 0;
    }
    assertTrue(answered < 4);
    assertEquals(3 + answered, endpoint.requests().size());
    assertEquals(answered + " calls " + 120 * answered + " tokens", used());
  }

  @Test
  void tokensOfFailuresAndRepairsCount() throws SQLException {
    quota("'asker'", "365 days", "NULL", "500");
    endpoint.replyWithProblem("no such data");
    refusal("unanswerable", "v1", "IA020");
    assertEquals("1 calls 120 tokens", used());
    endpoint.replyWithSql("DELETE FROM users").replyWithSql("SELECT 1");
    generate("repaired", "v1");
    assertEquals("3 calls 360 tokens", used());
    endpoint.replyWithSql("DELETE FROM users").replyWithSql("DELETE FROM users");
    refusal("refused", "v1", "IA021");
    assertEquals("5 calls 600 tokens", used());
    ServerErrorMessage error = refusal("one more", "v1", "53400");
    assertEquals("the quota of 500 tokens per 365 days is used up", error.getMessage());
    assertTrue(error.getDetail().contains("600 tokens were used"), error.getDetail());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "NULL, '0 seconds', 1, NULL  | 23514 | 1 second to 366 days",
        "NULL, '2 years', 1, NULL    | 23514 | 1 second to 366 days",
        "NULL, '1 day', -1, NULL     | 23514 | 0 or more calls",
        "NULL, '1 day', NULL, -1     | 23514 | 0 or more tokens",
        "NULL, '1 day', NULL, NULL   | 23514 | max_calls, max_tokens or both",
        "'unheard', '1 day', 1, NULL | 42704 | pg_roles"
      })
  void badQuotaIsRefusedWithAHint(String values, String sqlState, String hint) {
    PSQLException e =
        assertThrows(
            PSQLException.class,
            () ->
                asAdmin(
                    "INSERT INTO ai_worker_quotas (role, per, max_calls, max_tokens) VALUES ("
                        + values
                        + ")"));
    assertEquals(sqlState, e.getSQLState(), e.getMessage());
    assertTrue(e.getServerErrorMessage().getHint().contains(hint));
  }

  @Test
  void onlyAdminsEditQuotasAndNobodyTheCounters() throws SQLException {
    quota("'asker'", "1 day", "1", "NULL");
    String counter =
        adminValue(
            "SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'ai_worker'::regnamespace"
                + " AND c.relname LIKE 'quota%calls'");
    for (String statement :
        List.of(
            "SELECT setval(" + counter + "::regclass, 0)",
            "SELECT nextval(" + counter + "::regclass)",
            "SELECT setval('ai_worker.endpoint_state', 0)",
            "SELECT * FROM ai_worker.endpoint_state",
            "SELECT ai_worker.charge(-1, 0)",
            "SELECT ai_worker.swap_endpoint(0, 1, 1)",
            "CREATE SEQUENCE ai_worker.mine",
            "TRUNCATE ai_worker_quotas",
            "INSERT INTO ai_worker.usage_parts DEFAULT VALUES")) {
      assertRefused("admin", statement);
      assertRefused("asker", statement);
    }
    for (String statement :
        List.of(
            "DELETE FROM ai_worker_quotas",
            "UPDATE ai_worker_quotas SET max_calls = 1000",
            "INSERT INTO ai_worker_quotas (per, max_calls) VALUES ('1 day', 1)",
            "LOCK TABLE ai_worker_quotas IN SHARE UPDATE EXCLUSIVE MODE",
            "SELECT * FROM ai_worker_quotas",
            "SELECT * FROM ai_worker_quota_usage()",
            "SELECT * FROM ai_worker_usage")) {
      assertRefused("asker", statement);
    }
    asAdmin("UPDATE ai_worker_quotas SET max_calls = 2, per = '1 hour'");
    asAdmin("SELECT * FROM ai_worker_quota_usage()");
    asAdmin("SELECT * FROM ai_worker_usage");
    asAdmin("DELETE FROM ai_worker_quotas");
  }

  private void assertRefused(String role, String statement) throws SQLException {
    try (Connection connection = cluster.connect(database, role);
        Statement attempt = connection.createStatement()) {
      connection.setAutoCommit(false);
      SQLException e =
          assertThrows(SQLException.class, () -> attempt.execute(statement), statement);
      assertEquals("42501", e.getSQLState(), statement + ": " + e.getMessage());
    }
  }

  @Test
  void healthNamesQuotasOfRolesThatAreGone() throws SQLException {
    admin(
        "DROP ROLE IF EXISTS renamed", "DROP ROLE IF EXISTS shortlived", "CREATE ROLE shortlived");
    quota("'shortlived'", "1 day", "5", "NULL");
    String problem = "ai_worker_quotas [0-9]+: role shortlived does not exist";
    assertFalse(adminValue("SELECT ai_worker.state()").matches(".*" + problem + ".*"));
    admin("ALTER ROLE shortlived RENAME TO renamed");
    assertTrue(adminValue("SELECT ai_worker.state()").matches(".*" + problem + ".*"));
    admin("DROP ROLE renamed");
  }

  @Test
  void countersComeAndGoWithTheQuota() throws SQLException {
    assertEquals("0", adminValue(COUNTERS));
    quota("NULL", "1 day", "1", "NULL");
    assertEquals("3", adminValue(COUNTERS));
    asAdmin("BEGIN; INSERT INTO ai_worker_quotas (per, max_calls) VALUES ('1 day', 1); ROLLBACK");
    assertEquals("3", adminValue(COUNTERS));
    asAdmin("DELETE FROM ai_worker_quotas");
    adminValue("SELECT ai_worker_cleanup_cache()");
    assertEquals("0", adminValue(COUNTERS));
  }

  @Test
  void installingAgainKeepsCountersAndRepairsMissingOnes() throws SQLException {
    quota("NULL", "365 days", "1", "NULL");
    generate("one", "v1");
    repair();
    assertEquals("1 calls 120 tokens", used());
    refusal("two", "v1", "53400");
    String counter =
        adminValue(
            "SELECT 'ai_worker.' || relname FROM pg_class"
                + " WHERE relnamespace = 'ai_worker'::regnamespace AND relname LIKE 'quota%tokens'");
    admin("DROP SEQUENCE " + counter);
    ServerErrorMessage error = refusal("two", "v1", "IA004");
    assertEquals("the counter " + counter + " is missing", error.getMessage());
    repair();
    refusal("two", "v1", "53400");
  }

  @Test
  void dumpAndRestoreKeepTheCounters() throws SQLException {
    quota("NULL", "365 days", "2", "NULL");
    generate("one", "v1");
    String copy = Dump.restore(cluster, database);
    try (Connection connection = cluster.connect(copy, "asker")) {
      generate(connection, "two", "v1");
      refusal(connection, "three", "v1", "53400");
    }
    assertEquals("1 calls 120 tokens", used());
  }

  private void repair() {
    Installation.Outcome outcome =
        Installation.run(cluster, database, Map.of(), "--runtime", runtime.option());
    assertEquals(0, outcome.exitCode(), outcome.output());
  }

  @Test
  void usageIsThereByRoleAndDay() throws SQLException {
    try (Connection connection = asker()) {
      generate(connection, "one", "v1");
      assertEquals("1 calls 0 failed 100+20=120", usage("asker"));
      endpoint.replyWithProblem("no such data");
      refusal(connection, "two", "v1", "IA020");
      endpoint.replyError(400, "no");
      refusal(connection, "three", "v1", "IA015");
      assertEquals("1 calls 0 failed 100+20=120", usage("asker"));
      generate(connection, "four", "v1");
      assertEquals("4 calls 2 failed 300+60=360", usage("asker"));
      endpoint.replyWithSql("DELETE FROM users").replyWithSql("DELETE FROM users");
      refusal(connection, "five", "v1", "IA021");
      endpoint.replyWithSql("DELETE FROM users").replyWithSql("SELECT 1");
      generate(connection, "six", "v1");
      assertEquals("8 calls 2 failed 700+140=840", usage("asker"));
      assertTrue(generate(connection, "six", "v1").get("cache_hit").asBoolean());
      assertEquals("8 calls 2 failed 700+140=840", usage("asker"));
    }
  }

  @Test
  void recordingUsageWaitsForNobodyAndLosesNothing() throws Exception {
    generate("first", "v1");
    try (Connection other = cluster.connect(database, "postgres");
        Statement lock = other.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("SELECT * FROM ai_worker.usage_parts FOR UPDATE");
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        String prefix = "session " + i + " question ";
        calls.add(
            clients.submit(
                () -> {
                  try (Connection connection = asker();
                      Statement statement = connection.createStatement()) {
                    statement.execute("SET statement_timeout = '20s'");
                    for (int j = 0; j < 5; j++) {
                      generate(connection, prefix + j, "v1");
                    }
                  }
                  return null;
                }));
      }
      for (Future<?> call : calls) {
        call.get(120, TimeUnit.SECONDS);
      }
      adminValue("SELECT ai_worker_cleanup_cache()");
      other.rollback();
    }
    assertEquals("31 calls 0 failed 3100+620=3720", usage("asker"));
    adminValue("SELECT ai_worker_cleanup_cache()");
    assertEquals("31 calls 0 failed 3100+620=3720", usage("asker"));
    assertEquals("1", adminValue("SELECT count(*) FROM ai_worker.usage_parts"));
  }

  @Test
  void readOnlyUsageIsRecordedByTheNextAnswerThatCan() throws SQLException {
    try (Connection connection = asker();
        Statement statement = connection.createStatement()) {
      statement.execute("SET default_transaction_read_only = on");
      generate(connection, "one", "v1");
      statement.execute("SET default_transaction_read_only = off");
      generate(connection, "two", "v1");
    }
    assertEquals("2 calls 0 failed 200+40=240", usage("asker"));
  }
}
