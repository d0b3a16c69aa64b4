package aiworker.contract;

import java.util.concurrent.CountDownLatch;

/** A function of somebody else's that leaves a thread behind, for PL/Java to call. */
public final class Lingering {
  private Lingering() {}

  public static String start() {
    CountDownLatch never = new CountDownLatch(1);
    new Thread(
            () -> {
              try {
                never.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            })
        .start();
    return "started";
  }
}
