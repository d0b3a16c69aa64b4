package aiworker.gateway;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;

/**
 * One request's way through the database, which ends with the caller who hangs up. Any thread may
 * cancel.
 */
@SuppressWarnings("FutureReturnValueIgnored") // there is nobody to tell
final class Job {
  /**
   * A cancel that comes between two statements, or that a backend does not notice, is sent anew.
   */
  private static final long AGAIN_MS = 100;

  private final long arrived = System.nanoTime();
  private Connection connection;
  private boolean cancelled;

  /** How long ago it came, ms. */
  long waitedMs() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - arrived);
  }

  /** From here on its statements run on this connection. */
  synchronized void begin(Connection newConnection) {
    if (cancelled) {
      throw new CancellationException();
    }
    connection = newConnection;
  }

  /** From here on the connection is others'; waits for a cancel that is being sent. */
  synchronized void end() {
    connection = null;
  }

  synchronized boolean isCancelled() {
    return cancelled;
  }

  /** Cancels the statement that runs, now and until it has ended. */
  void cancel(ScheduledExecutorService canceller) {
    synchronized (this) {
      cancelled = true;
    }
    canceller.execute(() -> sendCancel(canceller));
  }

  private synchronized void sendCancel(ScheduledExecutorService canceller) {
    if (connection == null) {
      return;
    }
    try {
      connection.unwrap(PGConnection.class).cancelQuery();
    } catch (SQLException e) {
      // the server is away, and the statement with it
    }
    canceller.schedule(() -> sendCancel(canceller), AGAIN_MS, TimeUnit.MILLISECONDS);
  }
}
