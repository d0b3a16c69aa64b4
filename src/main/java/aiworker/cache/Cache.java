package aiworker.cache;

import aiworker.check.ProvenSql;
import aiworker.db.Database;
import java.util.List;

/**
 * The cache as the core sees it. All of its rules are in {@code sql/cache.sql}, where PL/pgSQL
 * callers find them too.
 */
public final class Cache {
  private final Database database;

  public Cache(Database database) {
    this.database = database;
  }

  /** The response as JSON, the hit counted; null on a miss. Refuses a bad request. */
  public String lookup(String prompt, String schemaVersion) {
    return database
        .query("SELECT public.ai_cached_sql(?, ?) AS response", prompt, schemaVersion)
        .get(0)
        .text("response");
  }

  /**
   * Answers to show the model with a prompt, most similar first, each a JSON object of {@code
   * question} and {@code sql}; none if the settings want none or the cache cannot be read.
   */
  public List<String> examples(String prompt, String schemaVersion) {
    return database
        .query(
            "SELECT e.example::text AS example FROM public.ai_worker_examples(?, ?) AS e (example)",
            prompt,
            schemaVersion)
        .stream()
        .map(row -> row.text("example"))
        .toList();
  }

  /**
   * Stores an answer and counts the miss; whatever keeps it from doing so is a warning of the
   * server's.
   */
  public void store(Request request, ProvenSql statement, int tokens) {
    database.query(
        "SELECT public.ai_worker_store(?, ?, ?, ?, ?, ?::integer,"
            + " to_timestamp(?::double precision / 1000000)) AS nothing",
        request.prompt(),
        request.model(),
        request.schemaVersion(),
        request.cacheKey(),
        statement.text(),
        Integer.toString(tokens),
        request.startedAt());
  }
}
