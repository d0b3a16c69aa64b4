package aiworker.schema;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which words each relation and column is described by, and how much each says: the relation's own
 * name most, details of its columns least. Not thread-safe.
 */
final class WordIndex {
  // boxed once, not for each of a hundred thousand words
  private static final Double NAME = 4.0;
  private static final Double SCHEMA = 2.0;
  private static final Double COMMENT = 2.0;
  private static final Double COLUMN = 1.5;
  private static final Double DETAIL = 0.8;

  /** Of a column: somebody has said that questions call it so. */
  private static final Double SYNONYM = 3.0;

  private final Catalog catalog;
  private final Words words = new Words();
  private final Map<String, Map<String, Double>> relations = new HashMap<>();
  private final Map<String, Integer> frequency = new HashMap<>();
  private final Map<List<String>, List<String>> synonyms = new HashMap<>();

  WordIndex(Catalog catalog) {
    this.catalog = catalog;
    for (Note note : catalog.notes()) {
      for (List<String> about : note.about()) {
        synonyms.computeIfAbsent(about, object -> new ArrayList<>()).addAll(note.synonyms());
      }
    }
    for (Relation relation : catalog.relations().values()) {
      Map<String, Double> weights = weigh(relation);
      relations.put(relation.id(), weights);
      weights.keySet().forEach(word -> frequency.merge(word, 1, Integer::sum));
    }
  }

  /** All words. */
  Collection<String> vocabulary() {
    return frequency.keySet();
  }

  /** More the fewer relations have the word (inverse document frequency). */
  double rarity(String word) {
    return Math.log(1 + (double) relations.size() / frequency.get(word));
  }

  /** The relation's words, its columns' included, with their weights. */
  Map<String, Double> weights(Relation relation) {
    return relations.get(relation.id());
  }

  /** The words of a column of the relation with their weights. */
  Map<String, Double> weights(Relation relation, Column column) {
    Map<String, Double> weights = new HashMap<>();
    weigh(relation, column, weights);
    return weights;
  }

  /** What the relation is called: its own name and its synonyms, each as its words. */
  List<List<String>> names(Relation relation) {
    List<List<String>> names = new ArrayList<>();
    names.add(words.of(relation.id().substring(relation.id().indexOf('.') + 1)));
    synonyms(relation.id()).forEach(synonym -> names.add(words.of(synonym)));
    return names;
  }

  private List<String> synonyms(String... object) {
    return synonyms.getOrDefault(List.of(object), List.of());
  }

  private Map<String, Double> weigh(Relation relation) {
    Map<String, Double> weights = new HashMap<>(4 * relation.columns().size());
    String schema = relation.id().substring(0, relation.id().indexOf('.'));
    if (!schema.equals("public")) {
      raise(weights, words.of(schema), SCHEMA);
    }
    synonyms(schema).forEach(synonym -> raise(weights, words.of(synonym), SCHEMA));
    relation.columns().forEach(column -> weigh(relation, column, weights));
    if (relation.comment() != null) {
      raise(weights, words.of(relation.comment()), COMMENT);
    }
    names(relation).forEach(name -> raise(weights, name, NAME));
    return weights;
  }

  private void weigh(Relation relation, Column column, Map<String, Double> weights) {
    if (column.comment() != null) {
      raise(weights, words.of(column.comment()), DETAIL);
    }
    for (String value : column.allowed()) {
      raise(weights, words.of(value), DETAIL);
    }
    for (String value : column.common()) {
      raise(weights, words.of(value), DETAIL);
    }
    UserType type = catalog.types().get(column.typeId());
    if (type != null) {
      raise(weights, words.of(type.ddl()), DETAIL);
    }
    raise(weights, words.of(column.name()), COLUMN);
    if (!synonyms.isEmpty()) {
      synonyms(relation.id(), column.name())
          .forEach(synonym -> raise(weights, words.of(synonym), SYNONYM));
    }
  }

  private static void raise(Map<String, Double> weights, List<String> words, Double weight) {
    for (String word : words) {
      Double known = weights.putIfAbsent(word, weight);
      if (known != null && known < weight) {
        weights.put(word, weight);
      }
    }
  }
}
