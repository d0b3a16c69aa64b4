package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

abstract class GenerationContract extends RuntimeContract {
  GenerationContract(BackendRuntime runtime) {
    super(runtime);
  }

  @Test
  void questionIsAnsweredByTheModelOnceAndThenFromTheCache() throws SQLException {
    endpoint.replyWithSql("SELECT * FROM users");
    Connection connection = warm("asker");
    assertEquals(
        json(
            """
            {"sql": "SELECT * FROM users LIMIT 1000", "validated": true, "tokens_used": 120,
             "schema_version": "v1", "cache_hit": false}"""),
        generate(connection, "Get all users", "v1"));
    for (int hit = 1; hit <= 3; hit++) {
      assertEquals(
          json(
              """
              {"sql": "SELECT * FROM users LIMIT 1000", "validated": true, "tokens_used": 120,
               "schema_version": "v1", "cache_hit": true, "hit_count": %d}"""
                  .formatted(hit)),
          generate(connection, "Get all users", "v1"));
    }
    assertEquals(1, endpoint.requests().size());
  }

  @Test
  void cacheRowHoldsTheKeyOfTheContract() throws SQLException, NoSuchAlgorithmException {
    endpoint.replyWithSql("SELECT name FROM users");
    generate("Wie heißen die  Kunden?", "v2");
    byte[] text = "Wie heißen die  Kunden?|test-model|v2".getBytes(StandardCharsets.UTF_8);
    assertEquals(
        HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text)),
        adminValue("SELECT cache_key FROM ai_worker_cache"));
    assertEquals(
        "[\"Wie heißen die  Kunden?\", \"test-model\", \"v2\", \"SELECT name FROM users LIMIT 1000\", true, 120, 0]",
        adminValue(
            "SELECT jsonb_build_array(prompt_text, model, schema_version, generated_sql, validated, tokens_used,"
                + " hit_count) FROM ai_worker_cache"));
    assertEquals(
        "t", adminValue("SELECT expires_at - created_at = interval '1 hour' FROM ai_worker_cache"));
  }

  @Test
  void whiteSpaceAndVersionAndModelMakeAnotherQuestion() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    generate("one", "v1");
    generate("one ", "v1");
    generate("one", "v2");
    admin("UPDATE ai_worker_config SET model = 'other'");
    assertFalse(generate("one", "v1").get("cache_hit").asBoolean());
    assertEquals("4", adminValue("SELECT count(*) FROM ai_worker_cache"));
  }

  @Test
  void modelSeesTheSchemaAndTheQuestionAsAsked() throws SQLException {
    endpoint.replyWithSql("SELECT 1");
    generate("How many \"users\" | orders?", "v1");
    JsonNode messages = endpoint.requests().get(0).json().get("messages");
    String system = messages.get(0).get("content").asText();
    assertTrue(
        system.contains("users") && system.contains("People who buy") && system.contains("shipped"),
        system);
    assertFalse(system.contains("ai_worker"), system);
    assertEquals("How many \"users\" | orders?", messages.get(1).get("content").asText());
    assertEquals("test-model", endpoint.requests().get(0).json().get("model").asText());
  }

  @Test
  void repliesInProseAndFencesAreRead() throws SQLException {
    endpoint.replyWith("Here you are:\n```sql\nSELECT id\nFROM users;\n```\nAnything else?");
    assertEquals("SELECT id FROM users LIMIT 1000", generate("ids", "v1").get("sql").asText());
    endpoint.replyWith("SELECT 'a  b' AS x;");
    assertEquals("SELECT 'a  b' AS x LIMIT 1000", generate("literal", "v1").get("sql").asText());
  }

  @Test
  void limitIsCapped() throws SQLException {
    admin("UPDATE ai_worker_config SET row_limit = 10");
    endpoint.replyWithSql("SELECT id FROM users LIMIT 5");
    assertEquals("SELECT id FROM users LIMIT 5", generate("five", "v1").get("sql").asText());
    endpoint.replyWithSql("SELECT id FROM users LIMIT 5000");
    assertEquals("SELECT id FROM users LIMIT 10", generate("many", "v1").get("sql").asText());
  }

  @Test
  void refusedStatementGoesBackToTheModelOnce() throws SQLException {
    endpoint.replyWithSql("SELECT nme FROM users").replyWithSql("SELECT name FROM users");
    JsonNode response = generate("names", "v1");
    assertEquals("SELECT name FROM users LIMIT 1000", response.get("sql").asText());
    assertEquals(240, response.get("tokens_used").asInt());
    String repair = endpoint.requests().get(1).lastMessage();
    assertTrue(repair.contains("42703") && repair.contains("nme"), repair);
  }

  @Test
  void automaticVersionFollowsTheSchema() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    JsonNode first = generate("auto", null);
    String version = first.get("schema_version").asText();
    assertTrue(version.length() <= 20 && !version.contains("|"), version);
    assertTrue(generate("auto", null).get("cache_hit").asBoolean());
    admin("ALTER TABLE users ADD COLUMN city text");
    JsonNode changed = generate("auto", null);
    assertFalse(changed.get("cache_hit").asBoolean());
    assertNotEquals(version, changed.get("schema_version").asText());
    admin("ALTER TABLE users DROP COLUMN city");
    assertTrue(generate("auto", null).get("cache_hit").asBoolean());
  }

  @Test
  void hitsStartNoJvm() throws SQLException {
    try (Connection connection = asker()) {
      assertNull(value(connection, "SELECT ai_cached_sql('none yet', 'v1')"));
      endpoint.replyWithSql("SELECT 1 AS one");
      generate("one", "v1");
      assertEquals("SELECT 1 AS one LIMIT 1000", value(connection, "SELECT ai_sql('one', 'v1')"));
      assertEquals("2", value(connection, "SELECT ai_cached_sql('one', 'v1') ->> 'hit_count'"));
      assertTrue(generate(connection, "one", "v1").get("cache_hit").asBoolean());
      assertFalse(hasJvm(connection));
      endpoint.replyWithSql("SELECT 2 AS two");
      generate(connection, "two", "v1");
      assertTrue(hasJvm(connection));
    }
  }

  private boolean hasJvm(Connection connection) throws SQLException {
    String pid = value(connection, "SELECT pg_backend_pid()");
    return "t"
        .equals(adminValue("SELECT pg_read_file('/proc/" + pid + "/maps') LIKE '%libjvm.so%'"));
  }

  @Test
  void hitsReadByIndexAndCompileNothing() throws SQLException {
    endpoint.replyWithSql("SELECT 1");
    generate("anything", null);
    try (Connection connection = cluster.connect(database, "postgres");
        Statement statement = connection.createStatement()) {
      // In a fresh session, so that each function plans its statements under the settings of the
      // hit path
      statement.execute("LOAD 'auto_explain'");
      statement.execute("SET auto_explain.log_min_duration = 0");
      statement.execute("SET auto_explain.log_nested_statements = on");
      statement.execute("SET auto_explain.log_analyze = on");
      statement.execute("SET client_min_messages = log");
      StringBuilder log = new StringBuilder();
      for (int i = 0; i < 3; i++) {
        statement.execute("SELECT ai_generate_sql('anything')");
        for (SQLWarning message = statement.getWarnings();
            message != null;
            message = message.getNextWarning()) {
          log.append(message.getMessage());
        }
        statement.clearWarnings();
      }
      String plans = log.toString();
      assertTrue(plans.contains("Index Scan using ai_worker_cache_pkey"), plans);
      assertFalse(plans.contains("JIT:"), plans);
      assertFalse(plans.contains("Seq Scan on ai_worker_cache"), plans);
    }
  }

  @Test
  void dateOfTheModelsOwnGoesBackToIt() throws SQLException {
    endpoint
        .replyWithSql("SELECT '2024-05-01'::date AS since")
        .replyWithSql("SELECT current_date - 30 AS since");
    JsonNode answer = generate("since when is last month", "v1");
    assertEquals("SELECT current_date - 30 AS since LIMIT 1000", answer.get("sql").asText());
    assertFalse(answer.has("warnings"), answer.toString());
    assertEquals(240, answer.get("tokens_used").asInt());
    assertTrue(endpoint.requests().get(1).lastMessage().contains("current_date or now()"));
  }

  /** Also if it insists with what is refused: its first statement was proven. */
  @ParameterizedTest
  @ValueSource(strings = {"SELECT '2024-06-01'::date AS since", "DROP TABLE users", "What?"})
  void dateThatTheModelInsistsOnIsWarnedOfAndGoneTomorrow(String second) throws SQLException {
    admin("UPDATE ai_worker_config SET default_ttl = '10 days'");
    endpoint.replyWithSql("SELECT '2024-05-01'::date AS since").replyWith(second);
    JsonNode answer = generate("since when is last month " + second.length(), "v1");
    String date = second.startsWith("SELECT") ? "2024-06-01" : "2024-05-01";
    assertEquals(
        "SELECT '%s'::date AS since LIMIT 1000".formatted(date), answer.get("sql").asText());
    assertTrue(
        answer.at("/warnings/0").asText().contains("'" + date + "' in the statement stands still"),
        answer.toString());
    assertEquals(
        "t",
        adminValue(
            "SELECT expires_at <= date_trunc('day', created_at) + interval '1 day' FROM ai_worker_cache"));
    assertEquals("0", value(warm("admin"), "SELECT ai_worker_refresh_popular(0, '2 days')"));
  }

  @Test
  void textThatTheColumnIsKnownNotToHoldIsWarnedOf() throws SQLException {
    admin("CREATE TABLE tickets (id int, state text CHECK (state IN ('open', 'done')))");
    try {
      endpoint
          .replyWithSql("SELECT id FROM tickets WHERE state = 'closed'")
          .replyWithSql("SELECT id FROM tickets WHERE state = 'closed'")
          .replyWithSql("SELECT id FROM tickets WHERE state = 'finished'")
          .replyWithSql("SELECT id FROM tickets WHERE state = 'done'");
      assertEquals(
          json(
              "[\"known values of tickets.state are 'open', 'done', and 'closed' is none of them\"]"),
          generate("closed tickets", "v1").get("warnings"));
      JsonNode hit = generate("closed tickets", "v1");
      assertTrue(hit.get("cache_hit").asBoolean());
      assertFalse(hit.has("warnings"), hit.toString());
      JsonNode repaired = generate("tickets that are done", "v1");
      assertFalse(repaired.has("warnings"), repaired.toString());
      assertEquals(
          "SELECT id FROM tickets WHERE state = 'done' LIMIT 1000", repaired.get("sql").asText());
      assertTrue(endpoint.requests().get(3).lastMessage().contains("'finished' is none of them"));
      assertEquals(4, endpoint.requests().size());
    } finally {
      admin("DROP TABLE tickets");
    }
  }

  @Test
  void runSqlAnswersAsTheCaller() throws SQLException {
    endpoint.replyWithSql("SELECT id, name FROM users ORDER BY id LIMIT 2");
    Connection connection = warm("asker");
    assertEquals(
        List.of("{\"id\": 1, \"name\": \"user 1\"}", "{\"id\": 2, \"name\": \"user 2\"}"),
        column(connection, "SELECT ai_run_sql('two users', 'v1')"));
    admin("REVOKE SELECT ON users FROM asker");
    try {
      assertEquals(
          "42501",
          org.junit.jupiter.api.Assertions.assertThrows(
                  SQLException.class,
                  () -> column(connection, "SELECT ai_run_sql('two users', 'v1')"))
              .getSQLState());
    } finally {
      admin("GRANT SELECT ON users TO asker");
    }
  }

  @Test
  void statisticsCountHitsAndMisses() throws SQLException {
    endpoint.replyWithSql("SELECT 1");
    generate("one", "v1");
    generate("one", "v1");
    generate("one", "v1");
    Connection connection = warm("admin");
    JsonNode stats = json(value(connection, "SELECT ai_worker_cache_stats()"));
    assertEquals(1, stats.get("total_entries").asInt());
    assertEquals(2, stats.get("total_hits").asInt());
    assertEquals(240, stats.get("total_tokens_saved").asInt());
    assertEquals(3, stats.get("total_requests").asInt());
    assertEquals(0.6667, stats.get("hit_rate").asDouble());
    JsonNode row = json(value(connection, "SELECT to_jsonb(s) FROM ai_worker_cache_stats AS s"));
    assertEquals(row, stats);
  }

  @Test
  void cleanupDeletesWhatExpiredAndFoldsHits() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    generate("old", "v1");
    generate("young", "v1");
    generate("young", "v1");
    admin(
        "UPDATE ai_worker_cache SET created_at = now() - interval '2 days', expires_at = now() - interval '1 second'"
            + " WHERE prompt_text = 'old'");
    Connection connection = warm("admin");
    assertEquals("1", value(connection, "SELECT ai_worker_cleanup_cache()"));
    assertEquals("0", value(connection, "SELECT ai_worker_cleanup_cache()"));
    assertEquals(
        "young 1",
        value(connection, "SELECT prompt_text || ' ' || hit_count FROM ai_worker_cache"));
  }

  @Test
  void healthNamesTheRuntimeAndNoSecret() throws SQLException {
    try (Connection connection = cluster.connect(database, "admin")) {
      JsonNode health = json(value(connection, "SELECT ai_worker_health()"));
      assertEquals(runtime.option(), health.get("runtime").asText());
      assertTrue(isHealthy(health), health.toString());
      admin(
          "UPDATE ai_worker_config SET schemas = '{public,gone}', base_url = 'https://api.example.com/v1'");
      health = json(value(connection, "SELECT ai_worker_health()"));
      assertFalse(health.get("healthy").asBoolean());
      assertTrue(
          health.get("problems").toString().contains("schema gone does not exist"),
          health.toString());
      assertTrue(health.get("problems").toString().contains("API key"), health.toString());
    }
  }

  @Test
  void everyObjectHasACommentAndNothingIsPublic() throws SQLException {
    assertNull(
        adminValue(
            """
            SELECT p.oid::regprocedure FROM pg_proc p
            WHERE p.pronamespace IN ('public'::regnamespace, 'ai_worker'::regnamespace)
              AND (obj_description(p.oid, 'pg_proc') IS NULL OR pg_get_userbyid(p.proowner) <> 'ai_worker'
                   OR NOT COALESCE(p.proconfig::text LIKE '%search_path=pg_catalog, pg_temp%', false)
                      AND p.proname NOT IN ('ai_worker_cleanup_all', 'hit')
                   OR EXISTS (SELECT FROM aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) WHERE grantee = 0))
            """));
    assertNull(
        adminValue(
            """
            SELECT c.oid::regclass || COALESCE('.' || a.attname, '') FROM pg_class c
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND c.relkind IN ('r', 'v')
                 AND NOT a.attisdropped
            WHERE (c.relnamespace = 'ai_worker'::regnamespace
                OR c.relnamespace = 'public'::regnamespace
                   AND (starts_with(c.relname, 'ai_worker_') OR starts_with(c.relname, 'idx_ai_')))
              AND c.relkind IN ('r', 'v', 'i', 'S')
              AND c.relname NOT LIKE '%_pkey' AND c.relname NOT IN ('cache_pending', 'ai_worker_quotas_quota_id_seq')
              AND (obj_description(c.oid, 'pg_class') IS NULL
                   OR a.attname IS NOT NULL AND col_description(c.oid, a.attnum) IS NULL
                   OR EXISTS (SELECT FROM aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) WHERE grantee = 0))
            """));
    try (Connection connection = cluster.connect(database, "nobody")) {
      refusal(connection, "anything", "v1", "42501");
    }
  }
}
