package aiworker.gateway;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Who does the work that waits for the database: as many threads as there are connections, and
 * queues that are bounded. Any thread may use it.
 */
final class Lanes implements AutoCloseable {
  private static final int WATCH_QUEUE = 16;

  private final ThreadPoolExecutor work;
  private final ThreadPoolExecutor watch = pool("watch", 1, WATCH_QUEUE);
  private final ScheduledExecutorService canceller =
      Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "canceller"));

  Lanes(int threads, int queue) {
    work = pool("work", threads, queue);
  }

  private static ThreadPoolExecutor pool(String name, int threads, int queue) {
    return new ThreadPoolExecutor(
        threads,
        threads,
        0,
        TimeUnit.SECONDS,
        new ArrayBlockingQueue<>(queue),
        task -> daemon(task, name),
        new ThreadPoolExecutor.AbortPolicy());
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, "gateway-" + name);
    thread.setDaemon(true);
    return thread;
  }

  /** Has it done; refused when the queue is full. */
  void submit(Route.Lane lane, Runnable task) {
    (lane == Route.Lane.WATCH ? watch : work).execute(task);
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
    return work.getQueue().size();
  }

  @Override
  public void close() {
    work.shutdownNow();
    watch.shutdownNow();
    canceller.shutdownNow();
  }
}
