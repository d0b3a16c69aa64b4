package aiworker.cache;

import aiworker.db.Database;
import java.time.Duration;

/**
 * Single flight: of all sessions that miss on one key at once, one asks the model and the others
 * wait for its entry.
 *
 * <p>Coordination is by advisory locks of the leader's transaction, so nothing survives it. Waiting
 * is bounded, and ends at once when the leader fails, and soon when the leader has its answer but
 * does not commit.
 */
public final class Flight {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration GRACE_AFTER_LANDING = Duration.ofMillis(500);

  private final Database database;
  private final Cache cache;
  private boolean leading;

  public Flight(Database database, Cache cache) {
    this.database = database;
    this.cache = cache;
  }

  /**
   * Returns the response that another session stored meanwhile, or null when this session is to ask
   * the model itself.
   */
  public String join(Request request, Duration longestWait) {
    long start = System.nanoTime();
    long landedAt = 0;
    while (true) {
      String state =
          database
              .query("SELECT public.ai_worker_enter_flight(?) AS state", request.cacheKey())
              .get(0)
              .text("state");
      if ("alone".equals(state)) {
        return null;
      }
      leading = "lead".equals(state);
      String response = cache.lookup(request.prompt(), request.schemaVersion());
      if (response != null || leading) {
        return response;
      }
      long now = System.nanoTime();
      if ("landed".equals(state)) {
        landedAt = landedAt == 0 ? now : landedAt;
        if (now - landedAt >= GRACE_AFTER_LANDING.toNanos()) {
          return null;
        }
      }
      if (now - start >= longestWait.toNanos()) {
        return null;
      }
      pause();
    }
  }

  /**
   * Lets the others know that the entry comes with this transaction's commit. Nobody waits for a
   * session that does not lead, and one that has led very many must take no more locks.
   */
  public void landed(Request request) {
    if (!leading) {
      return;
    }
    database.query("SELECT public.ai_worker_land_flight(?) AS nothing", request.cacheKey());
  }

  private static void pause() {
    try {
      Thread.sleep(POLL.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for another session", e);
    }
  }
}
