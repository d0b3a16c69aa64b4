package aiworker;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JvmOptionsTest {
  @ParameterizedTest
  @CsvSource({
    "-Xss8m, 7680, 8192",
    "-Xss1m -Xss8192k, 2048, 8192",
    "-Xrs -XX:ThreadStackSize=8192 -Xmx64m, 2048, 8192",
    "-Xss1g, 100000, 200000",
    "-Xss8388608, 7600, 8192"
  })
  void stackThatIsDeepEnoughIsNoProblem(String options, long allowed, long limit) {
    assertNull(new JvmOptions(options).stackProblem(allowed, limit));
  }

  @ParameterizedTest
  @CsvSource({
    "-Xmx64m, 2048, 8192, -Xss is 1024 kB",
    "-Xss8m -Xss2m, 2048, 8192, -Xss is 2048 kB",
    "-Xss8m, 7681, 8192, set -Xss9m",
    "-Xss64m, 7681, 8192, ulimit -s 8192 kB"
  })
  void stackThatIsNotIsNamed(String options, long allowed, long limit, String named) {
    String problem = new JvmOptions(options).stackProblem(allowed, limit);
    assertTrue(problem.contains(named), problem);
  }

  @Test
  void withoutOptionsJavasOwnStackCounts() {
    String problem = new JvmOptions("").stackProblem(2_048, Long.MAX_VALUE);
    assertTrue(problem.contains("ulimit -s unlimited"), problem);
  }
}
