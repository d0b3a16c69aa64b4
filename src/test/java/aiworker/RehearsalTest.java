package aiworker;

import org.junit.jupiter.api.Test;

class RehearsalTest {
  /** It ends with what goes wrong, and install.sh then has no archive. */
  @Test
  void missIsRehearsedToItsEnd() throws Exception {
    Rehearsal.main(new String[0]);
  }
}
