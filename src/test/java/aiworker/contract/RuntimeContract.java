package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.TestServer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * What every contract test stands on: one installed database per class and runtime, and an endpoint
 * to ask.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RuntimeContract {
  static final ObjectMapper JSON = new ObjectMapper();

  final BackendRuntime runtime;
  TestServer cluster;
  String database;
  FakeEndpoint endpoint;
  private final Map<String, Connection> warm = new HashMap<>();

  RuntimeContract(BackendRuntime runtime) {
    this.runtime = runtime;
  }

  @BeforeAll
  void install() throws SQLException {
    cluster = server();
    database = Installation.create(cluster, runtime);
  }

  /** The local cluster, if this machine's PostgreSQL has the runtime. */
  TestServer server() {
    runtime.require();
    return Installation.shared();
  }

  @BeforeEach
  void startAfresh() throws SQLException {
    endpoint = FakeEndpoint.start();
    String keyFile = cluster.keyFile();
    admin(
        "TRUNCATE public.ai_worker_cache",
        "DELETE FROM public.ai_worker_config",
        "INSERT INTO public.ai_worker_config (base_url, allow_plain_http, api_key_file, model, max_retries) VALUES ('"
            + cluster.reachable(endpoint.url())
            + "', "
            + (keyFile != null)
            + ", "
            + (keyFile == null ? "NULL" : "'" + keyFile + "'")
            + ", 'test-model', 0)",
        "SELECT public.ai_worker_reset_stats()");
  }

  @AfterEach
  void stopEndpoint() {
    endpoint.close();
  }

  @AfterAll
  void dropDatabase() throws SQLException {
    closeWarm();
    if (database != null) {
      try (Connection connection = cluster.connect("postgres", "postgres");
          Statement statement = connection.createStatement()) {
        statement.execute("DROP DATABASE " + database + " WITH (FORCE)");
      } catch (PSQLException e) {
        // sessions that a failed test left may be slow to end; the cluster is deleted in any case
        assertEquals("55006", e.getSQLState(), e.getMessage());
      }
    }
  }

  /** Runs statements as superuser, each on its own. */
  void admin(String... statements) throws SQLException {
    try (Connection connection = cluster.connect(database, "postgres");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
        if (sql.startsWith("ALTER DATABASE")) {
          // such settings are for new sessions
          closeWarm();
        }
      }
    }
  }

  private void closeWarm() throws SQLException {
    for (Connection kept : warm.values()) {
      kept.close();
    }
  }

  Connection asker() throws SQLException {
    return cluster.connect(database, "asker");
  }

  /** The first column of the first row, as text. */
  static String value(Connection connection, String sql, String... parameters) throws SQLException {
    List<String> column = column(connection, sql, parameters);
    return column.isEmpty() ? null : column.get(0);
  }

  static List<String> column(Connection connection, String sql, String... parameters)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setString(i + 1, parameters[i]);
      }
      try (ResultSet rows = statement.executeQuery()) {
        List<String> values = new ArrayList<>();
        while (rows.next()) {
          values.add(rows.getString(1));
        }
        return values;
      }
    }
  }

  String adminValue(String sql) throws SQLException {
    if (!sessionsMatter()) {
      return value(warm("postgres"), sql);
    }
    try (Connection connection = cluster.connect(database, "postgres")) {
      return value(connection, sql);
    }
  }

  /** The machine's Java may be an old one: InterimAnswersTest. */
  static boolean isHealthy(JsonNode health) {
    return health.get("healthy").asBoolean()
        || health
            .get("problems")
            .toString()
            .matches("\\[\"[^\"]* update it to [0-9.]+ or later\"]");
  }

  /** Entries for q1, q2 and so on under version v1. */
  void fill(int entries, String lifetime) throws SQLException {
    admin(
        "INSERT INTO ai_worker_cache (cache_key, prompt_text, model, schema_version, generated_sql, created_at,"
            + " expires_at, last_accessed_at) SELECT encode(sha256(('q' || i || '|test-model|v1')::bytea), 'hex'), 'q' || i,"
            + " 'test-model', 'v1', 'SELECT ' || i, now() - interval '2 days', now() + interval '"
            + lifetime
            + "', now() - i * interval '1 second' FROM generate_series(1, "
            + entries
            + ") AS i");
  }

  static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  /** Whether it answers; if not, it must be for this reason. */
  boolean answersOrRefuses(String question, String sqlState) throws SQLException {
    try (Connection connection = asker()) {
      return answersOrRefuses(connection, question, sqlState);
    }
  }

  static boolean answersOrRefuses(Connection connection, String question, String sqlState)
      throws SQLException {
    try {
      return generate(connection, question, "v1").has("sql");
    } catch (PSQLException e) {
      assertEquals(sqlState, e.getSQLState(), e.getMessage());
      return false;
    }
  }

  static JsonNode generate(Connection connection, String prompt, String schemaVersion)
      throws SQLException {
    return json(value(connection, "SELECT ai_generate_sql(?, ?)", prompt, schemaVersion));
  }

  /** In some session: one of its own where the class or the automatic version needs that. */
  JsonNode generate(String prompt, String schemaVersion) throws SQLException {
    if (sessionsMatter() || schemaVersion == null) {
      try (Connection connection = asker()) {
        return generate(connection, prompt, schemaVersion);
      }
    }
    return generate(warm("asker"), prompt, schemaVersion);
  }

  /** Whether what one session remembers, or that it ends, makes a difference here. */
  boolean sessionsMatter() {
    return false;
  }

  /** Java runs in it already, whose start takes longer than most tests. */
  Connection warm(String role) throws SQLException {
    Connection kept = warm.get(role);
    if (kept == null || kept.isClosed()) {
      kept = cluster.connect(database, role);
      warm.put(role, kept);
    }
    return kept;
  }

  /**
   * The server's error for a question that must fail; it always has a hint, and no class or
   * language names in front.
   */
  ServerErrorMessage refusal(String prompt, String schemaVersion, String sqlState)
      throws SQLException {
    if (sessionsMatter() || schemaVersion == null) {
      try (Connection connection = asker()) {
        return refusal(connection, prompt, schemaVersion, sqlState);
      }
    }
    return refusal(warm("asker"), prompt, schemaVersion, sqlState);
  }

  static ServerErrorMessage refusal(
      Connection connection, String prompt, String schemaVersion, String sqlState) {
    PSQLException e =
        assertThrows(PSQLException.class, () -> generate(connection, prompt, schemaVersion));
    ServerErrorMessage message = e.getServerErrorMessage();
    assertEquals(sqlState, message.getSQLState(), message.toString());
    return message;
  }
}
