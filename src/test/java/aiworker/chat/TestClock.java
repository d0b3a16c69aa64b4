package aiworker.chat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** A clock that moves only by sleeping, and writes down for how long. */
final class TestClock implements WaitingClock {
  static final Instant START = Instant.parse("2026-01-02T03:04:05Z");

  private final List<Duration> sleeps = new ArrayList<>();
  private long nanos;

  @Override
  public long nanos() {
    return nanos;
  }

  @Override
  public Instant now() {
    return START.plusNanos(nanos);
  }

  @Override
  public void sleep(long length) {
    nanos += length;
    sleeps.add(Duration.ofNanos(length));
  }

  Duration slept() {
    return Duration.ofNanos(nanos);
  }

  Duration longestSleep() {
    return sleeps.stream().max(Duration::compareTo).orElse(Duration.ZERO);
  }
}
