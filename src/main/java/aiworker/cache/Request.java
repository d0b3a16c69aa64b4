package aiworker.cache;

import aiworker.db.Database;
import aiworker.db.Row;

/**
 * A request that the server has checked, with its cache key.
 *
 * @param schemaVersion the caller's, or that of the schema as the model sees it
 * @param cacheKey lower-case hex SHA-256 of prompt|model|schema version in UTF-8
 * @param startedAt the server's clock when the request came, in microseconds since 1970, which no
 *     setting of the session changes
 */
public record Request(
    String prompt, String model, String schemaVersion, String cacheKey, String startedAt) {
  /**
   * Checks a request.
   *
   * @param schemaVersion never null here: an answer is stored under the version of the very schema
   *     it was made for
   */
  public static Request of(
      Database database, String prompt, String schemaVersion, String startedAt) {
    Row row =
        database
            .query(
                "SELECT r.cache_key, r.model, r.version"
                    + " FROM public.ai_worker_request(?, ?) AS r",
                prompt,
                schemaVersion)
            .get(0);
    return new Request(
        prompt, row.text("model"), row.text("version"), row.text("cache_key"), startedAt);
  }
}
