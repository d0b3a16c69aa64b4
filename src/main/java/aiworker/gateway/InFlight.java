package aiworker.gateway;

/** Counts requests that are being answered, and knows when none is left. Any thread. */
final class InFlight {
  private int count;
  private boolean stopping;

  /** Whether one more may begin. */
  synchronized boolean begin() {
    if (stopping) {
      return false;
    }
    count++;
    return true;
  }

  synchronized void end() {
    count--;
    notifyAll();
  }

  synchronized int count() {
    return count;
  }

  /** Lets none begin from now on and waits for the others, at most so long. */
  synchronized void drain(long mostMs) throws InterruptedException {
    stopping = true;
    long end = System.nanoTime() + mostMs * 1_000_000;
    while (count > 0 && System.nanoTime() < end) {
      wait(100);
    }
  }
}
