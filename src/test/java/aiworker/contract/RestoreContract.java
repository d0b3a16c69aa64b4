package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.Full;
import aiworker.testing.TestCluster;
import aiworker.testing.TestServer;
import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** A restored database opens nothing, and one command makes it work. */
abstract class RestoreContract extends RuntimeContract {
  private static final String ADOPT = "--adopt after a restore without owners";

  /** A call of each function of ours that runs as its owner, with NULLs. */
  private static final String CALLS =
      """
      SELECT format('SELECT %s(%s)', p.oid::regproc,
                    (SELECT string_agg('NULL::' || format_type(t.oid, NULL), ', ' ORDER BY t.place)
                       FROM unnest(p.proargtypes) WITH ORDINALITY AS t (oid, place)))
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
       WHERE n.nspname IN ('public', 'ai_worker', 'ai_worker_prover') AND p.prosecdef
         AND p.prorettype <> 'trigger'::regtype""";

  /** Of these, what is not ours or can be reached by PUBLIC. */
  private static final String OPEN =
      """
       AND (pg_get_userbyid(p.proowner) NOT IN ('ai_worker', 'ai_worker_prover')
            OR n.nspname <> 'ai_worker_prover' AND has_function_privilege('public', p.oid, 'EXECUTE'))""";

  RestoreContract(BackendRuntime runtime) {
    super(runtime);
  }

  @Override
  boolean sessionsMatter() {
    return true;
  }

  private String restored(String... options) throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    generate("kept", "v1");
    return Dump.restore(cluster, database, options);
  }

  /**
   * A way from one database to another.
   *
   * @param fresh whether into a cluster that has just been made
   * @param roles whether that has our roles
   * @param whole whether by pg_dumpall
   */
  private record Way(
      boolean plain,
      boolean owners,
      boolean privileges,
      boolean fresh,
      boolean roles,
      boolean whole) {
    List<String> options() {
      List<String> options = new ArrayList<>();
      if (!owners) {
        options.add("--no-owner");
      }
      if (!privileges) {
        options.add("--no-acl");
      }
      return options;
    }
  }

  static List<Way> ways() {
    if (Full.or(1, 0) == 0) {
      return List.of(
          new Way(true, false, false, false, true, false),
          new Way(false, true, true, true, false, false));
    }
    List<Way> ways = new ArrayList<>(List.of(new Way(true, true, true, true, true, true)));
    for (int bits = 0; bits < 32; bits++) {
      Way way =
          new Way(
              (bits & 1) != 0,
              (bits & 2) != 0,
              (bits & 4) != 0,
              (bits & 8) != 0,
              (bits & 16) != 0,
              false);
      if (way.fresh() || way.roles()) {
        ways.add(way);
      }
    }
    return ways;
  }

  @ParameterizedTest
  @MethodSource("ways")
  void anyDumpIsSafeAndOneCommandMakesItWork(Way way) throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    generate("kept", "v1");
    if (!way.fresh()) {
      assertSafeThenWorks(
          cluster, Dump.restore(cluster, database, cluster, way.plain(), way.options()));
      return;
    }
    try (TestCluster fresh = TestCluster.start(Map.of())) {
      if (way.whole()) {
        Dump.restoreAll(cluster, fresh);
      } else {
        if (way.roles()) {
          Dump.restoreAll(cluster, fresh, "--roles-only");
        }
        Dump.restore(cluster, database, fresh, way.plain(), way.options());
      }
      assertSafeThenWorks(fresh, database);
    }
  }

  private void assertSafeThenWorks(TestServer server, String copy) throws SQLException {
    try (Connection connection = server.connect(copy, "postgres")) {
      assertEquals(21, column(connection, CALLS).size());
      for (String call : column(connection, CALLS + " " + OPEN)) {
        PSQLException refused =
            assertThrows(PSQLException.class, () -> column(connection, call), call);
        assertEquals("IA004", refused.getSQLState(), call + refused);
      }
    }
    Installation.Outcome outcome = Installation.run(server, copy, Map.of(), "--adopt");
    assertEquals(0, outcome.exitCode(), outcome.output());
    try (Connection connection = server.connect(copy, "postgres");
        Statement statement = connection.createStatement()) {
      for (String role : List.of("asker", "admin")) {
        if (value(connection, "SELECT 1 FROM pg_roles WHERE rolname = ?", role) == null) {
          statement.execute("CREATE ROLE " + role + " LOGIN");
        }
      }
      statement.execute("GRANT ai_worker_user TO asker; GRANT ai_worker_admin TO admin");
    }
    assertWorks(server, copy);
  }

  private Installation.Outcome install(String copy, String... options) {
    return Installation.run(cluster, copy, Map.of(), options);
  }

  private void assertEverythingIsRefused(String copy, String detail) throws SQLException {
    try (Connection connection = cluster.connect(copy, "postgres")) {
      List<String> calls = column(connection, CALLS);
      assertEquals(21, calls.size(), calls::toString);
      if (detail.startsWith("PUBLIC")) {
        // PUBLIC has no USAGE on the schema of these
        calls.removeIf(call -> call.contains("ai_worker_prover."));
      }
      for (String call : calls) {
        ServerErrorMessage error =
            assertThrows(PSQLException.class, () -> column(connection, call), call)
                .getServerErrorMessage();
        assertEquals("IA004", error.getSQLState(), call + ": " + error);
        assertTrue(error.getDetail().contains(detail), call + error);
        assertTrue(error.getHint().contains(ADOPT), error.getHint());
      }
      PSQLException trigger =
          assertThrows(
              PSQLException.class,
              () -> column(connection, "DELETE FROM ai_worker_cache RETURNING 1"));
      assertEquals("IA004", trigger.getSQLState(), trigger.getMessage());
    }
    assertTrue(endpoint.requests().size() <= 1);
  }

  private void assertWorks(String copy) throws SQLException {
    assertWorks(cluster, copy);
  }

  private static void assertWorks(TestServer server, String copy) throws SQLException {
    try (Connection connection = server.connect(copy, "asker")) {
      assertTrue(generate(connection, "kept", "v1").get("cache_hit").asBoolean());
      assertFalse(generate(connection, "new", "v1").get("cache_hit").asBoolean());
    }
    try (Connection connection = server.connect(copy, "admin")) {
      JsonNode health = json(value(connection, "SELECT ai_worker_health()"));
      assertTrue(isHealthy(health), health.toString());
    }
    try (Connection connection = server.connect(copy, "postgres")) {
      assertEquals(
          "0",
          value(
              connection,
              "SELECT count(*) FROM ai_worker.objects() WHERE owner NOT LIKE 'ai_worker%'"));
      assertEquals(
          "0",
          value(
              connection,
              "SELECT count(*) FROM ai_worker.objects() WHERE kind = 'ROUTINE'"
                  + " AND has_function_privilege('public', oid, 'EXECUTE')"));
    }
  }

  @Test
  void asItWas() throws SQLException {
    assertWorks(restored());
  }

  @Test
  void withoutOwnersAndPrivileges() throws SQLException {
    String copy = restored("--no-owner", "--no-acl");
    assertEverythingIsRefused(copy, "");
    for (String option : List.of("--runtime=" + runtime.option(), "--uninstall")) {
      Installation.Outcome refused = install(copy, option);
      assertEquals(1, refused.exitCode(), refused.output());
      assertTrue(refused.output().contains("--adopt"), refused.output());
    }
    Installation.Outcome outcome = install(copy, "--adopt");
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertWorks(copy);
    assertEquals(0, install(copy, "--uninstall").exitCode());
  }

  @Test
  void withoutOwners() throws SQLException {
    String copy = restored("--no-owner");
    assertEverythingIsRefused(copy, "It runs as role postgres and not as ai_worker");
    Installation.Outcome outcome = install(copy, "--adopt");
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertWorks(copy);
  }

  @Test
  void withoutPrivileges() throws SQLException {
    String copy = restored("--no-acl");
    assertEverythingIsRefused(copy, "PUBLIC may execute it.");
    Installation.Outcome outcome = install(copy);
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertWorks(copy);
  }

  @Test
  void whatIsSomebodyElsesIsNotAdopted() throws SQLException {
    String copy = restored("--no-owner");
    try (Connection connection = cluster.connect(copy, "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("ALTER FUNCTION ai_worker_health() OWNER TO nobody");
    }
    Installation.Outcome outcome = install(copy, "--adopt");
    assertEquals(1, outcome.exitCode(), outcome.output());
    assertTrue(
        outcome.output().contains("routine public.ai_worker_health() exists and is not ours"),
        outcome.output());
  }

  @Test
  void triggerOfSomebodyElseIsNotAdopted() throws SQLException {
    String copy = restored("--no-owner");
    try (Connection connection = cluster.connect(copy, "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE FUNCTION public.planted() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'");
      statement.execute(
          "CREATE TRIGGER planted BEFORE INSERT ON ai_worker_cache FOR EACH ROW EXECUTE FUNCTION public.planted()");
    }
    Installation.Outcome outcome = install(copy, "--adopt");
    assertEquals(1, outcome.exitCode(), outcome.output());
    assertTrue(
        outcome.output().contains("trigger planted on public.ai_worker_cache is not ours"),
        outcome.output());
  }

  /** The DBA's own doing, found by health where it is not health itself that is open. */
  @Test
  void functionThatPublicMayExecuteRefusesAndIsNamed() throws SQLException {
    admin("GRANT EXECUTE ON FUNCTION ai_sql(text, text) TO PUBLIC");
    try (Connection connection = cluster.connect(database, "nobody")) {
      PSQLException refused =
          assertThrows(PSQLException.class, () -> value(connection, "SELECT ai_sql('q', 'v1')"));
      assertEquals("IA004", refused.getSQLState());
      assertTrue(
          adminValue("SELECT ai_worker_health() -> 'problems'")
              .contains("PUBLIC may execute public.ai_sql(text,text)"));
    } finally {
      admin("REVOKE EXECUTE ON FUNCTION ai_sql(text, text) FROM PUBLIC");
    }
  }
}
