package aiworker.schema;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which relations and columns a prompt is about. A word counts the more, the fewer relations have
 * it (inverse document frequency) and the nearer it is to the relation's own name; foreign keys
 * pass on a share to their other end, so that the tables between two that were named come along.
 */
final class Ranking {
  private static final double NAME = 4;
  private static final double SCHEMA = 2;
  private static final double COMMENT = 2;
  private static final double COLUMN = 1.5;
  private static final double DETAIL = 0.8;
  private static final double NEIGHBOUR = 0.25;

  private final Catalog catalog;
  private final Words words = new Words();
  private final List<Map<String, Double>> asked = new ArrayList<>();
  private final Map<String, Integer> frequency = new HashMap<>();
  private final Map<String, Double> scores = new HashMap<>();

  Ranking(Catalog catalog, String prompt) {
    this.catalog = catalog;
    Map<Relation, Map<String, Double>> weights = new LinkedHashMap<>();
    for (Relation relation : catalog.relations().values()) {
      Map<String, Double> of = weights(relation);
      weights.put(relation, of);
      of.keySet().forEach(word -> frequency.merge(word, 1, Integer::sum));
    }
    match(Words.ofPrompt(prompt));
    weights.forEach((relation, of) -> scores.put(relation.id(), score(relation, of)));
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
  double score(Column column) {
    return sum(weights(column));
  }

  private Map<String, Double> weights(Relation relation) {
    Map<String, Double> weights = new HashMap<>();
    String schema = relation.id().substring(0, relation.id().indexOf('.'));
    put(weights, words.of(schema), schema.equals("public") ? 0 : SCHEMA);
    for (Column column : relation.columns()) {
      weights(column).forEach((word, weight) -> weights.merge(word, weight, Math::max));
    }
    if (relation.comment() != null) {
      put(weights, words.of(relation.comment()), COMMENT);
    }
    put(weights, nameWords(relation), NAME);
    return weights;
  }

  private Map<String, Double> weights(Column column) {
    Map<String, Double> weights = new HashMap<>();
    if (column.comment() != null) {
      put(weights, words.of(column.comment()), DETAIL);
    }
    column.allowed().forEach(value -> put(weights, words.of(value), DETAIL));
    column.common().forEach(value -> put(weights, words.of(value), DETAIL));
    UserType type = catalog.types().get(column.typeId());
    if (type != null) {
      put(weights, words.of(type.ddl()), DETAIL);
    }
    put(weights, words.of(column.name()), COLUMN);
    return weights;
  }

  private List<String> nameWords(Relation relation) {
    return words.of(relation.id().substring(relation.id().indexOf('.') + 1));
  }

  private static void put(Map<String, Double> weights, Collection<String> words, double weight) {
    words.forEach(word -> weights.merge(word, weight, Math::max));
  }

  /**
   * Finds what each word of the prompt is called in this catalog; near words if none is the same.
   */
  private void match(List<String> prompt) {
    Similarity similarity = new Similarity();
    for (String word : prompt) {
      Map<String, Double> named = new HashMap<>();
      if (frequency.containsKey(word)) {
        named.put(word, 1.0);
      }
      boolean fuzzy = named.isEmpty();
      for (String candidate : frequency.keySet()) {
        if (fuzzy || candidate.contains(word)) {
          double near = similarity.of(word, candidate);
          if (near > 0) {
            named.merge(candidate, near, Math::max);
          }
        }
      }
      asked.add(named);
    }
  }

  private double score(Relation relation, Map<String, Double> weights) {
    Set<String> name = new HashSet<>(nameWords(relation));
    Set<String> found = new HashSet<>();
    for (Map<String, Double> named : asked) {
      for (String word : named.keySet()) {
        if (name.contains(word)) {
          found.add(word);
        }
      }
    }
    double whole = (double) found.size() / Math.max(1, name.size());
    return sum(weights) * (0.5 + whole);
  }

  private double sum(Map<String, Double> weights) {
    double sum = 0;
    for (Map<String, Double> named : asked) {
      double best = 0;
      for (Map.Entry<String, Double> match : named.entrySet()) {
        Double weight = weights.get(match.getKey());
        if (weight != null) {
          best = Math.max(best, weight * match.getValue() * rarity(match.getKey()));
        }
      }
      sum += best;
    }
    return sum;
  }

  private double rarity(String word) {
    return Math.log(1 + (double) catalog.relations().size() / frequency.get(word));
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
          double share =
              near.stream()
                  .map(own::get)
                  .sorted(Comparator.reverseOrder())
                  .limit(2)
                  .mapToDouble(score -> score * NEIGHBOUR)
                  .sum();
          scores.merge(id, share, Double::sum);
        });
  }
}
