package aiworker.gateway;

import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Who does the work that waits for the database: as many threads as there are connections, and
 * queues that are bounded. Any thread may use it.
 */
final class Lanes implements AutoCloseable {
  private static final int WATCH_QUEUE = 16;

  private final Workers work;
  private final Workers watch = new Workers("watch", 1, WATCH_QUEUE);
  private final ScheduledExecutorService canceller =
      Executors.newSingleThreadScheduledExecutor(Lanes::daemon);

  Lanes(int threads, int queue) {
    work = new Workers("work", threads, queue);
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "gateway-canceller");
    thread.setDaemon(true);
    return thread;
  }

  /** Has it done; refused when the queue is full. */
  void submit(Route.Lane lane, Runnable task) {
    (lane == Route.Lane.WATCH ? watch : work).submit(task);
  }

  /** Takes it out of its queue, or ends its statement; true if it will never run. */
  boolean cancel(Job job, Runnable task) {
    if (work.remove(task) || watch.remove(task)) {
      return true;
    }
    try {
      job.cancel(canceller);
    } catch (RejectedExecutionException e) {
      // closed meanwhile
    }
    return false;
  }

  /** Requests that wait. */
  int waiting() {
    return work.waiting();
  }

  @Override
  public void close() {
    work.close();
    watch.close();
    canceller.shutdownNow();
  }
}
