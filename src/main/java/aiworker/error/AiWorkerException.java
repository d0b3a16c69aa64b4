package aiworker.error;

import aiworker.usage.Usage;
import java.util.function.UnaryOperator;

/**
 * A failure on its way to the caller; the binding turns it into a server error. Messages follow
 * PostgreSQL's style: lower case, no full stop, the value seen and the limit allowed. Never holds a
 * secret.
 */
public final class AiWorkerException extends RuntimeException {
  private static final int LONGEST = 1_000;

  private final Failure failure;
  private final String detail;
  private final Usage usage;

  public AiWorkerException(Failure failure, String message) {
    this(failure, message, null, null);
  }

  /**
   * A failure with what more is known of it.
   *
   * @param detail what more is known, such as the words of a model; null if nothing
   */
  public AiWorkerException(Failure failure, String message, String detail) {
    this(failure, message, detail, null);
  }

  public AiWorkerException(Failure failure, String message, String detail, Throwable cause) {
    super(Excerpt.cut(message, LONGEST), cause);
    this.failure = failure;
    this.detail = detail == null ? null : Excerpt.cut(detail, LONGEST);
    this.usage = Usage.NONE;
  }

  /** What the JVM could not do; it goes on, and so may the session. */
  public static AiWorkerException of(VirtualMachineError e) {
    return e instanceof StackOverflowError
        ? new AiWorkerException(Failure.TOO_DEEP, "Java's stack is used up", null, e)
        : new AiWorkerException(Failure.OUT_OF_MEMORY, "Java is out of memory", e.getMessage(), e);
  }

  private AiWorkerException(AiWorkerException e, String message, String detail, Usage usage) {
    super(message, e.getCause());
    this.failure = e.failure;
    this.detail = detail;
    this.usage = usage;
    setStackTrace(e.getStackTrace());
  }

  /** The same failure, having cost this much more. */
  public AiWorkerException costing(Usage more) {
    return new AiWorkerException(this, getMessage(), detail, usage.plus(more));
  }

  /** The same failure in other words, such as without secrets. */
  public AiWorkerException reworded(UnaryOperator<String> words) {
    return new AiWorkerException(
        this, words.apply(getMessage()), detail == null ? null : words.apply(detail), usage);
  }

  public Failure failure() {
    return failure;
  }

  /** Null if none. */
  public String detail() {
    return detail;
  }

  /** What the answers cost that led to it, all rounds included. */
  public Usage usage() {
    return usage;
  }
}
