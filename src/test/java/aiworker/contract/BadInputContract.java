package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Each refusal has its SQLSTATE, says what was seen, and hints at what to do. */
abstract class BadInputContract extends RuntimeContract {
  BadInputContract(BackendRuntime runtime) {
    super(runtime);
  }

  private void assertRefused(
      String prompt, String version, String sqlState, String message, String detail)
      throws SQLException {
    ServerErrorMessage error = refusal(prompt, version, sqlState);
    assertTrue(error.getMessage().startsWith(message), error.toString());
    assertNotNull(error.getHint(), error.toString());
    assertTrue(String.valueOf(error.getDetail()).contains(detail), error.toString());
    assertEquals("0", adminValue("SELECT count(*) FROM ai_worker_cache"));
  }

  @Test
  void prompts() throws SQLException {
    assertRefused(null, "v1", "IA001", "prompt is NULL", "at least one character");
    assertRefused(" \t\n", "v1", "IA001", "prompt is blank", "at least one character");
    assertRefused("x".repeat(8001), "v1", "IA002", "prompt has 8001 characters", "limit is 8000");
    assertEquals(0, endpoint.requests().size());
  }

  @Test
  void schemaVersions() throws SQLException {
    assertRefused("q", "v".repeat(21), "IA003", "schema_version \"vvv", "21 characters");
    assertRefused("q", "v|1", "IA003", "schema_version \"v|1\"", "without |");
    assertRefused("q", "", "IA003", "schema_version \"\"", "0 characters");
  }

  @Test
  void missingKey() throws SQLException {
    admin(
        "UPDATE ai_worker_config SET base_url = 'https://api.example.com/v1', api_key_file = NULL");
    assertRefused("q", "v1", "IA010", "no API key for https://api.example.com", "OPENAI_API_KEY");
    admin("UPDATE ai_worker_config SET api_key_file = '/nowhere/key'");
    assertRefused("q", "v1", "IA010", "", "");
  }

  @Test
  void unreachableEndpoint() throws SQLException {
    endpoint.close();
    assertRefused("q", "v1", "IA011", "no connection to " + cluster.reachable(endpoint.url()), "");
  }

  @ParameterizedTest
  @CsvSource({
    "401, IA013",
    "403, IA013",
    "404, IA015",
    "400, IA015",
    "429, IA014",
    "500, IA016",
    "503, IA016"
  })
  void endpointErrors(int status, String sqlState) throws SQLException {
    endpoint.otherwise(
        request ->
            new aiworker.testing.FakeEndpoint.Reply(
                status,
                Map.of("Content-Type", "application/json"),
                "{\"error\":{\"message\":\"as it is\"}}"));
    assertRefused("q", "v1", sqlState, "", "as it is");
  }

  @Test
  void unreadableReplies() throws SQLException {
    endpoint.replyStatus(200, Map.of(), "<html>not JSON</html>");
    assertRefused("q", "v1", "IA017", "", "");
    endpoint.replyStatus(200, Map.of("Content-Type", "application/json"), "{\"choices\": []}");
    assertRefused("q", "v1", "IA017", "", "");
    endpoint.replyWith("");
    assertRefused("q", "v1", "IA017", "", "");
  }

  @Test
  void modelsThatAnswerInWords() throws SQLException {
    endpoint.replyWith("I would need to know which year you mean.");
    assertRefused("q", "v1", "IA020", "", "which year you mean");
    endpoint.replyWithProblem("there is no table of planets");
    assertRefused("q", "v1", "IA020", "", "no table of planets");
  }

  @Test
  void statementsThatAreRefused() throws SQLException {
    admin("UPDATE ai_worker_config SET repair_rounds = 0");
    endpoint.replyWith("SELECT 1; SELECT 2");
    assertRefused("q", "v1", "IA021", "", "");
    endpoint.replyWithSql("INSERT INTO users VALUES (99, 'x', 'y')");
    assertRefused("q", "v1", "IA021", "", "");
    endpoint.replyWithSql("SELECT pg_read_file('/etc/passwd')");
    assertRefused("q", "v1", "IA021", "", "");
    endpoint.replyWithSql("SELECT * FROM planets");
    assertRefused("q", "v1", "IA022", "", "42P01");
    assertEquals("20", adminValue("SELECT count(*) FROM users"));
  }

  @Test
  void settingsOutOfRange() {
    PSQLException e =
        assertThrows(PSQLException.class, () -> admin("UPDATE ai_worker_config SET row_limit = 0"));
    assertEquals("23514", e.getSQLState());
    assertEquals("row_limit cannot be '0'", e.getServerErrorMessage().getMessage());
    assertEquals("use 1 to 1000000 rows", e.getServerErrorMessage().getHint());
    for (String bad :
        new String[] {
          "model = 'a|b'",
          "base_url = 'ftp://x'",
          "api_key_file = 'key'",
          "schemas = '{}'",
          "max_retries = 11",
          "default_ttl = '0 seconds'",
          "max_entries = 0",
          "max_bytes = 1",
          "max_cost = 0",
          "max_cost = 'NaN'",
          "max_cost = 'Infinity'",
          "store_prompts = 'none'",
          "repair_rounds = -1",
          "request_timeout_ms = 99",
          "context_tokens = 99",
          "notes_tokens = -1",
          "max_prompt_chars = 0",
          "flight_wait_ms = -1",
          "max_sessions = 0",
          "jvm_options = ''",
          "jvm_options = '-Xss7m'",
          "jvm_options = '-Xmx31m'",
          "jvm_options = '-Xmx128m  -Xss16m'",
          "jvm_options = '-Xmx128m -agentlib:jdwp'",
          "jvm_options = '-XX:OnOutOfMemoryError=reboot'",
          "jvm_options = E'-Xmx128m\\n-javaagent:evil.jar'",
          "jvm_options = '@options.txt'",
          "allowed_functions = '{NULL}'"
        }) {
      PSQLException refused =
          assertThrows(PSQLException.class, () -> admin("UPDATE ai_worker_config SET " + bad), bad);
      assertEquals("23514", refused.getSQLState(), bad);
      assertNotNull(refused.getServerErrorMessage().getHint(), bad);
    }
  }

  @Test
  void missingConfigurationNamesItsRepair() throws SQLException {
    admin("DELETE FROM ai_worker_config");
    assertEquals(
        "INSERT INTO public.ai_worker_config DEFAULT VALUES",
        refusal("q", "v1", "IA004").getHint());
  }

  @Test
  void missingTableOfSettingsNamesItsRepair() throws SQLException {
    admin("ALTER TABLE ai_worker_config RENAME TO mislaid");
    try {
      for (String version : new String[] {"v1", null}) {
        assertTrue(refusal("q", version, "IA004").getHint().contains("install.sh"), version);
      }
      String health = adminValue("SELECT ai_worker_health()");
      assertTrue(health.contains("ai_worker_config is missing: "), health);
    } finally {
      admin("ALTER TABLE mislaid RENAME TO ai_worker_config");
    }
  }

  @Test
  void schemaThatIsClosedToTheProofNamesItsGrantAndAsksNoModel() throws SQLException {
    admin("CREATE SCHEMA closed", "UPDATE ai_worker_config SET schemas = '{public,closed}'");
    try {
      assertEquals(
          "GRANT USAGE ON SCHEMA closed TO ai_worker_prover",
          refusal("q", "v1", "IA004").getHint());
      assertEquals(0, endpoint.requests().size());
    } finally {
      admin("UPDATE ai_worker_config SET schemas = '{public}'", "DROP SCHEMA closed");
    }
  }

  @Test
  void databaseThatNothingCanBeProvenInAsksNoModel() throws SQLException {
    admin("CREATE OPERATOR public.### (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4pl)");
    try (Connection connection = asker()) {
      connection.setReadOnly(true);
      connection.setAutoCommit(false);
      PSQLException refused =
          assertThrows(PSQLException.class, () -> generate(connection, "q", "v1"));
      assertEquals("IA021", refused.getSQLState());
      assertTrue(
          refused.getMessage().contains("operator public.###(integer,integer)"),
          refused.getMessage());
      assertEquals(0, endpoint.requests().size());
    } finally {
      admin("DROP OPERATOR public.### (integer, integer)");
    }
  }

  @Test
  void powerOfTheProverIsNamed() throws SQLException {
    admin("ALTER ROLE ai_worker_prover CREATEDB");
    try {
      String health = adminValue("SELECT ai_worker_health()");
      assertTrue(health.contains("ai_worker_prover may create databases"), health);
    } finally {
      admin("ALTER ROLE ai_worker_prover NOCREATEDB");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"flight_wait_ms", "max_prompt_chars"})
  void missingSettingIsNamed(String setting) throws SQLException {
    admin("ALTER TABLE ai_worker_config RENAME COLUMN " + setting + " TO mislaid");
    try {
      assertEquals("It lacks " + setting + ".", refusal("q", "v1", "IA004").getDetail());
    } finally {
      admin("ALTER TABLE ai_worker_config RENAME COLUMN mislaid TO " + setting);
    }
  }
}
