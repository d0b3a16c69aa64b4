package aiworker.schema;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/** How well a catalog's word answers a prompt's word, both stems. Not thread-safe. */
final class Similarity {
  private static final double LEAST_TRIGRAM = 0.45;
  private static final int LEAST_FUZZY = 4;
  private static final int LEAST_PREFIX = 5;

  private final Map<String, long[]> trigrams = new HashMap<>();

  /** 1 for the same word, 0 for none in common. */
  double of(String asked, String named) {
    if (asked.equals(named)) {
      return 1;
    }
    if (named.length() >= LEAST_FUZZY && asked.length() >= LEAST_FUZZY) {
      if (named.contains(asked)) {
        return 0.6; // orderitem for order
      }
      double trigram = trigram(asked, named);
      if (trigram >= LEAST_TRIGRAM) {
        return 0.8 * trigram;
      }
      int prefix = commonPrefix(asked, named);
      if (prefix >= LEAST_PREFIX && prefix >= 0.7 * Math.min(asked.length(), named.length())) {
        return 0.4; // register for registration
      }
    }
    return isAbbreviation(named, asked) ? 0.5 : 0;
  }

  /** As pg_trgm counts: two spaces before, one after, shared ones among all. */
  double trigram(String a, String b) {
    if (Math.min(a.length(), b.length()) + 1 < LEAST_TRIGRAM * Math.max(a.length(), b.length())) {
      return 0;
    }
    long[] left = trigrams.computeIfAbsent(a, Similarity::trigrams);
    long[] right = trigrams.computeIfAbsent(b, Similarity::trigrams);
    int shared = 0;
    int i = 0;
    int j = 0;
    while (i < left.length && j < right.length) {
      int order = Long.compare(left[i], right[j]);
      shared += order == 0 ? 1 : 0;
      i += order <= 0 ? 1 : 0;
      j += order >= 0 ? 1 : 0;
    }
    return (double) shared / (left.length + right.length - shared);
  }

  /** Three characters to a number, sorted, each once. */
  private static long[] trigrams(String word) {
    String padded = "  " + word + " ";
    return IntStream.range(0, padded.length() - 2)
        .mapToLong(
            at ->
                ((long) padded.charAt(at) << 32)
                    | ((long) padded.charAt(at + 1) << 16)
                    | padded.charAt(at + 2))
        .sorted()
        .distinct()
        .toArray();
  }

  private static int commonPrefix(String a, String b) {
    int at = 0;
    while (at < Math.min(a.length(), b.length()) && a.charAt(at) == b.charAt(at)) {
      at++;
    }
    return at;
  }

  /**
   * {@code cust} for customer; {@code dept}, {@code mgr} and the like, whose letters after the
   * first two are consonants of the word in its order.
   */
  private static boolean isAbbreviation(String named, String asked) {
    if (named.length() < 3
        || named.length() + 1 >= asked.length()
        || named.charAt(0) != asked.charAt(0)) {
      return false;
    }
    if (asked.startsWith(named)) {
      return true;
    }
    int at = 1;
    for (int i = named.charAt(1) == asked.charAt(1) ? 2 : 1; i < named.length(); i++) {
      char c = named.charAt(i);
      at = "aeou".indexOf(c) >= 0 ? 0 : asked.indexOf(c, at) + 1;
      if (at == 0) {
        return false;
      }
    }
    return true;
  }
}
