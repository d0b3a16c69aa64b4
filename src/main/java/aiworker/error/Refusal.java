package aiworker.error;

import java.util.Locale;

/** Makes the exception for a statement that is not allowed to leave. */
public final class Refusal {
  private Refusal() {}

  /** What is wrong, in {@link String#format} terms. */
  public static AiWorkerException of(String format, Object... arguments) {
    return new AiWorkerException(
        Failure.STATEMENT_REFUSED,
        "statement refused: " + String.format(Locale.ROOT, format, arguments));
  }
}
