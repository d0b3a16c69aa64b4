package aiworker.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.testing.FakeEndpoint;
import aiworker.usage.Usage;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatClientTest {
  private static final String KEY = "sk-test-0123456789abcdef";
  private static final List<Message> QUESTION =
      List.of(Message.system("You write SQL."), Message.user("Get all users"));

  private final FakeEndpoint endpoint = FakeEndpoint.start();
  private final TestClock time = new TestClock();
  private final ChatClient client = new ChatClient(time, () -> 1.0, InetAddress::getAllByName);
  private ChatSettings settings =
      TestSettings.of(endpoint.url(), "gpt-test", ApiKey.of(KEY, "test"));

  @AfterEach
  void stop() {
    endpoint.close();
  }

  private ChatReply ask() {
    return client.complete(settings, QUESTION, (attempt, pausing) -> {});
  }

  private AiWorkerException fail() {
    return assertThrows(AiWorkerException.class, this::ask);
  }

  @Test
  void postsTheConversationWithKeyAndAnswersTheWords() {
    endpoint.replyWith("SELECT * FROM users");
    assertEquals(new ChatReply("SELECT * FROM users", new Usage(100, 20, 120, 0)), ask());
    FakeEndpoint.Request request = endpoint.requests().get(0);
    assertEquals("/v1/chat/completions", request.path());
    assertEquals("Bearer " + KEY, request.headers().getFirst("Authorization"));
    JsonNode body = request.json();
    assertEquals("gpt-test", body.path("model").asText());
    assertEquals("system", body.path("messages").path(0).path("role").asText());
    assertEquals("Get all users", request.lastMessage());
    assertEquals(0, body.path("temperature").intValue());
    assertTrue(body.path("response_format").path("json_schema").path("strict").booleanValue());
    assertFalse(body.has("seed") || body.has("max_tokens") || body.has("max_completion_tokens"));
  }

  @Test
  void wordsComeBackAsTheyCame() {
    endpoint.replyWith("Here you are:\n```sql\nSELECT 1\n```");
    assertEquals("Here you are:\n```sql\nSELECT 1\n```", ask().content());
  }

  @Test
  void answerThatHoldsTheKeyIsRefusedWithoutShowingIt() {
    for (String words : new String[] {"I was given ", "SELECT '"}) {
      endpoint.replyWith(words + KEY + "'");
      AiWorkerException e = fail();
      assertEquals(Failure.REPLY_UNREADABLE, e.failure());
      assertFalse((e.getMessage() + e.detail()).contains(KEY), e.detail());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 409, 429, 500, 502, 503, 504, 529})
  void passingTroubleIsTriedAgain(int status) {
    endpoint.replyError(status, "busy").replyError(status, "busy").replyWith("SELECT 1");
    assertEquals("SELECT 1", ask().content());
    assertEquals(Duration.ofMillis(1_500), time.slept());
  }

  @ParameterizedTest
  @CsvSource({
    "400, REQUEST_REFUSED",
    "401, AUTHENTICATION_FAILED",
    "403, AUTHENTICATION_FAILED",
    "404, REQUEST_REFUSED",
    "405, REQUEST_REFUSED",
    "413, REQUEST_REFUSED",
    "422, REQUEST_REFUSED",
    "302, REQUEST_REFUSED",
    "307, REQUEST_REFUSED"
  })
  void lastingTroubleIsNotTriedAgain(int status, Failure failure) {
    endpoint.replyError(status, "no, says " + KEY + " of sk-test-0123456789");
    AiWorkerException e = fail();
    assertEquals(failure, e.failure());
    assertTrue(e.getMessage().contains("status " + status), e.getMessage());
    assertEquals("no, says *** of ***", e.detail());
    assertEquals(1, endpoint.requests().size());
  }

  @ParameterizedTest
  @CsvSource({"408, ENDPOINT_FAILED", "429, RATE_LIMITED", "500, ENDPOINT_FAILED"})
  void triesOnlyAsOftenAsAllowed(int status, Failure failure) {
    endpoint.replyError(status, "1").replyError(status, "2").replyError(status, "3");
    assertEquals(failure, fail().failure());
    assertEquals(3, endpoint.requests().size());
  }

  @ParameterizedTest
  @CsvSource({
    "Retry-After, 2, 2000",
    "Retry-After, 'Fri, 02 Jan 2026 03:04:08 GMT', 3000",
    "Retry-After, 'Thu, 01 Jan 2026 00:00:00 GMT', 0",
    "retry-after-ms, 250, 250",
    "Retry-After, soon, 500",
    "Retry-After, -1, 500"
  })
  void waitsAsLongAsTheEndpointAsks(String header, String value, long ms) {
    endpoint.replyStatus(429, Map.of(header, value), "{}").replyWithSql("SELECT 1");
    ask();
    assertEquals(Duration.ofMillis(ms), time.slept());
    assertTrue(time.longestSleep().compareTo(Duration.ofMillis(50)) <= 0);
  }

  @Test
  void failsAtOnceWhenTheEndpointAsksForMoreThanIsLeft() {
    endpoint.replyStatus(429, Map.of("Retry-After", "3600"), "{}");
    assertEquals(Failure.RATE_LIMITED, fail().failure());
    assertEquals(Duration.ZERO, time.slept());
  }

  @Test
  void usedUpQuotaIsNotTriedAgain() {
    endpoint.replyStatus(
        429, Map.of(), "{\"error\":{\"message\":\"pay\",\"code\":\"insufficient_quota\"}}");
    assertEquals(Failure.RATE_LIMITED, fail().failure());
    assertEquals(1, endpoint.requests().size());
  }

  @Test
  void endpointMaySayThatTryingAgainIsUseless() {
    endpoint.replyStatus(500, Map.of("x-should-retry", "false"), "{}");
    assertEquals(Failure.ENDPOINT_FAILED, fail().failure());
    assertEquals(1, endpoint.requests().size());
  }

  @Test
  void interruptEndsTheBackOff() {
    endpoint.replyStatus(429, Map.of("Retry-After", "30"), "{}");
    IllegalStateException cancel = new IllegalStateException("57014");
    AtomicInteger polls = new AtomicInteger();
    Waiting interrupts =
        (attempt, pausing) -> {
          assertEquals(pausing ? 2 : 1, attempt);
          if (!time.slept().isZero() && polls.incrementAndGet() == 3) {
            throw cancel;
          }
        };
    assertSame(
        cancel,
        assertThrows(
            IllegalStateException.class, () -> client.complete(settings, QUESTION, interrupts)));
    assertTrue(time.slept().compareTo(Duration.ofMillis(150)) <= 0);
  }

  @Test
  void refusedTemperatureIsDroppedAndRemembered() {
    endpoint
        .replyError(400, "Unsupported value: 'temperature' does not support 0 with this model.")
        .replyWithSql("SELECT 1")
        .replyWithSql("SELECT 2");
    ask();
    ask();
    assertEquals(3, endpoint.requests().size());
    assertFalse(endpoint.requests().get(2).json().has("temperature"));
    assertTrue(endpoint.requests().get(2).json().has("response_format"));
  }

  @Test
  void refusedStructureFallsBackToTextAndIsRemembered() {
    endpoint
        .replyError(400, "This model does not support response format `json_schema`.")
        .replyWith("SELECT 1")
        .replyWith("SELECT 2");
    assertEquals("SELECT 1", ask().content());
    ask();
    assertEquals(3, endpoint.requests().size());
    assertFalse(endpoint.requests().get(2).json().has("response_format"));
    settings = TestSettings.of(endpoint.url(), "another", settings.key());
    endpoint.replyWith("SELECT 3");
    ask();
    assertTrue(endpoint.requests().get(3).json().has("response_format"));
  }

  @Test
  void olderServersGetTheOlderLengthLimit() {
    settings = TestSettings.with(settings, new Sampling(7L, 500, 1));
    endpoint
        .replyError(400, "Unrecognized request argument supplied: max_completion_tokens")
        .replyWithSql("SELECT 1");
    ask();
    assertEquals(500, endpoint.requests().get(0).json().path("max_completion_tokens").intValue());
    assertEquals(500, endpoint.requests().get(1).json().path("max_tokens").intValue());
    assertEquals(7, endpoint.requests().get(1).json().path("seed").intValue());
    assertFalse(endpoint.requests().get(1).json().has("max_completion_tokens"));
  }

  @Test
  void lengthLimitThatIsTooLargeIsTheCallersToKnow() {
    settings = TestSettings.with(settings, new Sampling(null, 500_000, 1));
    endpoint.replyError(
        400, "max_completion_tokens is too large: 500000. This model supports at most 16384");
    AiWorkerException e = fail();
    assertEquals(Failure.REQUEST_REFUSED, e.failure());
    assertTrue(e.detail().contains("too large"));
  }

  @ParameterizedTest
  @CsvSource({
    "400, 'System role not supported',",
    "500, 'Jinja Exception: System role not supported',",
    "400, 'Conversation roles must alternate user/assistant/user/assistant/...',",
    "400, 'Developer instruction is not enabled for models/gemma-3-27b-it',",
    "400, \"Unsupported value: 'messages[0].role' does not support 'system' with this model.\","
        + " messages[0].role"
  })
  void refusedSystemRoleIsMergedIntoTheQuestionAndRemembered(
      int status, String message, String param) {
    ObjectNode error = new ObjectMapper().createObjectNode();
    error.putObject("error").put("message", message).put("param", param);
    endpoint
        .replyStatus(status, Map.of(), error.toString())
        .replyWithSql("SELECT 1")
        .replyWithSql("SELECT 2");
    ask();
    ask();
    JsonNode messages = endpoint.requests().get(2).json().path("messages");
    assertEquals(1, messages.size());
    assertEquals("user", messages.path(0).path("role").asText());
    assertEquals("You write SQL.\n\nGet all users", messages.path(0).path("content").asText());
    assertTrue(endpoint.requests().get(2).json().has("temperature"));
  }

  @Test
  void errorThatEchoesTheRequestTeachesNothing() {
    endpoint.otherwise(
        request -> new FakeEndpoint.Reply(422, Map.of(), "{\"detail\":" + request.body() + "}"));
    assertEquals(Failure.REQUEST_REFUSED, fail().failure());
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    ask();
    int last = endpoint.requests().size() - 1;
    assertTrue(endpoint.requests().get(last).json().has("temperature"));
    assertTrue(endpoint.requests().get(last).json().has("response_format"));
  }

  @Test
  void oneConnectionServesAllCalls() {
    endpoint.replyWithSql("SELECT 1").replyWithSql("SELECT 2").replyWithSql("SELECT 3");
    ask();
    ask();
    ask();
    assertEquals(
        1, endpoint.requests().stream().map(FakeEndpoint.Request::from).distinct().count());
  }

  @Test
  void unknownModelIsNamed() {
    endpoint.replyStatus(
        404, Map.of(), "{\"error\":{\"message\":\"no\",\"code\":\"model_not_found\"}}");
    assertEquals(
        "model \"gpt-test\" is not known to " + endpoint.url() + " (status 404)",
        fail().getMessage());
  }

  @Test
  void filteredQuestionHasNoStatement() {
    endpoint.replyStatus(
        400, Map.of(), "{\"error\":{\"message\":\"policy\",\"code\":\"content_filter\"}}");
    assertEquals(Failure.NO_STATEMENT, fail().failure());
  }

  @Test
  void endpointOnThisMachineNeedsNoKey() {
    settings = TestSettings.of(endpoint.url(), "llama", ApiKey.NONE);
    endpoint.replyWithSql("SELECT 1");
    ask();
    assertNull(endpoint.requests().get(0).headers().getFirst("Authorization"));
  }
}
