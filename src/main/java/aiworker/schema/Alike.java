package aiworker.schema;

import aiworker.lexer.Token;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Stored values that a question seems to name: the same, or nearly the same words. */
final class Alike {
  private static final int MOST = 10;
  private static final int LEAST_LENGTH = 3;
  private static final double LEAST = 0.5;
  private static final Pattern APART = Pattern.compile("[^\\p{L}\\p{M}\\p{N}]+");

  /**
   * One of them.
   *
   * @param likeness 1 for the same
   */
  private record Found(String text, double likeness, int length) {}

  private final List<String> asked;
  private final Similarity similarity = new Similarity();
  private final List<Found> found = new ArrayList<>();

  private Alike(String prompt) {
    this.asked = words(prompt);
  }

  /** At most ten, {@code table.column = 'value'}, best first. */
  static List<String> of(Catalog catalog, String prompt) {
    Alike alike = new Alike(prompt);
    for (Relation relation : catalog.relations().values()) {
      for (Column column : relation.columns()) {
        if (!column.type().endsWith("[]")) {
          String name = relation.name() + "." + column.name() + " = ";
          column.alike().forEach(value -> alike.consider(name + SafeText.literal(value), value));
          for (String literal : column.common()) {
            if (literal.startsWith("'")) {
              alike.consider(name + literal, Token.unquoted(literal));
            }
          }
        }
      }
    }
    return alike.found.stream()
        .sorted(
            Comparator.comparingDouble(Found::likeness).thenComparingInt(Found::length).reversed())
        .limit(MOST)
        .map(Found::text)
        .toList();
  }

  /** A value is as like the question as it is like the likest run of as many words. */
  private void consider(String text, String value) {
    List<String> words = words(value);
    String whole = String.join(" ", words);
    double best = 0;
    if (whole.length() >= LEAST_LENGTH) {
      for (int at = 0; at + words.size() <= asked.size() && best < 1; at++) {
        String run = String.join(" ", asked.subList(at, at + words.size()));
        best = Math.max(best, run.equals(whole) ? 1 : similarity.trigram(run, whole));
      }
    }
    if (best >= LEAST) {
      found.add(new Found(text, best, whole.length()));
    }
  }

  private static List<String> words(String text) {
    return APART
        .splitAsStream(text.toLowerCase(Locale.ROOT))
        .filter(word -> !word.isEmpty())
        .toList();
  }
}
