package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.testing.TestCluster;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the server resolves is what is judged, and resolving it runs nothing of anybody's. */
class ResolutionIT {
  @AutoClose private static final CheckDatabase database = CheckDatabase.create();

  /** A sequence counts what a rollback would hide. */
  @BeforeEach
  void plant() throws SQLException {
    database.execute(
        """
        CREATE SEQUENCE public.runs;
        GRANT USAGE ON public.runs TO PUBLIC;
        CREATE FUNCTION public.ran() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
          'begin perform nextval(''public.runs''); return true; end';
        CREATE FUNCTION public.equal(int, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
          'begin return public.ran(); end';
        CREATE OPERATOR public.= (LEFTARG = int, RIGHTARG = text, FUNCTION = public.equal);
        CREATE FUNCTION public.less(int, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
          'begin return public.ran(); end';
        CREATE OPERATOR public.<= (LEFTARG = int, RIGHTARG = text, FUNCTION = public.less);
        CREATE OPERATOR public.>= (LEFTARG = int, RIGHTARG = text, FUNCTION = public.less);
        CREATE OPERATOR public.<> (LEFTARG = int, RIGHTARG = text, FUNCTION = public.less);
        CREATE FUNCTION public.likes(int, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
          'begin return public.ran(); end';
        CREATE OPERATOR public.~~ (LEFTARG = int, RIGHTARG = text, FUNCTION = public.likes);
        CREATE DOMAIN public.traced AS int CHECK (public.ran());
        CREATE TYPE public.box_of AS (a public.traced);
        CREATE TYPE public.box_of_box AS (b public.box_of[]);
        CREATE TYPE public.span AS RANGE (subtype = int);
        CREATE TYPE public.shade AS ENUM ('light', 'dark');
        CREATE FUNCTION public.shade_text(public.shade) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
          'begin perform public.ran(); return ''x''; end';
        CREATE CAST (public.shade AS text) WITH FUNCTION public.shade_text(public.shade) AS IMPLICIT;
        CREATE FUNCTION public.shade_json(public.shade) RETURNS json LANGUAGE plpgsql IMMUTABLE AS
          'begin perform public.ran(); return ''1''; end';
        CREATE CAST (public.shade AS json) WITH FUNCTION public.shade_json(public.shade);
        CREATE TABLE public.secured (id int, shade public.shade, note text);
        CREATE INDEX ON public.secured ((public.ran()));
        ALTER TABLE public.secured ENABLE ROW LEVEL SECURITY;
        CREATE POLICY mine ON public.secured USING (public.ran());
        CREATE VIEW public.seen AS SELECT id FROM public.secured WHERE public.ran();
        CREATE TYPE public.mood AS ENUM ('good', 'bad');
        CREATE TABLE public.days (day date, mood public.mood);
        CREATE DOMAIN public.shade_domain AS public.shade;
        CREATE TYPE public.shade_row AS (shade public.shade);
        CREATE TABLE public.shades (id int, list public.shade[], single public.shade_domain,
          deep public.shade_row[], domains public.shade_domain[]);
        CREATE TABLE public.traces (id int, trace public.traced, list public.traced[], boxed public.box_of);
        CREATE FUNCTION public.ends() RETURNS boolean LANGUAGE plpgsql AS
          'begin if current_user = ''ai_worker_prover'' then raise sqlstate ''IA998''; end if; return true; end';
        CREATE DOMAIN public.ending AS text CHECK (public.ends());
        CREATE TABLE public.endings (id int, list public.ending[]);
        CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;
        CREATE DOMAIN public.email AS public.citext CHECK (VALUE ~ '^[^@]+@[^@]+$');
        CREATE TABLE public.people (id int, email public.email);
        SELECT setval('public.runs', 1, false)
        """);
  }

  @AfterEach
  void rollBack() throws SQLException {
    database.connection().rollback();
  }

  private static String runs() {
    return database
        .database()
        .query("SELECT is_called AS called FROM public.runs")
        .get(0)
        .text("called");
  }

  private static Failure refusal(String statement) {
    return assertThrows(
            AiWorkerException.class, () -> database.prover().prove(statement), statement)
        .failure();
  }

  /** What the server calls on its own to compare, sort, hash or estimate values. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT id FROM spans WHERE s @> 5.5::float8",
        "SELECT id FROM spans WHERE s && '[1,4)'",
        "SELECT id FROM spans WHERE list[1] = '[1,4)'",
        "SELECT greatest(w, w) FROM weights",
        "SELECT id FROM weights ORDER BY list",
        "SELECT DISTINCT w FROM weights",
        "SELECT w FROM weights UNION SELECT w FROM weights",
        "SELECT array_position(list, w) FROM weights",
        "SELECT max(list) FROM weights",
        "SELECT count(*) FROM weights a JOIN weights b ON a = b",
        "SELECT rank() OVER (ORDER BY ARRAY[w]) FROM weights"
      })
  void functionsOfOperatorClassesAndRangesAreJudged(String statement) throws SQLException {
    database.execute(
        """
        CREATE FUNCTION public.apart(float8, float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS
          'begin perform public.ran(); return $1 - $2; end';
        CREATE TYPE public.stretch AS RANGE (subtype = float8, subtype_diff = public.apart);
        CREATE TABLE public.spans (id int, s public.stretch, list public.stretch[]);
        CREATE TYPE public.weight AS (grams int);
        CREATE FUNCTION public.weight_cmp(public.weight, public.weight) RETURNS int LANGUAGE plpgsql
          IMMUTABLE AS 'begin perform public.ran(); return 0; end';
        CREATE FUNCTION public.weight_is(public.weight, public.weight) RETURNS boolean LANGUAGE plpgsql
          IMMUTABLE AS 'begin return public.ran(); end';
        CREATE OPERATOR public.<# (LEFTARG = public.weight, RIGHTARG = public.weight, FUNCTION = public.weight_is);
        CREATE OPERATOR public.=# (LEFTARG = public.weight, RIGHTARG = public.weight, FUNCTION = public.weight_is);
        CREATE OPERATOR public.># (LEFTARG = public.weight, RIGHTARG = public.weight, FUNCTION = public.weight_is);
        CREATE OPERATOR CLASS public.weight_ops DEFAULT FOR TYPE public.weight USING btree AS
          OPERATOR 1 public.<#, OPERATOR 3 public.=#, OPERATOR 5 public.>#,
          FUNCTION 1 public.weight_cmp(public.weight, public.weight);
        CREATE TABLE public.weights (id int, w public.weight, list public.weight[])
        """);
    assertEquals(Failure.STATEMENT_REFUSED, refusal(statement));
    database.prover().prove("SELECT id FROM spans");
    assertEquals("f", runs());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT day FROM days WHERE day > '01/02/2024'",
        "SELECT date '1.2.2024'",
        "SELECT date '01-02-03' AS d",
        "SELECT timestamp '01/02/2024 10:00'",
        "SELECT day FROM days WHERE day IN ('2024-01-01', '3/4/2024')",
        "SELECT timestamp '01.02.2003T10:00'",
        "SELECT date '01,02,2003'",
        "SELECT date '01_02_2003'",
        "SELECT E'01\\t02\\t2003'::date",
        "SELECT interval '-1 2:00:00'",
        "SELECT now() - interval '-3 4:05'"
      })
  void literalsThatSessionsReadOtherwiseAreRefused(String statement) {
    assertEquals(Failure.STATEMENT_REFUSED, refusal(statement));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT day FROM days WHERE day > '2024-01-02'",
        "SELECT date '2 January 2024'",
        "SELECT timestamptz '2024-01-02 10:00:00+01'",
        "SELECT interval '-1 day -2 hours'",
        "SELECT id FROM people WHERE email = '01/02/2024'",
        "SELECT '1.2.3' || '-1 2' AS version"
      })
  void literalsThatAllSessionsReadAlikePass(String statement) {
    database.prover().prove(statement);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 1 OPERATOR(%s.+) 2",
        "SELECT 'a' COLLATE %s.zz",
        "SELECT to_tsvector('%s.zz', 'a')",
        "SELECT %s.people.id FROM people"
      })
  void whetherASchemaOutOfScopeIsThereIsNotTold(String form) throws SQLException {
    database.execute("CREATE SCHEMA hidden");
    assertEquals(message(form.formatted("hidden")), message(form.formatted("missing")));
  }

  private static String message(String statement) {
    String said =
        assertThrows(AiWorkerException.class, () -> database.prover().prove(statement))
            .getMessage();
    return said.replaceAll("hidden|missing", "it");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT note FROM secured",
        "SELECT id FROM seen",
        "SELECT id FROM secured WHERE id = 1",
        "SELECT repeat('x', 1000000000) AS long",
      })
  void codeOfATablesOwnerDoesNotRun(String statement) {
    assertTrue(database.prover().prove(statement).storable());
    assertEquals("f", runs());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT id FROM users WHERE id IN ('x'::text)",
        "SELECT id FROM users WHERE id::int NOT IN ('x'::text)",
        "SELECT id FROM users WHERE id::int = ANY (ARRAY['x'::text])",
        "SELECT CASE id::int WHEN 'x'::text THEN 1 END FROM users",
        "SELECT NULLIF(id::int, 'x'::text) FROM users",
        "SELECT id FROM users WHERE id::int IS DISTINCT FROM 'x'::text",
        "SELECT id FROM users WHERE id::int BETWEEN 'x'::text AND 'y'::text",
        "SELECT id FROM users WHERE id::int LIKE 'x'::text",
        "SELECT id FROM users WHERE id::int != 'x'::text",
        "SELECT id FROM users WHERE (id::int, 1) = ('x'::text, 1)",
        "SELECT u.id FROM users u JOIN (SELECT 'x'::text AS id) t ON u.id::int = t.id",
        "SELECT shade || 'x' FROM secured",
        "SELECT upper(shade) FROM secured",
        "SELECT to_json(shade) FROM secured",
        "SELECT json_build_object('a', shade) FROM secured",
        "SELECT row_to_json(s) FROM secured s",
        "SELECT list FROM shades",
        "SELECT to_json(single) FROM shades",
        "SELECT to_jsonb(deep) FROM shades",
        "SELECT json_agg(domains) FROM shades",
        "SELECT to_json(unnest(list)) FROM shades",
        "SELECT to_json(jsonb_populate_record(NULL::shades, '{}'))",
        "SELECT jsonb_populate_record(t, '{\"trace\": 1}') FROM public.traces t",
        "SELECT r.trace FROM public.traces t, jsonb_populate_recordset(t, '[{\"trace\": 1}]') r",
        "SELECT (jsonb_populate_record(t.boxed, '{\"a\": 1}')).a FROM public.traces t",
        "SELECT array_in('{1}', (SELECT 1::oid), -1)",
        "SELECT domain_in('1', 1::oid, -1)",
        "SELECT record_in('(1)', 1::oid, -1)",
        "SELECT range_in('[1,2)', 1::oid, -1)",
        "SELECT t.a FROM json_to_record('{\"a\": 1}') AS t(a traced)",
        "SELECT t.a FROM xmltable('/r' PASSING '<r/>'::xml COLUMNS a traced) AS t",
        "SELECT '(1)'::box_of",
        "SELECT '{1}'::traced[]",
        "SELECT ROW(1)::box_of",
        "SELECT '(\"{(1)}\")'::box_of_box",
        "SELECT ('1').traced",
        "SELECT CAST(1 AS traced)"
      })
  void userOperatorsAndCastsAreFoundWhereNoTokenShowsThem(String statement) {
    List<Failure> refusals = List.of(Failure.STATEMENT_REFUSED, Failure.STATEMENT_INVALID);
    String cast = statement.replace("WHERE id IN", "WHERE id::int IN");
    assertTrue(refusals.contains(refusal(cast)), cast);
    assertEquals("f", runs());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT count(*) FROM users",
        "SELECT id FROM users WHERE id IN (1, 2)",
        "SELECT id AS a, id AS a FROM users",
        "SELECT day FROM days WHERE mood = 'bad'",
        "SELECT sum(id) FILTER (WHERE id > 1) OVER (PARTITION BY name) FROM users",
        "SELECT '[1,5)'::span @> 3",
        "SELECT id, trace FROM traces WHERE trace = 1",
        "SELECT t.id, t FROM traces t JOIN users u ON u.id::int = t.trace",
        "SELECT count(*) FROM public.traces traces",
        "SELECT id traced FROM traces",
        "SELECT id AS email, people.email FROM people WHERE email = 'A@b'",
        "SELECT people.email FROM people JOIN users USING (id)",
        "SELECT 'a@b'::email",
      })
  void honestQueriesPassBesideThem(String statement) {
    assertTrue(database.prover().prove(statement).storable());
    assertEquals("f", runs());
  }

  @Test
  @EnabledIf("hasMultiranges")
  void multirangesPassToo() {
    honestQueriesPassBesideThem("SELECT '{[1,5)}'::span_multirange @> 3");
  }

  static boolean hasMultiranges() {
    return TestCluster.major() >= 14;
  }

  /** As what runs in it can raise what we end it with. */
  @Test
  void codeThatEndsTheAnalysisProvesNothing() throws SQLException {
    for (String statement :
        List.of(
            "SELECT id, ran() FROM endings WHERE list = '{a}'",
            "SELECT id FROM endings WHERE list = '{a}'")) {
      assertEquals(Failure.STATEMENT_INVALID, refusal(statement));
    }
    database.execute("SET LOCAL transaction_read_only = on");
    assertEquals(
        "IA998",
        database
            .database()
            .query(
                "SELECT ai_worker_prover.prepare(?, 'public') ->> 'sqlstate' AS sqlstate",
                "SELECT id FROM endings WHERE list = '{a}'")
            .get(0)
            .text("sqlstate"));
    assertEquals("f", runs());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT count(*) FROM User",
        "SELECT count(*) FROM users, user",
        "SELECT u.id FROM users u JOIN user ON true",
        "SELECT user FROM \"User\"",
        "SELECT count(user) FROM \"User\" AS t",
        "SELECT u.id FROM users u, \"User\" WHERE user = 'x'",
        "WITH w AS (SELECT USER AS who FROM \"User\") SELECT who FROM w",
        "WITH w AS (SELECT * FROM \"User\") SELECT user FROM w",
        "SELECT count(*) FROM users CROSS JOIN LATERAL user",
        "SELECT 1 FROM ROWS FROM (user)"
      })
  void keywordThatANameInScopeHasIsRefused(String statement) throws SQLException {
    database.execute("CREATE TABLE public.\"User\" (id int, \"user\" text)");
    AiWorkerException refused =
        assertThrows(AiWorkerException.class, () -> database.prover().prove(statement));
    assertEquals(Failure.STATEMENT_REFUSED, refused.failure(), refused.getMessage());
    assertTrue(refused.getMessage().contains("is a function of the server"), refused.getMessage());
    database.prover().prove("SELECT count(*) FROM \"User\"");
    database.prover().prove("SELECT t.user AS user, \"user\" FROM \"User\" t");
    database.prover().prove("SELECT current_user, extract(year FROM current_date) AS y");
    // a statement that reads nothing of that name means the function
    database.execute("CREATE TABLE public.report (id int, \"current_date\" date)");
    database.prover().prove("SELECT user, id FROM users WHERE birthday < current_date");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT name AS user FROM orders ORDER BY user",
        "WITH q AS (SELECT 'x' AS user) SELECT user, count(*) FROM q GROUP BY user",
        "SELECT q.id, user FROM (SELECT 1 AS id, 'x' AS user) q",
        "SELECT id, user FROM (SELECT 1, 2) q(id, \"user\")",
        "SELECT * FROM (SELECT 1) q, current_date",
        "SELECT * FROM (SELECT 1) q, current_date AS t"
      })
  void keywordThatTheStatementUsesAsANameIsRefused(String statement) {
    Prover nothing =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("empty"), false));
    AiWorkerException refused =
        assertThrows(AiWorkerException.class, () -> nothing.prove(statement));
    assertTrue(refused.getMessage().contains("a function of the server"), refused.getMessage());
  }

  @Test
  void keywordIsAFunctionWhereNothingElseIsMeant() {
    for (String statement :
        List.of(
            "SELECT current_user",
            "SELECT trim(both FROM current_user), 'a' IS DISTINCT FROM current_user",
            "SELECT g FROM generate_series(1, extract(day FROM current_date)::int) g",
            "SELECT extract(year FROM current_date), substring(current_user FROM 1)")) {
      assertEquals(statement + " LIMIT 1000", database.prover().prove(statement).text());
    }
    assertThrows(
        AiWorkerException.class, () -> database.prover().prove("SELECT * FROM current_user"));
  }

  /** What is printed for others must not depend on who asked first. */
  @Test
  void literalsThatAreReadByOnesSettingsAreNotPrinted() throws SQLException {
    Prover both =
        new Prover(
            database.database(),
            CheckDatabase.config(1_000, List.of(), List.of("sales", "public"), false));
    database.execute(
        "CREATE TYPE sales.mood AS ENUM ('good', 'bad'); CREATE COLLATION sales.plain FROM \"C\"; CREATE TABLE sales.days (d date, t timestamptz, m sales.mood, f float8)");
    database.execute("SET LOCAL datestyle = 'ISO, DMY'; SET LOCAL extra_float_digits = -12");
    String text =
        both.prove(
                "SELECT d FROM days WHERE m::text COLLATE plain = 'good' AND d = '2024-02-01' AND f = 1.23456789::float8 AND t > '2024-02-01 12:00+02'")
            .text();
    assertTrue(text.contains("2024-02-01") && text.contains("1.23456789"), text);
    for (String literal :
        List.of(
            "'01/02/2024'::date",
            "'today'::date",
            "'now'::timestamptz",
            "'2024-02-01'::timestamptz")) {
      String statement =
          "SELECT d FROM days WHERE m::text COLLATE plain = 'good' AND d < " + literal;
      assertThrows(AiWorkerException.class, () -> both.prove(statement), literal);
    }
  }

  /** Whoever runs it may have another search path: one with another table of that name before. */
  @Test
  void namesThatAnotherPathReadsOtherwiseAreQualified() throws SQLException {
    Prover both =
        new Prover(
            database.database(),
            CheckDatabase.config(1_000, List.of(), List.of("sales", "public"), false));
    database.execute(
        "CREATE SCHEMA other; CREATE TABLE other.lone (id int); CREATE TABLE public.lone (id int, v text);"
            + "CREATE TABLE sales.twice (id int, v text); CREATE TABLE public.twice (id int);"
            + "CREATE TYPE sales.mood AS ENUM ('good', 'bad')");
    Prover alone =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("public"), false));
    assertEquals("SELECT * FROM users LIMIT 1000", alone.prove("SELECT * FROM users").text());
    assertEquals(
        "SELECT v FROM public.lone ORDER BY id LIMIT 1000",
        alone.prove("SELECT v FROM lone ORDER BY id").text());
    assertEquals(
        "SELECT v FROM public.lone LIMIT 1000", alone.prove("SELECT v FROM public.lone").text());
    assertEquals(
        "SELECT u.id FROM public.users u, sales.twice JOIN public.lone USING (id) LIMIT 1000",
        both.prove("SELECT u.id FROM users u, twice JOIN lone USING (id)").text());
    for (String statement :
        List.of(
            "SELECT t.v, t.v, count(*) FROM twice t GROUP BY t.v ORDER BY 1 DESC LIMIT 5",
            "WITH w AS (SELECT id FROM twice) SELECT * FROM w UNION ALL SELECT id FROM users",
            "SELECT 'good'::mood AS m, ') answer' AS \") answer(x\" FROM twice",
            "VALUES (1, (SELECT count(*) FROM twice))")) {
      String text = both.prove(statement).text();
      database.execute("SET LOCAL search_path = sales, public");
      List<String> meant = database.rows(statement);
      database.execute("SET LOCAL search_path = public, other, sales");
      assertEquals(meant, database.rows(text), text);
      assertFalse(text.contains("FROM twice"), text);
    }
  }

  /** A schema that is in nobody's scope may be in the search path of whoever runs it. */
  @Test
  void builtinsThatHaveNamesakesElsewhereAreQualified() throws SQLException {
    Prover alone =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("public"), false));
    String honest = "SELECT lower(name) FROM users WHERE name = 'Bob 1'";
    assertEquals(honest + " LIMIT 1000", alone.prove(honest).text());
    database.execute(
        """
        CREATE SCHEMA other;
        CREATE TYPE other.own AS (a int);
        CREATE FUNCTION other.max(other.own) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION public.min(timestamp, int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        """);
    String others = "SELECT max(id), min(id), upper('a') FROM users";
    assertEquals(others + " LIMIT 1000", alone.prove(others).text());
    database.execute(
        """
        CREATE FUNCTION other.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT ''hijacked''';
        CREATE FUNCTION other.lower(text) RETURNS text LANGUAGE sql AS 'SELECT ''hijacked''';
        CREATE FUNCTION other.substring(text, int, int) RETURNS text LANGUAGE sql AS 'SELECT ''hijacked''';
        CREATE FUNCTION other.never(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
        CREATE OPERATOR other.= (LEFTARG = text, RIGHTARG = text, FUNCTION = other.never);
        CREATE FUNCTION public.abs(int) RETURNS int LANGUAGE sql AS 'SELECT 42';
        """);
    assertEquals(
        "SELECT pg_catalog.lower(name) FROM public.users WHERE name OPERATOR(pg_catalog.=) 'Bob 1' LIMIT 1000",
        alone.prove(honest).text());
    for (String statement :
        List.of(
            honest,
            "SELECT lower('A'), LOWER ('B'), \"lower\"('C'), abs(-1) AS n",
            "SELECT substring('abc', 1, 2), substring('abc' FROM 2), lower('B' || 'A')",
            "SELECT id FROM users WHERE 'Bob 1'=name AND lower(name)='bob 1'",
            "SELECT count(*) FILTER (WHERE lower(name) = 'bob 1') FROM users")) {
      String text = alone.prove(statement).text();
      database.execute("SET LOCAL search_path = public");
      List<String> meant = database.rows(statement);
      database.execute("SET LOCAL search_path = other, public, pg_catalog");
      assertNotEquals(meant, database.rows(statement), statement);
      assertEquals(meant, database.rows(text), text);
    }
  }

  /** What is named in the statement and not in the tree. */
  @Test
  void typesCollationsAndConfigurationsThatHaveNamesakesAreQualifiedOrRefused()
      throws SQLException {
    Prover alone =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("public"), false));
    String configured = "SELECT to_tsvector('english', name) FROM users";
    assertEquals(configured + " LIMIT 1000", alone.prove(configured).text());
    database.execute(
        """
        CREATE SCHEMA other;
        CREATE DOMAIN other.text AS varchar CHECK (public.ran());
        CREATE COLLATION other."C" FROM "POSIX";
        CREATE TEXT SEARCH CONFIGURATION other.english (COPY = pg_catalog.simple);
        """);
    for (String[] pair :
        new String[][] {
          {"SELECT country::text FROM users", "country::pg_catalog.text"},
          {"SELECT CAST(id AS text), text 'x' FROM users", "pg_catalog.text 'x'"},
          {
            // as a label without AS it could be a type's name to us, and is nothing to PostgreSQL
            // 13
            (TestCluster.major() < 14 ? "SELECT name AS text" : "SELECT name text")
                + " FROM users ORDER BY name COLLATE \"C\"",
            "COLLATE pg_catalog.\"C\""
          },
          {"SELECT x.a FROM json_to_record('{}') AS x(a text)", "x(a pg_catalog.text)"},
          {"SELECT to_tsvector('pg_catalog.english', name) FROM users", "'pg_catalog.english'"}
        }) {
      String text = alone.prove(pair[0]).text();
      assertTrue(text.contains(pair[1]), text);
      database.execute("SET LOCAL search_path = public");
      List<String> meant = database.rows(pair[0]);
      database.execute("SET LOCAL search_path = other, public, pg_catalog");
      assertEquals(meant, database.rows(text), text);
    }
    assertEquals(Failure.STATEMENT_REFUSED, refusal(configured));
    assertEquals("f", runs());
  }

  /** A call can be a cast or read a column, and what follows a dot can be a call. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          FUNCTION other.email(public.users) RETURNS text | SELECT email(u) FROM users u | refused
          FUNCTION other.float8(text) RETURNS float8      | SELECT float8('1'::text) | pg_catalog.float8('1'
          FUNCTION other."numeric"(text) RETURNS numeric  | SELECT "numeric"('1'::text) | pg_catalog."numeric"('1'
          FUNCTION other.date(text) RETURNS pg_catalog.date | SELECT date('2021-01-01'::text) | pg_catalog.date('2021
          FUNCTION other.text(int) RETURNS text           | SELECT (id).text FROM users | refused
          FUNCTION other.name(text) RETURNS text          | SELECT g.name FROM upper('x') AS g | refused
          FUNCTION other.float8(text) RETURNS float8      | SELECT ('1'::text).float8 | refused
          FUNCTION other.text(text) RETURNS text          | SELECT ('1'::text).text | refused
          FUNCTION other.upper(text) RETURNS text         | SELECT (name).upper FROM users | refused
          FUNCTION other.upper(text) RETURNS text         | SELECT ('a'::varchar::text).upper | refused
          FUNCTION other.upper(text) RETURNS text         | SELECT upper(name), ('a'::text).upper FROM users | refused
          DOMAIN other.upper AS varchar(1)                | SELECT upper('ab') | pg_catalog.upper('ab')
          DOMAIN other.text AS varchar(1)                 | SELECT x.a FROM xmltable('/r' PASSING ('<r>ab</r>'::xml) COLUMNS n FOR ORDINALITY, a text PATH '.') AS x | a pg_catalog.text PATH
          DOMAIN other.text AS varchar(1)                 | SELECT xmlserialize(content '<r/>'::xml AS text) | AS pg_catalog.text)
          DOMAIN other.text AS varchar(1)                 | SELECT * FROM json_to_record('{"a": "ab"}') AS rows(a text) | rows(a pg_catalog.text)
          DOMAIN other.text AS varchar(1)                 | SELECT * FROM json_to_record('{"a": "ab"}') AS first(a text) | first(a pg_catalog.text)
          DOMAIN other.text AS varchar(1)                 | SELECT * FROM json_to_record('{"a": "ab"}') range(a text) | range(a pg_catalog.text)
          DOMAIN other.text AS varchar(1)                 | SELECT * FROM json_to_record('{"a": "ab"}') AS filter(a text) | filter(a pg_catalog.text)
          DOMAIN other.text AS varchar(1)                 | SELECT * FROM json_to_record('{"values": "ab"}') AS x(values text) | values pg_catalog.text)
          DOMAIN other.text AS varchar(1)                 | SELECT * FROM ROWS FROM (json_to_record('{"a": "ab"}') AS (by text, a text)) AS y | a pg_catalog.text)
          DOMAIN other.text AS varchar(1)                 | SELECT text FROM (SELECT 'ab'::text AS text) AS q ORDER BY text | 'ab'::pg_catalog.text AS text
          """)
  void castsAndTypesThatAnotherPathReadsOtherwiseAreQualifiedOrRefused(
      String namesake, String statement, String expected) throws SQLException {
    Prover alone =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("public"), false));
    assertEquals(statement + " LIMIT 1000", alone.prove(statement).text());
    database.execute("SET LOCAL search_path = public");
    List<String> meant = database.rows(statement);
    boolean function = namesake.startsWith("FUNCTION");
    database.execute(
        "CREATE SCHEMA other; CREATE "
            + namesake
            + (function ? " LANGUAGE plpgsql AS 'begin return null; end'" : ""));
    String text = null;
    try {
      text = alone.prove(statement).text();
    } catch (AiWorkerException e) {
      assertEquals("refused", expected, e.getMessage());
      assertTrue(e.getMessage().contains("under another search path"), e.getMessage());
    }
    database.execute("SET LOCAL search_path = other, public, pg_catalog");
    if (text == null) {
      assertNotEquals(meant, database.rows(statement));
    } else {
      assertTrue(text.contains(expected), text);
      assertEquals(meant, database.rows(text), text);
    }
  }

  @ParameterizedTest
  @EnabledIf("hasJsonTable")
  @ValueSource(
      strings = {
        "SELECT j.a FROM json_table('[{\"a\": \"ab\"}]', '$[*]' COLUMNS (a text, n FOR ORDINALITY)) AS j",
        "SELECT j.b FROM json_table('[{\"b\": \"ab\"}]', '$[*]' COLUMNS (NESTED '$' COLUMNS (b text))) AS j",
        "SELECT json_serialize('{\"a\": 1}' RETURNING text)",
        "SELECT json_query('{\"a\": \"ab\"}', '$.a' RETURNING text), json_value('{\"a\": \"ab\"}', '$.a' RETURNING text)"
      })
  void typesInJsonSyntaxAreQualifiedToo(String statement) throws SQLException {
    castsAndTypesThatAnotherPathReadsOtherwiseAreQualifiedOrRefused(
        "DOMAIN other.text AS varchar(1)", statement, "pg_catalog.text");
  }

  static boolean hasJsonTable() {
    return TestCluster.major() >= 17;
  }

  /** What is no type and no call stays as it is, however many have its name. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT u.name, u.email AS text FROM users u ORDER BY u.name, text",
        "SELECT name, u.count FROM users u ORDER BY name",
        "SELECT u.name AS n, count(*) FROM users u GROUP BY u.name ORDER BY n",
        "SELECT x.date, text FROM (SELECT birthday AS date, name AS text FROM users) x ORDER BY text",
        "WITH w AS (SELECT id, name FROM users) SELECT a.name FROM w a JOIN w b USING (id)",
        "SELECT x FROM (SELECT 'a') AS name(x)",
        "SELECT (u).city FROM (SELECT profile AS city FROM users) u",
        "SELECT count(name) OVER name FROM users WINDOW name AS (PARTITION BY name)",
        "SELECT min(date) AS date FROM (SELECT birthday AS date FROM users) date WHERE date.date IS NOT NULL",
        "SELECT date_trunc('month', created_at)::date AS date, count(*) FROM users GROUP BY date ORDER BY date"
      })
  void columnsAndLabelsThatHaveNamesakesPass(String statement) throws SQLException {
    database.execute(
        """
        CREATE SCHEMA other; CREATE DOMAIN other.text AS varchar(1); CREATE DOMAIN other.date AS int;
        CREATE FUNCTION other.name(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
        CREATE FUNCTION other.name(public.users) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION other.count(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
        CREATE FUNCTION other.city(jsonb) RETURNS text LANGUAGE sql AS 'SELECT current_user::text'
        """);
    Prover alone =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("public"), false));
    String text = alone.prove(statement).text();
    database.execute("SET LOCAL search_path = public");
    List<String> meant = database.rows(statement);
    database.execute("SET LOCAL search_path = other, public, pg_catalog");
    assertEquals(meant, database.rows(text), text);
  }

  /** The server prints types and collations that it finds by its own path. */
  @Test
  void whatTheServerPrintsWithoutASchemaHasNoNamesakeEither() throws SQLException {
    Prover both =
        new Prover(
            database.database(),
            CheckDatabase.config(1_000, List.of(), List.of("sales", "public"), false));
    String statement = "SELECT rows.b FROM json_to_record('{}') AS rows(a tone, b pg_catalog.text)";
    database.execute("CREATE TYPE sales.tone AS ENUM ('low')");
    assertTrue(both.prove(statement).text().contains("b text"));
    database.execute("CREATE SCHEMA other; CREATE DOMAIN other.text AS varchar");
    String refused =
        assertThrows(AiWorkerException.class, () -> both.prove(statement)).getMessage();
    assertTrue(refused.contains("search path"), refused);
  }

  /** One user's own schema, which nobody has in his path, is in nobody's way. */
  @Test
  void whatOnlyItsOwnerMayUseIsInNobodysWay() throws SQLException {
    Prover alone =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("public"), false));
    database.execute(
        """
        CREATE ROLE loner; CREATE ROLE loners_friend; CREATE SCHEMA priv AUTHORIZATION loner;
        CREATE FUNCTION priv.never(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
        CREATE OPERATOR priv.= (LEFTARG = text, RIGHTARG = text, FUNCTION = priv.never);
        CREATE TEXT SEARCH CONFIGURATION priv.english (COPY = pg_catalog.simple);
        CREATE DOMAIN priv.text AS varchar
        """);
    List<String> statements =
        List.of(
            "SELECT id FROM users WHERE name IN ('Rome', 'Paris')",
            "SELECT count(*) FROM users JOIN users AS u USING (name)",
            "SELECT to_tsvector('english', name) FROM users");
    for (String statement : statements) {
      alone.prove(statement);
    }
    String plain = "SELECT name::text FROM public.users WHERE name = 'in' AND id = 1";
    assertEquals(plain + " LIMIT 1000", alone.prove(plain).text());
    for (String change :
        List.of(
            "GRANT loner TO loners_friend",
            "REVOKE loner FROM loners_friend; GRANT USAGE ON SCHEMA priv TO PUBLIC")) {
      database.execute(change);
      for (String statement : statements) {
        assertEquals(Failure.STATEMENT_REFUSED, refusal(alone, statement), statement);
      }
      // neither a string nor other types are what the keyword stands for
      assertTrue(alone.prove(plain).text().contains("name OPERATOR(pg_catalog.=) 'in'"));
      String numbers = "SELECT id FROM users WHERE id IN (1, 2) AND name LIKE 'B%'";
      assertEquals(numbers + " LIMIT 1000", alone.prove(numbers).text());
    }
  }

  private static Failure refusal(Prover prover, String statement) {
    return assertThrows(AiWorkerException.class, () -> prover.prove(statement)).failure();
  }

  /** It is found before one that takes something else if it takes exactly what it gets. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SELECT t FROM v WHERE t IN ('a', 'b')          | true
          SELECT x.t FROM v AS x JOIN v USING (t)        | true
          SELECT CASE t WHEN 'a' THEN 1 END FROM v       | true
          SELECT t FROM v WHERE s IN ('a', 'b')          | false
          SELECT x.t FROM v AS x JOIN v USING (s)        | false
          SELECT t FROM v WHERE d IN (5.0)               | false
          SELECT t FROM v WHERE NULLIF(s, 'a') IS NULL   | false
          SELECT t FROM v WHERE n IS DISTINCT FROM ARRAY[1] | false
          SELECT t FROM v WHERE (t, 1) IN (SELECT s, 1 FROM v) | false
          SELECT 'a' IS DISTINCT FROM 'b'                | false
          """)
  void operatorThatFitsExactlyIsFoundBeforeOthers(String statement, boolean honest)
      throws SQLException {
    Prover alone =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("public"), false));
    database.execute(
        "CREATE SCHEMA other; CREATE TABLE public.v (t text, s varchar, n int[], d public.percentage)");
    for (String[] types :
        new String[][] {
          {"varchar", "varchar"},
          {"text", "varchar"},
          {"public.percentage", "numeric"},
          {"int[]", "int[]"}
        }) {
      database.execute(
          "CREATE FUNCTION other.never(%1$s, %2$s) RETURNS boolean LANGUAGE sql AS 'SELECT false'; CREATE OPERATOR other.= (LEFTARG = %1$s, RIGHTARG = %2$s, FUNCTION = other.never)"
              .formatted(types[0], types[1]));
    }
    if (honest) {
      assertEquals(statement + " LIMIT 1000", alone.prove(statement).text());
    } else {
      assertEquals(Failure.STATEMENT_REFUSED, refusal(alone, statement));
    }
  }

  /** There is no way to write which operator a keyword stands for. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          =  | SELECT id FROM users WHERE name IN ('a', 'b')
          <> | SELECT id FROM users WHERE name NOT IN ('a', 'b')
          =  | SELECT CASE name WHEN 'a' THEN 1 END FROM users
          =  | SELECT NULLIF(name, 'a') FROM users
          =  | SELECT id FROM users WHERE name IS DISTINCT FROM 'a'
          =  | SELECT count(*) FROM users JOIN users AS u USING (name)
          =  | SELECT count(*) FROM users NATURAL JOIN (SELECT name FROM users) AS u
          >= | SELECT id FROM users WHERE name BETWEEN 'a' AND 'b'
          ~~ | SELECT id FROM users WHERE name LIKE 'a%'
          ~~* | SELECT id FROM users WHERE name ILIKE 'a%'
          ~  | SELECT id FROM users WHERE name SIMILAR TO 'a'
          """)
  void keywordWhoseOperatorHasANamesakeIsRefused(String operator, String statement)
      throws SQLException {
    Prover alone =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("public"), false));
    assertEquals(statement + " LIMIT 1000", alone.prove(statement).text());
    database.execute(
        "CREATE SCHEMA other; CREATE FUNCTION other.never(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';"
            + "CREATE OPERATOR other."
            + operator
            + " (LEFTARG = text, RIGHTARG = text, FUNCTION = other.never)");
    AiWorkerException e =
        assertThrows(AiWorkerException.class, () -> alone.prove(statement), statement);
    assertEquals(Failure.STATEMENT_REFUSED, e.failure());
    assertTrue(e.getMessage().contains("operator " + operator + " could be"), e.getMessage());
    assertTrue(e.detail().contains("OPERATOR(pg_catalog." + operator + ")"), e.detail());
    alone.prove("SELECT CASE WHEN id > 1 THEN 2 END FROM users");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SELECT city::text FROM plain.t   | CREATE DOMAIN other.text AS varchar
          SELECT city COLLATE "C" FROM plain.t | CREATE COLLATION other."C" FROM "POSIX"
          SELECT to_tsvector('english', city) FROM plain.t | CREATE TEXT SEARCH CONFIGURATION other.english (COPY = pg_catalog.simple)
          SELECT lower(city) FROM plain.t  | CREATE FUNCTION other.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'
          SELECT city FROM plain.t WHERE city = 'a' | CREATE OPERATOR other.= (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)
          SELECT city FROM plain.t WHERE city IN ('a', 'b') | CREATE OPERATOR other.= (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)
          SELECT * FROM json_to_record('{}') AS rows(a text) | CREATE DOMAIN other.text AS varchar
          SELECT (city).upper FROM plain.t | CREATE FUNCTION other.upper(text) RETURNS text LANGUAGE sql AS 'SELECT $1'
          SELECT city(t) FROM plain.t      | CREATE FUNCTION other.city(plain.t) RETURNS text LANGUAGE sql AS 'SELECT current_user::text'
          SELECT city FROM t               | CREATE TABLE other.t (city text)
          SELECT city FROM t               | CREATE TEMPORARY TABLE t (city text)
          """)
  void whereNoViewCanBeMadeWhatHasANamesakeIsRefused(String statement, String namesake)
      throws SQLException {
    database.connection().rollback();
    database.execute(
        "CREATE SCHEMA plain; GRANT USAGE ON SCHEMA plain TO ai_worker_prover; CREATE SCHEMA other;"
            + "CREATE TABLE plain.t (city text)");
    Prover plain =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("plain"), false));
    Savepoint before = database.connection().setSavepoint();
    database.execute("SET TRANSACTION READ ONLY");
    assertFalse(plain.prove(statement).storable());
    database.connection().rollback(before);
    database.execute(namesake);
    database.execute("SET TRANSACTION READ ONLY");
    String refused =
        assertThrows(AiWorkerException.class, () -> plain.prove(statement)).getMessage();
    assertTrue(refused.contains("under another search path"), refused);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT coalesce(pg_typeof(1), 16500)",
        "SELECT pg_typeof(1) UNION SELECT 16500",
        "SELECT coalesce(kind, 16500) FROM t",
        "SELECT coalesce(get_current_ts_config(), 16500)",
        "SELECT '16500'::regconfig",
        "SELECT jsonb_populate_record(t, '{\"kind\": 16500}') FROM t"
      })
  void whereNoViewCanBeMadeNumbersAreNotPrintedAsNames(String statement) throws SQLException {
    database.connection().rollback();
    database.execute(
        "CREATE SCHEMA plain; GRANT USAGE ON SCHEMA plain TO ai_worker_prover; CREATE TABLE plain.t (kind regtype)");
    database.execute("SET TRANSACTION READ ONLY");
    Prover plain =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("plain"), false));
    String refused =
        assertThrows(AiWorkerException.class, () -> plain.prove(statement)).getMessage();
    assertTrue(refused.contains("tells of objects out of scope"), refused);
    plain.prove("SELECT to_tsvector('english'::regconfig, 'x')");
  }

  /** Earlier servers read the rest of such a number as a label. */
  @ParameterizedTest
  @ValueSource(strings = {"SELECT 1_000 AS n", "SELECT 0x1F", "SELECT 0b1_0 + 0o7, 1_0.5e1_0"})
  void numbersOfLaterServersPassThere(String statement) {
    if (TestCluster.major() >= 16) {
      assertEquals(statement + " LIMIT 1000", database.prover().prove(statement).text());
    } else {
      assertEquals(Failure.STATEMENT_INVALID, refusal(statement));
    }
  }

  /** The planner gives the branches of a set operation their type, and no node says by what. */
  @Test
  void castsBetweenBranchesOfASetOperationAreFound() throws SQLException {
    database.execute(
        """
        CREATE TYPE public.color AS ENUM ('red'); CREATE TYPE public.shade_of AS ENUM ('red');
        CREATE TABLE public.paint (c public.color, s public.shade_of);
        """);
    assertTrue(database.prover().prove("SELECT s FROM paint UNION SELECT s FROM paint").storable());
    database.execute(
        """
        CREATE FUNCTION public.to_shade(public.color) RETURNS public.shade_of LANGUAGE plpgsql IMMUTABLE AS
          'begin perform public.ran(); return ''red''; end';
        CREATE CAST (public.color AS public.shade_of) WITH FUNCTION public.to_shade(public.color) AS IMPLICIT;
        """);
    assertEquals(
        Failure.STATEMENT_REFUSED, refusal("SELECT s FROM paint UNION SELECT c FROM paint"));
    assertEquals("f", runs());
  }

  @Test
  void nothingOfTheAnalysisRemains() throws SQLException {
    database.execute("SET LOCAL search_path = sales");
    String before = state();
    database.prover().prove("SELECT u.id, lower(u.name) FROM public.users u");
    assertThrows(
        AiWorkerException.class, () -> database.prover().prove("SELECT nothing FROM users"));
    assertEquals(before, state());
  }

  private static String state() {
    return database
        .database()
        .query(
            """
            SELECT current_setting('search_path') || current_user
              || (SELECT count(*) FROM pg_class WHERE relnamespace = 'ai_worker_prover'::regnamespace)
              || (SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'ai_worker%')
              || (SELECT count(*) FROM pg_locks WHERE relation = 'public.users'::regclass) AS state""")
        .get(0)
        .text("state");
  }

  @Test
  void whereNoViewCanBeMadeNamesAreJudgedAndHiddenCodeIsRefused() throws SQLException {
    database.connection().rollback();
    database.execute("SET TRANSACTION READ ONLY");
    ProvenSql byNames = null;
    List<String> problems = new ArrayList<>();
    try {
      byNames = database.prover().prove("SELECT id FROM users");
    } catch (AiWorkerException e) {
      problems.add(e.getMessage());
    }
    // the sample schema has operators of its own
    assertEquals(null, byNames);
    assertTrue(
        problems.get(0).contains("can be proven while the transaction is read-only"),
        problems.get(0));
    Prover built =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("empty"), false));
    assertFalse(built.prove("SELECT 1 AS one").storable());
    assertThrows(AiWorkerException.class, () -> built.prove("SELECT nothing"));
    assertEquals(
        "0",
        database
            .database()
            .query("SELECT count(*) AS n FROM pg_prepared_statements WHERE name LIKE 'ai_worker%'")
            .get(0)
            .text("n"));
  }

  @Test
  void whatTheParserCannotReadIsRefusedWhereNoViewCanBeMade() throws SQLException {
    database.connection().rollback();
    database.execute("SET TRANSACTION READ ONLY");
    Prover built =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("empty"), false));
    AiWorkerException e =
        assertThrows(AiWorkerException.class, () -> built.prove("SELECT 1 AS from"));
    assertEquals(
        "statement refused: it cannot be proven while the transaction is read-only, as the parser does"
            + " not know its syntax",
        e.getMessage());
    assertEquals(Failure.STATEMENT_REFUSED, e.failure());
    assertThrows(AiWorkerException.class, () -> built.prove("SELECT 1 FROM pg_class"));
    AiWorkerException locks =
        assertThrows(
            AiWorkerException.class,
            () -> built.prove("SELECT 1 FROM generate_series(1, 2) FOR UPDATE"));
    assertEquals("statement refused: a locking clause is not allowed", locks.getMessage());
  }

  /** A function of somebody's that shares a name with a column or a built-in is not in the way. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT p.title, p.first FROM books p",
        "SELECT title, first FROM books ORDER BY title",
        "SELECT (p).title FROM books p",
        "SELECT count(*), count(p.id), sum(p.id) FROM books p",
        "SELECT * FROM books WHERE id * 2 > 1",
        "SELECT * FROM jsonb_populate_record(NULL::public.plain, '{\"a\": 1}')"
      })
  void functionsOfOthersAreNotInTheWayOfWhatTheirNamesMean(String statement) throws SQLException {
    database.execute(
        """
        CREATE TYPE public.plain AS (a int);
        CREATE TABLE public.books (id int, title text, first text);
        CREATE FUNCTION public.title(public.books) RETURNS text LANGUAGE sql AS $$SELECT 'x'$$;
        CREATE FUNCTION public.title(public.people) RETURNS text LANGUAGE sql AS $$SELECT 'x'$$;
        CREATE AGGREGATE public.first(int) (SFUNC = int4larger, STYPE = int);
        CREATE FUNCTION public.count(public.box_of) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION public.sum(public.box_of) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION public.times(public.box_of, int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE OPERATOR public.* (LEFTARG = public.box_of, RIGHTARG = int, FUNCTION = public.times)
        """);
    assertTrue(database.prover().prove(statement).storable());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          id int      | SELECT id FROM plain.t
          a joes.dom[] | SELECT array_append(a, 'q') FROM plain.t
          a joes.comp | SELECT jsonb_populate_record(t, '{"a": {"x": "a"}}') FROM plain.t AS t
          """)
  void whereNoViewCanBeMadeCodeThatColumnsReachIsFoundInAnySchema(String column, String statement)
      throws SQLException {
    database.connection().rollback();
    database.execute(
        "CREATE SCHEMA plain; GRANT USAGE ON SCHEMA plain TO ai_worker_prover; CREATE SCHEMA joes;"
            + "CREATE FUNCTION joes.f(text) RETURNS bool LANGUAGE plpgsql AS 'begin return true; end';"
            + "CREATE DOMAIN joes.dom AS text CHECK (joes.f(value)); CREATE TYPE joes.comp AS (x joes.dom);"
            + "CREATE TYPE joes.span AS RANGE (subtype = int4); CREATE TABLE plain.t ("
            + column
            + ")");
    database.execute("SET TRANSACTION READ ONLY");
    Prover plain =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("plain"), false));
    if (column.startsWith("id")) {
      assertFalse(plain.prove(statement).storable());
    } else {
      String refused =
          assertThrows(AiWorkerException.class, () -> plain.prove(statement)).getMessage();
      assertTrue(refused.contains("no statement can be proven"), refused);
    }
  }

  @Test
  void eventTriggersOfTheDbaAreNeverFired() throws SQLException {
    database.execute(
        """
        CREATE FUNCTION public.refuse_ddl() RETURNS event_trigger LANGUAGE plpgsql AS
          'begin perform nextval(''public.runs''); raise exception ''no DDL here''; end';
        CREATE EVENT TRIGGER refuse_ddl ON ddl_command_start EXECUTE FUNCTION public.refuse_ddl()
        """);
    Prover built =
        new Prover(
            database.database(), CheckDatabase.config(1_000, List.of(), List.of("empty"), false));
    AiWorkerException e =
        assertThrows(AiWorkerException.class, () -> built.prove("SELECT 1 AS one"));
    // casts belong to no schema, and this database has one with code of its own
    assertTrue(e.getMessage().contains("event trigger refuse_ddl would fire"), e.getMessage());
    assertEquals("f", runs());
  }

  @Test
  void ownerOfATrustedExtensionCannotLendItsNameToCodeOfHisOwn() throws SQLException {
    database.execute(
        """
        CREATE ROLE lender SUPERUSER;
        SET LOCAL ROLE lender;
        CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;
        CREATE FUNCTION public.lent(int, citext) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'begin return true; end';
        CREATE OPERATOR public.=== (LEFTARG = int, RIGHTARG = citext, FUNCTION = public.lent);
        ALTER EXTENSION citext ADD FUNCTION public.lent(int, citext);
        RESET ROLE;
        ALTER ROLE lender NOSUPERUSER
        """);
    assertEquals(
        Failure.STATEMENT_REFUSED, refusal("SELECT id FROM users WHERE id::int === 'x'::citext"));
  }
}
