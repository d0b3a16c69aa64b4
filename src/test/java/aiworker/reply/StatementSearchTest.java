package aiworker.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatementSearchTest {
  private static final String QUERY =
      "SELECT 'a  b;c', \"x\"\n\nFROM t -- no; end\nWHERE a = $$it's;  so$$";

  private static String extract(String reply) {
    return Reply.of(reply).sql();
  }

  static Stream<List<String>> oneStatement() {
    return Stream.of(
        List.of("SELECT 1", "SELECT 1"),
        List.of("  select 1 ;  ", "select 1"),
        List.of("Select name from users", "Select name from users"),
        List.of("```sql\nSELECT 1;\n```", "SELECT 1"),
        List.of("```\nSELECT 1\n```", "SELECT 1"),
        List.of(
            "```postgresql\nWITH a AS (SELECT 1)\nSELECT * FROM a\n```",
            "WITH a AS (SELECT 1)\nSELECT * FROM a"),
        List.of("```SELECT 1```", "SELECT 1"),
        List.of("```sql SELECT 1```", "SELECT 1"),
        List.of("```sql\nSELECT 1", "SELECT 1"),
        List.of("Here you are:\n\n```sql\nSELECT 1;\n```\n\nIt's what you asked for.", "SELECT 1"),
        List.of("Here you are:\n\nSELECT 1;\n\nIt's what you asked for.", "SELECT 1"),
        List.of("Here you are: SELECT 1", "SELECT 1"),
        List.of("You can use `SELECT id FROM t` for that.", "SELECT id FROM t"),
        List.of("SELECT 1\n\nThis returns one row; it's short.", "SELECT 1"),
        List.of("SELECT 1; This returns one row.", "SELECT 1"),
        List.of("-- all users\nSELECT * FROM users", "-- all users\nSELECT * FROM users"),
        List.of("/* all; users */ (SELECT 1)", "/* all; users */ (SELECT 1)"),
        List.of("```sql\nSELECT 1;\n```\nThe result:\n```json\n[1]\n```", "SELECT 1"),
        List.of("```sql\nSELECT 1;\n```\nAgain:\n```sql\nSELECT 1\n```", "SELECT 1"),
        List.of("VALUES (1)", "VALUES (1)"),
        List.of("TABLE users", "TABLE users"),
        List.of("DELETE FROM users", "DELETE FROM users"),
        List.of("SELECT ';' AS a;", "SELECT ';' AS a"),
        List.of("SELECT 1\n\nFROM t", "SELECT 1\n\nFROM t"),
        List.of("SELECT 1\n\nUNION\n\nSELECT 2", "SELECT 1\n\nUNION\n\nSELECT 2"));
  }

  @ParameterizedTest
  @MethodSource("oneStatement")
  void findsTheOneStatement(List<String> replyAndStatement) {
    assertEquals(replyAndStatement.get(1), extract(replyAndStatement.get(0)));
  }

  @Test
  void keepsEveryCharacterOfTheStatement() {
    assertEquals(QUERY, extract("Sure:\n" + QUERY + ";"));
    assertEquals(QUERY, extract("```sql\n" + QUERY + ";\n```"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "I cannot answer that.",
        "With pleasure! Which table do you mean?",
        "Which users do you mean: all of them, or the active ones?",
        "```json\n{\"answer\": 42}\n```",
        "```\nno sql here\n```",
        "The schema has no such table. Please select another one.",
        "Select_something",
        "``` ```",
        ";",
        "-- nothing"
      })
  void proseIsAnErrorWithTheModelsWords(String reply) {
    AiWorkerException e = assertThrows(AiWorkerException.class, () -> extract(reply));
    assertEquals(Failure.NO_STATEMENT, e.failure());
    assertEquals(reply.strip(), e.detail());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 1; SELECT 2",
        "SELECT 1; select 2;",
        "SELECT 1; DROP TABLE users",
        "SELECT 1;\n-- and\nDROP TABLE users",
        "SELECT 1;;DELETE FROM users",
        "SELECT 1; /* x */ DELETE FROM users",
        "```sql\nSELECT 1;\nSELECT 2;\n```",
        "```sql\nSELECT 1\n```\nor\n```sql\nSELECT 2\n```",
        "SELECT 1;\n\nOr perhaps:\n\nSELECT 2;",
        "`SELECT 1 AS a` or `SELECT 2 AS a`"
      })
  void severalStatementsAreRefused(String reply) {
    AiWorkerException e = assertThrows(AiWorkerException.class, () -> extract(reply));
    assertEquals(Failure.STATEMENT_REFUSED, e.failure());
  }

  @Test
  void emptyReplyIsAnError() {
    for (String reply : new String[] {"", " \n"}) {
      AiWorkerException e = assertThrows(AiWorkerException.class, () -> extract(reply));
      assertEquals(Failure.REPLY_UNREADABLE, e.failure());
    }
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
        "SELECT 1\n\nA"
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
