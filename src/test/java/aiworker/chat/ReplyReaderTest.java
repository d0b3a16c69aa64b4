package aiworker.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
  private static final String ANSWER = "{\"sql\": \"SELECT 1\", \"problem\": null}";
  private static final ChatSettings SETTINGS =
      ChatSettings.of(
          URI.create("http://localhost/v1"), "m", ApiKey.of("sk-test-0123456789abcdef", "test"));

  private static ChatReply read(String body) throws PassingException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    return ReplyReader.read(ReplyReader.root(bytes, SETTINGS), bytes, SETTINGS);
  }

  private static String statement(String content) throws PassingException {
    return read(body(content, "stop")).content();
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
  void answerThatWasFinishedIsTaken(String reason) throws PassingException {
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
    PassingException e = assertThrows(PassingException.class, () -> read(body("SELECT 1", reason)));
    assertEquals(Failure.ENDPOINT_FAILED, e.error().failure());
    assertEquals(7, e.error().usage().total());
  }

  @Test
  void errorInAChoiceMayBeTriedAgain() {
    PassingException e =
        assertThrows(
            PassingException.class,
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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<think>users?</think>" + ANSWER,
        "<thinking>users?</thinking>\n" + ANSWER,
        "The user wants users.\n</think>\n\n" + ANSWER,
        "Hmm, a tag </think> ends it.\n</think>\n" + ANSWER,
        "<think>a </think> b</think>\nSELECT 1",
        "The user wants users.</thinking>SELECT 1",
        "No tags: </thinker>.</think>SELECT 1",
        "Some thoughts </think> ```json\n" + ANSWER + "\n```"
      })
  void thoughtsAreLeftOut(String content) throws PassingException {
    assertEquals("SELECT 1", statement(content));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "thoughts</think>", "<think>thoughts</think>"})
  void closingTagInTheStatementIsPartOfIt(String thoughts) throws PassingException {
    assertEquals("SELECT '</think>'", statement(thoughts + "{\"sql\": \"SELECT '</think>'\"}"));
  }

  @Test
  void tagsInTheMiddleOfProseAreNoThoughts() throws PassingException {
    String content = "SELECT '<think>a</think>'";
    assertEquals(content, statement(content));
  }

  @Test
  void thoughtsAloneAreNoAnswer() {
    AiWorkerException e = fail(body("SELECT 1?</think>\n", "stop"));
    assertEquals(Failure.REPLY_UNREADABLE, e.failure());
    assertTrue(e.getMessage().endsWith("is empty"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "```json\n" + ANSWER + "\n```",
        "```\n" + ANSWER + "\n```",
        "```JSON " + ANSWER + "```",
        "Here you are:\n```json\n" + ANSWER + "\n```\nEnjoy!",
        "Here you are:\n\n```\n" + ANSWER + "\n```",
        "From\n```sql\nusers\n```\nfollows\n```json\n" + ANSWER + "\n```",
        "```json\n" + ANSWER,
        "\uFEFF" + ANSWER,
        "\uFEFFSELECT 1"
      })
  void answerIsFoundInItsWrapping(String content) throws PassingException {
    assertEquals("SELECT 1", statement(content));
  }

  @Test
  void fenceMayHoldAReasonInsteadOfAStatement() {
    AiWorkerException e =
        fail(body("Sorry:\n```json\n{\"sql\": null, \"problem\": \"no pay\"}\n```", "stop"));
    assertEquals(Failure.NO_STATEMENT, e.failure());
    assertEquals("no pay", e.detail());
  }

  @Test
  void fenceInTheStatementIsPartOfIt() throws PassingException {
    assertEquals("SELECT '```'", statement("```json\n{\"sql\": \"SELECT '```'\"}\n```"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "```json\n{\"sql\": \"SELECT 1\"}\n```\nor\n```json\n{\"sql\": \"SELECT 2\"}\n```",
        "```json\n{\"query\": \"SELECT 1\"}\n```",
        "```json\n[\"sql\"]\n```"
      })
  void nothingIsChosenAmongSeveralOrFromOtherShapes(String content) throws PassingException {
    assertEquals(content, statement(content));
  }

  @Test
  void byteOrderMarkMayStandInFrontOfTheBody() throws PassingException {
    assertEquals("SELECT 1", read("\uFEFF" + body(ANSWER, "stop")).content());
  }
}
