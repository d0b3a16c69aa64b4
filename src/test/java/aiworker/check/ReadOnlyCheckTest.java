package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import aiworker.config.Config;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReadOnlyCheckTest {
  private final List<CatalogFact> catalog = new ArrayList<>();

  private void holds(String kind, String schema, String name, String trait, boolean extension) {
    catalog.add(new CatalogFact(kind, schema, name, name, trait, extension, false, true));
  }

  private String judge(String statement, String... allowed) {
    Config config = CheckDatabase.config(1_000, List.of(allowed));
    ReadOnlyCheck.Text text = new ReadOnlyCheck(config).judge(statement);
    if (text.doubt() != null) {
      throw text.doubt();
    }
    new Policy(config).judge(catalog);
    return text.text();
  }

  private void refused(String statement, String... allowed) {
    AiWorkerException e = assertThrows(AiWorkerException.class, () -> judge(statement, allowed));
    assertEquals(Failure.STATEMENT_REFUSED, e.failure(), e.getMessage());
  }

  @Test
  void whatTheParserLacksLeavesAsItWasWritten() {
    assertEquals(
        "select a @? '$.x', b#-'{c}', E'it\\'s', number FROM t WHERE @ x > 1 LIMIT 1000",
        judge("select a @? '$.x', b#-'{c}',\n E'it\\'s', number FROM t -- all\n WHERE @ x > 1;"));
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
    holds("function", "pg_catalog", "f", "i", false);
    judge("SELECT f(1)");
    holds("function", "public", "f", "i", false);
    refused("SELECT f(1)");
    judge("SELECT f(1)", "public.f");
    judge("SELECT f(1)", "f");
  }

  @Test
  void anExtensionMayAddQuietFormsOfBuiltInFunctions() {
    holds("function", "public", "replace", "i", true);
    judge("SELECT replace(a, b, c) FROM t");
    holds("function", "public", "replace", "v", true);
    refused("SELECT replace(a, b, c) FROM t");
  }

  @Test
  void volatileBuiltInsNeedARule() {
    holds("function", "pg_catalog", "random", "v", false);
    judge("SELECT random()");
    holds("function", "pg_catalog", "something_new", "v", false);
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
    holds("relation", "pg_temp_3", "mine", "r", false);
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
        "SELECT U&'\\0041'",
        "SELECT 1 /* open"
      })
  void whatNeedsNoCatalogIsRefusedWithoutIt(String statement) {
    assertThrows(AiWorkerException.class, () -> judge(statement));
  }
}
