package aiworker.chat;

/**
 * What else the request asks of the model; immutable.
 *
 * @param seed null for none
 * @param maxCompletionTokens null for the endpoint's own limit
 * @param candidates how many replies to one question are asked for, each in a request of its own,
 *     as few endpoints know the API's {@code n}
 */
public record Sampling(Long seed, Integer maxCompletionTokens, int candidates) {
  /** Of all candidates but the first, which is asked for as a single reply is. */
  private static final double TEMPERATURE = 0.8;

  public Sampling {
    if (maxCompletionTokens != null && maxCompletionTokens < 1) {
      throw new IllegalArgumentException("maxCompletionTokens " + maxCompletionTokens + " < 1");
    }
    if (candidates < 1) {
      throw new IllegalArgumentException("candidates " + candidates + " < 1");
    }
  }

  /** For the one of that index, from 0 on. */
  double temperature(int candidate) {
    return candidate == 0 ? 0 : TEMPERATURE;
  }

  /** Another one for each, so that one seed does not make all the same; null for none. */
  Long seed(int candidate) {
    return seed == null ? null : Long.valueOf(seed + candidate);
  }
}
