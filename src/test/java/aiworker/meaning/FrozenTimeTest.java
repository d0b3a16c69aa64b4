package aiworker.meaning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

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
    assertTrue(lines.size() > 100);
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

  private static List<String> lines() throws IOException {
    try (InputStream stream = FrozenTimeTest.class.getResourceAsStream("frozen.txt")) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .collect(Collectors.toList());
    }
  }
}
