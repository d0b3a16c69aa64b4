package aiworker.chat;

import aiworker.error.AiWorkerException;
import java.time.Duration;

/**
 * One attempt's failure; immutable.
 *
 * @param error what the caller sees if it is the last
 * @param retriable whether another attempt may do better
 * @param retryAfter how long the endpoint wants to be left alone, null if it did not say
 */
record AttemptFailure(AiWorkerException error, boolean retriable, Duration retryAfter) {
  /** Message and detail in one. */
  String words() {
    return error.getMessage() + (error.detail() == null ? "" : ": " + error.detail());
  }
}
