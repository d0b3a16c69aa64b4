package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What a DBA widens or narrows: system catalogs, the cost of queries, prompts in the cache. */
abstract class ScopeContract extends RuntimeContract {
  ScopeContract(BackendRuntime runtime) {
    super(runtime);
  }

  @Test
  void systemCatalogsAreClosedUntilTheyAreOpened() throws SQLException {
    String query = "SELECT table_name FROM information_schema.tables WHERE table_name = 'users'";
    endpoint.otherwise(request -> FakeEndpoint.completion(query));
    refusal("which tables", "v1", "IA021");
    assertFalse(systemMessage().contains("information_schema"), systemMessage());

    admin("UPDATE ai_worker_config SET system_catalogs = true");
    Connection connection = warm("asker");
    assertEquals(
        "{\"table_name\": \"users\"}",
        value(connection, "SELECT ai_run_sql('which tables', 'v1')"));
    assertTrue(systemMessage().contains("information_schema.tables, "), systemMessage());
    endpoint.otherwise(
        request -> FakeEndpoint.completion("SELECT rolname, rolpassword FROM pg_authid"));
    refusal("which passwords", "v1", "IA021");
  }

  private String systemMessage() {
    return endpoint
        .requests()
        .get(endpoint.requests().size() - 1)
        .json()
        .path("messages")
        .path(0)
        .path("content")
        .asText();
  }

  private ServerErrorMessage runRefusal(String prompt) throws SQLException {
    try (Connection connection = asker()) {
      return assertThrows(
              PSQLException.class, () -> column(connection, "SELECT ai_run_sql(?, 'v1')", prompt))
          .getServerErrorMessage();
    }
  }

  /** Values of all columns are there, whatever they are called. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "SELECT min(id), min(name) FROM users                  | {\"min\": 1, \"min_2\": \"user 1\"}",
        "SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a_2, 5 AS \"A\" | {\"A\": 5, \"a\": 1, \"a_2\": 2, \"a_2_2\": 3, \"a_2_3\": 4}",
        "SELECT 42 AS answer                                    | {\"answer\": 42}",
        "SELECT 1 AS id, 'yes' AS answer, 2 AS named, 3 AS nothing | {\"id\": 1, \"answer\": \"yes\", \"named\": 2, \"nothing\": 3}",
        "SELECT u AS answer FROM (SELECT 1 AS x, 2 AS y) u | {\"answer\": {\"x\": 1, \"y\": 2}}",
        "SELECT 1, 2, NULL                                      | {\"?column?\": 1, \"?column?_2\": 2, \"?column?_3\": null}",
        "VALUES (1, 'x')                                        | {\"column1\": 1, \"column2\": \"x\"}",
        "SELECT u.id, v.id FROM users u JOIN users v ON v.id = u.id + 1 ORDER BY 1 LIMIT 1 | {\"id\": 1, \"id_2\": 2}"
      })
  void columnsOfOneNameAreAllThere(String statement, String row) throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion(statement));
    assertEquals(
        json(row),
        json(value(warm("asker"), "SELECT ai_run_sql(?, 'v1')", "names of " + statement)));
  }

  @Test
  void longNamesOfOneNameAreAllThere() throws SQLException {
    String name = "é".repeat(31);
    endpoint.otherwise(
        request -> FakeEndpoint.completion("SELECT 1 AS \"%1$s\", 2 AS \"%1$s\"".formatted(name)));
    assertEquals(
        json("{\"%s\": 1, \"%s_2\": 2}".formatted(name, name.substring(2))),
        json(value(warm("asker"), "SELECT ai_run_sql('long names', 'v1')")));
  }

  @Test
  void costIsJudgedAsTheCallerBeforeAStatementRuns() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT name FROM users"));
    generate("names", "v1");
    admin("UPDATE ai_worker_config SET max_cost = 0.001");
    generate("names again", "v1");
    for (String prompt : new String[] {"names", "names again", "names anew"}) {
      ServerErrorMessage error = runRefusal(prompt);
      assertEquals("IA021", error.getSQLState());
      assertTrue(
          error.getDetail().matches("Its estimated cost is [0-9.]+, max_cost allows 0\\.001; .*"),
          error.getDetail());
      assertNotNull(error.getHint());
    }
    admin("UPDATE ai_worker_config SET max_cost = 1000000");
    Connection connection = warm("asker");
    assertEquals(20, column(connection, "SELECT ai_run_sql('names', 'v1')").size());
  }

  @Test
  void whoMayNotReadATableIsToldSoWhateverTheCeiling() throws SQLException {
    admin("UPDATE ai_worker_config SET max_cost = 0.001", "REVOKE SELECT ON users FROM asker");
    try {
      endpoint.replyWithSql("SELECT name FROM users");
      assertEquals("42501", runRefusal("names").getSQLState());
    } finally {
      admin("GRANT SELECT ON users TO asker");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT count(*) FROM generate_series(1, 1000000000000) AS g",
        "SELECT count(*) FROM users a, users b, users c, users d, users e, users f, users g, users h",
        "SELECT sum(g) FROM generate_series(1, 1000000) AS g, generate_series(1, 1000000) AS h"
      })
  void whatWouldNotEndIsRefusedByTheDefaultCeiling(String statement) throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion(statement));
    ServerErrorMessage error = runRefusal(statement);
    assertEquals("IA021", error.getSQLState());
    assertTrue(error.getDetail().contains("max_cost allows 1000000000;"), error.getDetail());
  }

  @Test
  void manyJoinsAndWholeTablesPassTheDefaultCeiling() throws SQLException {
    String joins =
        IntStream.range(1, 50)
            .mapToObj(i -> " JOIN users u" + i + " ON u" + i + ".id = u0.id")
            .collect(Collectors.joining());
    Connection connection = warm("asker");
    for (String statement :
        List.of(
            "SELECT count(*) FROM users u0" + joins,
            "SELECT count(*) FROM generate_series(1, 1000000) AS g")) {
      endpoint.otherwise(request -> FakeEndpoint.completion(statement));
      assertEquals(1, column(connection, "SELECT ai_run_sql(?, 'v1')", statement).size());
    }
  }

  @Test
  void sessionsWithoutATimeLimitAreRefusedIfTheDbaSaysSo() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT name FROM users"));
    admin("UPDATE ai_worker_config SET require_statement_timeout = true");
    ServerErrorMessage error = runRefusal("names");
    assertEquals("IA021", error.getSQLState());
    assertTrue(error.getHint().contains("ALTER ROLE asker SET statement_timeout"), error.getHint());
    Connection connection = warm("asker");
    try {
      value(connection, "SELECT set_config('statement_timeout', '1h', false)");
      assertEquals(20, column(connection, "SELECT ai_run_sql('names', 'v1')").size());
    } finally {
      value(connection, "SELECT set_config('statement_timeout', '0', false)");
    }
  }

  /** What a planner does not see coming. */
  @Test
  void temporaryFilesOfARecursionThatDoesNotEndAreBoundedByTheServer() throws SQLException {
    endpoint.otherwise(
        request ->
            FakeEndpoint.completion(
                "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t)"
                    + " SELECT count(*) FROM t"));
    admin(
        "ALTER ROLE asker SET temp_file_limit = '10MB'", "ALTER ROLE asker SET work_mem = '64kB'");
    try {
      assertEquals("53400", runRefusal("recursion").getSQLState());
      assertEquals(
          "0", adminValue("SELECT count(*) FROM pg_ls_tmpdir() WHERE name NOT LIKE '%ai-worker%'"));
    } finally {
      admin("ALTER ROLE asker RESET temp_file_limit", "ALTER ROLE asker RESET work_mem");
    }
  }

  /** The planner would run code of the table's owner as ours. */
  @Test
  void costIsNeverJudgedAsTheOwner() throws SQLException {
    admin("GRANT SELECT ON users TO ai_worker", "UPDATE ai_worker_config SET max_cost = 5");
    try {
      endpoint.replyWithSql("SELECT a.id FROM users a, users b, users c, users d ORDER BY a.name");
      assertTrue(generate("all of them", "v1").get("validated").asBoolean());
      assertEquals("IA021", runRefusal("all of them").getSQLState());
    } finally {
      admin("REVOKE SELECT ON users FROM ai_worker");
    }
  }

  @ParameterizedTest
  @CsvSource({"plain", "hash", "off"})
  void hitsDoNotDependOnWhatIsKeptOfThePrompt(String kept) throws SQLException {
    admin("UPDATE ai_worker_config SET store_prompts = '" + kept + "'");
    endpoint.replyWithSql("SELECT 1 AS one");
    String prompt = "Was verdient Frau Müller?";
    generate(prompt, "v1");
    assertTrue(generate(prompt, "v1").get("cache_hit").asBoolean());
    assertEquals(
        "t",
        adminValue(
            "SELECT cache_key = encode(sha256(convert_to('"
                + prompt
                + "|test-model|v1', 'UTF8')), 'hex') FROM ai_worker_cache"));
    assertKept(kept, prompt);
    assertEquals(1, endpoint.requests().size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "hash", "off"})
  void serializableTransactionsKeepAsMuch(String kept) throws SQLException {
    admin("UPDATE ai_worker_config SET store_prompts = '" + kept + "'");
    endpoint.replyWithSql("SELECT 1 AS one");
    try (Connection connection = asker()) {
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
      generate(connection, "personal", "v1");
      connection.commit();
    }
    assertEquals("1", adminValue("SELECT count(*) FROM ai_worker.cache_pending"));
    adminValue("SELECT ai_worker_cleanup_cache()");
    assertKept(kept, "personal");
    assertTrue(generate("personal", "v1").get("cache_hit").asBoolean());
  }

  private void assertKept(String kept, String prompt) throws SQLException {
    String expected =
        switch (kept) {
          case "plain" -> prompt;
          case "hash" ->
              adminValue("SELECT encode(sha256(convert_to('" + prompt + "', 'UTF8')), 'hex')");
          default -> "";
        };
    assertEquals(expected, adminValue("SELECT prompt_text FROM ai_worker_cache"));
    assertEquals("0", adminValue("SELECT count(*) FROM ai_worker.cache_pending"));
  }

  @Test
  void onlyEntriesWithTheirPromptAreRenewedAndOldOnesStayAsTheyAre() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1 AS one"));
    generate("kept", "v1");
    for (String kept : new String[] {"hash", "off"}) {
      admin("UPDATE ai_worker_config SET store_prompts = '" + kept + "'");
      generate("personal " + kept, "v1");
    }
    admin("UPDATE ai_worker_cache SET expires_at = now() + interval '10 minutes'");
    int before = endpoint.requests().size();
    Connection connection = warm("admin");
    assertEquals("1", value(connection, "SELECT ai_worker_refresh_popular(0, '1 hour')"));
    assertEquals(before + 1, endpoint.requests().size());
    assertEquals("kept", endpoint.requests().get(before).lastMessage());
    assertEquals(
        "kept",
        adminValue(
            "SELECT prompt_text FROM ai_worker_cache WHERE expires_at > now() + interval '50 minutes'"));
    for (String prompt : new String[] {"kept", "personal hash", "personal off"}) {
      assertTrue(generate(prompt, "v1").get("cache_hit").asBoolean(), prompt);
    }
  }

  @Test
  void promptsCanBeErasedWithoutLosingAnswers() throws SQLException {
    endpoint.replyWithSql("SELECT 1 AS one");
    generate("personal", "v1");
    admin("UPDATE ai_worker_cache SET prompt_text = ''");
    assertTrue(generate("personal", "v1").get("cache_hit").asBoolean());
  }
}
