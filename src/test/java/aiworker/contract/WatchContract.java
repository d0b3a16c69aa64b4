package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.TestCluster;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What people see of sessions that wait, of requests before they are sent, and of refusals. */
abstract class WatchContract extends RuntimeContract {
  private static final Duration HANGING = Duration.ofSeconds(60);
  private static final String KEY = "sk-secret-0123456789abcdef";

  WatchContract(BackendRuntime runtime) {
    super(runtime);
  }

  private final Deque<Connection> idle = new ArrayDeque<>();

  @AfterAll
  void closeIdle() throws SQLException {
    for (Connection connection : idle) {
      connection.close();
    }
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

  /** A statement under way in a transaction of a session that no other call is in. */
  private final class Call implements AutoCloseable {
    final Connection connection;
    final String pid;
    private final CompletableFuture<String> outcome;

    Call(String begin, String sql) throws SQLException {
      connection = idle.isEmpty() ? asker() : idle.remove();
      pid = Integer.toString(connection.unwrap(PGConnection.class).getBackendPID());
      try (Statement statement = connection.createStatement()) {
        statement.execute("SET application_name = 'mine'");
        statement.execute(begin);
      }
      outcome =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return value(connection, sql);
                } catch (PSQLException e) {
                  return e.getSQLState();
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              });
    }

    String waitsFor() throws SQLException {
      return value(
          warm("admin"),
          "SELECT concat_ws(' ', waits_for, attempt) FROM ai_worker_activity WHERE pid = ?::integer",
          pid);
    }

    void awaitWait(String expected) throws Exception {
      await(() -> expected.equals(waitsFor()));
    }

    String outcome() throws Exception {
      return outcome.get(30, TimeUnit.SECONDS);
    }

    void cancel() throws SQLException {
      adminValue("SELECT pg_cancel_backend(" + pid + ")");
    }

    /** Java's start takes long, so a session that still can serves another call. */
    @Override
    public void close() throws SQLException {
      if (outcome.isDone() && connection.isValid(10)) {
        try (Statement statement = connection.createStatement()) {
          statement.execute("ROLLBACK");
        }
        idle.add(connection);
      } else {
        connection.close();
      }
    }
  }

  private String generating(String question) {
    return "SELECT ai_generate_sql('" + question + "', 'v1')";
  }

  private String locks(String pid) throws SQLException {
    return adminValue(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND pid = "
            + pid);
  }

  @Test
  void sessionsThatWaitAreSeenUntilTheyAreCancelled() throws Exception {
    endpoint.delay(HANGING);
    try (Call first = new Call("BEGIN", generating("slow"))) {
      first.awaitWait("model 1");
      try (Call second = new Call("BEGIN", generating("slow"))) {
        second.awaitWait("session");
        JsonNode rows =
            json(
                value(
                    warm("admin"),
                    "SELECT json_agg(a ORDER BY waits_for) FROM ai_worker_activity AS a"));
        assertEquals(2, rows.size(), rows::toString);
        JsonNode row = rows.get(0);
        assertEquals("asker", row.get("role").asText());
        assertEquals("mine", row.get("application_name").asText());
        assertEquals("<insufficient privilege>", row.get("query").asText());
        assertTrue(row.get("prompt_text").isNull(), row::toString);
        assertEquals(
            adminValue("SELECT left(encode(sha256('slow|test-model|v1'), 'hex'), 7)"),
            row.get("question").asText());
        assertEquals(row.get("question"), rows.get(1).get("question"));
        assertEquals(
            "t",
            adminValue(
                "SELECT bool_and(since BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp())"
                    + " FROM ai_worker_activity"));
        assertEquals(
            generating("slow"),
            adminValue("SELECT query FROM ai_worker_activity WHERE pid = " + first.pid));
        second.cancel();
        assertEquals("57014", second.outcome());
        assertNull(second.waitsFor());
        assertEquals("0", locks(second.pid));
      }
      first.cancel();
      assertEquals("57014", first.outcome());
      assertNull(first.waitsFor());
      assertEquals("0", locks(first.pid));
    }
  }

  @Test
  void sessionThatEndsIsSeenNoMore() throws Exception {
    endpoint.delay(HANGING);
    try (Call call = new Call("BEGIN", generating("slow"))) {
      call.awaitWait("model 1");
      adminValue("SELECT pg_terminate_backend(" + call.pid + ")");
      assertEquals("57P01", call.outcome());
      await(() -> call.waitsFor() == null);
    }
  }

  @Test
  void waitThatIsOverIsSeenNoMoreWhileItsStatementGoesOn() throws Exception {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    endpoint.delay(Duration.ofMillis(500));
    try (Call call = new Call("BEGIN", generating("answered") + ", pg_sleep(60)")) {
      call.awaitWait("model 1");
      await(() -> call.waitsFor() == null);
      assertEquals("0", locks(call.pid));
      call.cancel();
      assertEquals("57014", call.outcome());
    }
    // both failures are caught, one of them a cancel
    admin("UPDATE ai_worker_config SET request_timeout_ms = 2000");
    endpoint.delay(HANGING);
    try (Call call = new Call("BEGIN", catching("late"))) {
      call.awaitWait("model 1");
      await(() -> call.waitsFor() == null);
      assertEquals("0", locks(call.pid));
      call.cancel();
      assertEquals("57014", call.outcome());
    }
    admin("UPDATE ai_worker_config SET request_timeout_ms = 30000");
    try (Call call = new Call("BEGIN", catching("cancelled"))) {
      call.awaitWait("model 1");
      call.cancel();
      await(() -> call.waitsFor() == null);
      assertEquals("0", locks(call.pid));
      call.cancel();
      assertEquals("57014", call.outcome());
    }
  }

  /** Sleeps once the question has failed. */
  private String catching(String question) throws SQLException {
    admin(
        "CREATE OR REPLACE FUNCTION public.catching(question text) RETURNS void LANGUAGE plpgsql AS"
            + " 'BEGIN PERFORM public.ai_generate_sql(question, ''v1'');"
            + " EXCEPTION WHEN OTHERS OR query_canceled THEN PERFORM pg_sleep(60); END'");
    return "SELECT public.catching('" + question + "')";
  }

  @Test
  void pauseBeforeAnotherAttemptIsSeenAndSoIsThatAttempt() throws Exception {
    admin("UPDATE ai_worker_config SET max_retries = 1");
    endpoint.replyStatus(503, Map.of("Retry-After", "2"), "{}");
    try (Call call = new Call("BEGIN", generating("tried"))) {
      call.awaitWait("retry 2");
      endpoint.delay(HANGING);
      call.awaitWait("model 2");
      call.cancel();
      assertEquals("57014", call.outcome());
    }
  }

  @Test
  void questionThatTheCacheHoldsIsNamedAsFarAsItIsKept() throws Exception {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    generate("expired", "v1");
    admin(
        "UPDATE ai_worker_cache SET created_at = now() - interval '2 hours', expires_at = now() - interval '1 hour'",
        "UPDATE ai_worker_config SET store_prompts = 'hash'");
    endpoint.delay(HANGING);
    try (Call call = new Call("BEGIN READ ONLY", generating("expired"))) {
      call.awaitWait("model 1");
      assertEquals("expired", adminValue("SELECT prompt_text FROM ai_worker_activity"));
      assertNull(adminValue("SELECT query FROM ai_worker_activity"));
      call.cancel();
      assertEquals("57014", call.outcome());
    }
  }

  @Test
  void promptShownIsTheRequestThatIsSentWithoutItsSecrets() throws Exception {
    Path folder =
        Files.createTempDirectory(
            "ai-worker",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    Path file = Files.writeString(folder.resolve("key"), KEY + "\n");
    TestCluster.own(file);
    try {
      admin(
          "UPDATE ai_worker_config SET base_url = base_url || '?token=' || 'very-secret', api_version = 'v9',"
              + " headers = '{\"X-Team\": \"team-secret\"}', seed = 7, few_shot_from = 'cache', api_key_file = '"
              + file
              + "'");
      endpoint.otherwise(request -> FakeEndpoint.completion("SELECT name FROM users"));
      generate("Names of users", "v1");
      int before = endpoint.requests().size();
      String text =
          value(warm("admin"), "SELECT ai_worker_show_prompt('Names of all users', 'v1')");
      assertEquals(before, endpoint.requests().size());
      assertEquals("1", adminValue("SELECT count(*) FROM ai_worker_cache"));
      assertEquals("1", adminValue("SELECT total_requests FROM ai_worker_cache_stats"));
      for (String secret : List.of(KEY, "very-secret", "team-secret")) {
        assertFalse(text.contains(secret), text);
      }
      JsonNode shown = json(text);
      assertFalse(shown.has("problems"), text);
      assertEquals(
          endpoint.url() + "/chat/completions?token=***&api-version=v9", shown.get("url").asText());
      generate(warm("admin"), "Names of all users", "v1");
      FakeEndpoint.Request sent = endpoint.requests().get(before);
      assertEquals(sent.json(), shown.get("body"));
      assertTrue(sent.body().contains("Names of users"), sent.body());
      assertEquals("Bearer ***", shown.get("headers").get("authorization").asText());
      assertEquals("***", shown.get("headers").get("X-Team").asText());
      shown
          .get("headers")
          .fieldNames()
          .forEachRemaining(name -> assertTrue(sent.headers().containsKey(name), name));
    } finally {
      Files.delete(file);
      Files.delete(folder);
    }
  }

  @Test
  void promptIsShownWithoutAKeyAndSaysSo() throws SQLException {
    admin("UPDATE ai_worker_config SET base_url = 'https://api.example.com/v1'");
    JsonNode shown =
        json(value(warm("admin"), "SELECT ai_worker_show_prompt('Names of users', NULL)"));
    assertEquals("https://api.example.com/v1/chat/completions", shown.get("url").asText());
    assertTrue(
        shown.get("problems").get(0).asText().startsWith("no API key for https://api.example.com"),
        shown::toString);
    admin("UPDATE ai_worker_config SET base_url = '" + endpoint.url() + "'");
    JsonNode local = json(value(warm("admin"), "SELECT ai_worker_show_prompt('Names of users')"));
    assertFalse(local.has("problems"), local::toString);
    assertFalse(local.get("headers").has("Authorization"), local::toString);
    PSQLException blank =
        assertThrows(
            PSQLException.class, () -> value(warm("admin"), "SELECT ai_worker_show_prompt(' ')"));
    assertEquals("IA001", blank.getSQLState());
  }

  @Test
  void refusalShowsTheStatementAsTheModelWroteIt() throws SQLException {
    admin("UPDATE ai_worker_config SET repair_rounds = 0");
    for (String[] refused :
        new String[][] {
          {"IA021", "DELETE  FROM users"},
          {"IA021", "SELECT  pg_read_file('x')"},
          {"IA021", "SELECT  1; SELECT 2"},
          {"IA021", "SELECT  * FROM users FOR UPDATE"},
          {"IA022", "SELECT  nothing FROM users"},
          {"IA022", "SELECT  FROM FROM users"}
        }) {
      endpoint.replyWithSql(refused[1]);
      ServerErrorMessage error = refusal("what " + refused[1], "v1", refused[0]);
      assertTrue(error.getDetail().contains(refused[1]), error::toString);
    }
  }
}
