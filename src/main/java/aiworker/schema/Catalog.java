package aiworker.schema;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The schemas in scope, everything in it safe to print.
 *
 * @param headings one line for each schema that has a comment
 * @param types by id, in order of their ids
 * @param relations by id, in search-path order, then by name
 * @param notes that administrators made of what is in it
 */
record Catalog(
    List<String> headings,
    Map<String, UserType> types,
    Map<String, Relation> relations,
    List<Note> notes) {
  Catalog {
    headings = List.copyOf(headings);
    notes = List.copyOf(notes);
    types = Collections.unmodifiableMap(new LinkedHashMap<>(types));
    relations = Collections.unmodifiableMap(new LinkedHashMap<>(relations));
  }
}
