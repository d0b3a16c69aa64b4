package aiworker.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SqlFilesTest {
  /** Databases in LATIN1 or SQL_ASCII could not take anything else, not even in a comment. */
  @Test
  void onlyAsciiIsInstalled() throws IOException {
    List<String> found = new ArrayList<>();
    for (Path file : Repository.files(".sql")) {
      if (!file.startsWith("sql")) {
        continue;
      }
      List<String> lines = Files.readAllLines(file);
      for (int i = 0; i < lines.size(); i++) {
        if (!lines.get(i).chars().allMatch(c -> c < 128)) {
          found.add(file + ":" + (i + 1) + ": " + lines.get(i).strip());
        }
      }
    }
    assertEquals(List.of(), found);
  }
}
