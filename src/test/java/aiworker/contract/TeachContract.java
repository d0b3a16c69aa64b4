package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;

/** What a DBA teaches is answered without a model, and proven like anything else. */
abstract class TeachContract extends RuntimeContract {
  private static final String FORM = "users called {name:text} above {least:integer}";
  private static final String FILLED = "SELECT id FROM users WHERE name = {name} AND id > {least}";

  TeachContract(BackendRuntime runtime) {
    super(runtime);
  }

  @BeforeEach
  void forget() throws SQLException {
    admin("TRUNCATE public.ai_worker_taught");
  }

  private JsonNode teach(String question, String sql, String version) throws SQLException {
    return json(value(warm("admin"), "SELECT ai_worker_teach(?, ?, ?)", question, sql, version));
  }

  private PSQLException refused(String question, String sql) {
    return assertThrows(PSQLException.class, () -> teach(question, sql, "v1"), question);
  }

  @Test
  void taughtQuestionIsAHitThatNoModelWasAskedFor() throws SQLException {
    JsonNode taught = teach("How many users?", "SELECT count(*) FROM users", "v1");
    assertEquals("SELECT count(*) FROM users LIMIT 1000", taught.get("sql").asText());
    assertEquals(0, taught.get("tokens_used").asInt());
    JsonNode answer = generate("How many users?", "v1");
    assertTrue(answer.get("cache_hit").asBoolean());
    assertEquals(taught.get("sql"), answer.get("sql"));
    assertEquals("infinity", adminValue("SELECT expires_at FROM ai_worker_cache"));
    assertEquals(0, endpoint.requests().size());
  }

  @Test
  void taughtStatementReplacesAWrongAnswer() throws SQLException {
    endpoint.replyWithSql("SELECT 1");
    generate("How many users?", "v1");
    generate("How many users?", "v1");
    teach("How many users?", "SELECT 2", "v1");
    teach("How many users?", "SELECT count(*) FROM users", "v1");
    JsonNode answer = generate("How many users?", "v1");
    assertEquals("SELECT count(*) FROM users LIMIT 1000", answer.get("sql").asText());
    assertEquals(1, answer.get("hit_count").asInt());
    assertEquals("1", adminValue("SELECT count(*) FROM ai_worker_taught"));
  }

  /** Of an automatic version it is proven anew under the next one; of another model, likewise. */
  @Test
  void whatWasTaughtOutlivesChangesOfSchemaAndModel() throws SQLException {
    teach("How many users?", "SELECT count(*) FROM users", null);
    admin("ALTER TABLE users ADD COLUMN extra int");
    try {
      JsonNode answer = generate("How many users?", null);
      assertFalse(answer.get("cache_hit").asBoolean());
      assertEquals("SELECT count(*) FROM users LIMIT 1000", answer.get("sql").asText());
      assertEquals(0, answer.get("tokens_used").asInt());
      assertTrue(generate("How many users?", null).get("cache_hit").asBoolean());
      admin("UPDATE ai_worker_config SET model = 'another'");
      assertEquals(
          "SELECT count(*) FROM users LIMIT 1000",
          generate("How many users?", null).get("sql").asText());
    } finally {
      admin("ALTER TABLE users DROP COLUMN extra");
    }
    assertEquals(0, endpoint.requests().size());
    assertEquals(
        "0", adminValue("SELECT count(*) FROM ai_worker_cache WHERE expires_at < 'infinity'"));
  }

  @Test
  void whatCanNoLongerBeProvenIsAskedOfTheModel() throws SQLException {
    admin("CREATE TABLE gone_soon (a int)");
    teach("How many?", "SELECT count(*) FROM gone_soon", null);
    admin("DROP TABLE gone_soon");
    endpoint.replyWithSql("SELECT 7");
    assertEquals("SELECT 7 LIMIT 1000", generate("How many?", null).get("sql").asText());
    assertEquals(1, endpoint.requests().size());
  }

  @Test
  void onlyTheVersionThatWasTaughtIsAnswered() throws SQLException {
    teach("How many users?", "SELECT count(*) FROM users", "v1");
    endpoint.replyWithSql("SELECT 7").replyWithSql("SELECT 8");
    assertEquals("SELECT 7 LIMIT 1000", generate("How many users?", "v2").get("sql").asText());
    assertEquals("SELECT 8 LIMIT 1000", generate("How many users?", null).get("sql").asText());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          users called Ann above 3             | SELECT id FROM users WHERE name = 'Ann' AND id > 3 LIMIT 1000
          Users  Called  Ann  above  -3 ?      | SELECT id FROM users WHERE name = 'Ann' AND id > -3 LIMIT 1000
          users called O'Hara, Jr. above 3     | SELECT id FROM users WHERE name = 'O''Hara, Jr.' AND id > 3 LIMIT 1000
          users called {least} above 3         | SELECT id FROM users WHERE name = '{least}' AND id > 3 LIMIT 1000
          users called a above b above 4.      | SELECT id FROM users WHERE name = 'a above b' AND id > 4 LIMIT 1000
          users called x' OR true -- above 0   | SELECT id FROM users WHERE name = 'x'' OR true --' AND id > 0 LIMIT 1000
          users called Zoë above 3             | SELECT id FROM users WHERE name = 'Zoë' AND id > 3 LIMIT 1000
          """)
  void slotsAnswerEveryQuestionOfTheirForm(String question, String expected) throws SQLException {
    teach(FORM, FILLED, "v1");
    JsonNode answer = generate(question, "v1");
    assertEquals(expected, answer.get("sql").asText());
    assertEquals(0, answer.get("tokens_used").asInt());
    assertTrue(generate(question, "v1").get("cache_hit").asBoolean());
    assertEquals(0, endpoint.requests().size());
    // what was filled in lives as long as any other answer
    assertEquals(
        "1", adminValue("SELECT count(*) FROM ai_worker_cache WHERE expires_at < 'infinity'"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "users called Ann above three",
        "users called Ann above 3.5",
        "users called Ann above 3 and below 5",
        "all users called Ann above 3",
        "users called above 3",
        "users called Ann above 99999999999999999999"
      })
  void otherQuestionsGoToTheModel(String question) throws SQLException {
    teach(FORM, FILLED, "v1");
    endpoint.replyWithSql("SELECT 7");
    assertEquals("SELECT 7 LIMIT 1000", generate(question, "v1").get("sql").asText());
  }

  @Test
  void slotsOfEachTypeAreBound() throws SQLException {
    teach(
        "flag {f:boolean} rate {n:numeric} day {d:date}",
        "SELECT {f} AS f, {n} AS n, {d} AS d",
        "v1");
    assertEquals(
        "SELECT true AS f, 2.50 AS n, DATE '2026-02-28' AS d LIMIT 1000",
        generate("flag true rate 2.50 day 2026-02-28", "v1").get("sql").asText());
    endpoint.replyWithSql("SELECT 7");
    assertEquals(
        "SELECT 7 LIMIT 1000",
        generate("flag true rate 2.50 day 2026-02-30", "v1").get("sql").asText());
  }

  @Test
  void formThatSaysMostIsTaken() throws SQLException {
    teach("orders of {who:text}", "SELECT {who} AS who", "v1");
    teach("orders of {who:text} in {year:integer}", "SELECT {who} AS who, {year} AS y", "v1");
    teach("orders of {who:text} of late", "SELECT {who} AS late", "v1");
    assertEquals(
        "SELECT 'Ann' AS late LIMIT 1000",
        generate("orders of Ann of late", "v1").get("sql").asText());
    assertEquals(
        "SELECT 'Ann' AS who LIMIT 1000", generate("orders of Ann", "v1").get("sql").asText());
  }

  @Test
  void formReplacesWhatWasAnsweredOtherwise() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    generate("users called Ann above 3", "v1");
    generate("something else", "v1");
    teach(FORM, FILLED, "v1");
    assertEquals(
        "SELECT id FROM users WHERE name = 'Ann' AND id > 3 LIMIT 1000",
        generate("users called Ann above 3", "v1").get("sql").asText());
    assertTrue(generate("something else", "v1").get("cache_hit").asBoolean());
  }

  @Test
  void whatCannotBeProvenIsNotTaught() throws SQLException {
    assertEquals("IA021", refused("Delete all", "DELETE FROM users").getSQLState());
    assertEquals("IA022", refused("Wrong", "SELECT nothing FROM users").getSQLState());
    assertEquals("IA021", refused("Two", "SELECT 1; SELECT 2").getSQLState());
    assertEquals("IA001", refused(" ", "SELECT 1").getSQLState());
    assertEquals("IA022", refused("in quotes {a:text}", "SELECT 'x{a}x'").getSQLState());
    for (String[] bad :
        new String[][] {
          {"{a:text}", "SELECT {a}"},
          {"of {a:text}{b:text}", "SELECT {a}, {b}"},
          {"of {a:text} and {a:text}", "SELECT {a}"},
          {"of {a:regclass}", "SELECT {a}"},
          {"of {a}", "SELECT 1"},
          {"of {a:text}", "SELECT 1"},
          {"blank", " "},
          {"missing", null}
        }) {
      assertEquals("22023", refused(bad[0], bad[1]).getSQLState(), bad[0]);
    }
    assertEquals("0", adminValue("SELECT count(*) FROM ai_worker_taught"));
    assertEquals("0", adminValue("SELECT count(*) FROM ai_worker_cache"));
  }

  @Test
  void onlyAdminsTeach() {
    assertEquals(
        "42501",
        assertThrows(
                PSQLException.class,
                () -> {
                  try (Connection asker = asker()) {
                    value(asker, "SELECT ai_worker_teach('a', 'SELECT 1')");
                  }
                })
            .getSQLState());
  }
}
