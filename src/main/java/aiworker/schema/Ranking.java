package aiworker.schema;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which relations and columns a prompt is about, by the words that they share. Foreign keys pass on
 * a share of the score to their other end, so that tables between two that were named come along.
 */
final class Ranking {
  private static final double NEIGHBOUR = 0.25;

  private final Catalog catalog;
  private final WordIndex index;

  /** For each word of the prompt, what it is called in the catalog, with the strength of that. */
  private final List<Map<String, Double>> asked = new ArrayList<>();

  private final Map<String, Double> scores = new HashMap<>();

  Ranking(Catalog catalog, String prompt) {
    this.catalog = catalog;
    this.index = new WordIndex(catalog);
    Similarity similarity = new Similarity();
    Words.ofPrompt(prompt).forEach(word -> asked.add(named(word, similarity)));
    for (Relation relation : catalog.relations().values()) {
      double whole = nameCoverage(relation);
      scores.put(relation.id(), sum(index.weights(relation)) * (0.5 + whole));
    }
    spread();
  }

  /** Best first; ties in the catalog's order. */
  List<Relation> relations() {
    List<Relation> ranked = new ArrayList<>(catalog.relations().values());
    ranked.sort(Comparator.comparingDouble((Relation relation) -> -score(relation)));
    return ranked;
  }

  double score(Relation relation) {
    return scores.get(relation.id());
  }

  /** 0 if nothing asked for resembles the column. */
  double score(Relation relation, Column column) {
    return sum(index.weights(relation, column));
  }

  /**
   * The same word and those that contain it; words like it only if the catalog has not the same.
   */
  private Map<String, Double> named(String word, Similarity similarity) {
    Map<String, Double> named = new HashMap<>();
    boolean known = index.vocabulary().contains(word);
    for (String candidate : index.vocabulary()) {
      if (!known || candidate.contains(word)) {
        double strength = similarity.of(word, candidate);
        if (strength > 0) {
          named.put(candidate, strength * index.rarity(candidate));
        }
      }
    }
    return named;
  }

  /** The part of one of the relation's names that the prompt mentions, 0 to 1. */
  private double nameCoverage(Relation relation) {
    return index.names(relation).stream().mapToDouble(this::coverage).max().orElse(0);
  }

  private double coverage(List<String> name) {
    int found = 0;
    for (String word : name) {
      for (Map<String, Double> named : asked) {
        if (named.containsKey(word)) {
          found++;
          break;
        }
      }
    }
    return (double) found / Math.max(1, name.size());
  }

  private double sum(Map<String, Double> weights) {
    double sum = 0;
    for (Map<String, Double> named : asked) {
      double best = 0;
      for (Map.Entry<String, Double> match : named.entrySet()) {
        Double weight = weights.get(match.getKey());
        best = weight == null ? best : Math.max(best, weight * match.getValue());
      }
      sum += best;
    }
    return sum;
  }

  /** Adds a share of the two best neighbours' scores. */
  private void spread() {
    Map<String, Set<String>> neighbours = new HashMap<>();
    for (Relation relation : catalog.relations().values()) {
      for (Key key : relation.keys()) {
        if (key.target() != null && !key.target().equals(relation.id())) {
          neighbours.computeIfAbsent(relation.id(), id -> new HashSet<>()).add(key.target());
          neighbours.computeIfAbsent(key.target(), id -> new HashSet<>()).add(relation.id());
        }
      }
    }
    Map<String, Double> own = Map.copyOf(scores);
    neighbours.forEach(
        (id, near) -> {
          double first = 0;
          double second = 0;
          for (String neighbour : near) {
            double score = own.get(neighbour);
            second = Math.max(second, Math.min(first, score));
            first = Math.max(first, score);
          }
          scores.merge(id, (first + second) * NEIGHBOUR, Double::sum);
        });
  }
}
