package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Who may do what, against {@code privileges.txt}; and that roles can neither be taken nor grow.
 */
abstract class PrivilegeContract extends RuntimeContract {
  /** One line for each of our objects: what PUBLIC, a user, an admin and the owner may do. */
  private static final String MATRIX =
      """
      WITH roles (place, title, name) AS (
        VALUES (1, 'PUBLIC', 'public'), (2, 'user', 'asker'), (3, 'admin', 'admin'), (4, 'owner', 'ai_worker')),
      rights AS (
        SELECT p.pronamespace::regnamespace || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS object, r.place, r.title,
               CASE WHEN has_function_privilege(r.name, p.oid, 'EXECUTE') THEN 'EXECUTE' END AS verbs
          FROM pg_proc AS p CROSS JOIN roles AS r
         WHERE p.proowner IN ('ai_worker'::regrole, 'ai_worker_prover'::regrole)
         UNION ALL
        SELECT c.relnamespace::regnamespace || '.' || c.relname, r.place, r.title,
               (SELECT string_agg(v.verb, ',' ORDER BY v.place)
                  FROM unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[])
                       WITH ORDINALITY AS v (verb, place)
                 WHERE has_table_privilege(r.name, c.oid, v.verb)
                    OR v.place IN (1, 2, 3, 6) AND has_any_column_privilege(r.name, c.oid, v.verb))
          FROM pg_class AS c CROSS JOIN roles AS r
         WHERE c.relowner = 'ai_worker'::regrole AND c.relkind IN ('r', 'v', 'm', 'S', 'f', 'p')
         UNION ALL
        SELECT n.nspname, r.place, r.title,
               (SELECT string_agg(v.verb, ',') FROM (VALUES ('USAGE'), ('CREATE')) AS v (verb)
                 WHERE has_schema_privilege(r.name, n.oid, v.verb))
          FROM pg_namespace AS n CROSS JOIN roles AS r
         WHERE n.nspowner = 'ai_worker'::regrole)
      SELECT object || ': ' || string_agg(title || ' ' || COALESCE(verbs, '-'), '; ' ORDER BY place)
        FROM rights GROUP BY object ORDER BY object COLLATE "C"
      """;

  PrivilegeContract(BackendRuntime runtime) {
    super(runtime);
  }

  @Test
  void everyRightIsTheExpectedOne() throws SQLException, IOException {
    try (Connection connection = cluster.connect(database, "postgres");
        InputStream expected = PrivilegeContract.class.getResourceAsStream("privileges.txt")) {
      assertEquals(
          new String(expected.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.isBlank() && !line.startsWith("#"))
              .toList(),
          column(connection, MATRIX));
    }
  }

  @Test
  void noRightCanBePassedOn() throws SQLException {
    assertEquals(
        "0",
        adminValue(
            """
            SELECT count(*) FROM (
              SELECT a.* FROM pg_proc AS p, aclexplode(p.proacl) AS a WHERE p.proowner = 'ai_worker'::regrole
              UNION ALL
              SELECT a.* FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.relowner = 'ai_worker'::regrole
              UNION ALL
              SELECT a.* FROM pg_namespace AS n, aclexplode(n.nspacl) AS a WHERE n.nspowner = 'ai_worker'::regrole) AS a
             WHERE a.is_grantable AND a.grantee <> 'ai_worker'::regrole"""));
  }

  @Test
  void ownerIsNobodysRoleAndHasNoPowerOfItsOwn() throws SQLException {
    assertEquals(
        "ai_worker_prover",
        adminValue(
            "SELECT string_agg(roleid::regrole::text, ',') FROM pg_auth_members"
                + " WHERE 'ai_worker'::regrole IN (roleid, member) OR member = 'ai_worker_prover'::regrole"));
    assertEquals(
        "4",
        adminValue(
            """
            SELECT count(*) FROM pg_roles
             WHERE rolname IN ('ai_worker', 'ai_worker_prover', 'ai_worker_user', 'ai_worker_admin')
               AND NOT (rolsuper OR rolcanlogin OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)"""));
    assertEquals(
        "f", adminValue("SELECT has_table_privilege('ai_worker', 'public.users', 'SELECT')"));
  }

  /** The caller needs EXECUTE and nothing else: not on our tables, not even on his own data. */
  @Test
  void executeIsEnoughToAsk() throws SQLException {
    endpoint.replyWithSql("SELECT * FROM users");
    admin("REVOKE SELECT ON users FROM asker");
    try (Connection asker = asker()) {
      assertEquals(
          "SELECT * FROM users LIMIT 1000",
          generate(asker, "Get all users", "v1").get("sql").asText());
      assertEquals(
          "42501",
          assertThrows(SQLException.class, () -> column(asker, "SELECT * FROM users"))
              .getSQLState());
    } finally {
      admin("GRANT SELECT ON users TO asker");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT ai_worker.store('q', '{}', '{}', 'DELETE FROM users', 1)",
        "SELECT ai_worker.raise('IA001', 'a', 'b', 'c')",
        "SELECT ai_worker.warn('a', 'b', 'c')",
        "SELECT ai_worker.debug('a', 'b')",
        "SELECT ai_worker.resolve_statement('SELECT 1', '{secret}', '[]', '{}')",
        "SELECT ai_worker_prover.analyse('SELECT 1', 'public')",
        "SELECT ai_worker.begin_miss('q', 'v1', 'renew', NULL)",
        "SELECT ai_worker.enter_flight('key')",
        "SELECT ai_worker.land_flight('key')",
        "SELECT ai_worker.charge(-1, 0)",
        "SELECT ai_worker.swap_endpoint(0, 0, 0)",
        "DELETE FROM public.ai_worker_quotas",
        "SELECT ai_worker.regenerate('q', 'v1')",
        "SELECT ai_worker.schema_catalog('{public}')",
        "SELECT ai_worker.evict(1000, 0, 0)",
        "SELECT ai_worker.state()",
        "SELECT public.ai_worker_health()",
        "SELECT public.ai_worker_cleanup_cache()",
        "SELECT public.ai_worker_invalidate('v1')",
        "CALL public.ai_worker_cleanup_all()",
        "SELECT * FROM public.ai_worker_cache",
        "INSERT INTO public.ai_worker_cache DEFAULT VALUES",
        "INSERT INTO ai_worker.cache_pending DEFAULT VALUES",
        "COPY public.ai_worker_config TO STDOUT",
        "TRUNCATE public.ai_worker_cache",
        "DO $$ BEGIN LOCK TABLE public.ai_worker_cache; END $$",
        "SELECT * FROM public.ai_worker_cache_stats",
        "ALTER FUNCTION public.ai_generate_sql(text, text) OWNER TO asker",
        "ALTER FUNCTION public.ai_generate_sql(text, text) SECURITY INVOKER",
        "CREATE TRIGGER planted AFTER INSERT ON public.ai_worker_cache EXECUTE FUNCTION ai_worker.count_totals()",
        "CREATE RULE planted AS ON INSERT TO public.ai_worker_cache DO NOTHING",
        "ALTER TABLE public.ai_worker_cache DISABLE ROW LEVEL SECURITY",
        "SET ROLE ai_worker",
        "SET ROLE ai_worker_admin",
        "SET SESSION AUTHORIZATION ai_worker",
        "SET SESSION AUTHORIZATION postgres",
        "GRANT ai_worker TO asker"
      })
  void userIsRefused(String statement) throws SQLException {
    assertRefused("asker", statement);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "INSERT INTO public.ai_worker_cache DEFAULT VALUES",
        "UPDATE public.ai_worker_cache SET generated_sql = 'DELETE FROM users'",
        "DELETE FROM public.ai_worker_config",
        "CREATE TRIGGER planted AFTER INSERT ON public.ai_worker_cache EXECUTE FUNCTION ai_worker.count_totals()",
        "ALTER TABLE public.ai_worker_config DISABLE TRIGGER ALL",
        "SELECT ai_worker.store('q', '{}', '{}', 'DELETE FROM users', 1)",
        "SET ROLE ai_worker",
        "SET SESSION AUTHORIZATION ai_worker"
      })
  void adminCanNeitherPlantAnEntryNorBecomeTheOwner(String statement) throws SQLException {
    assertRefused("admin", statement);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "base_url = 'https://evil.example.com/v1'",
        "api_key_file = '/etc/passwd'",
        "allow_plain_http = true",
        "allowed_functions = '{pg_sleep}'",
        "schemas = '{public,secret}'",
        "row_limit = 5"
      })
  void settingsAreTheAdminsAlone(String setting) throws SQLException {
    String update = "UPDATE public.ai_worker_config SET " + setting;
    assertRefused("asker", update);
    assertRefused("nobody", update);
    try (Connection admin = cluster.connect(database, "admin");
        Statement statement = admin.createStatement()) {
      assertEquals(1, statement.executeUpdate(update));
    }
  }

  /** With SET ROLE to a role without rights a session loses its own. */
  @Test
  void currentRoleCountsAndNotTheSessions() throws SQLException {
    try (Connection superuser = cluster.connect(database, "postgres");
        Statement statement = superuser.createStatement()) {
      statement.execute("SET ROLE nobody");
      refusal(superuser, "anything", "v1", "42501");
      statement.execute("RESET ROLE");
      statement.execute("SET SESSION AUTHORIZATION nobody");
      refusal(superuser, "anything", "v1", "42501");
    }
  }

  /** Functions in the languages of the runtimes would run unguarded in the server. */
  @Test
  void untrustedLanguagesAreTheSuperusersAlone() throws SQLException {
    String language = runtime == BackendRuntime.PLJAVA ? "javau" : "plpython3u";
    admin("CREATE SCHEMA own AUTHORIZATION asker", "GRANT CREATE ON SCHEMA own TO admin");
    try {
      for (String role : List.of("asker", "admin")) {
        assertRefused(
            role,
            "CREATE FUNCTION own.f() RETURNS text LANGUAGE "
                + language
                + " AS 'java.lang.String=java.lang.System.getProperty(java.lang.String)'");
      }
      if (runtime == BackendRuntime.PLJAVA) {
        assertRefused("asker", "SELECT sqlj.install_jar('file:///tmp/x.jar', 'x', true)");
        assertRefused("asker", "SELECT * FROM sqlj.jar_repository");
      }
    } finally {
      admin("DROP SCHEMA own CASCADE");
    }
  }

  private void assertRefused(String role, String statement) throws SQLException {
    try (Connection connection = cluster.connect(database, role);
        Statement attempt = connection.createStatement()) {
      SQLException e = assertThrows(SQLException.class, () -> attempt.execute(statement));
      assertEquals("42501", e.getSQLState(), e.getMessage());
    }
  }
}
