package aiworker.schema;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What of a catalog goes into a budget of characters: the relations that rank highest, whole as far
 * as there is room, else their keys and the columns that the prompt seems to ask for.
 */
final class Selection {
  private static final int WHOLE = 6;
  private static final int BRIEF_COLUMNS = 8;
  private static final int MOST_TRIES = 20;
  private static final double RELEVANT = 0.05;

  private final Catalog catalog;
  private final Ranking ranking;
  private final Ddl ddl;
  private final Map<String, String> texts = new HashMap<>();
  private final Set<String> types = new HashSet<>();
  private final Map<String, Set<String>> columns = new HashMap<>();
  private String headings = "";
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
    StringBuilder text = new StringBuilder(headings(catalog));
    catalog.types().values().forEach(type -> text.append(type.ddl()).append('\n'));
    for (Relation relation : catalog.relations().values()) {
      if (text.length() > characters) {
        return null;
      }
      text.append(ddl.print(relation, column -> true));
    }
    return text.length() > characters ? null : text.toString();
  }

  /** What has at most so many characters as text; relations in the catalog's order. */
  static Selection nearest(Catalog catalog, String prompt, int characters) {
    Selection selection = new Selection(catalog, new Ranking(catalog, prompt), characters);
    selection.choose();
    return selection;
  }

  /** Whether it holds a relation. */
  boolean shows(String relation) {
    return columns.containsKey(relation);
  }

  /** Whether it holds a column, both names being as the catalog quotes them. */
  boolean shows(String relation, String column) {
    return shows(relation) && columns.get(relation).contains(column);
  }

  private void choose() {
    List<Relation> ranked = ranking.relations();
    left -= title(ranked.size()).length();
    if (headings(catalog).length() <= left / 10) {
      headings = headings(catalog);
      left -= headings.length();
    }
    double least = ranked.isEmpty() ? 0 : ranking.score(ranked.get(0)) * RELEVANT;
    long relevant = ranked.stream().filter(r -> ranking.score(r) >= least).count();
    int share = left / 4;
    for (Relation relation : ranked.subList(0, (int) Math.min(WHOLE, relevant))) {
      add(relation, names(relation), share);
    }
    addBrief(ranked.subList(0, (int) relevant), share);
    for (Relation relation : ranked) {
      if (texts.containsKey(relation.id()) && !add(relation, names(relation), left)) {
        addBest(relation, left);
      }
    }
    addBrief(ranked, left);
  }

  /** Goes on after one that has no room, as a smaller one may have, but not for ever. */
  private void addBrief(List<Relation> relations, int room) {
    int tries = MOST_TRIES;
    for (Relation relation : relations) {
      if (tries > 0
          && !texts.containsKey(relation.id())
          && !addBest(relation, room)
          && !add(relation, relation.keyColumns(), left)) {
        tries--;
      }
    }
  }

  /**
   * Takes in the columns of all keys and, of the others, those that were asked for, so many of the
   * best as there is room for, in steps of half; and a few whatever was asked for.
   */
  private boolean addBest(Relation relation, int room) {
    Set<String> kept = relation.keyColumns();
    Map<String, Double> others = new LinkedHashMap<>();
    for (Column column : relation.columns()) {
      if (!kept.contains(column.name())) {
        others.put(column.name(), -ranking.score(relation, column));
      }
    }
    List<String> ranked = new ArrayList<>(others.keySet());
    ranked.sort(Comparator.comparingDouble(others::get));
    int few = Math.min(Math.max(0, BRIEF_COLUMNS - kept.size()), ranked.size());
    int asked = (int) others.values().stream().filter(score -> score < 0).count();
    for (int most = asked; most > few; most /= 2) {
      if (add(relation, with(kept, ranked.subList(0, most)), room)) {
        return true;
      }
    }
    return add(relation, with(kept, ranked.subList(0, few)), left);
  }

  private static Set<String> with(Set<String> keys, List<String> others) {
    Set<String> names = new HashSet<>(keys);
    names.addAll(others);
    return names;
  }

  private static Set<String> names(Relation relation) {
    Set<String> names = new HashSet<>();
    relation.columns().forEach(column -> names.add(column.name()));
    return names;
  }

  /** Takes the relation in, or more of it than before, if there is room. */
  private boolean add(Relation relation, Set<String> columns, int room) {
    String text = ddl.print(relation, columns::contains);
    if (text.length() <= texts.getOrDefault(relation.id(), "").length()) {
      return false;
    }
    Set<String> more = new HashSet<>();
    for (Column column : relation.columns()) {
      if (columns.contains(column.name())) {
        collect(column.typeId(), more);
      }
    }
    int size = text.length() - texts.getOrDefault(relation.id(), "").length();
    for (String type : more) {
      size += catalog.types().get(type).ddl().length() + 1;
    }
    if (size > Math.min(room, left)) {
      return false;
    }
    texts.put(relation.id(), text);
    this.columns.put(relation.id(), columns);
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

  String text() {
    if (texts.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder(title(texts.size())).append(headings);
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

  private static String headings(Catalog catalog) {
    return catalog.headings().stream().map(heading -> heading + "\n").collect(Collectors.joining());
  }

  private String title(int shown) {
    return "-- "
        + shown
        + " of "
        + catalog.relations().size()
        + " relations, those nearest to the question; '-- …' counts columns left out\n";
  }
}
