package aiworker.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * What an administrator has noted for the model.
 *
 * @param text as written
 * @param synonyms words that a question may have for what it is about
 * @param about {@code [schema]}, {@code [schema.relation]} or {@code [schema.relation, column]},
 *     names as the catalog quotes them; empty if it is about everything
 */
record Note(String text, List<String> synonyms, List<List<String>> about) {
  Note {
    synonyms = List.copyOf(synonyms);
    about = List.copyOf(about);
  }

  /** Out of what {@code ai_worker.schema_catalog} tells. */
  static Note of(JsonNode note) {
    List<List<String>> about = new ArrayList<>();
    for (JsonNode object : note.path("about")) {
      List<String> path = new ArrayList<>();
      object.forEach(name -> path.add(name.textValue()));
      path.removeIf(name -> name == null);
      about.add(List.copyOf(path));
    }
    List<String> synonyms = new ArrayList<>();
    note.path("synonyms").forEach(synonym -> synonyms.add(synonym.asText()));
    return new Note(note.path("text").asText(), synonyms, about);
  }
}
