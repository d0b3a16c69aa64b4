package aiworker.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is an answer, and what only looks like one. */
class ReplyReaderTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ChatSettings SETTINGS =
      TestSettings.of(
          URI.create("http://localhost/v1"), "m", ApiKey.of("sk-test-0123456789abcdef", "test"));

  private static ChatReply read(String body) throws RetryableException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    ChatReply reply = ReplyReader.read(ReplyReader.root(bytes, SETTINGS), bytes, SETTINGS);
    if (reply.problem() != null) {
      throw reply.problem().costing(reply.usage());
    }
    return reply;
  }

  private static String body(String content, String reason) {
    ObjectNode root = JSON.createObjectNode();
    ObjectNode choice = root.putArray("choices").addObject();
    choice.put("finish_reason", reason).putObject("message").put("content", content);
    root.putObject("usage").put("total_tokens", 7);
    return root.toString();
  }

  private static AiWorkerException fail(String body) {
    return assertThrows(AiWorkerException.class, () -> read(body));
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", "stop", "STOP", "end_turn", "eos", "eos_token", "tool_calls"})
  void answerThatWasFinishedIsTaken(String reason) throws RetryableException {
    assertEquals("SELECT 1", read(body("SELECT 1", reason)).content());
  }

  @ParameterizedTest
  @CsvSource({
    "length, REPLY_CUT",
    "max_tokens, REPLY_CUT",
    "MAX_TOKENS, REPLY_CUT",
    "model_length, REPLY_CUT",
    "content_filter, NO_STATEMENT",
    "content-filter, NO_STATEMENT",
    "safety, NO_STATEMENT",
    "SAFETY, NO_STATEMENT",
    "out_of_cheese, REPLY_UNREADABLE"
  })
  void answerThatWasNotFinishedIsNone(String reason, Failure failure) {
    AiWorkerException e = fail(body("DELETE FROM users", reason));
    assertEquals(failure, e.failure());
    assertEquals(7, e.usage().total());
  }

  @Test
  void unknownReasonIsNamed() {
    assertEquals("finish_reason: out of cheese", fail(body("SELECT 1", "out of\ncheese")).detail());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "error",
        "abort",
        "aborted",
        "cancelled",
        "CANCELLED",
        "insufficient_system_resource"
      })
  void endpointThatGaveUpMayBeTriedAgain(String reason) {
    RetryableException e =
        assertThrows(RetryableException.class, () -> read(body("SELECT 1", reason)));
    assertEquals(Failure.ENDPOINT_FAILED, e.error().failure());
    assertEquals(7, e.error().usage().total());
  }

  @Test
  void errorInAChoiceMayBeTriedAgain() {
    RetryableException e =
        assertThrows(
            RetryableException.class,
            () ->
                read(
                    "{\"choices\":[{\"error\":{\"code\":502,\"message\":\"upstream died\"},"
                        + "\"finish_reason\":\"stop\",\"message\":{\"content\":\"SELECT 1\"}}]}"));
    assertEquals(Failure.ENDPOINT_FAILED, e.error().failure());
    assertEquals("upstream died", e.error().detail());
  }

  @Test
  void refusalAmongThePartsIsNoStatement() {
    AiWorkerException e =
        fail(
            "{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"content\":["
                + "{\"type\":\"refusal\",\"refusal\":\"I \\ud83d will not\"}]}}]}");
    assertEquals(Failure.NO_STATEMENT, e.failure());
    assertEquals("I ? will not", e.detail());
  }

  @Test
  void byteOrderMarkMayStandInFrontOfTheBody() throws RetryableException {
    assertEquals("SELECT 1", read("\uFEFF" + body("SELECT 1", "stop")).content());
  }

  @ParameterizedTest
  @ValueSource(strings = {"sk-\\u0074est-0123456789abcdef/", "sk-test-0123456789\\u0061bcdef/"})
  void keyInTheAnswerIsFoundInJsonEscapesToo(String key) {
    AiWorkerException e = fail(body("{\"sql\": \"SELECT '" + key + "'\"}", "stop"));
    assertEquals("the answer holds the API key", e.getMessage());
    assertNull(e.detail());
  }
}
