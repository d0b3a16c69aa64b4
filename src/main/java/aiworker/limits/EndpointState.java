package aiworker.limits;

import aiworker.error.Failure;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What is known of an endpoint: a <a
 * href="https://martinfowler.com/bliki/CircuitBreaker.html">circuit breaker</a> as a value that
 * fits into two bigints, so that sessions can share it. Immutable.
 *
 * @param endpoint which one, 0 to 65535
 * @param failures calls that have failed in a row, at most 31; 0 if the latest was answered
 * @param reason how the latest failed, null if it did not
 * @param until nobody is to ask before; in hundredths of a second
 * @param since the first of these failures; null if there is none
 * @param question which one the latest failed at, 1 to 2097151; 0 if none was to blame
 */
record EndpointState(
    int endpoint, int failures, Failure reason, Instant until, Instant since, int question) {
  /** Failures in a row that open it: one or two can happen to any endpoint. */
  static final int THRESHOLD = 3;

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(5);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(60);
  private static final Duration LEASE = Duration.ofSeconds(3);
  private static final int MOST_FAILURES = 31;
  private static final int MOST_QUESTIONS = (1 << 21) - 1;
  private static final int SINCE_BITS = 42;
  private static final List<Failure> REASONS =
      List.of(Failure.ENDPOINT_UNREACHABLE, Failure.ENDPOINT_TIMEOUT, Failure.ENDPOINT_FAILED);

  /** Whether the endpoint may be asked. */
  enum Phase {
    /** By anyone. */
    CLOSED("closed"),
    /** By nobody. */
    OPEN("open"),
    /** By one session, to see whether it is back. */
    HALF_OPEN("half-open");

    private final String title;

    Phase(String title) {
      this.title = title;
    }

    @Override
    public String toString() {
      return title;
    }
  }

  /** Nothing known against the endpoint that the text names, with whatever tells it apart. */
  static EndpointState fresh(String endpoint) {
    int hash = endpoint.hashCode();
    return fresh((hash ^ (hash >>> 16)) & 0xffff);
  }

  private static EndpointState fresh(int endpoint) {
    return new EndpointState(endpoint, 0, null, Instant.EPOCH, null, 0);
  }

  /** Whether a failure says that the endpoint is down, and not that it dislikes the request. */
  static boolean isDown(Failure failure) {
    return REASONS.contains(failure);
  }

  /**
   * What sessions have shared of this endpoint; this state itself if they have shared nothing or
   * speak of another one.
   *
   * @param packed what {@link #packed} gave
   * @param packedSince what {@link #packedSince} gave
   */
  EndpointState shared(long packed, long packedSince) {
    int theirs = (int) (packed >>> 47);
    int theirFailures = (int) (packed >>> 42) & MOST_FAILURES;
    int theirReason = (int) (packed >>> 40) & 3;
    if (theirs != endpoint || theirFailures == 0 || theirReason >= REASONS.size()) {
      return fresh(endpoint);
    }
    return new EndpointState(
        endpoint,
        theirFailures,
        REASONS.get(theirReason),
        Instant.ofEpochMilli((packed & ((1L << 40) - 1)) * 10),
        Instant.ofEpochMilli(packedSince & ((1L << SINCE_BITS) - 1)),
        (int) (packedSince >>> SINCE_BITS) & MOST_QUESTIONS);
  }

  /** From the highest bit down: 1 free, 16 endpoint, 5 failures, 2 reason, 40 until; or 0. */
  long packed() {
    if (failures == 0) {
      return 0;
    }
    return (long) endpoint << 47
        | (long) failures << 42
        | (long) REASONS.indexOf(reason) << 40
        | until.toEpochMilli() / 10;
  }

  /** From the highest bit down: 1 free, 21 question, 42 milliseconds since 1970; or 0. */
  long packedSince() {
    return since == null ? 0 : (long) question << SINCE_BITS | since.toEpochMilli();
  }

  Phase phase(Instant now) {
    if (failures < THRESHOLD) {
      return Phase.CLOSED;
    }
    // No pause is that long, so the clock was set back meanwhile
    boolean absurd = until.isAfter(now.plus(LONGEST_PAUSE));
    return now.isBefore(until) && !absurd ? Phase.OPEN : Phase.HALF_OPEN;
  }

  /** After an answer of any kind. */
  EndpointState answered() {
    return fresh(endpoint);
  }

  /**
   * While one session asks; the others leave it alone for three seconds more, so that one that is
   * cut short, which can tell nobody, keeps them waiting no longer.
   */
  EndpointState probing(Instant now) {
    return new EndpointState(endpoint, failures, reason, rounded(now.plus(LEASE)), since, question);
  }

  /**
   * After a failure. Those of calls that were already under way when the endpoint was found dead
   * are no news, nor is a question that fails again, unless there was no connection: it may be the
   * question that the endpoint fails at.
   *
   * @param asked tells the question from others
   * @param probe whether the call was the one to find out
   */
  EndpointState failed(Failure how, String asked, Instant now, boolean probe) {
    if (!probe && phase(now) == Phase.OPEN) {
      return this;
    }
    int blamed =
        how == Failure.ENDPOINT_UNREACHABLE
            ? 0
            : Math.floorMod(asked.hashCode(), MOST_QUESTIONS) + 1;
    boolean again = blamed != 0 && blamed == question;
    if (again && failures < THRESHOLD) {
      return this;
    }
    int more = again ? failures : Math.min(failures + 1, MOST_FAILURES);
    Instant next = more < THRESHOLD ? now : now.plus(pause(more));
    return new EndpointState(
        endpoint, more, how, rounded(next), since == null ? now : since, blamed);
  }

  private static Duration pause(int failures) {
    Duration doubled = FIRST_PAUSE.multipliedBy(1L << Math.min(failures - THRESHOLD, 10));
    return doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
  }

  private static Instant rounded(Instant instant) {
    return Instant.ofEpochMilli(instant.toEpochMilli() / 10 * 10);
  }
}
