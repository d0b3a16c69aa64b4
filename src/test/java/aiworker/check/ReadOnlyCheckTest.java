package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import aiworker.db.Database;
import aiworker.db.Row;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReadOnlyCheckTest {
  /** A catalog that holds what the test says, whatever is asked. */
  private static final class FakeCatalog implements Database {
    private final List<Row> rows = new ArrayList<>();
    private int queries;

    @Override
    public List<Row> query(String sql, String... parameters) {
      queries++;
      return rows;
    }

    private void holds(String kind, String schema, String name, String trait, String extension) {
      Map<String, String> columns = new HashMap<>();
      columns.put("kind", kind);
      columns.put("schema", schema);
      columns.put("name", name);
      columns.put("symbol", name);
      columns.put("trait", trait);
      columns.put("extension", extension);
      columns.put("runs_code", "f");
      columns.put("shadows_builtin", "t");
      rows.add(new Row(columns));
    }
  }

  private final FakeCatalog catalog = new FakeCatalog();

  private String judge(String statement, String... allowed) {
    return new ReadOnlyCheck(catalog, CheckDatabase.config(1_000, List.of(allowed)))
        .judge(statement);
  }

  private void refused(String statement, String... allowed) {
    AiWorkerException e = assertThrows(AiWorkerException.class, () -> judge(statement, allowed));
    assertEquals(Failure.STATEMENT_REFUSED, e.failure(), e.getMessage());
  }

  @Test
  void asksTheCatalogOnce() {
    judge("SELECT lower(name), u.x FROM users u JOIN orders o USING (id) WHERE a + b > 1::numeric");
    assertEquals(1, catalog.queries);
  }

  @Test
  void operatorsThatTheParserLacksComeBackAsWritten() {
    assertEquals(
        "SELECT a @? '$.x', b #- '{c}', E'it\\'s', number FROM t WHERE @x > 1 LIMIT 1000",
        judge("SELECT a @? '$.x', b#-'{c}', E'it\\'s', number FROM t WHERE @ x > 1")
            .replace("@ x", "@x"));
  }

  /** In plain quotes a backslash reads otherwise where standard_conforming_strings is off. */
  @Test
  void backslashesLeaveInStringsThatReadTheSameInEverySession() {
    assertEquals(
        "SELECT E'x\\\\'' , y --', 'plain', E'\\t', $$\\$$ LIMIT 1000",
        judge("SELECT 'x\\'' , y --', 'plain', E'\\t', $$\\$$"));
    refused("SELECT N'x\\'");
  }

  @Test
  void everyOverloadMustPass() {
    catalog.holds("function", "pg_catalog", "f", "i", "f");
    judge("SELECT f(1)");
    catalog.holds("function", "public", "f", "i", "f");
    refused("SELECT f(1)");
    judge("SELECT f(1)", "public.f");
    judge("SELECT f(1)", "f");
  }

  @Test
  void anExtensionMayAddQuietFormsOfBuiltInFunctions() {
    catalog.holds("function", "public", "replace", "i", "t");
    judge("SELECT replace(a, b, c) FROM t");
    catalog.holds("function", "public", "replace", "v", "t");
    refused("SELECT replace(a, b, c) FROM t");
  }

  @Test
  void volatileBuiltInsNeedARule() {
    catalog.holds("function", "pg_catalog", "random", "v", "f");
    judge("SELECT random()");
    catalog.holds("function", "pg_catalog", "something_new", "v", "f");
    refused("SELECT something_new()");
    refused("SELECT something_new()", "other");
  }

  @Test
  void whatIsListedAsDangerousIsRefusedEvenIfAllowed() {
    refused("SELECT pg_sleep(1)", "pg_sleep");
    refused("SELECT dblink_exec('x')", "public.dblink_exec");
  }

  @Test
  void relationsThatOnlyTheSessionHasAreRefused() {
    catalog.holds("relation", "pg_temp_3", "mine", "r", "f");
    refused("SELECT * FROM mine");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DELETE FROM users",
        "SELECT 1; SELECT 2",
        "SELECT * FROM secret.salaries",
        "SELECT * FROM users FOR UPDATE",
        "SELECT * INTO x FROM users",
        "SELECT $1",
        "SELECT 1 OPERATOR(pg_catalog.+) 2",
        "SELECT 1 /* open"
      })
  void whatNeedsNoCatalogIsRefusedWithoutIt(String statement) {
    try {
      judge(statement);
      throw new AssertionError(statement);
    } catch (AiWorkerException e) {
      assertEquals(0, catalog.queries);
    }
  }
}
