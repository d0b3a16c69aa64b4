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
  private static AiWorkerException fail(String content) {
    return assertThrows(AiWorkerException.class, () -> Reply.of(content, text -> false).sql());
  }

  @Test
  void thoughtsAloneAreNoAnswer() {
    AiWorkerException e = fail("SELECT 1?</think>\n");
    assertEquals(Failure.REPLY_UNREADABLE, e.failure());
    assertTrue(e.getMessage().endsWith("is empty"), e.getMessage());
  }

  @Test
  void fenceMayHoldAReasonInsteadOfAStatement() {
    AiWorkerException e = fail("Sorry:\n```json\n{\"sql\": null, \"problem\": \"no pay\"}\n```");
    assertEquals(Failure.NO_STATEMENT, e.failure());
    assertEquals("no pay", e.detail());
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
