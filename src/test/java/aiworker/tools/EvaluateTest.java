package aiworker.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What {@code eval/evaluate.py} decides by itself, as {@code eval/test_evaluation.py} says. */
class EvaluateTest {
  @Test
  void itsOwnTestsPass() throws Exception {
    Tool.require("python3", "/usr/bin/python3", "--version");
    Tool.Outcome outcome =
        Tool.run(
            List.of("/usr/bin/python3", "-B", "-m", "unittest", "discover", "-b", "-s", "eval"));
    assertEquals(0, outcome.exitCode(), outcome.output());
  }
}
