package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.TestCluster;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;

/**
 * The key reaches the endpoint and nothing else, with the server logging all it can and an endpoint
 * that sends the key back.
 */
abstract class SecretContract extends RuntimeContract {
  private static final List<String> LOGGING =
      List.of(
          "log_min_messages = debug1",
          "log_min_error_statement = debug1",
          "log_error_verbosity = verbose",
          "log_statement = 'all'",
          "log_min_duration_statement = 0",
          "log_parameter_max_length_on_error = -1");

  private Connection session;
  private Path file;
  private String key;

  SecretContract(BackendRuntime runtime) {
    super(runtime);
  }

  @BeforeEach
  void hideAKey() throws IOException, SQLException {
    key = "sk-" + UUID.randomUUID().toString().replace("-", "");
    Path folder = Files.createTempDirectory("ai-worker-key");
    TestCluster.own(folder);
    file = Files.writeString(folder.resolve("key"), key + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    TestCluster.own(file);
    admin("UPDATE ai_worker_config SET repair_rounds = 0, api_key_file = '" + file + "'");
    for (String setting : LOGGING) {
      admin("ALTER DATABASE " + database + " SET " + setting);
    }
    session = asker();
  }

  @AfterEach
  void deleteIt() throws IOException, SQLException {
    session.close();
    for (String setting : LOGGING) {
      admin("ALTER DATABASE " + database + " RESET " + setting.substring(0, setting.indexOf(' ')));
    }
    Files.delete(file);
    Files.delete(file.getParent());
  }

  @Test
  void keyIsInNoLogErrorViewTableOrDump() throws Exception {
    List<String> seen = new ArrayList<>();
    seen.add(generate("Get all users", "v0", FakeEndpoint.completion("SELECT * FROM users")));
    assertEquals("Bearer " + key, endpoint.requests().get(0).headers().getFirst("Authorization"));
    seen.add(failure("IA013", error(401, "Incorrect API key provided: " + key + ".")));
    seen.add(
        failure(
            "IA013",
            error(403, "key " + key.substring(0, 12) + "…" + key.substring(24) + " is blocked")));
    seen.add(failure("IA015", error(400, "header Authorization: Bearer " + key)));
    seen.add(failure("IA014", error(429, "slow down, " + key)));
    seen.add(failure("IA016", error(500, "stack trace: key=" + key)));
    seen.add(failure("IA017", new FakeEndpoint.Reply(200, Map.of(), "<html>" + key + "</html>")));
    seen.add(failure("IA017", new FakeEndpoint.Reply(200, Map.of(), "{\"" + key + "\": 1}")));
    seen.add(failure("IA017", FakeEndpoint.completion("I was given the key " + key)));
    seen.add(failure("IA017", FakeEndpoint.completion("SELECT '" + key + "'")));
    seen.add(
        failure(
            "IA015",
            new FakeEndpoint.Reply(
                302, Map.of("Location", "http://127.0.0.1:1/?key=" + key), "moved " + key)));
    seen.addAll(activity());
    for (String url :
        List.of(
            "https://127.0.0.1:" + endpoint.port() + "/v1",
            "http://127.0.0.1:1/v1",
            "http://169.254.169.254/v1",
            "https://no-such-host.invalid/v1")) {
      admin("UPDATE ai_worker_config SET request_timeout_ms = 1000, base_url = '" + url + "'");
      seen.add(failure(null, null));
    }
    seen.add(health());
    seen.addAll(tables());
    seen.add(
        TestCluster.asServer(
            TestCluster.bin("pg_dump").toString(),
            "-h",
            "127.0.0.1",
            "-p",
            Integer.toString(cluster.port()),
            "-U",
            "postgres",
            database));
    seen.add(cluster.log());

    assertTrue(cluster.log().contains("base_url = 'https://no-such-host.invalid"), "logs all");
    for (String text : seen) {
      for (String piece : pieces()) {
        assertFalse(text.contains(piece), () -> around(text, piece));
      }
    }
  }

  /** What the health report says after a failure, of a file with a key and of one without. */
  @Test
  void healthReportTellsWhereTheKeyIsAndNothingOfIt() throws Exception {
    try (Connection admin = cluster.connect(database, "admin")) {
      endpoint.reply(error(401, "Incorrect API key provided: " + key));
      assertThrows(PSQLException.class, () -> generate(admin, "q", "v1"));
      JsonNode health = json(value(admin, "SELECT ai_worker_health()"));
      assertEquals("file", health.get("api_key").asText());
      assertEquals("IA013", health.get("last_error").get("sqlstate").asText());
      for (String piece : pieces()) {
        assertFalse(health.toString().contains(piece), health.toString());
      }
    }
  }

  /** No eight characters of the key in a row. */
  private List<String> pieces() {
    List<String> pieces = new ArrayList<>();
    for (int at = 0; at + 8 <= key.length(); at++) {
      pieces.add(key.substring(at, at + 8));
    }
    return pieces;
  }

  private static FakeEndpoint.Reply error(int status, String message) {
    return new FakeEndpoint.Reply(
        status, Map.of(), "{\"error\":{\"message\":\"" + message + "\",\"type\":\"test\"}}");
  }

  private String generate(String prompt, String version, FakeEndpoint.Reply reply)
      throws SQLException {
    endpoint.reply(reply);
    return generate(session, prompt, version).toString();
  }

  /** All that the caller is told. */
  private String failure(String sqlState, FakeEndpoint.Reply reply) throws SQLException {
    if (reply != null) {
      endpoint.reply(reply);
    }
    PSQLException e = assertThrows(PSQLException.class, () -> generate(session, "failing", "v1"));
    if (sqlState != null) {
      assertEquals(sqlState, e.getSQLState(), e.getMessage());
    }
    return e + " " + e.getServerErrorMessage() + " " + session.getWarnings();
  }

  /** What others see of a session that waits for the model. */
  private List<String> activity() throws Exception {
    endpoint.delay(Duration.ofMillis(500));
    endpoint.reply(FakeEndpoint.completion("SELECT 1"));
    CompletableFuture<String> waiting =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return generate(session, "slow", "v1").toString();
              } catch (SQLException e) {
                throw new IllegalStateException(e);
              }
            });
    List<String> seen = new ArrayList<>();
    try (Connection watcher = cluster.connect(database, "postgres")) {
      while (!waiting.isDone()) {
        seen.addAll(column(watcher, "SELECT a::text FROM pg_stat_activity AS a"));
        seen.addAll(column(watcher, "SELECT l::text FROM pg_locks AS l"));
        Thread.sleep(20);
      }
    }
    assertTrue(seen.stream().anyMatch(row -> row.contains("ai_generate_sql")), seen.toString());
    seen.add(waiting.get());
    endpoint.delay(Duration.ZERO);
    return seen;
  }

  private String health() throws SQLException {
    try (Connection admin = cluster.connect(database, "admin")) {
      return value(admin, "SELECT ai_worker_health()");
    }
  }

  private List<String> tables() throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Connection superuser = cluster.connect(database, "postgres")) {
      for (String relation :
          column(
              superuser,
              "SELECT oid::regclass FROM pg_class WHERE relowner = 'ai_worker'::regrole AND relkind IN ('r', 'v')")) {
        rows.addAll(column(superuser, "SELECT t::text FROM " + relation + " AS t"));
      }
      rows.addAll(column(superuser, "SELECT s::text FROM pg_settings AS s"));
    }
    assertTrue(rows.stream().anyMatch(row -> row.contains("Get all users")), rows.toString());
    return rows;
  }

  private static String around(String text, String piece) {
    int at = text.indexOf(piece);
    return text.substring(Math.max(0, at - 200), Math.min(text.length(), at + 100));
  }
}
