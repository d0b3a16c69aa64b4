package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;

/** A reply that came, but not as a whole; another attempt may bring all of it. */
final class RetryableException extends Exception {
  private final AiWorkerException error;

  /**
   * One attempt's failure.
   *
   * @param error what the caller sees if it is the last, with the tokens that the reply cost
   */
  RetryableException(AiWorkerException error) {
    super(error);
    this.error = error;
  }

  /** A body that ends in the middle. */
  static RetryableException truncated(String detail, ChatSettings settings, Exception cause) {
    return new RetryableException(
        new AiWorkerException(
            Failure.REPLY_UNREADABLE,
            "the reply of " + settings.shownUrl() + " is cut short",
            detail,
            cause));
  }

  AiWorkerException error() {
    return error;
  }
}
