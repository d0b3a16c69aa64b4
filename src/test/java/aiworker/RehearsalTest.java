package aiworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class RehearsalTest {
  /**
   * It ends with what goes wrong, and install.sh then has no archive. Nor does it load what makes a
   * session's first question slow: Jackson's mapper with its dates, and methods of records that
   * Java writes when they are first called.
   */
  @Test
  void missIsRehearsedToItsEndWithoutWhatIsSlow() throws Exception {
    Process rehearsal =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xlog:class+load",
                "-cp",
                System.getProperty("java.class.path"),
                "aiworker.Rehearsal")
            .redirectErrorStream(true)
            .start();
    String printed = new String(rehearsal.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, rehearsal.waitFor(), printed);
    assertTrue(printed.contains(" aiworker.Generator "), printed);
    List<String> slow =
        printed
            .lines()
            // the last question is one over TLS that fails
            .takeWhile(line -> !line.contains(" sun.security.ssl."))
            .filter(line -> line.matches(".*(ObjectMapper|StdDateFormat|ObjectMethods) .*"))
            .toList();
    assertEquals(List.of(), slow);
  }
}
