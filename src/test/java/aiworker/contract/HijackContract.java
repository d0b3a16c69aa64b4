package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.TestCluster;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What a caller has planted in his schema, his temporary tables and his settings is never run or
 * believed by functions that run as somebody else.
 */
abstract class HijackContract extends RuntimeContract {
  /** Functions that our SQL calls, planted with the very arguments it calls them with. */
  private static final List<String> FUNCTIONS =
      List.of(
          "char_length(text) integer",
          "clock_timestamp() timestamptz",
          "convert_to(text, name) bytea",
          "current_setting(text) text",
          "current_setting(text, boolean) text",
          "encode(bytea, text) text",
          "hashtextextended(text, bigint) bigint",
          "has_schema_privilege(text, text) boolean",
          "left(text, integer) text",
          "lower(text) text",
          "now() timestamptz",
          "obj_description(oid, name) text",
          "octet_length(text) integer",
          "pg_try_advisory_xact_lock(bigint) boolean",
          "position(text, text) integer",
          "quote_ident(text) text",
          "quote_nullable(text) text",
          "query_to_xmlschema(text, boolean, boolean, text) xml",
          "set_config(text, text, boolean) text",
          "sha256(bytea) bytea",
          "starts_with(text, text) boolean",
          "ai_cached_sql(text, text) jsonb",
          "ai_generate_sql(text, text) jsonb",
          "ai_sql(text, text) text",
          "ai_worker_cleanup_cache() bigint",
          "ai_worker_invalidate(text) bigint",
          "hit(text, text) jsonb");

  private static final List<String> OPERATORS =
      List.of(
          "= text text boolean",
          "= varchar text boolean",
          "= name name boolean",
          "= name text boolean",
          "= boolean boolean boolean",
          "|| text text text",
          "~ text text boolean",
          "!~ text text boolean",
          "<> text text boolean",
          "> integer integer boolean",
          "> timestamptz timestamptz boolean",
          "<= timestamptz timestamptz boolean",
          ">= bigint integer boolean",
          ">= bigint bigint boolean",
          "+ bigint bigint bigint",
          "+ timestamptz interval timestamptz",
          "- timestamptz timestamptz interval",
          "->> jsonb text text",
          "~~ text text boolean");

  private static final List<String> GARBAGE =
      List.of(
          "x",
          "",
          " ",
          "-5",
          "99999999999999999999",
          "1e9",
          "NaN",
          "0x10",
          "locked missing unreadable uncounted unstored",
          "9999999999999 9999999999999 ffffffffffffffffffff {public}",
          "9999999999999 0000000000000 ffff|fffffffffffffff {public}",
          "\u00e9\u6f22\ud83d\ude42'\"\\ %s");

  private static final List<String> SETTINGS =
      List.of(
          "standard_conforming_strings = off",
          "quote_all_identifiers = on",
          "transform_null_equals = on",
          "array_nulls = off",
          "bytea_output = 'escape'",
          "DateStyle = 'ISO, DMY'",
          "IntervalStyle = 'iso_8601'",
          "extra_float_digits = -15",
          "xmloption = document",
          "lc_numeric = 'C'",
          "default_transaction_deferrable = on",
          "plpgsql.extra_errors = 'all'",
          "TimeZone = 'Asia/Kathmandu'");

  HijackContract(BackendRuntime runtime) {
    super(runtime);
  }

  @BeforeAll
  void plant() throws SQLException {
    admin(
        "CREATE SCHEMA evil AUTHORIZATION asker",
        "GRANT USAGE ON SCHEMA evil TO PUBLIC",
        "CREATE TABLE evil.trace (who text, what text)",
        "GRANT ALL ON evil.trace TO PUBLIC");
    try (Connection asker = asker();
        Statement statement = asker.createStatement()) {
      for (String function : FUNCTIONS) {
        int end = function.lastIndexOf(' ');
        statement.execute(
            trap("FUNCTION evil." + function.substring(0, end), function.substring(end)));
      }
      int number = 0;
      for (String operator : OPERATORS) {
        String[] words = operator.split(" ", -1);
        String function = "evil.trap" + number++;
        statement.execute(
            trap("FUNCTION " + function + "(" + words[1] + ", " + words[2] + ")", words[3]));
        statement.execute(
            "CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %s)"
                .formatted(words[0], words[1], words[2], function));
      }
    }
  }

  private static String trap(String function, String result) {
    return "CREATE "
        + function
        + " RETURNS "
        + result.strip()
        + " LANGUAGE plpgsql AS $$ BEGIN INSERT INTO evil.trace VALUES (current_user, '"
        + function.replace("'", "")
        + "'); RETURN NULL; END $$";
  }

  private void assertNothingSprung() throws SQLException {
    assertEquals(
        null, adminValue("SELECT string_agg(who || ' ran ' || what, ', ') FROM evil.trace"));
  }

  @Test
  void functionsAndOperatorsOnTheCallersPathAreNotRun() throws SQLException {
    endpoint.otherwise(
        request ->
            FakeEndpoint.completion(
                "SELECT lower(name) FROM users WHERE name = 'user 1' OR id > 19 ORDER BY id"));
    for (String path : List.of("evil, pg_catalog, public", "evil", "evil, public, pg_catalog")) {
      try (Connection asker = asker();
          Statement statement = asker.createStatement()) {
        statement.execute("SET search_path = " + path);
        statement.execute("SELECT evil.lower('the trap works'), 'a'::text OPERATOR(evil.=) 'b'");
        assertEquals("2", adminValue("SELECT count(*) FROM evil.trace WHERE who = 'asker'"));
        admin("TRUNCATE evil.trace");
        for (String call :
            List.of(
                "public.ai_generate_sql('q', 'v1')",
                "public.ai_generate_sql('q', 'v1')",
                "public.ai_generate_sql('q')",
                "public.ai_cached_sql('q', 'v1')",
                "public.ai_cached_sql('q')",
                "public.ai_sql('q', 'v2')")) {
          String response = value(asker, "SELECT " + call);
          assertTrue(response.contains("name OPERATOR(pg_catalog.=) 'user 1'"), response);
        }
        assertEquals(
            List.of("{\"lower\": \"user 1\"}", "{\"lower\": \"user 20\"}"),
            column(asker, "SELECT public.ai_run_sql('q', 'v1')"));
        assertNothingSprung();
      }
    }
  }

  @Test
  void functionsAndOperatorsOnTheAdminsPathAreNotRun() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    generate("q", "v1");
    generate("q", "v1");
    try (Connection admin = cluster.connect(database, "admin");
        Statement statement = admin.createStatement()) {
      statement.execute("SET search_path = evil, pg_catalog, public");
      for (String call :
          List.of(
              "SELECT public.ai_worker_cache_stats()",
              "SELECT * FROM public.ai_worker_cache_stats",
              "SELECT public.ai_worker_health()",
              "SELECT public.ai_worker_cleanup_cache()",
              "CALL public.ai_worker_cleanup_all()",
              "SELECT public.ai_worker_warm_cache('{w}', 'v1')",
              "SELECT public.ai_worker_refresh_popular(0, '2 days')",
              "SELECT public.ai_worker_invalidate('v1')",
              "SELECT public.ai_worker_reset_stats()",
              "UPDATE public.ai_worker_config SET row_limit = 10, model = 'other'")) {
        statement.execute(call);
        assertNothingSprung();
      }
    }
  }

  /**
   * A call whose arguments are not of the very types of ours would find a better match beside it.
   */
  @Test
  void overloadsBesideOursAreNotRun() throws SQLException {
    endpoint.otherwise(
        request ->
            FakeEndpoint.completion(
                request.body().contains("wrong first") && !request.body().contains("nowhere")
                    ? "SELECT * FROM nowhere"
                    : "SELECT name FROM users"));
    admin("GRANT CREATE ON SCHEMA public TO asker");
    try {
      plantOverloads();
      try (Connection asker = asker();
          Connection admin = cluster.connect(database, "admin");
          Statement asks = asker.createStatement();
          Statement manages = admin.createStatement()) {
        manages.execute(
            "INSERT INTO ai_worker_quotas (per, max_calls, max_tokens) VALUES ('1 day', 1000, 1000000)");
        for (String call :
            List.of(
                "ai_generate_sql('q', 'v1')",
                "ai_generate_sql('q', 'v1')",
                "ai_generate_sql('wrong first', NULL::text)",
                "ai_cached_sql('q', 'v1')",
                "ai_sql('q', 'v2')",
                "ai_run_sql('q', 'v1')")) {
          asks.execute("SELECT public." + call);
          assertNothingSprung();
        }
        assertEquals(
            "IA001",
            assertThrows(SQLException.class, () -> asks.execute("SELECT public.ai_sql(' ', 'v1')"))
                .getSQLState());
        for (String call :
            List.of(
                "SELECT public.ai_worker_verify(cache_key::text, true) FROM public.ai_worker_cache LIMIT 1",
                "SELECT public.ai_worker_cache_stats()",
                "SELECT * FROM public.ai_worker_cache_stats, public.ai_worker_usage",
                "SELECT public.ai_worker_health()",
                "SELECT public.ai_worker_cleanup_cache()",
                "CALL public.ai_worker_cleanup_all()",
                "SELECT public.ai_worker_warm_cache('{w}'::text[], 'v1')",
                "SELECT public.ai_worker_refresh_popular(0::bigint, '2 days'::interval)",
                "SELECT public.ai_worker_invalidate('v1')",
                "DELETE FROM public.ai_worker_quotas",
                "SELECT public.ai_worker_reset_stats()")) {
          manages.execute(call);
          assertNothingSprung();
        }
      }
    } finally {
      admin(
          """
          DO $$ DECLARE planted regprocedure;
          BEGIN
              FOR planted IN SELECT p.oid FROM pg_proc AS p WHERE p.proowner = 'asker'::regrole
                                AND p.pronamespace = 'public'::regnamespace LOOP
                  EXECUTE 'DROP FUNCTION ' || planted;
              END LOOP;
          END $$
          """,
          "REVOKE CREATE ON SCHEMA public FROM asker");
    }
  }

  /** Beside each function of ours: other types in each place, defaults left out, one by one. */
  private void plantOverloads() throws SQLException {
    Map<String, List<String>> others =
        Map.of(
            "text", List.of("varchar", "name"),
            "name", List.of("text", "varchar"),
            "bigint", List.of("integer", "smallint", "numeric"),
            "integer", List.of("bigint", "smallint"),
            "boolean", List.of("text"),
            "double precision", List.of("numeric"),
            "interval", List.of("text"),
            "timestamp with time zone", List.of("timestamp", "text"),
            "text[]", List.of("varchar[]", "name[]"),
            "bigint[]", List.of("integer[]", "numeric[]"));
    Set<String> planted = new LinkedHashSet<>();
    try (Connection superuser = cluster.connect(database, "postgres")) {
      for (String function :
          column(
              superuser,
              "SELECT p.proname || '|' || p.pronargdefaults || '|' || (p.provariadic <> 0) || '|' || oidvectortypes(p.proargtypes)"
                  + " FROM pg_proc AS p WHERE p.pronamespace = 'public'::regnamespace AND p.prorettype <> 'trigger'::regtype"
                  + " AND p.proowner = 'ai_worker'::regrole AND p.prokind = 'f'")) {
        String[] parts = function.split("\\|", -1);
        List<String> types = parts[3].isEmpty() ? List.of() : List.of(parts[3].split(", ", -1));
        for (int i = 0; i < types.size(); i++) {
          for (String other : others.getOrDefault(types.get(i), List.of())) {
            List<String> changed = new ArrayList<>(types);
            changed.set(i, other);
            planted.add(parts[0] + "(" + String.join(", ", changed) + ")");
          }
        }
        for (int left = 1; left <= Integer.parseInt(parts[1]); left++) {
          planted.add(
              parts[0] + "(" + String.join(", ", types.subList(0, types.size() - left)) + ")");
        }
        if (parts[2].equals("true")) {
          planted.add(parts[0] + "(text)");
          planted.add(parts[0] + "(text, text)");
          planted.add(parts[0] + "(text, text, text)");
        }
      }
    }
    assertTrue(planted.size() > 20, planted.toString());
    try (Connection asker = asker();
        Statement statement = asker.createStatement()) {
      for (String function : planted) {
        statement.execute(trap("FUNCTION public." + function, "text"));
      }
    }
  }

  @Test
  void temporaryTablesNeitherHideOursNorEnterTheScope() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT name FROM users WHERE id = 1"));
    generate("first user", "v1");
    try (Connection asker = asker();
        Statement statement = asker.createStatement()) {
      statement.execute("SET search_path = pg_temp, evil, public");
      for (String table :
          List.of(
              "ai_worker_config (model text, cache_enabled boolean, max_prompt_chars int, schemas text[])",
              "ai_worker_cache (cache_key text, generated_sql text, validated boolean)",
              "cache_hits (cache_key text)",
              "traffic (kind text)",
              "ai_worker_quotas (role name, per interval, max_calls int)",
              "usage_parts (role name)",
              "pg_namespace (nspname name)",
              "pg_class (relname name)",
              "pg_locks (locktype text)",
              "users (id int, name text)",
              "mine (id int)")) {
        statement.execute("CREATE TEMP TABLE " + table);
      }
      statement.execute(
          "INSERT INTO pg_temp.ai_worker_config VALUES ('planted', true, 1, '{evil}')");
      statement.execute("INSERT INTO pg_temp.users VALUES (1, 'planted')");
      assertEquals(
          List.of("{\"name\": \"user 1\"}"),
          column(asker, "SELECT public.ai_run_sql('first user', 'v1')"));
      assertTrue(
          json(value(asker, "SELECT public.ai_generate_sql('first user', 'v1')"))
              .get("cache_hit")
              .asBoolean());
      endpoint.otherwise(request -> FakeEndpoint.completion("SELECT id FROM mine"));
      assertEquals(
          "IA021",
          assertThrows(
                  SQLException.class,
                  () -> value(asker, "SELECT public.ai_generate_sql('mine', 'v1')"))
              .getSQLState());
      endpoint.otherwise(request -> FakeEndpoint.completion("SELECT name FROM users"));
      assertFalse(
          column(asker, "SELECT public.ai_run_sql('hidden', 'v1')").toString().contains("planted"));
      statement.execute("CREATE DOMAIN pg_temp.label AS text CHECK (evil.lower(VALUE) IS NULL)");
      endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 'x'::label"));
      assertEquals(
          "IA021",
          assertThrows(
                  SQLException.class,
                  () -> value(asker, "SELECT public.ai_generate_sql('label', 'v1')"))
              .getSQLState());
      assertNothingSprung();
    }
  }

  /** Settings of ours live in the session, so any text may stand in them. */
  @Test
  void garbageInOurSettingsHarmsNobody() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    try (Connection attacker = asker();
        Connection other = asker()) {
      attacker.setAutoCommit(false);
      for (String garbage : GARBAGE) {
        for (String version : new String[] {"v1", null}) {
          for (String setting : List.of("schema_memory", "warned", "flights")) {
            value(attacker, "SELECT set_config('ai_worker." + setting + "', ?, false)", garbage);
          }
          assertEquals(
              "SELECT 1 LIMIT 1000",
              generate(attacker, garbage + "?", version).get("sql").asText());
          attacker.commit();
          assertTrue(generate(other, garbage + "?", version).get("cache_hit").asBoolean());
        }
        value(attacker, "SELECT ai_sql(?, 'v1')", garbage + "?");
        value(attacker, "SELECT ai_cached_sql(?)", garbage + "?");
        attacker.commit();
      }
    }
    assertEquals(2 * GARBAGE.size(), endpoint.requests().size());
  }

  @Test
  void sessionThatLeadsVeryManyTakesNoMoreLocks() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    try (Connection asker = asker()) {
      asker.setAutoCommit(false);
      for (String led : List.of("99", "100", "1000", "99999999999999999999")) {
        value(asker, "SELECT set_config('ai_worker.flights', ?, true)", led);
        generate(asker, "led " + led, "v1");
        String locks =
            value(
                asker,
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()");
        assertEquals(led.equals("99") ? "2" : "0", locks, led);
        asker.rollback();
      }
    }
  }

  /**
   * How the server reads and prints text is the session's; what is proven must not depend on it.
   */
  @Test
  void settingsOfTheSessionChangeNoAnswer() throws SQLException {
    String statement = "SELECT '100\\%' AS text, E'it\\'s' AS quoted, name FROM users";
    endpoint.otherwise(request -> FakeEndpoint.completion(statement));
    try (Connection plain = asker();
        Connection changed = asker();
        Statement set = changed.createStatement()) {
      String expected = generate(plain, "percent", "v1").get("sql").asText();
      String version = generate(plain, "percent", null).get("schema_version").asText();
      String row = value(plain, "SELECT ai_run_sql('percent', 'v1')");
      for (String setting : SETTINGS) {
        admin("TRUNCATE ai_worker_cache");
        set.execute("SET " + setting);
        assertEquals(expected, generate(changed, "percent", "v1").get("sql").asText(), setting);
        assertEquals(
            version, generate(changed, "percent", null).get("schema_version").asText(), setting);
        assertEquals(row, value(changed, "SELECT ai_run_sql('percent', 'v1')"), setting);
        assertEquals(row, value(plain, "SELECT ai_run_sql('percent', 'v1')"), setting);
        set.execute("RESET ALL");
      }
    }
  }

  /** By psql, as the driver insists on ISO. */
  @Test
  void momentsAreReadAsTheyWereMeantWhateverTheSessionPrints() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    List<String> psql =
        new ArrayList<>(List.of(TestCluster.bin("psql").toString(), "-X", "-v", "ON_ERROR_STOP=1"));
    psql.addAll(List.of("-h", "localhost", "-p", Integer.toString(cluster.port())));
    psql.addAll(List.of("-U", "asker", "-d", database));
    for (String style : List.of("ISO", "German", "SQL", "Postgres, DMY")) {
      psql.addAll(List.of("-c", "SET DateStyle = " + style));
      for (String zone : List.of("Asia/Jakarta", "Asia/Kolkata", "America/St_Johns")) {
        psql.addAll(List.of("-c", "SET TimeZone = '" + zone + "'"));
        psql.addAll(List.of("-c", "SELECT ai_generate_sql('" + style + " " + zone + "', 'v1')"));
      }
    }
    TestCluster.asServer(psql.toArray(String[]::new));
    double latency =
        Double.parseDouble(adminValue("SELECT miss_p95_ms FROM ai_worker_cache_stats"));
    assertTrue(latency > 0.5 && latency < 60_000, Double.toString(latency));
    assertEquals("12", adminValue("SELECT count(*) FROM ai_worker_cache"));
  }

  /**
   * With standard_conforming_strings off, an old session's setting, a backslash in plain quotes
   * could end the string early and let what was proven to be text run.
   */
  @Test
  void noAnswerReadsOtherwiseInASessionOfOldStrings() throws SQLException {
    endpoint.replyWithSql("SELECT 'x\\'' ; DELETE FROM users --'");
    String statement = generate("old strings", "v1").get("sql").asText();
    assertNotEquals(-1, statement.indexOf("\\\\"), statement);
    for (String setting : List.of("on", "off")) {
      try (Connection superuser = cluster.connect(database, "postgres");
          Statement session = superuser.createStatement()) {
        session.execute("SET standard_conforming_strings = " + setting);
        session.execute("SET escape_string_warning = off");
        assertEquals("x\\' ; DELETE FROM users --", value(superuser, statement));
      }
    }
    assertEquals("20", adminValue("SELECT count(*) FROM users"));
  }
}
