package aiworker.usage;

import aiworker.json.Json;

/**
 * Calls to the model and their tokens; immutable.
 *
 * @param calls rounds with the model, failed ones included
 * @param failed of these, without an answer that holds a statement
 */
public record Tally(long calls, long failed, Usage tokens) {
  public static final Tally NONE = new Tally(0, 0, Usage.NONE);

  public Tally plus(Tally more) {
    return new Tally(calls + more.calls, failed + more.failed, tokens.plus(more.tokens));
  }

  /** As {@code ai_worker.finish_miss} takes it. */
  public String json() {
    return Json.write(
        Json.object()
            .put("calls", calls)
            .put("failed", failed)
            .put("prompt", tokens.prompt())
            .put("completion", tokens.completion())
            .put("cached", tokens.cached())
            .put("total", tokens.total()));
  }
}
