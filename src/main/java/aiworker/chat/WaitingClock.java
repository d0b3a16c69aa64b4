package aiworker.chat;

import java.time.Instant;

/** The clock, and how to wait by it, so that tests of waiting take no time. */
interface WaitingClock {
  WaitingClock SYSTEM =
      new WaitingClock() {
        @Override
        public long nanos() {
          return System.nanoTime();
        }

        @Override
        public Instant now() {
          return Instant.now();
        }

        @Override
        public void sleep(long nanos) throws InterruptedException {
          Thread.sleep(nanos / 1_000_000, (int) (nanos % 1_000_000));
        }
      };

  /** As {@link System#nanoTime}. */
  long nanos();

  Instant now();

  void sleep(long nanos) throws InterruptedException;
}
