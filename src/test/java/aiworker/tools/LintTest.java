package aiworker.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The usual checkers find nothing in what is not Java. */
class LintTest {
  @Test
  void shellcheckFindsNothing() throws Exception {
    Tool.require("shellcheck", "shellcheck", "--version");
    // SC1004: old versions warn of a line that goes on within a script in quotes
    List<String> command = new ArrayList<>(List.of("shellcheck", "-x", "-e", "SC1004", ".ci/run"));
    requireNothing(command, ".sh");
  }

  @Test
  void pyflakesFindsNothing() throws Exception {
    Tool.require("python3-pyflakes", "/usr/bin/python3", "-c", "import pyflakes");
    requireNothing(new ArrayList<>(List.of("/usr/bin/python3", "-m", "pyflakes")), ".py");
  }

  private static void requireNothing(List<String> command, String extension)
      throws IOException, InterruptedException {
    List<Path> files = Repository.files(extension);
    files.forEach(file -> command.add(file.toString()));
    assertEquals(new Tool.Outcome(0, ""), Tool.run(command), () -> "checked: " + files);
  }
}
