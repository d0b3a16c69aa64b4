package aiworker.error;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.usage.Usage;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AiWorkerExceptionTest {
  @ParameterizedTest
  @ValueSource(ints = {998, 999, 1_000, 1_001})
  void longTextIsNotCutInsideACharacter(int before) {
    String text = "x".repeat(before) + "😀".repeat(3);
    AiWorkerException e = new AiWorkerException(Failure.NO_STATEMENT, text, text);
    assertTrue(StandardCharsets.UTF_8.newEncoder().canEncode(e.getMessage()), e.getMessage());
    assertEquals(e.getMessage(), e.detail());
    assertTrue(e.detail().endsWith(" …") && e.detail().length() >= 1_001, e.detail());
  }

  @Test
  void rewordingKeepsTheRest() {
    Usage usage = new Usage(1, 2, 3, 0);
    AiWorkerException e =
        new AiWorkerException(Failure.STATEMENT_INVALID, "a", "b", new IllegalStateException())
            .costing(usage);
    AiWorkerException other = e.reworded(words -> words + "!");
    assertEquals("a!", other.getMessage());
    assertEquals("b!", other.detail());
    assertEquals(e.failure(), other.failure());
    assertEquals(usage, other.usage());
    assertEquals(e.getCause(), other.getCause());
    assertNull(new AiWorkerException(Failure.INTERNAL, "a").reworded(words -> "x").detail());
  }
}
