package aiworker.tools;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** Runs a program of the machine in the repository's root. */
final class Tool {
  /** How it ended and what it printed. */
  record Outcome(int exitCode, String output) {}

  private Tool() {}

  static Outcome run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Outcome(process.waitFor(), output);
  }

  /** Skips the test, saying why, on a machine on which this command does not work. */
  static void require(String debianPackage, String... command) throws InterruptedException {
    boolean works;
    try {
      works = run(List.of(command)).exitCode() == 0;
    } catch (IOException e) {
      works = false;
    }
    String reason = debianPackage + ": not installed (install/packages.sh --tests does it)";
    Assumptions.assumeTrue(works, reason);
  }
}
