package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;

/** What users learn of an answer, and what looks wrong in one that was proven. */
abstract class ExplainContract extends RuntimeContract {
  private static final String DIVIDES = "divides whole numbers by whole numbers";

  ExplainContract(BackendRuntime runtime) {
    super(runtime);
  }

  private JsonNode explain(String prompt, String version) throws SQLException {
    return json(value(warm("asker"), "SELECT ai_explain_sql(?, ?)", prompt, version));
  }

  @Test
  void answerIsExplained() throws SQLException {
    endpoint.replyWithSql(
        "SELECT u.name, round(avg(o.id), 2) FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.name LIMIT 5");
    JsonNode explained = explain("orders by user", "v1");
    assertEquals(
        "SELECT u.name, round(avg(o.id), 2) FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.name LIMIT 5",
        explained.get("sql").asText());
    assertEquals(json("[\"public.orders\", \"public.users\"]"), explained.get("relations"));
    assertEquals(
        json(
            "[\"public.orders.id\", \"public.orders.user_id\", \"public.users.id\", \"public.users.name\"]"),
        explained.get("columns"));
    assertEquals(json("[\"avg\", \"round\"]"), explained.get("functions"));
    assertEquals(5, explained.get("row_limit").asInt());
    assertTrue(explained.get("estimated_cost").asDouble() > 0, explained.toString());
    assertFalse(explained.get("verified").asBoolean());
    assertFalse(explained.get("cache_hit").asBoolean());
    assertEquals("v1", explained.get("schema_version").asText());
    assertTrue(explained.get("age_seconds").asInt() >= 0);
    assertTrue(explained.has("expires_at") && explained.has("created_at"));
    assertEquals(json("[]"), explained.get("warnings"));

    String key = explained.get("cache_key").asText();
    value(warm("admin"), "SELECT ai_worker_verify(?, true)", key);
    JsonNode again = explain("orders by user", "v1");
    assertTrue(again.get("verified").asBoolean() && again.get("cache_hit").asBoolean());
    assertFalse(again.has("expires_at"), again.toString());
    assertEquals(1, endpoint.requests().size());
  }

  /** The count around the statement is not the statement's. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SELECT count(*) FROM users                                      | ["count"]
          SELECT id FROM users                                            | []
          SELECT row_number() OVER (ORDER BY id), upper(name) FROM users  | ["row_number", "upper"]
          SELECT id::text, 1 + id FROM users                              | []
          """)
  void functionsAreThoseThatAreCalled(String sql, String functions) throws SQLException {
    endpoint.replyWithSql(sql);
    assertEquals(json(functions), explain(sql, "v1").get("functions"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SELECT id FROM users                                    | 1000
          SELECT id FROM users LIMIT 7 OFFSET 3                   | 7
          SELECT id FROM users LIMIT 70000                        | 1000
          SELECT id FROM users FETCH FIRST 3 ROWS ONLY            | 3
          SELECT id FROM users FETCH FIRST ROW ONLY               | 1
          SELECT id FROM (SELECT id FROM users LIMIT 5) AS s      | 1000
          (SELECT id FROM users LIMIT 5) UNION ALL SELECT 1       | 1000
          """)
  void rowLimitIsThatOfTheWhole(String sql, int rows) throws SQLException {
    endpoint.replyWithSql(sql);
    assertEquals(rows, explain(sql, "v1").get("row_limit").asInt());
  }

  @Test
  void costIsToldToWhoMayReadTheTables() throws SQLException {
    endpoint.replyWithSql("SELECT id FROM users");
    admin("REVOKE SELECT ON users FROM asker");
    try {
      JsonNode explained = explain("who", "v1");
      assertFalse(explained.has("estimated_cost"), explained.toString());
      assertEquals(
          "your role may not read all that it reads", explained.at("/warnings/0").asText());
    } finally {
      admin("GRANT SELECT ON users TO asker");
    }
    admin("UPDATE ai_worker_config SET max_cost = 0.001");
    assertEquals(
        "ai_run_sql refuses it: max_cost is 0.001",
        explain("who", "v1").at("/warnings/0").asText());
  }

  @Test
  void whatCanNoLongerBeProvenIsSaidSo() throws SQLException {
    admin("CREATE TABLE gone_soon (a int)");
    endpoint.replyWithSql("SELECT a FROM gone_soon");
    explain("a", "v1");
    admin("DROP TABLE gone_soon");
    JsonNode explained = explain("a", "v1");
    assertTrue(
        explained.at("/warnings/0").asText().startsWith("it can no longer be proven: "),
        explained.toString());
    assertTrue(explained.at("/warnings/1").asText().startsWith("the server cannot plan it: "));
    assertFalse(explained.has("relations"));
  }

  @Test
  void explainingNeedsTheRightToAsk() {
    assertEquals(
        "42501",
        assertThrows(
                PSQLException.class,
                () -> {
                  try (Connection nobody = cluster.connect(database, "nobody")) {
                    value(nobody, "SELECT ai_explain_sql('a', 'v1')");
                  }
                })
            .getSQLState());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT user_id / id FROM orders",
        "SELECT count(*) FILTER (WHERE id > 1) / count(*) FROM users",
        "SELECT 100 * count(id) / count(*) AS percent FROM users",
        "SELECT round(sum(CASE WHEN id > 1 THEN 1 ELSE 0 END) / NULLIF(count(*), 0), 2) FROM users",
        "SELECT user_id FROM orders GROUP BY user_id ORDER BY sum(length(user_id::text)) / count(*)",
        "SELECT (SELECT count(*) FROM orders) / (SELECT count(*) FROM users)",
        "WITH t AS (SELECT count(*) AS n FROM users) SELECT id / n FROM orders, t",
        "SELECT id FROM orders WHERE user_id / (id + 1) > 0.5",
        "SELECT '} {' || name, id / length(name) FROM users"
      })
  void divisionOfWholeNumbersIsRepairedOnceAndThenWarnedOf(String sql) throws SQLException {
    endpoint.replyWithSql(sql).replyWithSql(sql);
    JsonNode answer = generate(sql, "v1");
    assertEquals(2, endpoint.requests().size());
    assertTrue(endpoint.requests().get(1).lastMessage().contains(DIVIDES));
    assertTrue(answer.at("/warnings/0").asText().contains(DIVIDES), answer.toString());
    assertEquals(1, answer.get("warnings").size());
    assertTrue(explain(sql, "v1").at("/warnings/0").asText().contains(DIVIDES));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT id / 60 FROM orders",
        "SELECT id / (60 * 60) FROM orders",
        "SELECT 100 / id FROM orders",
        "SELECT user_id::numeric / id FROM orders",
        "SELECT 100.0 * user_id / id FROM orders",
        "SELECT sum(id)::float / count(*) FROM orders",
        "SELECT avg(id) / count(*) FROM orders",
        "SELECT price / id FROM products",
        "SELECT user_id % id FROM orders",
        "SELECT div(user_id, id) FROM orders",
        "SELECT 7 / 2"
      })
  void otherDivisionsAreLeftAlone(String sql) throws SQLException {
    endpoint.replyWithSql(sql);
    assertFalse(generate(sql, "v1").has("warnings"));
    assertEquals(1, endpoint.requests().size());
  }

  @Test
  void repairedDivisionIsNoLongerWarnedOf() throws SQLException {
    endpoint
        .replyWithSql("SELECT sum(length(name)) / count(*) FROM users")
        .replyWithSql("SELECT sum(length(name))::numeric / count(*) FROM users");
    JsonNode answer = generate("mean", "v1");
    assertEquals(
        "SELECT sum(length(name))::numeric / count(*) FROM users LIMIT 1000",
        answer.get("sql").asText());
    assertFalse(answer.has("warnings"));
  }

  @Test
  void nothingIsAskedAgainWhereRepairsAreOff() throws SQLException {
    admin("UPDATE ai_worker_config SET repair_rounds = 0");
    endpoint.replyWithSql("SELECT sum(length(name)) / count(*) FROM users");
    assertTrue(generate("mean", "v1").has("warnings"));
    assertEquals(1, endpoint.requests().size());
  }
}
