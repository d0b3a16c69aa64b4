package aiworker.schema;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** How well a catalog's word answers a prompt's word, both stems. Not thread-safe. */
final class Similarity {
  private static final double LEAST_TRIGRAM = 0.45;
  private static final int LEAST_FUZZY = 4;

  private final Map<String, Set<String>> trigrams = new HashMap<>();

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
    }
    return isAbbreviation(named, asked) ? 0.5 : 0;
  }

  /** As pg_trgm counts: two spaces before, one after, shared ones among all. */
  private double trigram(String a, String b) {
    Set<String> left = trigrams.computeIfAbsent(a, Similarity::trigrams);
    Set<String> right = trigrams.computeIfAbsent(b, Similarity::trigrams);
    int shared = 0;
    for (String trigram : left) {
      shared += right.contains(trigram) ? 1 : 0;
    }
    return (double) shared / (left.size() + right.size() - shared);
  }

  private static Set<String> trigrams(String word) {
    String padded = "  " + word + " ";
    Set<String> trigrams = new HashSet<>();
    for (int at = 0; at + 3 <= padded.length(); at++) {
      trigrams.add(padded.substring(at, at + 3));
    }
    return trigrams;
  }

  /** {@code dept} for department; {@code qty} and {@code mgr}, which have no vowels left. */
  private static boolean isAbbreviation(String named, String asked) {
    if (named.length() < 3
        || named.length() + 1 >= asked.length()
        || named.charAt(0) != asked.charAt(0)) {
      return false;
    }
    if (asked.startsWith(named)) {
      return true;
    }
    int at = 0;
    for (int i = 0; i < named.length(); i++) {
      char c = named.charAt(i);
      at = "aeou".indexOf(c) >= 0 ? -1 : asked.indexOf(c, at);
      if (at < 0) {
        return false;
      }
      at++;
    }
    return true;
  }
}
