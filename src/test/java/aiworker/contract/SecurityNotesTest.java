package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** SECURITY.md cites tests that are there. */
class SecurityNotesTest {
  private static final Pattern CITED = Pattern.compile("`(\\w+(?:Contract|IT|Test))\\.(\\w+)`");

  @Test
  void everyCitedTestExists() throws IOException {
    Map<String, String> sources;
    try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
      sources =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .collect(
                  Collectors.toMap(
                      file -> file.getFileName().toString(),
                      SecurityNotesTest::read,
                      String::concat));
    }
    List<MatchResult> cited =
        CITED.matcher(Files.readString(Path.of("SECURITY.md"))).results().toList();
    assertTrue(cited.size() > 30, () -> "cited: " + cited.size());
    TreeSet<String> missing = new TreeSet<>();
    for (MatchResult test : cited) {
      String source = sources.getOrDefault(test.group(1) + ".java", "");
      if (!source.contains(" void " + test.group(2) + "(")) {
        missing.add(test.group(1) + "." + test.group(2));
      }
    }
    assertEquals(new TreeSet<>(), missing);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
