package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.Full;
import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.ServerErrorMessage;

/** An endpoint that is down is left alone by all sessions, and found again by one. */
abstract class BreakerContract extends RuntimeContract {
  private final ExecutorService clients = Executors.newCachedThreadPool();
  private final AtomicInteger asked = new AtomicInteger();

  BreakerContract(BackendRuntime runtime) {
    super(runtime);
  }

  /** A question that nobody has asked before. */
  private String question() {
    return "question " + asked.incrementAndGet();
  }

  private void answer() {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
  }

  private void fail(int status) {
    endpoint.otherwise(request -> new FakeEndpoint.Reply(status, Map.of(), "{}"));
  }

  private void open() throws SQLException {
    fail(503);
    try (Connection session = asker()) {
      for (int i = 0; i < 3; i++) {
        refusal(session, question(), "v1", "IA016");
      }
    }
    nextTryIn("50 seconds");
  }

  private ServerErrorMessage refusalInItsOwnSession(String sqlState) throws SQLException {
    try (Connection session = asker()) {
      return refusal(session, question(), "v1", sqlState);
    }
  }

  private JsonNode health() throws SQLException {
    return json(value(warm("admin"), "SELECT ai_worker_health()"));
  }

  private static void assertLeftAlone(ServerErrorMessage error) {
    assertTrue(error.getMessage().contains("is left alone for now"), error.getMessage());
    assertTrue(error.getDetail().matches("failing since .*Z, last with IA01.*, next try at .*Z"));
    assertTrue(error.getHint().contains("ai_worker_health()"), error.getHint());
  }

  /** Warm sessions, so that what follows happens at once. */
  private List<Connection> sessions(int count) throws SQLException {
    List<Connection> sessions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Connection session = asker();
      // to start Java takes as long as it takes
      nextTryIn("50 seconds");
      refusal(session, question(), "v1", "IA011");
      sessions.add(session);
    }
    return sessions;
  }

  private static void close(List<Connection> sessions) throws SQLException {
    for (Connection session : sessions) {
      session.close();
    }
  }

  /** Each session asks a question of its own; how many got an answer. */
  private long answeredAtOnce(List<Connection> sessions) throws Exception {
    List<Future<Boolean>> calls = new ArrayList<>();
    for (Connection session : sessions) {
      String question = question();
      calls.add(clients.submit(() -> answersOrRefuses(session, question, "IA011")));
    }
    long answered = 0;
    for (Future<Boolean> call : calls) {
      answered += call.get(60, TimeUnit.SECONDS) ? 1 : 0;
    }
    return answered;
  }

  /** As if this much time were left until the next try. */
  private void nextTryIn(String interval) throws SQLException {
    adminValue(
        "SELECT setval('ai_worker.endpoint_state', (s.last_value >> 40 << 40)"
            + " | (extract(epoch FROM clock_timestamp() + interval '"
            + interval
            + "') * 100)::bigint) FROM ai_worker.endpoint_state AS s");
  }

  @Test
  void sessionsOfOneCallEachLeaveADeadEndpointAlone() throws Exception {
    fail(503);
    for (int i = 0; i < 3; i++) {
      refusalInItsOwnSession("IA016");
    }
    nextTryIn("50 seconds");
    for (int i = 0; i < Full.or(10, 2); i++) {
      assertLeftAlone(refusalInItsOwnSession("IA011"));
    }
    List<Connection> sessions = sessions(Full.or(8, 3));
    assertEquals(0, answeredAtOnce(sessions));
    long start = System.nanoTime();
    refusal(sessions.get(0), question(), "v1", "IA011");
    assertTrue(System.nanoTime() - start < Full.atMost(500_000_000L));
    close(sessions);
    assertEquals(3, endpoint.requests().size());
  }

  @Test
  void sessionsThatFailTogetherOpenItOnce() throws Exception {
    fail(503);
    endpoint.delay(Duration.ofSeconds(6));
    List<Future<?>> calls = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      calls.add(clients.submit(() -> refusalInItsOwnSession("IA016")));
    }
    for (Future<?> call : calls) {
      call.get(60, TimeUnit.SECONDS);
    }
    assertEquals(3, health().at("/endpoint/failures").asInt());
    assertEquals(8, endpoint.requests().size());
  }

  @Test
  void oneSessionFindsOutThatItIsBack() throws Exception {
    open();
    List<Connection> sessions = sessions(Full.or(16, 5));
    answer();
    endpoint.delay(Duration.ofSeconds(2));
    nextTryIn("0");
    assertEquals(1, answeredAtOnce(sessions));
    assertEquals(4, endpoint.requests().size());
    endpoint.delay(Duration.ZERO);
    assertEquals(sessions.size(), answeredAtOnce(sessions));
    close(sessions);
    assertEquals("closed", health().at("/endpoint/state").asText());
  }

  /** The others wait for it as long as it waits itself, though each word of it holds for 3 s. */
  @Test
  void slowProbeIsTheOnlyOne() throws Exception {
    open();
    List<Connection> sessions = sessions(2);
    answer();
    endpoint.delay(Duration.ofSeconds(6));
    nextTryIn("0");
    String question = question();
    Future<JsonNode> probe = clients.submit(() -> generate(sessions.get(0), question, "v1"));
    while (endpoint.requests().size() < 4 && !probe.isDone()) {
      Thread.sleep(10);
    }
    long start = System.nanoTime();
    while (System.nanoTime() - start < 4_500_000_000L) {
      assertLeftAlone(refusal(sessions.get(1), question(), "v1", "IA011"));
      Thread.sleep(300);
    }
    assertTrue(probe.get().has("sql"));
    assertEquals(4, endpoint.requests().size());
    close(sessions);
  }

  @Test
  void probeThatIsCutShortKeepsTheOthersAwayForSecondsOnly() throws Exception {
    open();
    List<Connection> sessions = sessions(2);
    answer();
    endpoint.delay(Duration.ofSeconds(20));
    nextTryIn("0");
    try (Statement statement = sessions.get(0).createStatement()) {
      statement.execute("SET statement_timeout = '1500ms'");
      refusal(sessions.get(0), question(), "v1", "57014");
    }
    endpoint.delay(Duration.ZERO);
    assertLeftAlone(refusal(sessions.get(1), question(), "v1", "IA011"));
    Thread.sleep(3_500);
    generate(sessions.get(1), question(), "v1");
    assertEquals("closed", health().at("/endpoint/state").asText());
    close(sessions);
  }

  @Test
  void probeThatFailsIsOneRequestAndOpensItForLonger() throws Exception {
    admin("UPDATE ai_worker_config SET max_retries = 3");
    endpoint.otherwise(
        request -> new FakeEndpoint.Reply(503, Map.of("x-should-retry", "false"), "{}"));
    for (int i = 0; i < 3; i++) {
      refusal(question(), "v1", "IA016");
    }
    fail(503);
    nextTryIn("0");
    assertEquals("half-open", health().at("/endpoint/state").asText());
    refusal(question(), "v1", "IA016");
    assertEquals(4, endpoint.requests().size());
    JsonNode state = health().get("endpoint");
    assertEquals("open", state.get("state").asText());
    assertEquals(4, state.get("failures").asInt());
  }

  @Test
  void healthTellsAndACureBySettingIsTriedAtOnce() throws SQLException {
    assertEquals("{\"state\":\"closed\",\"failures\":0}", health().get("endpoint").toString());
    open();
    JsonNode health = health();
    assertFalse(health.get("healthy").asBoolean());
    assertTrue(health.get("problems").toString().contains("is left alone for now"));
    JsonNode state = health.get("endpoint");
    assertEquals("open", state.get("state").asText());
    assertEquals(3, state.get("failures").asInt());
    assertEquals("IA016", state.get("last_failure").asText());
    assertTrue(state.get("failing_since").asText().compareTo(state.get("next_try").asText()) < 0);
    answer();
    admin("UPDATE ai_worker_config SET base_url = base_url || '/'");
    generate(question(), "v1");
    assertEquals(4, endpoint.requests().size());
    assertEquals("closed", health().at("/endpoint/state").asText());
  }

  @Test
  void hitsAreAnsweredAllTheTime() throws SQLException {
    answer();
    generate("known", "v1");
    open();
    assertTrue(generate("known", "v1").get("cache_hit").asBoolean());
    try (Connection connection = asker()) {
      assertEquals("SELECT 1 LIMIT 1000", value(connection, "SELECT ai_sql('known', 'v1')"));
    }
  }

  @Test
  void anAnswerBetweenFailuresKeepsItClosed() throws SQLException {
    int rounds = Full.or(3, 2);
    for (int round = 0; round < rounds; round++) {
      fail(500);
      refusal(question(), "v1", "IA016");
      refusal(question(), "v1", "IA016");
      answer();
      generate(question(), "v1");
    }
    assertEquals(3 * rounds, endpoint.requests().size());
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 404, 429})
  void anEndpointThatRefusesIsNotDown(int status) throws SQLException {
    fail(status);
    try (Connection session = asker()) {
      for (int i = 0; i < 5; i++) {
        String question = question();
        org.junit.jupiter.api.Assertions.assertThrows(
            SQLException.class, () -> generate(session, question, "v1"));
      }
    }
    assertEquals(5, endpoint.requests().size());
  }

  @Test
  void callsThatTheUserCancelsDoNotCount() throws SQLException {
    answer();
    endpoint.delay(Duration.ofSeconds(2));
    try (Connection connection = asker();
        Statement statement = connection.createStatement()) {
      statement.execute("SET statement_timeout = '1s'");
      for (int i = 0; i < 4; i++) {
        refusal(connection, question(), "v1", "57014");
      }
    }
    endpoint.delay(Duration.ZERO);
    generate(question(), "v1");
  }

  @Test
  void oneQuestionThatTheEndpointFailsAtKeepsNobodyAway() throws SQLException {
    endpoint.otherwise(
        request ->
            request.lastMessage().contains("poison")
                ? new FakeEndpoint.Reply(500, Map.of(), "{}")
                : FakeEndpoint.completion("SELECT 1"));
    for (int i = 0; i < 5; i++) {
      refusal("poison", "v1", "IA016");
    }
    assertEquals(1, health().at("/endpoint/failures").asInt());
    generate(question(), "v1");
    assertEquals(0, health().at("/endpoint/failures").asInt());
    assertEquals(6, endpoint.requests().size());
  }

  @Test
  void oneQuestionOpensItIfThereIsNoConnection() throws SQLException {
    admin("UPDATE ai_worker_config SET base_url = 'http://127.0.0.1:9/v1', max_retries = 0");
    for (int i = 0; i < 3; i++) {
      assertFalse(refusal("the same", "v1", "IA011").getMessage().contains("left alone"));
    }
    nextTryIn("50 seconds");
    assertLeftAlone(refusal("the same", "v1", "IA011"));
  }

  @Test
  void repliesThatDoNotComeCountToo() throws SQLException {
    admin("UPDATE ai_worker_config SET request_timeout_ms = 1500");
    endpoint.delay(Duration.ofSeconds(5));
    for (int i = 0; i < 3; i++) {
      refusal(question(), "v1", "IA012");
    }
    nextTryIn("50 seconds");
    assertLeftAlone(refusal(question(), "v1", "IA011"));
    assertEquals(3, endpoint.requests().size());
  }

  @Test
  void readOnlyTransactionReadsWhatIsSharedAndKeepsTheRestToItself() throws SQLException {
    fail(503);
    try (Connection connection = asker();
        Statement statement = connection.createStatement()) {
      statement.execute("SET default_transaction_read_only = on");
      for (int i = 0; i < 3; i++) {
        refusal(connection, question(), "v1", "IA016");
      }
      assertLeftAlone(refusal(connection, question(), "v1", "IA011"));
      assertEquals(0, health().at("/endpoint/failures").asInt());
    }
    open();
    try (Connection connection = asker();
        Statement statement = connection.createStatement()) {
      statement.execute("SET default_transaction_read_only = on");
      assertLeftAlone(refusal(connection, question(), "v1", "IA011"));
    }
    assertEquals(6, endpoint.requests().size());
  }

  @Test
  void withoutItsSequencesEachSessionKnowsForItself() throws SQLException {
    admin("DROP SEQUENCE ai_worker.endpoint_state");
    try (Connection connection = asker()) {
      answer();
      generate(connection, question(), "v1");
      fail(503);
      for (int i = 0; i < 3; i++) {
        refusal(connection, question(), "v1", "IA016");
      }
      assertLeftAlone(refusal(connection, question(), "v1", "IA011"));
      answer();
      generate(question(), "v1");
      assertTrue(health().get("problems").toString().contains("endpoint_state"));
    } finally {
      Installation.Outcome outcome =
          Installation.run(cluster, database, Map.of(), "--runtime", runtime.option());
      assertEquals(0, outcome.exitCode(), outcome.output());
    }
    generate(question(), "v1");
    assertFalse(health().get("problems").toString().contains("endpoint_state"));
  }

  @Test
  void warmingFailsEachPromptAtOnce() throws SQLException {
    fail(503);
    try (Connection connection = cluster.connect(database, "admin")) {
      List<String> errors =
          column(
              connection,
              "SELECT error FROM ai_worker_warm_cache(ARRAY(SELECT 'warm ' || i FROM generate_series(1, 10) AS i), 'v1')");
      assertEquals(10, errors.size());
      assertEquals(7, errors.stream().filter(error -> error.startsWith("IA011: ")).count());
    }
    assertEquals(3, endpoint.requests().size());
  }
}
