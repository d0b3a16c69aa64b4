package aiworker.schema;

import aiworker.lexer.Lexer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Joins that no foreign key declares, guessed: columns of the same name and type in several
 * relations, where the name says that it is a key or one of them has it as a key of its own.
 */
final class Joins {
  /** A name that so many relations have is about the row, like who made it, and joins nothing. */
  private static final int MOST = 40;

  private static final Set<String> KEYS =
      Lexer.words("id key code no nr num number uuid guid ref fk sk pk");

  /** Relations of one column that are told. */
  private static final int MOST_TOLD = 8;

  private static final String TITLE = "-- may join, guessed from equal names: ";

  /** What foreign keys point to. */
  private final Set<String> targets = new HashSet<>();

  private final Map<String, List<Relation>> groups = new LinkedHashMap<>();

  Joins(Catalog catalog) {
    Map<String, List<Relation>> same = new LinkedHashMap<>();
    Set<String> keys = new HashSet<>();
    for (Relation relation : catalog.relations().values()) {
      for (Column column : relation.columns()) {
        same.computeIfAbsent(column.name() + " " + column.typeId(), name -> new ArrayList<>(2))
            .add(relation);
      }
      for (Key key : relation.keys()) {
        if (key.target() != null && key.targetColumns().size() == 1) {
          targets.add(key.target() + " " + key.targetColumns().get(0));
        }
        if (key.columns().size() == 1) {
          keys.add(key.columns().get(0));
        }
      }
    }
    same.forEach(
        (id, relations) -> {
          String name = id.substring(0, id.lastIndexOf(' '));
          if (relations.size() > 1 && relations.size() <= MOST && isKey(name, keys)) {
            groups.put(id, relations);
          }
        });
  }

  private static boolean isKey(String name, Set<String> keys) {
    List<String> words = Words.matches(name);
    String last = words.isEmpty() ? "" : words.get(words.size() - 1);
    boolean saysSo = words.size() > 1 && KEYS.contains(last);
    boolean isOne = keys.contains(name) && !KEYS.contains(name) && !name.equals("name");
    return saysSo || (isOne && name.length() > 3);
  }

  /** Relations by the column that they share. */
  Map<String, List<Relation>> groups() {
    return groups;
  }

  /**
   * One line that tells those of which a part is declared by no foreign key, among the relations
   * that are shown; empty if there are none or no room.
   */
  String told(Predicate<Relation> shown, int characters) {
    StringBuilder told = new StringBuilder();
    groups.forEach(
        (id, relations) -> {
          String name = id.substring(0, id.lastIndexOf(' '));
          // a view has its columns from elsewhere
          List<Relation> there =
              relations.stream()
                  .filter(shown)
                  .filter(each -> !each.kind().endsWith("VIEW"))
                  .toList();
          if (there.size() > 1 && !there.stream().allMatch(each -> isDeclared(each, name))) {
            String text =
                there.stream()
                    .limit(MOST_TOLD)
                    .map(Relation::name)
                    .collect(Collectors.joining(", ", name + " of ", ""));
            if (told.length() + text.length() + 2 + TITLE.length() < characters) {
              told.append(told.isEmpty() ? TITLE : "; ").append(text);
            }
          }
        });
    return told.isEmpty() ? "" : told.append('\n').toString();
  }

  private boolean isDeclared(Relation relation, String column) {
    return targets.contains(relation.id() + " " + column)
        || relation.keys().stream()
            .anyMatch(key -> key.target() != null && key.columns().equals(List.of(column)));
  }
}
