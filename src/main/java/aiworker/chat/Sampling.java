package aiworker.chat;

/**
 * What else the request asks of the model; immutable.
 *
 * @param seed null for none
 * @param maxCompletionTokens null for the endpoint's own limit
 */
public record Sampling(Long seed, Integer maxCompletionTokens) {
  public Sampling {
    if (maxCompletionTokens != null && maxCompletionTokens < 1) {
      throw new IllegalArgumentException("maxCompletionTokens " + maxCompletionTokens + " < 1");
    }
  }
}
