package aiworker.db;

import java.util.Locale;

/**
 * What a question waits for: others see it in view {@code ai_worker_activity}, and the server is
 * touched meanwhile, so that it can act on cancel, time-outs and shutdown.
 *
 * <p>What a call that fails has shown the runtime takes back, for after an error of the server Java
 * may run no statement: see {@code ai_worker.call}.
 *
 * <p>Thread rule: that of the {@link Database}; one per question.
 */
public final class Activity {
  /** What can be waited for. */
  public enum Wait {
    MODEL,
    RETRY,
    SESSION
  }

  private final Database database;
  private final String cacheKey;
  private String shown;

  public Activity(Database database, String cacheKey) {
    this.database = database;
    this.cacheKey = cacheKey;
  }

  /**
   * To be called again and again while the wait goes on.
   *
   * @param attempt 1 or more, or 0 where there are none
   */
  public void waiting(Wait wait, int attempt) {
    String latest = wait + " " + attempt;
    if (latest.equals(shown)) {
      database.query("SELECT 1 AS alive");
      return;
    }
    database.query(
        "SELECT ai_worker.show_wait(?, ?::integer, ?) AS nothing",
        wait.name().toLowerCase(Locale.ROOT),
        Integer.toString(attempt),
        cacheKey);
    shown = latest;
  }

  /** Once there is nothing more to wait for. */
  public void over() {
    if (shown != null) {
      database.query("SELECT ai_worker.end_wait() AS nothing");
      shown = null;
    }
  }
}
