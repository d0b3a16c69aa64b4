package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.TestCluster;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What plpgsql_check says of our functions: it reads paths that no test may take. */
class PlpgsqlCheckIT {
  /** One a line; trigger functions once for each trigger, with its table. */
  private static final String OURS =
      """
      CREATE TEMPORARY VIEW ours AS
      SELECT p.oid, p.prorettype = 'trigger'::regtype AS is_trigger, t.tgrelid, t.tgoldtable, t.tgnewtable
      FROM pg_proc AS p
      JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
      LEFT JOIN pg_trigger AS t ON t.tgfoid = p.oid AND NOT t.tgisinternal
      WHERE NOT EXISTS (SELECT FROM pg_depend AS d
                        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
      """;

  /** That it cannot look into a statement made of parts is no finding. */
  private static final String FINDINGS =
      """
      SELECT format('%s %s line %s: %s: %s', o.oid::regprocedure, 'on ' || NULLIF(o.tgrelid, 0)::regclass, f.lineno,
                    f.level, concat_ws('; ', f.message, f.detail, f.hint))
      FROM ours AS o
      CROSS JOIN LATERAL linter.plpgsql_check_function_tb(
          o.oid, coalesce(o.tgrelid, 0), oldtable => o.tgoldtable, newtable => o.tgnewtable,
          performance_warnings => false) AS f
      WHERE (o.tgrelid IS NOT NULL OR NOT o.is_trigger)
        AND f.message <> 'cannot determinate a result of dynamic SQL'
        -- it calls set_config, and undoes what that sets
        AND NOT (o.oid = 'ai_worker.schema_catalog(text[])'::regprocedure AND f.message LIKE 'routine is marked as STABLE%')
      """;

  @ParameterizedTest
  @EnumSource(BackendRuntime.class)
  void findsNothing(BackendRuntime runtime) throws SQLException {
    runtime.require();
    TestCluster cluster = Installation.shared();
    String database = Installation.create(cluster, runtime);
    try (Connection connection = cluster.connect(database, "postgres");
        Statement statement = connection.createStatement()) {
      requireChecker(connection);
      statement.execute("CREATE SCHEMA linter");
      statement.execute("CREATE EXTENSION plpgsql_check SCHEMA linter");
      statement.execute(OURS);
      assertEquals(List.of(), RuntimeContract.column(connection, FINDINGS));
      assertEquals(
          List.of(),
          RuntimeContract.column(
              connection,
              "SELECT oid::regprocedure::text FROM ours WHERE is_trigger AND tgrelid IS NULL"),
          "trigger functions without a trigger");
      int checked =
          Integer.parseInt(
              RuntimeContract.value(connection, "SELECT count(DISTINCT oid) FROM ours"));
      assertTrue(checked > 30, "functions checked: " + checked);
    }
  }

  private static void requireChecker(Connection connection) throws SQLException {
    boolean there =
        RuntimeContract.value(
                connection, "SELECT 1 FROM pg_available_extensions WHERE name = 'plpgsql_check'")
            != null;
    Assumptions.assumeTrue(
        there, "plpgsql_check: not installed (install/packages.sh --tests does it)");
  }
}
