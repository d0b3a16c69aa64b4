package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * All waiting for one question: bounded by one deadline, and awake every 25 ms for {@link Waiting}.
 *
 * <p>Thread rule: used and calls {@link Waiting} on the thread on which the backend called us, and
 * on no other.
 */
final class Deadline {
  private static final long POLL = Duration.ofMillis(25).toNanos();

  private final Duration total;
  private final Waiting waiting;
  private final WaitingClock clock;
  private final long start;
  private int attempt = 1;

  /**
   * Starts the clock.
   *
   * @param total until the deadline
   * @param waiting what it throws ends the waiting and goes through to the caller
   */
  Deadline(Duration total, Waiting waiting, WaitingClock clock) {
    this.total = total;
    this.waiting = waiting;
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
          waiting.at(attempt, false);
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

  /**
   * Waits until one of several is done, whatever it has come to; none is cancelled.
   *
   * @throws TimeoutException at the deadline
   */
  void awaitAny(CompletableFuture<?>... futures) throws TimeoutException {
    try {
      await(CompletableFuture.anyOf(futures));
    } catch (ExecutionException | CancellationException e) {
      // for whoever reads that one
    }
  }

  /**
   * Does nothing for a while before the next attempt; what is left until the deadline is the
   * caller's to check.
   */
  void pause(Duration length) {
    attempt++;
    long end = clock.nanos() + length.toNanos();
    try {
      for (long left = length.toNanos(); left > 0; left = end - clock.nanos()) {
        clock.sleep(Math.min(left, POLL));
        waiting.at(attempt, true);
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
