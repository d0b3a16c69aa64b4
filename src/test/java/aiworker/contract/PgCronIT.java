package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.TestCluster;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Upkeep run by pg_cron, with the commands that the README gives; in every runtime at once, since a
 * job takes a minute.
 */
class PgCronIT {
  @Test
  void upkeepRunsOnSchedule() throws Exception {
    try (TestCluster cluster =
            Installation.start(
                Map.of("shared_preload_libraries", "pg_cron", "cron.database_name", "postgres"));
        FakeEndpoint endpoint = FakeEndpoint.start();
        Connection cron = cluster.connect("postgres", "postgres");
        Statement statement = cron.createStatement()) {
      endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
      statement.execute("CREATE EXTENSION pg_cron");
      Assumptions.assumeTrue(
          RuntimeContract.value(cron, "SELECT to_regproc('cron.schedule_in_database') IS NOT NULL")
              .equals("t"),
          "pg_cron: not of version 1.4 or later, so without schedule_in_database");
      List<String> databases = new ArrayList<>();
      for (BackendRuntime runtime : BackendRuntime.values()) {
        if (runtime.isThere()) {
          databases.add(prepare(cluster, runtime, endpoint));
        }
      }
      for (String database : databases) {
        schedule(cron, "clean", "CALL ai_worker_cleanup_all()", database);
        schedule(
            cron,
            "warm",
            "SELECT * FROM ai_worker_warm_cache(ARRAY['Get all users'], 'v1')",
            database);
        schedule(cron, "refresh", "SELECT ai_worker_refresh_popular(10, '1 hour')", database);
      }
      int jobs = 3 * databases.size();
      for (int i = 0; i < 180 && finished(cron) < jobs; i++) {
        Thread.sleep(1_000);
      }
      assertEquals(
          "succeeded " + jobs,
          RuntimeContract.value(
              cron,
              "SELECT string_agg(DISTINCT status, ',') || ' ' || count(DISTINCT jobid) FROM cron.job_run_details"
                  + " WHERE status NOT IN ('starting', 'running')"),
          RuntimeContract.column(cron, "SELECT to_jsonb(r) FROM cron.job_run_details AS r")
              .toString());
      for (String database : databases) {
        try (Connection connection = cluster.connect(database, "postgres")) {
          assertEquals(
              "Get all users",
              RuntimeContract.value(
                  connection, "SELECT string_agg(prompt_text, ',') FROM ai_worker_cache"));
        }
      }
    }
  }

  /** A database with more expired entries than one clean-up takes. */
  private static String prepare(TestCluster cluster, BackendRuntime runtime, FakeEndpoint endpoint)
      throws SQLException {
    String database = Installation.create(cluster, runtime);
    try (Connection connection = cluster.connect(database, "postgres");
        Statement statement = connection.createStatement()) {
      Installation.ask(endpoint, statement);
      statement.execute(
          "INSERT INTO ai_worker_cache (cache_key, prompt_text, model, schema_version, generated_sql, created_at,"
              + " expires_at) SELECT 'key ' || i, 'old', 'test-model', 'v1', 'SELECT 1', now() - interval '2 days',"
              + " now() - interval '1 day' FROM generate_series(1, 12000) AS i");
    }
    return database;
  }

  private static void schedule(Connection connection, String name, String command, String database)
      throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT cron.schedule_in_database(?, '* * * * *', ?, ?)")) {
      statement.setString(1, name + " " + database);
      statement.setString(2, command);
      statement.setString(3, database);
      statement.execute();
    }
  }

  private static int finished(Connection connection) throws SQLException {
    return Integer.parseInt(
        RuntimeContract.value(
            connection,
            "SELECT count(DISTINCT jobid) FROM cron.job_run_details WHERE status NOT IN ('starting', 'running')"));
  }
}
