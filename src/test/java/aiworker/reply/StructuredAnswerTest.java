package aiworker.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is an answer in the asked shape, and what only looks like one. */
class StructuredAnswerTest {
  private static final String ANSWER = "{\"sql\": \"SELECT 1\", \"problem\": null}";

  private static String statement(String content) {
    StructuredAnswer answer = StructuredAnswer.of(content);
    return answer.shape().isObject() ? answer.shape().path("sql").asText() : answer.rest();
  }

  private static AiWorkerException fail(String content) {
    return assertThrows(AiWorkerException.class, () -> Reply.of(content).sql());
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
  void thoughtsAreLeftOut(String content) {
    assertEquals("SELECT 1", statement(content));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "thoughts</think>", "<think>thoughts</think>"})
  void closingTagInTheStatementIsPartOfIt(String thoughts) {
    assertEquals("SELECT '</think>'", statement(thoughts + "{\"sql\": \"SELECT '</think>'\"}"));
  }

  @Test
  void tagsInTheMiddleOfProseAreNoThoughts() {
    String content = "SELECT '<think>a</think>'";
    assertEquals(content, statement(content));
  }

  @Test
  void thoughtsAloneAreNoAnswer() {
    AiWorkerException e = fail("SELECT 1?</think>\n");
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
  void answerIsFoundInItsWrapping(String content) {
    assertEquals("SELECT 1", statement(content));
  }

  @Test
  void fenceMayHoldAReasonInsteadOfAStatement() {
    AiWorkerException e = fail("Sorry:\n```json\n{\"sql\": null, \"problem\": \"no pay\"}\n```");
    assertEquals(Failure.NO_STATEMENT, e.failure());
    assertEquals("no pay", e.detail());
  }

  @Test
  void fenceInTheStatementIsPartOfIt() {
    assertEquals("SELECT '```'", statement("```json\n{\"sql\": \"SELECT '```'\"}\n```"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "```json\n{\"sql\": \"SELECT 1\"}\n```\nor\n```json\n{\"sql\": \"SELECT 2\"}\n```",
        "```json\n{\"query\": \"SELECT 1\"}\n```",
        "```json\n[\"sql\"]\n```"
      })
  void nothingIsChosenAmongSeveralOrFromOtherShapes(String content) {
    assertEquals(content, statement(content));
  }

  @Test
  void neitherStatementNorReasonIsNoStatement() {
    AiWorkerException e = fail("{\"sql\": null, \"problem\": null}");
    assertEquals(Failure.NO_STATEMENT, e.failure());
    assertNull(e.detail());
  }

  @Test
  void whyThereIsNoStatementIsToldInOneLine() {
    AiWorkerException e = fail("{\"sql\": null, \"problem\": \" no\\ninvoices \\ud83d\"}");
    assertEquals(Failure.NO_STATEMENT, e.failure());
    assertEquals("no invoices ?", e.detail());
  }

  @ParameterizedTest
  @ValueSource(strings = {"SELECT '\\u0000'", "SELECT '\\ud83d'"})
  void whatIsNoTextIsUnreadable(String sql) {
    assertEquals(Failure.REPLY_UNREADABLE, fail("{\"sql\": \"" + sql + "\"}").failure());
  }
}
