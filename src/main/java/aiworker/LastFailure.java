package aiworker;

import aiworker.error.AiWorkerException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;

/** The latest failure of this backend, for the health report. */
final class LastFailure {
  private Instant at;
  private AiWorkerException failure;

  void remember(AiWorkerException e) {
    at = Instant.now();
    failure = e;
  }

  boolean happened() {
    return failure != null;
  }

  void describe(ObjectNode node) {
    node.put("at", at.toString());
    node.put("sqlstate", failure.failure().sqlState());
    node.put("message", failure.getMessage());
  }
}
