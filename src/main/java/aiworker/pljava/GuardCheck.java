package aiworker.pljava;

import aiworker.db.Database;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;

/** Whether {@link Guard} is there and has done its work; a call that waits must not run without. */
final class GuardCheck {
  private GuardCheck() {}

  /** Why a call is to be refused; null if it is not. */
  static AiWorkerException problem(Database database) {
    String problem = System.getProperty(Guard.PROPERTY);
    if (problem == null) {
      return new AiWorkerException(
          Failure.GUARD_MISSING,
          "the guard of PL/Java is missing",
          "ai-worker-guard.jar was not in the server's data directory when Java started here, or could not be read");
    }
    if (problem.isEmpty() || unsafeSignalsAreAllowed(database)) {
      return null;
    }
    return new AiWorkerException(
        Failure.SIGNALS_REPLACED, "the server's signal handlers cannot be put back", problem);
  }

  private static boolean unsafeSignalsAreAllowed(Database database) {
    return "true"
        .equals(
            database
                .query("SELECT ai_worker.settings() ->> 'allow_unsafe_signals' AS allowed")
                .get(0)
                .text("allowed"));
  }
}
