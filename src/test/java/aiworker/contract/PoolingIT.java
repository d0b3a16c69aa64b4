package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.TestCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.util.PSQLException;

/** Two clients share one session through PgBouncer, which gives it to whoever has a transaction. */
class PoolingIT {
  private static final List<Path> PROGRAMS =
      List.of(Path.of("/usr/local/bin/pgbouncer"), Path.of("/usr/sbin/pgbouncer"));

  /** What a session has that a transaction of ours could leave behind. */
  private static final String LEFT =
      "SELECT md5(string_agg(name || '=' || setting, ';' ORDER BY name)) || ' ' || (SELECT count(*) FROM pg_locks"
          + " WHERE pid = pg_backend_pid() AND locktype = 'advisory') || ' ' || (SELECT count(*) FROM pg_cursors) || ' '"
          + " || pg_backend_pid() FROM pg_settings WHERE name !~ '^(pljava|plpgsql|ai_worker)[.]'"
          + " AND name NOT IN ('in_hot_standby', 'session_authorization', 'is_superuser')";

  static Stream<BackendRuntime> runtimes() {
    return Stream.of(BackendRuntime.values()).filter(BackendRuntime::isThere);
  }

  private int port;

  @ParameterizedTest
  @MethodSource("runtimes")
  void clientsOfOneSessionNoticeNothingOfEachOther(BackendRuntime runtime) throws Exception {
    Path program = PROGRAMS.stream().filter(Files::isExecutable).findFirst().orElse(null);
    Assumptions.assumeTrue(
        program != null,
        "pgbouncer: not there (install/packages.sh --tests takes it out of its package)");
    try (TestCluster cluster = Installation.start(Map.of());
        FakeEndpoint endpoint = FakeEndpoint.start()) {
      String database = Installation.create(cluster, runtime);
      try (Connection admin = cluster.connect(database, "postgres");
          Statement statement = admin.createStatement()) {
        statement.execute(
            "UPDATE ai_worker_config SET base_url = '" + endpoint.url() + "', max_retries = 0");
      }
      Path pid = start(program, cluster, database);
      try (Connection first = pooled(database);
          Connection second = pooled(database)) {
        String before = RuntimeContract.value(first, LEFT);
        assertEquals(before, RuntimeContract.value(second, LEFT), "one session");
        endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
        assertFalse(isHit(first, "asked by one"));
        assertTrue(isHit(second, "asked by one"));
        first.setAutoCommit(false);
        assertTrue(isHit(first, "asked by one"));
        assertFalse(isHit(first, "asked and taken back"));
        first.rollback();
        assertFalse(isHit(second, "asked and taken back"));
        endpoint.otherwise(request -> FakeEndpoint.completion("DROP TABLE users"));
        assertThrows(PSQLException.class, () -> isHit(first, "refused"));
        first.rollback();
        try (Statement statement = second.createStatement()) {
          endpoint.delay(Duration.ofSeconds(60));
          second.setAutoCommit(false);
          statement.execute("SET LOCAL statement_timeout = '500ms'");
          PSQLException ended = assertThrows(PSQLException.class, () -> isHit(second, "timed out"));
          assertEquals("57014", ended.getSQLState(), ended.getMessage());
          second.rollback();
        }
        endpoint.delay(Duration.ZERO);
        endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 2"));
        assertFalse(isHit(first, "asked afterwards"));
        first.commit();
        assertTrue(isHit(second, "asked afterwards"));
        second.rollback();
        assertEquals(before, RuntimeContract.value(first, LEFT), "and as it was");
      } finally {
        TestCluster.asServer("sh", "-c", "kill $(cat '" + pid + "')");
      }
    }
  }

  /** Where it has written its process id. */
  private Path start(Path program, TestCluster cluster, String database) throws Exception {
    port = TestCluster.freePort();
    Path settings = cluster.folder().resolve("pgbouncer.ini");
    Path pid = cluster.folder().resolve("pgbouncer.pid");
    Files.writeString(
        settings,
        """
        [databases]
        %s = host=127.0.0.1 port=%d user=asker
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = %d
        unix_socket_dir =
        auth_type = any
        pool_mode = transaction
        default_pool_size = 1
        ignore_startup_parameters = extra_float_digits
        logfile = %s
        pidfile = %s
        """
            .formatted(
                database, cluster.port(), port, settings.resolveSibling("pgbouncer.log"), pid));
    TestCluster.own(settings);
    TestCluster.asServer(program.toString(), "-q", "-d", settings.toString());
    while (!Files.exists(pid)) {
      Thread.sleep(5);
    }
    return pid;
  }

  /** It knows no prepared statements that outlive a transaction. */
  private Connection pooled(String database) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?prepareThreshold=0",
        "asker",
        "");
  }

  private static boolean isHit(Connection connection, String question) throws SQLException {
    return RuntimeContract.generate(connection, question, "v1").get("cache_hit").asBoolean();
  }
}
