package aiworker.usage;

/**
 * Tokens as the endpoint counts them; 0 for what it does not say. Sums stop at the largest int.
 * Immutable.
 *
 * @param prompt sent, cached ones included
 * @param completion answered
 * @param total of both
 * @param cached how many of the prompt's came from the provider's prompt cache
 */
public record Usage(int prompt, int completion, int total, int cached) {
  public static final Usage NONE = new Usage(0, 0, 0, 0);

  public Usage {
    if (prompt < 0 || completion < 0 || total < 0 || cached < 0) {
      throw new IllegalArgumentException("negative tokens");
    }
  }

  public Usage plus(Usage more) {
    return new Usage(
        sum(prompt, more.prompt),
        sum(completion, more.completion),
        sum(total, more.total),
        sum(cached, more.cached));
  }

  /** The largest int if there would be more. */
  public static int sum(int a, int b) {
    return (int) Math.min((long) a + b, Integer.MAX_VALUE);
  }
}
