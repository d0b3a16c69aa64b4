package aiworker.meaning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrozenTimeTest {
  @Test
  void datesOfTheModelsOwnAreFoundAndNothingElse() throws IOException {
    List<String> wrong = new ArrayList<>();
    List<String> lines = lines();
    for (String line : lines) {
      String[] parts = line.split(" \\| ", -1);
      String statement = "SELECT d, total FROM o WHERE " + parts[1];
      String expected = parts.length > 2 ? parts[2] : null;
      String found = FrozenTime.find(parts[0], statement);
      if (expected == null ? found != null : !expected.equals(found)) {
        wrong.add(line + " => " + found);
      }
    }
    assertEquals("", String.join("\n", wrong));
    assertTrue(lines.size() > 250);
  }

  @Test
  void longListsOfYearsTakeNoTime() {
    String years = "2026, ".repeat(3_000);
    long start = System.nanoTime();
    FrozenTime.find(
        "orders of 2026 until today",
        "SELECT 1 FROM o WHERE EXTRACT(YEAR FROM d) IN (" + years + "2026)");
    assertTrue(System.nanoTime() - start < 5_000_000_000L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"orders ", "last ", "1", "近1", "a a ", "for 10 ", "vor x ", "'26", "10月"})
  void timeIsLinearInTheQuestion(String part) {
    long start = threadTime();
    FrozenTime.find(
        part.repeat(700_000 / part.length()) + " today", "SELECT 1 WHERE d = '2026-01-01'");
    assertTrue(threadTime() - start < 2_500_000_000L);
  }

  private static long threadTime() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static List<String> lines() throws IOException {
    try (InputStream stream = FrozenTimeTest.class.getResourceAsStream("frozen.txt")) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .collect(Collectors.toList());
    }
  }
}
