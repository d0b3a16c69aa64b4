package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the server would write out; none of the refused ones may ever meet a server. */
class ExpansionTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "(%s BETWEEN SYMMETRIC 1 AND 2)::int",
        "(%s NOT BETWEEN SYMMETRIC 1 AND 2)::int",
        "(%s BETWEEN 1 AND 2)::int",
        "CAST(%s BETWEEN ASYMMETRIC 1 AND 2 AS int)",
        "CASE WHEN true THEN %s END BETWEEN 1 AND 2",
        "(2 BETWEEN SYMMETRIC %s AND 2)::int",
        "(2 BETWEEN SYMMETRIC 1 AND %s)::int",
        "(%s IN (1, id, 2, id + 1))::int",
        "(%s NOT IN (id, 2))::int",
        "(1 + %s IN ((SELECT 1), 2))::int",
        "((%s, 1) IN ((1, 2), (3, 4)))::int",
        "(ROW(%s, 1)).*",
        "(t).*, (ROW(%s)).*"
      })
  void copiesOfCopiesAreRefused(String form) {
    assertDoesNotThrow(() -> require("SELECT " + nested(form, 1)));
    refused("SELECT " + nested(form, 12));
  }

  @Test
  void starsOfStarsAreRefused() {
    String wide = "SELECT u.*, " + repeated(200, ", ", i -> "1 AS x" + i) + " FROM users AS u";
    UnaryOperator<String> chain =
        levels ->
            "WITH c0 AS ("
                + wide
                + "), "
                + repeated(
                    Integer.parseInt(levels),
                    ", ",
                    i -> "c" + (i + 1) + " (a) AS NOT MATERIALIZED (SELECT * FROM c" + i + ")")
                + " SELECT a FROM c1";
    assertDoesNotThrow(() -> require(chain.apply("10")));
    refused(chain.apply("50"));
    // each as wide as two of the one before
    refused(
        "WITH a0 AS (SELECT 1 AS a, 2 AS b), "
            + repeated(
                30, ", ", i -> "a" + (i + 1) + " AS (SELECT * FROM a" + i + " AS x, a" + i + ")")
            + " SELECT 1 FROM a29");
    refused(repeated(200, " UNION ALL ", i -> "SELECT * FROM users"));
    refused(repeated(200, " UNION ALL ", i -> "TABLE users"));
    refused("SELECT (ROW(" + repeated(1_000, ", ", i -> "1") + ")).*");
  }

  @Test
  void gridsOfGroupingSetsAreRefused() {
    String cube = "(SELECT 1 GROUP BY CUBE(" + repeated(12, ", ", i -> "id + " + i) + "))";
    assertDoesNotThrow(() -> require("SELECT " + repeated(5, ", ", i -> cube) + " FROM users"));
    refused("SELECT " + repeated(170, ", ", i -> cube) + " FROM users");
    String sets =
        "(SELECT 1 GROUP BY GROUPING SETS (CUBE (a, b, c, d, e, f), ()), ROLLUP (g, h), CUBE (i, j, k, l, m))";
    refused("SELECT " + repeated(20, ", ", i -> sets) + " FROM users");
  }

  @Test
  void whatIsOnlyLongPasses() {
    require(
        "SELECT lower(email) IN (" + repeated(3_000, ", ", i -> "'x" + i + "'") + ") FROM users");
    require("SELECT id FROM users WHERE id IN (" + repeated(4_900, ",", i -> "" + i) + ")");
    require(
        "SELECT 1 FROM users WHERE (id, 1) IN ("
            + repeated(700, ", ", i -> "(" + i + ", 1)")
            + ")");
    require(nested("SELECT * FROM (%s) AS x", 37).replace("FROM (1)", "FROM users"));
    require(
        "SELECT "
            + repeated(
                200, ", ", i -> "sum(total) FILTER (WHERE day BETWEEN a" + i + " AND b" + i + ")")
            + " FROM orders");
  }

  private static void require(String statement) {
    Expansion.requireBounded(Query.of(statement));
  }

  private static void refused(String statement) {
    AiWorkerException e = assertThrows(AiWorkerException.class, () -> require(statement));
    assertTrue(e.getMessage().contains("the server would make"), e.getMessage());
  }

  private static String nested(String form, int depth) {
    String statement = "1";
    for (int i = 0; i < depth; i++) {
      statement = form.replace("%s", statement);
    }
    return statement;
  }

  private static String repeated(
      int times, String separator, java.util.function.IntFunction<String> part) {
    return IntStream.range(0, times).mapToObj(part).collect(Collectors.joining(separator));
  }
}
