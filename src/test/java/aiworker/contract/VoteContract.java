package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;

/** Of several candidates the answer is what most of them agree on, and all of them count. */
abstract class VoteContract extends RuntimeContract {
  private static final String ALL = "SELECT count(*) FROM users";
  private static final String ALSO_ALL = "SELECT count(*) AS n FROM public.users AS u";
  private static final String NAMED = "SELECT count(DISTINCT name) FROM users";

  VoteContract(BackendRuntime runtime) {
    super(runtime);
  }

  @BeforeEach
  void three() throws SQLException {
    admin("UPDATE ai_worker_config SET candidates = 3, max_retries = 0");
  }

  private PSQLException refused(String sqlState) {
    PSQLException e = assertThrows(PSQLException.class, () -> generate("How many users?", "v1"));
    assertEquals(sqlState, e.getSQLState(), e::toString);
    return e;
  }

  @Test
  void largestGroupWinsAndTokensOfAllCount() throws SQLException {
    admin("TRUNCATE ai_worker.usage_parts");
    endpoint.replyWithSql(NAMED).replyWithSql(ALL).replyWithSql(ALSO_ALL);
    JsonNode answer;
    try (Connection session = asker()) {
      answer = generate(session, "How many users?", "v1");
    }
    // which of the two is the earlier depends on the order of arrival
    assertTrue(answer.get("sql").asText().startsWith("SELECT count(*)"), answer::toString);
    assertEquals(0.67, answer.get("agreement").asDouble());
    assertEquals(360, answer.get("tokens_used").asInt());
    assertEquals(3, endpoint.requests().size());
    assertEquals(
        "3|360", adminValue("SELECT sum(calls) || '|' || sum(tokens) FROM ai_worker_usage"));
    JsonNode hit = generate("How many users?", "v1");
    assertTrue(hit.get("cache_hit").asBoolean());
    assertFalse(hit.has("agreement"));
  }

  @Test
  void candidatesAreAskedForDifferently() throws SQLException {
    admin("UPDATE ai_worker_config SET seed = 7");
    endpoint.replyWithSql(ALL).replyWithSql(ALL).replyWithSql(ALL);
    assertEquals(1.0, generate("How many users?", "v1").get("agreement").asDouble());
    assertEquals(
        List.of("0 7", "0.8 8", "0.8 9"),
        endpoint.requests().stream()
            .map(request -> request.json())
            .map(body -> body.get("temperature").asText() + " " + body.get("seed").asText())
            .sorted()
            .toList());
  }

  @Test
  void singleReplySaysNothingOfAgreement() throws SQLException {
    admin("UPDATE ai_worker_config SET candidates = 1, min_agreement = 1");
    endpoint.replyWithSql(ALL);
    assertFalse(generate("How many users?", "v1").has("agreement"));
  }

  @Test
  void tooLittleAgreementIsRefusedWithTheCandidates() throws SQLException {
    admin("UPDATE ai_worker_config SET min_agreement = 0.67");
    endpoint.replyWithSql(NAMED).replyWithSql(ALL).replyWithSql("SELECT 1");
    String detail = refused("IA023").getServerErrorMessage().getDetail();
    assertTrue(detail.contains("1 of 3: " + NAMED), detail);
    assertTrue(detail.contains("1 of 3: " + ALL), detail);
    endpoint.replyWithSql(NAMED).replyWithSql(ALL).replyWithSql(ALL);
    assertEquals(0.67, generate("How many users?", "v1").get("agreement").asDouble());
  }

  @Test
  void whatIsDeclinedOrRefusedAgreesWithNone() throws SQLException {
    endpoint.replyWithProblem("no such data").replyWithSql("DELETE FROM users").replyWithSql(ALL);
    JsonNode answer = generate("How many users?", "v1");
    assertEquals(ALL + " LIMIT 1000", answer.get("sql").asText());
    assertEquals(0.33, answer.get("agreement").asDouble());
  }

  @Test
  void withoutAnyProofOneIsRepairedByAsManyAgain() throws SQLException {
    endpoint.replyWithSql("DELETE FROM users").replyWithProblem("no").replyWithSql("SELECT x");
    endpoint.replyWithSql(ALL).replyWithSql(ALL).replyWithSql(ALL);
    JsonNode answer = generate("How many users?", "v1");
    assertEquals(1.0, answer.get("agreement").asDouble());
    assertEquals(720, answer.get("tokens_used").asInt());
    assertEquals(6, endpoint.requests().size());
  }

  @Test
  void failureOfOneEndsAllAtOnce() throws SQLException {
    endpoint.replyError(401, "wrong key").replyWithSql(ALL).replyWithSql(ALL);
    refused("IA013");
  }

  @Test
  void retriesAreShared() throws SQLException {
    admin("UPDATE ai_worker_config SET max_retries = 1");
    endpoint.replyError(503, "busy").replyWithSql(ALL).replyWithSql(ALL).replyWithSql(ALL);
    assertEquals(1.0, generate("How many users?", "v1").get("agreement").asDouble());
    assertEquals(4, endpoint.requests().size());
    endpoint.replyError(503, "busy").replyError(503, "busy").replyWithSql(ALL);
    PSQLException e = assertThrows(PSQLException.class, () -> generate("Again?", "v1"));
    assertEquals("IA016", e.getSQLState(), e::toString);
  }

  @Test
  void quotaCountsEachAndRefusesWhatIsOverIt() throws SQLException {
    admin("INSERT INTO ai_worker_quotas (per, max_calls) VALUES ('1 day', 5)");
    try {
      endpoint.replyWithSql(ALL).replyWithSql(ALL).replyWithSql(ALL);
      generate("How many users?", "v1");
      PSQLException e = assertThrows(PSQLException.class, () -> generate("And now?", "v1"));
      assertEquals("53400", e.getSQLState(), e::toString);
      assertEquals(3, endpoint.requests().size());
    } finally {
      admin("DELETE FROM ai_worker_quotas");
    }
  }

  @Test
  void cancelEndsAllAndTheSessionGoesOn() throws Exception {
    try (Connection session = asker();
        Connection other = cluster.connect(database, "postgres")) {
      endpoint.replyWithSql(ALL).replyWithSql(ALL).replyWithSql(ALL);
      generate(session, "Starts Java", "v1");
      String pid = value(session, "SELECT pg_backend_pid()");
      endpoint.delay(Duration.ofMinutes(1));
      CompletableFuture<SQLException> ended =
          CompletableFuture.supplyAsync(
              () ->
                  assertThrows(
                      SQLException.class, () -> generate(session, "How many users?", "v1")));
      while (endpoint.requests().size() < 6) {
        Thread.sleep(10);
      }
      value(other, "SELECT pg_cancel_backend(" + pid + ")");
      assertEquals("57014", ended.get(20, TimeUnit.SECONDS).getSQLState());
      endpoint.delay(Duration.ZERO);
      endpoint.replyWithSql(ALL).replyWithSql(ALL).replyWithSql(ALL);
      assertEquals(1.0, generate(session, "How many users?", "v1").get("agreement").asDouble());
    }
  }

  @Test
  void whereNoViewCanBeMadeEqualTextsAgree() throws SQLException {
    endpoint.replyWithSql(ALL).replyWithSql(NAMED).replyWithSql(ALL);
    try (Connection session = asker()) {
      session.setReadOnly(true);
      assertEquals(0.67, generate(session, "How many users?", "v1").get("agreement").asDouble());
    }
  }
}
