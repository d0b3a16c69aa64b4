package aiworker.contract;

import aiworker.testing.TestCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** The runtimes, and whether this machine's PostgreSQL has them. */
enum BackendRuntime {
  PLJAVA("PL/Java", "pljava", "pljava.control"),
  PLPYTHON("PL/Python", "plpython", "plpython3u.control");

  private final String title;
  private final String option;
  private final String control;

  BackendRuntime(String title, String option, String control) {
    this.title = title;
    this.option = option;
    this.control = control;
  }

  String title() {
    return title;
  }

  /** What install.sh calls it. */
  String option() {
    return option;
  }

  boolean isThere() {
    return Files.exists(extensions().resolve(control));
  }

  /** PL/Java may be missing unless AI_WORKER_REQUIRE_PLJAVA=1; the bridge never. */
  void require() {
    if (isThere()) {
      return;
    }
    String reason = title + ": not there (no " + control + " among the server's extensions)";
    System.out.println(reason);
    if (this == PLJAVA && !"1".equals(System.getenv("AI_WORKER_REQUIRE_PLJAVA"))) {
      Assumptions.abort(reason);
    }
    throw new IllegalStateException(reason);
  }

  private static Path extensions() {
    return Path.of(
        TestCluster.asServer(TestCluster.bin("pg_config").toString(), "--sharedir").strip(),
        "extension");
  }
}
