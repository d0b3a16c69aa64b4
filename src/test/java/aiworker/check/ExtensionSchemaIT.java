package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Extensions in a schema of their own, out of scope, with columns of their types in scope. */
class ExtensionSchemaIT {
  @AutoClose private static final CheckDatabase database = CheckDatabase.create();

  @BeforeEach
  void plant() throws SQLException {
    database.execute(
        """
        CREATE SCHEMA extensions;
        CREATE EXTENSION citext SCHEMA extensions;
        CREATE EXTENSION hstore SCHEMA extensions;
        CREATE EXTENSION ltree SCHEMA extensions;
        CREATE EXTENSION cube SCHEMA extensions;
        CREATE DOMAIN public.email AS extensions.citext;
        CREATE TABLE public.people (id int, name extensions.citext, email public.email, nicks extensions.citext[],
          tags extensions.hstore, path extensions.ltree, place extensions.cube);
        INSERT INTO public.people
        VALUES (1, 'Ann', 'Ann@x', '{Annie}', 'a=>1', 'top.first', '(1,1)'), (2, 'Bob', 'Bob@x', '{Rob}', 'b=>2', 'top', '(5,5)');
        CREATE TABLE extensions.notes (id int);
        GRANT USAGE ON SCHEMA extensions TO ai_worker_prover
        """);
  }

  @AfterEach
  void rollBack() throws SQLException {
    database.connection().rollback();
  }

  private static Prover prover() {
    return new Prover(
        database.database(), CheckDatabase.config(1_000, List.of(), List.of("public"), false));
  }

  private static String refusal(String statement) {
    AiWorkerException e =
        assertThrows(AiWorkerException.class, () -> prover().prove(statement), statement);
    return e.getMessage() + " " + e.detail();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SELECT id FROM people WHERE name = 'ANN' | [[1]]
          SELECT id FROM people WHERE email = 'BOB@X' | [[2]]
          SELECT id FROM people WHERE name IN ('ann', 'x') | [[1]]
          SELECT id FROM people WHERE name LIKE 'an%' | [[1]]
          SELECT id FROM people WHERE nicks @> ARRAY['ROB'::citext] | [[2]]
          SELECT count(DISTINCT name) FROM people | [[2]]
          SELECT tags -> 'a' FROM people WHERE tags ? 'a' | [[1]]
          SELECT id FROM people WHERE path <@ 'top' ORDER BY id | [[1], [2]]
          SELECT id FROM people ORDER BY place <-> '(4,4)' | [[2], [1]]
          """)
  void operatorsOfTheirTypesAreTheirOwn(String statement, String rows) throws SQLException {
    ProvenSql proven = prover().prove(statement);
    assertTrue(proven.storable());
    String path =
        database
            .database()
            .query("SELECT ai_worker.query_path('{public}') AS path")
            .get(0)
            .text("path");
    assertEquals("public, extensions, pg_temp", path);
    database.execute("SET LOCAL search_path = " + path);
    assertEquals(rows, database.rows(proven.text()).toString());
  }

  /** What a keyword calls cannot be written with its schema; the model is told what can. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SELECT id FROM people WHERE name IS DISTINCT FROM 'ANN' | SELECT id FROM people WHERE NOT (name OPERATOR(extensions.=) 'ANN') | [[2]]
          SELECT id FROM people WHERE name IS NOT DISTINCT FROM 'ANN' | SELECT id FROM people WHERE (name OPERATOR(extensions.=) 'ANN') | [[1]]
          SELECT NULLIF(name, 'ANN') FROM people | SELECT CASE WHEN NOT (name OPERATOR(extensions.=) 'ANN') THEN name END FROM people ORDER BY id | [[null], [Bob]]
          SELECT CASE name WHEN 'ANN' THEN 1 END FROM people | SELECT CASE WHEN (name OPERATOR(extensions.=) 'ANN') THEN 1 END FROM people ORDER BY id | [[1], [null]]
          SELECT p.id FROM people p JOIN people q USING (name) | SELECT p.id FROM people p JOIN people q ON (p.name OPERATOR(extensions.=) q.name) ORDER BY id | [[1], [2]]
          SELECT p.id FROM people p NATURAL JOIN people q | SELECT id FROM people ORDER BY id | [[1], [2]]
          SELECT id FROM people WHERE (name, id) IN (SELECT name, id FROM people) | SELECT id FROM people WHERE name IN (SELECT name FROM people) ORDER BY id | [[1], [2]]
          SELECT id FROM people WHERE tags IS DISTINCT FROM tags | SELECT id FROM people WHERE NOT (tags OPERATOR(extensions.=) tags) | []
          """)
  void keywordsThatCallTheirOperatorsAreRefusedWithWhatToWrite(
      String statement, String instead, String rows) throws SQLException {
    String refusal = refusal(statement);
    assertTrue(
        refusal.contains("keyword stands for operator = of schema extensions")
            && refusal.contains("(a OPERATOR(extensions.=) b)"),
        refusal);
    String text = prover().prove(instead).text();
    database.execute("SET LOCAL search_path = pg_catalog");
    assertEquals(rows, database.rows(text).toString());
  }

  @Test
  void theirTablesStayOutOfScope() {
    assertTrue(refusal("SELECT id FROM notes").contains("extensions.notes is not in scope"));
    assertTrue(refusal("SELECT hstore('a', 'b')").contains("allowed_functions"));
  }

  @Test
  void withoutTheirSchemaNothingElseStandsForThem() throws SQLException {
    database.execute("REVOKE USAGE ON SCHEMA extensions FROM ai_worker_prover");
    for (String statement :
        List.of(
            "SELECT id FROM people WHERE name = 'ANN'",
            "SELECT id FROM people WHERE email = 'ANN@X'",
            "SELECT id FROM people WHERE tags ? 'a'")) {
      String refusal = refusal(statement);
      assertTrue(refusal.contains("GRANT USAGE ON SCHEMA extensions TO ai_worker_prover"), refusal);
    }
    assertTrue(prover().prove("SELECT id FROM people").storable());
  }
}
