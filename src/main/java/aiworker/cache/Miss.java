package aiworker.cache;

import aiworker.check.ProvenSql;
import aiworker.db.Activity;
import aiworker.db.Database;
import aiworker.db.Row;
import aiworker.json.Json;
import aiworker.usage.Tally;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;

/**
 * A question that the cache does not answer, from the moment it is known to be one until its answer
 * is stored. The rules are in {@code sql/miss.sql} and {@code sql/cache}.
 *
 * <p>Of all sessions that miss on one key at once, one asks the model and the others wait for its
 * entry. Waiting is bounded, and ends at once when the leader fails, and soon when the leader has
 * its answer but does not commit.
 *
 * <p>Thread rule: that of the {@link Database}.
 */
public final class Miss {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration GRACE_AFTER_LANDING = Duration.ofMillis(500);

  private final Database database;
  private final String prompt;
  private final Row begun;
  private final String response;
  private final Activity activity;

  private Miss(Database database, String prompt, Row begun, String response) {
    this.database = database;
    this.prompt = prompt;
    this.begun = begun;
    this.response = response;
    this.activity = activity(database, begun);
  }

  /**
   * Checks the request and begins, after waiting for another session that asks the same.
   *
   * @param schemaVersion null for the automatic one
   */
  public static Miss begin(Database database, String prompt, String schemaVersion) {
    Row begun = begin(database, prompt, schemaVersion, "join", null);
    Flight flight = new Flight(begun);
    String response = begun.text("response");
    Activity activity = activity(database, begun);
    if (response == null && flight.isTaken()) {
      activity.waiting(Activity.Wait.SESSION, 0);
    }
    while (response == null && flight.isTaken()) {
      if (flight.isOverdue()) {
        activity.over();
        return new Miss(
            database,
            prompt,
            begin(database, prompt, schemaVersion, "alone", begun.text("request")),
            null);
      }
      pause();
      Row now =
          database
              .query(
                  "SELECT f.flight, f.response FROM ai_worker.await_flight(?, ?::jsonb) AS f",
                  prompt,
                  begun.text("request"))
              .get(0);
      response = now.text("response");
      flight.update(now);
      if (response == null && !flight.isTaken()) {
        // the other one has failed: this session may lead, unless the schema is another one by now
        begun = begin(database, prompt, schemaVersion, "join", begun.text("request"));
        response = begun.text("response");
        flight.update(begun);
      }
    }
    activity.over();
    return new Miss(database, prompt, begun, response);
  }

  /** Begins one for an entry that the cache holds; its answer will not be stored here. */
  public static Miss renew(Database database, String prompt, String schemaVersion) {
    return new Miss(database, prompt, begin(database, prompt, schemaVersion, "renew", null), null);
  }

  private static Activity activity(Database database, Row begun) {
    return new Activity(
        database, Json.ours(begun.text("request")).required("cache_key").textValue());
  }

  private static Row begin(
      Database database, String prompt, String schemaVersion, String mode, String begun) {
    return database
        .query(
            "SELECT m.* FROM ai_worker.begin_miss(?, ?, ?, ?::jsonb) AS m",
            prompt,
            schemaVersion,
            mode,
            begun)
        .get(0);
  }

  /** As JSON if another session has stored it meanwhile; null if the model is to be asked. */
  public String response() {
    return response;
  }

  public String prompt() {
    return prompt;
  }

  /** The caller's, or that of the catalogs that the model is shown. */
  public String schemaVersion() {
    return begun.text("version");
  }

  /** The statement that a DBA has taught for it; null if none has. */
  public String taught() {
    return Json.ours(begun.text("request")).path("taught").textValue();
  }

  /** The date of the session, in ISO format. */
  public String today() {
    return Json.ours(begun.text("request")).path("today").asText();
  }

  /** The session's setting. */
  public String timeZone() {
    return Json.ours(begun.text("request")).path("time_zone").asText();
  }

  /** What {@code ai_worker.begin_miss} gives under that name. */
  public String begun(String column) {
    return begun.text(column);
  }

  /** What the question waits for meanwhile. */
  public Activity activity() {
    return activity;
  }

  /** The row of {@code ai_worker.endpoint()}. */
  public Row endpoint() {
    return begun;
  }

  /**
   * Stores the answer, counts the miss and records what was used; whatever keeps it from doing so
   * is a warning of the server's.
   *
   * @param todayOnly whether it may be right today at best
   * @param tokens that the answer cost, all rounds included
   * @param used what is to be recorded
   * @return the row of {@code ai_worker.endpoint()}, with {@code recorded}
   */
  public Row finish(ProvenSql statement, boolean todayOnly, int tokens, Tally used) {
    return database
        .query(
            "SELECT f.* FROM ai_worker.finish_miss(?, ?::jsonb, ?::jsonb, ?, ?::boolean, ?::integer, ?::jsonb) AS f",
            prompt,
            Json.write(
                ((ObjectNode) Json.ours(begun.text("request"))).put("today_only", todayOnly)),
            begun.text("settings"),
            statement.text(),
            Boolean.toString(statement.storable()),
            Integer.toString(tokens),
            used.json())
        .get(0);
  }

  /**
   * Keeps a statement for the question and makes it an entry if that has no slots.
   *
   * @param statement as the DBA wrote it
   * @param schemaVersion null for the automatic one
   */
  public void teach(String statement, String schemaVersion, ProvenSql proven) {
    database.query(
        "SELECT ai_worker.finish_lesson(?, ?, ?, ?::jsonb, ?::jsonb, ?) AS nothing",
        prompt,
        statement,
        schemaVersion,
        begun.text("request"),
        begun.text("settings"),
        proven.text());
  }

  private static void pause() {
    try {
      Thread.sleep(POLL.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for another session", e);
    }
  }

  /** How it stands with the session that may be asking the same. */
  private static final class Flight {
    private final long start = System.nanoTime();
    private final Duration longestWait;
    private String state;
    private long landedAt;

    Flight(Row begun) {
      longestWait = Duration.ofMillis(begun.integer("wait_ms"));
      update(begun);
    }

    void update(Row row) {
      state = row.text("flight");
      if (state.equals("landed") && landedAt == 0) {
        landedAt = System.nanoTime();
      }
    }

    boolean isTaken() {
      return state.equals("wait") || state.equals("landed");
    }

    boolean isOverdue() {
      long now = System.nanoTime();
      return now - start >= longestWait.toNanos()
          || (state.equals("landed") && now - landedAt >= GRACE_AFTER_LANDING.toNanos());
    }
  }
}
