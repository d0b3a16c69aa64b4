package aiworker.schema;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What of a catalog goes into a budget of characters: the relations that rank highest, whole as far
 * as there is room, else their keys and the columns that the prompt seems to ask for.
 */
final class Selection {
  private static final int WHOLE = 6;
  private static final int BRIEF_COLUMNS = 8;
  private static final double RELEVANT = 0.05;

  private final Catalog catalog;
  private final Ranking ranking;
  private final Ddl ddl;
  private final Map<String, String> texts = new HashMap<>();
  private final Set<String> types = new HashSet<>();
  private int left;

  private Selection(Catalog catalog, Ranking ranking, int characters) {
    this.catalog = catalog;
    this.ranking = ranking;
    this.ddl = new Ddl(catalog.relations());
    this.left = characters;
  }

  /** The whole catalog as text; null if that has more characters than allowed. */
  static String whole(Catalog catalog, int characters) {
    Ddl ddl = new Ddl(catalog.relations());
    StringBuilder text = new StringBuilder();
    catalog.notes().forEach(note -> text.append(note).append('\n'));
    catalog.types().values().forEach(type -> text.append(type.ddl()).append('\n'));
    for (Relation relation : catalog.relations().values()) {
      if (text.length() > characters) {
        return null;
      }
      text.append(ddl.print(relation, column -> true));
    }
    return text.length() > characters ? null : text.toString();
  }

  /** Text of at most so many characters; relations in the catalog's order. */
  static String nearest(Catalog catalog, String prompt, int characters) {
    return new Selection(catalog, new Ranking(catalog, prompt), characters).choose();
  }

  private String choose() {
    List<Relation> ranked = ranking.relations();
    left -= title(ranked.size()).length();
    int share = left / 4;
    double least = ranked.isEmpty() ? 0 : ranking.score(ranked.get(0)) * RELEVANT;
    for (int i = 0; i < ranked.size() && ranking.score(ranked.get(i)) >= least; i++) {
      Relation relation = ranked.get(i);
      if (i >= WHOLE || !add(relation, Set.copyOf(relation.columns()), share)) {
        addBrief(relation);
      }
    }
    for (Relation relation : ranked) {
      if (texts.containsKey(relation.id())) {
        add(relation, Set.copyOf(relation.columns()), left);
      }
    }
    for (Relation relation : ranked) {
      if (!texts.containsKey(relation.id())) {
        addBrief(relation);
      }
    }
    return print();
  }

  private void addBrief(Relation relation) {
    if (!add(relation, brief(relation, BRIEF_COLUMNS), left)) {
      add(relation, brief(relation, 0), left);
    }
  }

  /** The columns of all keys, and of the others the best ranked up to so many in all. */
  private Set<Column> brief(Relation relation, int most) {
    Set<String> keys = relation.keyColumns();
    Set<Column> kept = new HashSet<>();
    List<Column> others = new ArrayList<>();
    for (Column column : relation.columns()) {
      (keys.contains(column.name()) ? kept : others).add(column);
    }
    others.sort(Comparator.comparingDouble((Column column) -> -ranking.score(column)));
    for (Column column : others) {
      if (kept.size() < most || (most > 0 && ranking.score(column) > 0)) {
        kept.add(column);
      }
    }
    return kept;
  }

  /**
   * Takes the relation in, or with more columns than before, if it needs no more room than that.
   */
  private boolean add(Relation relation, Set<Column> columns, int room) {
    String text = ddl.print(relation, columns::contains);
    Set<String> more = new HashSet<>();
    columns.forEach(column -> collect(column.typeId(), more));
    int size = text.length() - texts.getOrDefault(relation.id(), "").length();
    for (String type : more) {
      size += catalog.types().get(type).ddl().length() + 1;
    }
    if (size > Math.min(room, left)) {
      return false;
    }
    texts.put(relation.id(), text);
    types.addAll(more);
    left -= size;
    return true;
  }

  private void collect(String id, Set<String> more) {
    UserType type = catalog.types().get(id);
    if (type != null && !types.contains(id) && more.add(id)) {
      type.uses().forEach(used -> collect(used, more));
    }
  }

  private String print() {
    if (texts.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder(title(texts.size()));
    for (UserType type : catalog.types().values()) {
      if (types.contains(type.id())) {
        text.append(type.ddl()).append('\n');
      }
    }
    for (String id : catalog.relations().keySet()) {
      text.append(texts.getOrDefault(id, ""));
    }
    return text.toString();
  }

  private String title(int shown) {
    return "-- "
        + shown
        + " of "
        + catalog.relations().size()
        + " relations, those nearest to the question; '-- …' counts columns left out\n";
  }
}
