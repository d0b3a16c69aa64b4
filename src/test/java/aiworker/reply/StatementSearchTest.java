package aiworker.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatementSearchTest {
  private static final String QUERY =
      "SELECT 'a  b;c', \"x\"\n\nFROM t -- no; end\nWHERE a = $$it's;  so$$";

  private static String extract(String reply) {
    return Reply.of(reply, text -> false).sql();
  }

  @Test
  void keepsEveryCharacterOfTheStatement() {
    assertEquals(QUERY, extract("Sure:\n" + QUERY + ";"));
    assertEquals(QUERY, extract("```sql\n" + QUERY + ";\n```"));
  }

  @Test
  void proseIsAnErrorWithTheModelsWords() {
    AiWorkerException e =
        assertThrows(AiWorkerException.class, () -> extract(" I cannot answer that. "));
    assertEquals(Failure.NO_STATEMENT, e.failure());
    assertEquals("I cannot answer that.", e.detail());
  }

  @Test
  void hugeReplyIsRefusedAtOnce() {
    AiWorkerException e =
        assertThrows(AiWorkerException.class, () -> extract("x".repeat(5_000_000)));
    assertEquals(Failure.STATEMENT_REFUSED, e.failure());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\n/*",
        "`",
        "```",
        ";",
        "\nSELECT 1;",
        ":(",
        "'",
        "$a",
        "\n--",
        "((",
        ": WITH a",
        "\n\nThe ",
        "SELECT 1\n\nA",
        "{",
        "{\"a\":",
        "[[",
        "{\"sql\":\"",
        "<think>",
        "</think>",
        "</think>SELECT '",
        "</think>{\"sql\":1}",
        "```select '",
        "```\n{",
        "`````",
        "<plan>",
        "</plan>",
        "<plan><sql>",
        "<a b=c>",
        "## Plan\n",
        "Plan:\nSQL:\n",
        "[THINK]",
        "&lt;",
        "```sql\nSELECT 1\n```\nit is ",
        "```plan\n",
        "```\nA\n```\n",
        "&#39;",
        "```sql\nSELECT 1\n```\nadd, ",
        "```sql\nSELECT 1\n```\nlet me check data ",
        "let me look at the data ",
        "\n- SELECT 1 ",
        "`WHERE a` ",
        "WHERE a\n",
        "\n{\"a\":\"SELECT 1\"}"
      })
  void timeIsLinearInTheReply(String part) {
    String reply = part.repeat(100_000 / part.length());
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    try {
      extract(reply);
    } catch (AiWorkerException expected) {
      assertTrue(expected.failure() != Failure.INTERNAL);
    }
    try {
      extract("```sql\nSELECT 1\n```\n" + reply.substring(0, 90_000));
    } catch (AiWorkerException expected) {
      assertTrue(expected.failure() != Failure.INTERNAL);
    }
    assertTrue(threads.getCurrentThreadCpuTime() - start < 3_000_000_000L, "took too long");
  }

  @Test
  void randomRepliesEndInAStatementOrOurException() {
    String[] parts = {
      "SELECT",
      "select",
      " ",
      "\n",
      "\n\n",
      ";",
      "'",
      "\"",
      "`",
      "```",
      "```sql\n",
      "--",
      "/*",
      "*/",
      "$$",
      "$a$",
      "WITH x AS (",
      ")",
      "1",
      "FROM t",
      "The",
      "it's",
      ":",
      "E'\\",
      "<think>",
      "</think>",
      "\uD83D",
      "\u0000",
      "é"
    };
    Random random = new Random(7);
    for (int i = 0; i < 50_000; i++) {
      StringBuilder reply = new StringBuilder();
      int length = random.nextInt(20);
      for (int j = 0; j < length; j++) {
        reply.append(parts[random.nextInt(parts.length)]);
      }
      try {
        String statement = extract(reply.toString());
        assertTrue(reply.toString().contains(statement), reply.toString());
      } catch (AiWorkerException expected) {
        assertTrue(expected.failure() != Failure.INTERNAL);
      }
    }
  }
}
