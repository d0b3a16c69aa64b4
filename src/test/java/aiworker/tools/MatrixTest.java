package aiworker.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** A machine that cannot run the matrix says why in one line. */
class MatrixTest {
  /** Nothing listens on the discard port; without root or debootstrap that is the reason. */
  @Test
  void mirrorThatDoesNotAnswer() throws Exception {
    Tool.Outcome outcome =
        Tool.run(
            List.of(
                "install/matrix.sh",
                "--quick",
                "--root",
                "trixie",
                "--mirror",
                "http://127.0.0.1:9/debian"));
    assertEquals(3, outcome.exitCode(), outcome.output());
    assertTrue(outcome.output().matches("==> matrix: not run \\(.*\\)\n"), outcome.output());
  }

  @Test
  void unknownRoot() throws Exception {
    Tool.Outcome outcome = Tool.run(List.of("install/matrix.sh", "--root", "potato"));
    assertEquals(2, outcome.exitCode(), outcome.output());
    assertTrue(outcome.output().startsWith("ERROR:  unknown root \"potato\"\nHINT:  use "));
  }
}
