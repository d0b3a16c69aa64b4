package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.Generator;
import aiworker.chat.ChatClient;
import aiworker.db.Database;
import aiworker.limits.Upstream;
import aiworker.testing.FakeEndpoint;
import aiworker.testing.TestCluster;
import aiworker.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** How often Java asks the server on a miss, the waiting for the model aside. */
class CrossingsIT {
  private static final Pattern WAITING =
      Pattern.compile("^SELECT (1 AS alive|ai_worker[.](show|end)_wait)");
  private static final String SETTINGS_READ =
      "SELECT COALESCE(seq_scan, 0) + COALESCE(idx_scan, 0) FROM pg_stat_xact_user_tables"
          + " WHERE relname = 'ai_worker_config'";

  @Test
  void oneModelCallTakesAFewCrossings() throws SQLException {
    BackendRuntime.PLPYTHON.require();
    TestCluster cluster = TestCluster.shared();
    String name = Installation.create(cluster, BackendRuntime.PLPYTHON);
    try (FakeEndpoint endpoint = FakeEndpoint.start();
        Connection connection = cluster.connect(name, "postgres");
        Statement statement = connection.createStatement()) {
      Installation.ask(endpoint, statement);
      connection.setAutoCommit(false);
      statement.execute("SET LOCAL ROLE ai_worker");
      Database database = TestDatabase.of(connection);
      List<String> crossings = new ArrayList<>();
      Database counting =
          (sql, parameters) -> {
            if (!WAITING.matcher(sql).find()) {
              crossings.add(sql);
            }
            return database.query(sql, parameters);
          };
      endpoint.otherwise(request -> FakeEndpoint.completion("SELECT * FROM users"));
      Generator generator = new Generator(counting, new Upstream(new ChatClient()));
      for (String version : new String[] {"v1", null}) {
        crossings.clear();
        long before = settingsRead(connection);
        String response = generator.generate("users of version " + version, version);
        assertTrue(response.contains("SELECT * FROM users LIMIT 1000"), response);
        assertTrue(crossings.size() <= 3, crossings::toString);
        assertEquals(2, settingsRead(connection) - before);
      }
    }
  }

  private static long settingsRead(Connection connection) throws SQLException {
    return Long.parseLong(RuntimeContract.value(connection, SETTINGS_READ));
  }
}
