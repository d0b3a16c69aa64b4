package aiworker.schema;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which notes of administrators go with a prompt: those on everything, on what the model is shown,
 * and those with a synonym that the prompt uses. If they have no room, those that share most with
 * the prompt, in the words that fewest notes have. Not thread-safe.
 */
final class Notes {
  private static final int LONGEST = 1_000;
  private static final int LONGEST_SYNONYMS = 200;

  private final Catalog catalog;
  private final Selection shown;
  private final String prompt;
  private final Set<String> asked;
  private final Words words = new Words();

  /**
   * Those for one prompt.
   *
   * @param shown of the catalog; null if all of it is
   */
  Notes(Catalog catalog, Selection shown, String prompt) {
    this.catalog = catalog;
    this.shown = shown;
    this.prompt = prompt.toLowerCase(Locale.ROOT);
    this.asked = Set.copyOf(Words.ofPrompt(prompt));
  }

  /** A line for each, in the catalog's order, of at most so many characters in all. */
  String text(int characters) {
    List<Note> fitting = catalog.notes().stream().filter(this::applies).toList();
    Map<Note, Double> scores = scores(fitting);
    List<Note> ranked = new ArrayList<>(fitting);
    ranked.sort(Comparator.comparingDouble((Note note) -> -scores.get(note)));
    int left = characters;
    Set<Note> told = new HashSet<>();
    for (Note note : ranked) {
      int length = line(note).length();
      if (length <= left) {
        told.add(note);
        left -= length;
      }
    }
    return fitting.stream().filter(told::contains).map(this::line).collect(Collectors.joining());
  }

  private boolean applies(Note note) {
    return note.about().isEmpty()
        || shown == null
        || note.about().stream().anyMatch(this::isShown)
        || note.synonyms().stream().anyMatch(this::isUsed);
  }

  private boolean isShown(List<String> object) {
    if (object.size() > 1) {
      return shown.shows(object.get(0), object.get(1));
    }
    String name = object.get(0);
    return shown.shows(name)
        || catalog.relations().keySet().stream()
            .anyMatch(id -> id.startsWith(name + ".") && shown.shows(id));
  }

  /** Whether the prompt has all words of it, in whatever form; or it, where words have no space. */
  private boolean isUsed(String synonym) {
    List<String> stems = Words.ofPrompt(synonym);
    return (!stems.isEmpty() && asked.containsAll(stems))
        || (synonym.codePoints().anyMatch(c -> c > 0x0DFF)
            && prompt.contains(synonym.strip().toLowerCase(Locale.ROOT)));
  }

  private Map<Note, Double> scores(List<Note> notes) {
    Map<Note, Map<String, Double>> weights = new HashMap<>();
    Map<String, Integer> frequency = new HashMap<>();
    for (Note note : notes) {
      Map<String, Double> of = weights(note);
      weights.put(note, of);
      of.keySet().forEach(word -> frequency.merge(word, 1, Integer::sum));
    }
    Map<Note, Double> scores = new HashMap<>();
    weights.forEach(
        (note, of) -> {
          double score = note.synonyms().stream().anyMatch(this::isUsed) ? 100 : 0;
          for (String word : asked) {
            score +=
                of.getOrDefault(word, 0.0)
                    * Math.log(1 + (double) notes.size() / frequency.getOrDefault(word, 1));
          }
          scores.put(note, score);
        });
    return scores;
  }

  private Map<String, Double> weights(Note note) {
    Map<String, Double> weights = new HashMap<>();
    words.of(note.text()).forEach(word -> weights.put(word, 1.0));
    for (List<String> object : note.about()) {
      object.forEach(name -> words.of(name).forEach(word -> weights.put(word, 2.0)));
    }
    note.synonyms().forEach(name -> words.of(name).forEach(word -> weights.put(word, 3.0)));
    return weights;
  }

  private String line(Note note) {
    String about = note.about().stream().map(this::name).collect(Collectors.joining(", "));
    String synonyms =
        note.synonyms().isEmpty()
            ? ""
            : " (also called "
                + SafeText.line(String.join(", ", note.synonyms()), LONGEST_SYNONYMS)
                + ")";
    return "- "
        + (about.isEmpty() ? "" : about + ": ")
        + SafeText.line(note.text(), LONGEST)
        + synonyms
        + "\n";
  }

  /** As a query should write it. */
  private String name(List<String> object) {
    Relation relation = catalog.relations().get(object.get(0));
    List<String> names = new ArrayList<>(object);
    if (relation != null) {
      names.set(0, relation.name());
    }
    String name = String.join(".", names);
    return SafeText.isSafe(name) ? name : SafeText.line(name, LONGEST_SYNONYMS);
  }
}
