package aiworker.limits;

import aiworker.usage.Usage;

/**
 * Calls to the model and their tokens; immutable.
 *
 * @param calls rounds with the model, failed ones included
 * @param failed of these, without an answer that holds a statement
 */
record Tally(long calls, long failed, Usage tokens) {
  static final Tally NONE = new Tally(0, 0, Usage.NONE);

  Tally plus(Tally more) {
    return new Tally(calls + more.calls, failed + more.failed, tokens.plus(more.tokens));
  }
}
