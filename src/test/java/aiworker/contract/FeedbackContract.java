package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;

/**
 * Users say what they think of answers, and learn nothing by it; administrators see what to verify.
 */
abstract class FeedbackContract extends RuntimeContract {
  private static final String QUEUE =
      "SELECT concat_ws('|', prompt_text, bad, good, hits, comments[1], cached, verified) FROM ai_worker_to_verify";

  FeedbackContract(BackendRuntime runtime) {
    super(runtime);
  }

  @BeforeEach
  void forget() throws SQLException {
    admin("TRUNCATE ai_worker_feedback");
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1 AS one"));
  }

  private String key(String prompt) throws SQLException {
    return json(value(warm("asker"), "SELECT ai_explain_sql(?, 'v1')", prompt))
        .get("cache_key")
        .asText();
  }

  private void say(String role, String key, boolean good, String comment) throws SQLException {
    assertEquals(
        "",
        value(warm(role), "SELECT ai_worker_feedback(?, ?::boolean, ?)", key, "" + good, comment));
  }

  @Test
  void lastWordOfEachRoleCounts() throws SQLException {
    String key = key("How many?");
    say("asker", key, true, null);
    say("asker", key, false, "lacks new ones");
    say("admin", key, false, null);
    assertEquals(List.of("How many?|2|0|0|lacks new ones|t|f"), column(warm("admin"), QUEUE));
    say("asker", key, true, null);
    assertEquals(List.of("How many?|1|1|0|t|f"), column(warm("admin"), QUEUE));
    assertEquals("2", adminValue("SELECT count(*) FROM ai_worker_feedback"));
  }

  /** First what somebody has complained about, then by hits, then the newest. */
  @Test
  void queueIsInTheOrderOfWorth() throws SQLException {
    generate("often", "v1");
    generate("seldom", "v1");
    String wrong = key("wrong");
    generate("verified", "v1");
    for (int i = 0; i < 3; i++) {
      generate("often", "v1");
    }
    value(
        warm("admin"),
        "SELECT ai_worker_verify(cache_key, true) FROM ai_worker_cache WHERE prompt_text = 'verified'");
    say("asker", wrong, false, null);
    assertEquals(
        List.of("wrong|1|0|0|t|f", "often|0|0|3|t|f", "seldom|0|0|0|t|f"),
        column(warm("admin"), QUEUE));
  }

  @Test
  void complaintOutlivesItsEntryAndIsAboutItsStatement() throws SQLException {
    String key = key("How many?");
    say("asker", key, false, "wrong");
    admin("TRUNCATE ai_worker_cache");
    assertEquals(List.of("How many?|1|0|0|wrong|f|f"), column(warm("admin"), QUEUE));
    endpoint.replyWithSql("SELECT 2");
    generate("How many?", "v1");
    assertEquals(
        List.of("How many?|1|0|0|wrong|f|f", "How many?|0|0|0|t|f"), column(warm("admin"), QUEUE));
    assertEquals(
        List.of("1"),
        column(
            warm("admin"),
            "WITH gone AS (DELETE FROM ai_worker_feedback RETURNING 1) SELECT count(*) FROM gone"));
  }

  /** An unknown key, an expired one and one of somebody else's question all read the same. */
  @Test
  void nothingTellsWhetherThereIsSuchAnEntry() throws SQLException {
    generate("secret question", "v1");
    String key = adminValue("SELECT cache_key FROM ai_worker_cache");
    say("asker", key, true, null);
    say("asker", "0".repeat(64), true, null);
    say("asker", "", true, "x");
    assertEquals("1", adminValue("SELECT count(*) FROM ai_worker_feedback"));
    Connection asker = warm("asker");
    for (String sql :
        List.of(
            "SELECT cache_key FROM ai_worker_feedback",
            "SELECT prompt_text FROM ai_worker_to_verify",
            "DELETE FROM ai_worker_feedback RETURNING 1")) {
      assertEquals(
          "42501", assertThrows(PSQLException.class, () -> value(asker, sql), sql).getSQLState());
    }
    for (String known : List.of(key, "0".repeat(64))) {
      assertEquals(
          "22023",
          assertThrows(PSQLException.class, () -> say("asker", known, true, "x".repeat(1001)))
              .getSQLState());
      assertEquals(
          "25006",
          assertThrows(
                  PSQLException.class,
                  () -> {
                    try (Connection reading = asker()) {
                      value(
                          reading,
                          "SELECT set_config('default_transaction_read_only', 'on', false)");
                      value(reading, "SELECT ai_worker_feedback(?, true)", known);
                    }
                  })
              .getSQLState());
    }
  }

  @Test
  void promptsThatAreNotKeptAreNotKeptHere() throws SQLException {
    admin("UPDATE ai_worker_config SET store_prompts = 'off'");
    say("asker", key("secret question"), false, null);
    assertEquals("", adminValue("SELECT prompt_text FROM ai_worker_feedback"));
  }

  @Test
  void eachRoleHasSoMuchAndNoMore() throws SQLException {
    fill(300, "1 day");
    Connection asker = warm("asker");
    List<String> keys =
        column(warm("admin"), "SELECT cache_key FROM ai_worker_cache ORDER BY prompt_text");
    say("admin", keys.get(0), false, null);
    for (String key : keys) {
      assertEquals("", value(asker, "SELECT ai_worker_feedback(?, false)", key));
    }
    assertEquals("200", adminValue("SELECT count(*) FROM ai_worker_feedback WHERE role = 'asker'"));
    assertEquals(
        "1",
        value(
            warm("admin"),
            "SELECT count(*) FROM ai_worker_feedback WHERE role = 'asker' AND cache_key = ?",
            keys.get(299)));
    assertEquals("1", adminValue("SELECT count(*) FROM ai_worker_feedback WHERE role = 'admin'"));
    assertTrue(
        Integer.parseInt(value(warm("admin"), "SELECT count(*) FROM ai_worker_to_verify")) <= 600);
    assertNull(value(warm("admin"), QUEUE + " WHERE false"));
  }
}
