package aiworker;

import aiworker.chat.ChatClient;
import aiworker.db.Database;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.limits.Upstream;
import java.util.function.Supplier;

/**
 * What a runtime offers to SQL, and what this backend remembers between calls: its connections to
 * the model, what it knows of the endpoint, and the last failure.
 *
 * <p>Thread rule: one per backend, used on the backend's thread.
 */
public final class Worker {
  private final String runtime;
  private final Upstream upstream = new Upstream(new ChatClient());
  private final LastFailure lastFailure = new LastFailure();

  /**
   * One for this backend.
   *
   * @param runtime pljava or plpython
   */
  public Worker(String runtime) {
    this.runtime = runtime;
  }

  /** {@code ai_worker.generate}: the response as JSON. */
  public String generate(Database database, String prompt, String schemaVersion) {
    return remembering(() -> new Generator(database, upstream).generate(prompt, schemaVersion));
  }

  /** {@code ai_worker.regenerate}: the response as JSON, past the cache. */
  public String regenerate(Database database, String prompt, String schemaVersion) {
    return remembering(() -> new Generator(database, upstream).regenerate(prompt, schemaVersion));
  }

  /** {@code ai_worker_show_prompt}: the request as JSON. */
  public String showPrompt(Database database, String prompt, String schemaVersion) {
    return new Generator(database, upstream).showPrompt(prompt, schemaVersion);
  }

  /** {@code ai_worker_teach}: the response as JSON. */
  public String teach(Database database, String question, String schemaVersion, String statement) {
    return new Generator(database, upstream).teach(question, schemaVersion, statement);
  }

  /** {@code ai_worker.explain}: what there is to know of a statement as JSON. */
  public String explain(Database database, String prompt, String schemaVersion, String statement) {
    return new Generator(database, upstream).explain(prompt, schemaVersion, statement);
  }

  /** {@code ai_worker.cache_stats}: the view's row as JSON. */
  public String cacheStats(Database database) {
    return database
        .query("SELECT to_jsonb(s) AS stats FROM public.ai_worker_cache_stats AS s")
        .get(0)
        .text("stats");
  }

  /** {@code ai_worker.cleanup_cache}: the number of entries deleted. */
  public long cleanupCache(Database database) {
    return Long.parseLong(
        database.query("SELECT ai_worker.clean(10000) AS deleted").get(0).text("deleted"));
  }

  private <T> T remembering(Supplier<T> work) {
    try {
      return work.get();
    } catch (AiWorkerException e) {
      // A call that was not made says nothing new
      if (e.failure() != Failure.ENDPOINT_PAUSED) {
        lastFailure.remember(e);
      }
      throw e;
    }
  }

  /**
   * {@code ai_worker.health}: the report as JSON.
   *
   * @param runtimeProblem why the runtime refuses questions; null if it does not
   */
  public String health(Database database, AiWorkerException runtimeProblem) {
    return Health.report(database, runtime, runtimeProblem, lastFailure, upstream);
  }
}
