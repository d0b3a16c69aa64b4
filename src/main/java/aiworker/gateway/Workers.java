package aiworker.gateway;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.RejectedExecutionException;

/**
 * A bounded number of threads that work, and a bounded queue for them. Of the threads that are idle
 * the one that worked last is woken: its connection's backend has what it needs at hand, and with
 * few callers the other backends stay asleep. Any thread may use it.
 */
final class Workers {
  private final String name;
  private final int mostWorkers;
  private final int mostWaiting;
  private final Deque<Runnable> waiting = new ArrayDeque<>();
  private final Deque<Worker> idle = new ArrayDeque<>();
  private int workers;
  private boolean closed;

  /**
   * @param name of its threads
   * @param mostWorkers threads, each started when it is first needed
   * @param mostWaiting tasks in the queue
   */
  Workers(String name, int mostWorkers, int mostWaiting) {
    this.name = name;
    this.mostWorkers = mostWorkers;
    this.mostWaiting = mostWaiting;
  }

  /** Has it done in its turn; refused when the queue is full. */
  synchronized void submit(Runnable task) {
    if (closed) {
      throw new RejectedExecutionException("closed");
    }
    Worker worker = idle.poll();
    if (worker != null) {
      worker.give(task);
    } else if (workers < mostWorkers) {
      workers++;
      new Worker(task).start();
    } else if (waiting.size() < mostWaiting) {
      waiting.add(task);
    } else {
      throw new RejectedExecutionException("full");
    }
  }

  /** Takes it out of the queue; true if it was there. */
  synchronized boolean remove(Runnable task) {
    return waiting.remove(task);
  }

  /** Tasks in the queue. */
  synchronized int waiting() {
    return waiting.size();
  }

  /** Drops what waits and lets the threads end after what they do. */
  synchronized void close() {
    closed = true;
    waiting.clear();
    idle.forEach(Thread::interrupt);
  }

  private synchronized boolean rest(Worker worker) {
    Runnable next = waiting.poll();
    if (next != null) {
      worker.give(next);
    } else if (closed) {
      return false;
    } else {
      idle.push(worker);
    }
    return true;
  }

  private final class Worker extends Thread {
    private Runnable task;

    Worker(Runnable first) {
      super("gateway-" + name);
      setDaemon(true);
      task = first;
    }

    synchronized void give(Runnable next) {
      task = next;
      notifyAll();
    }

    private synchronized Runnable take() throws InterruptedException {
      while (task == null) {
        wait();
      }
      Runnable taken = task;
      task = null;
      return taken;
    }

    private void work(Runnable taken) {
      try {
        taken.run();
      } catch (Throwable e) {
        Log.error("an error of the gateway's own", e);
      }
    }

    @Override
    public void run() {
      try {
        do {
          work(take());
        } while (rest(this));
      } catch (InterruptedException e) {
        // closed
      }
    }
  }
}
