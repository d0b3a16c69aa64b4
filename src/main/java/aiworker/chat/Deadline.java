package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * All waiting for one question: bounded by one deadline, and awake every 25 ms to let the backend
 * notice a cancel, a statement_timeout or a shutdown.
 *
 * <p>Thread rule: used and calls {@code interrupts} on the thread on which the backend called us,
 * and on no other.
 */
final class Deadline {
  private static final long POLL = Duration.ofMillis(25).toNanos();

  private final Duration total;
  private final Runnable interrupts;
  private final WaitingClock clock;
  private final long start;

  /**
   * Starts the clock.
   *
   * @param total until the deadline
   * @param interrupts what it throws ends the waiting and goes through to the caller
   */
  Deadline(Duration total, Runnable interrupts, WaitingClock clock) {
    this.total = total;
    this.interrupts = interrupts;
    this.clock = clock;
    this.start = clock.nanos();
  }

  /** What is left until the deadline; zero or less once it has passed. */
  Duration left() {
    return total.minusNanos(clock.nanos() - start);
  }

  /**
   * Waits for a result; if it does not come, for whatever reason, the work is cancelled.
   *
   * @throws TimeoutException at the deadline
   */
  <T> T await(Future<T> future) throws ExecutionException, TimeoutException {
    try {
      while (true) {
        long left = left().toNanos();
        if (left <= 0 && !future.isDone()) {
          throw new TimeoutException();
        }
        try {
          return future.get(Math.max(0, Math.min(left, POLL)), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
          interrupts.run();
        }
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    } finally {
      if (!future.isDone()) {
        future.cancel(true);
      }
    }
  }

  /** Does nothing for a while; what is left until the deadline is the caller's to check. */
  void pause(Duration length) {
    long end = clock.nanos() + length.toNanos();
    try {
      for (long left = length.toNanos(); left > 0; left = end - clock.nanos()) {
        clock.sleep(Math.min(left, POLL));
        interrupts.run();
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static AiWorkerException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new AiWorkerException(Failure.INTERNAL, "the backend's thread was interrupted", null, e);
  }
}
