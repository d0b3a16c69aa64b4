package aiworker.schema;

import aiworker.lexer.Token;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What of a catalog goes into a budget of characters. First the relations that rank highest, whole
 * but without comments, up to a share of the budget; then what comments say, of columns that the
 * prompt asks for before others; then more relations. Columns are left out only of a relation that
 * would not fit into the budget alone.
 */
final class Selection {
  /** Characters of a comment, and of one where there is room for all. */
  private static final int SHORT = 120;

  private static final int LONG = 200;

  /** The part of the budget that relations may have before comments. */
  private static final double SHARE = 0.6;

  /** Characters that go by words and foreign keys alone, before guessed joins count too. */
  private static final int FIRST = 5_000;

  /** So many of the best may exceed that. */
  private static final int BEST = 3;

  /** Characters of guessed joins, and their part of what relations leave. */
  private static final int MOST_JOINS = 1_000;

  private static final int JOINS_SHARE = 8;

  private static final int BRIEF_COLUMNS = 8;
  private static final int MOST_TRIES = 20;

  /** Relations that are shown with those that a statement names. */
  private static final int MOST_OTHERS = 3;

  /** A name in quotes, which JSON may have escaped; and one without, wherever it stands. */
  private static final Pattern QUOTED = Pattern.compile("\\\\?\"([^\"\\\\]+)\\\\?\"");

  private static final Pattern WORD = Pattern.compile("[\\p{L}_][\\p{L}\\p{M}\\p{N}_$]*");

  /** What the server quotes in a message, or puts behind a dot. */
  private static final Pattern FAULT =
      Pattern.compile("\"([^\"]+)\"|[.]([\\p{L}_][\\p{L}\\p{M}\\p{N}_$]*)");

  private final Catalog catalog;
  private final Ranking ranking;
  private final Ddl ddl;

  /**
   * What is shown of each relation: names of columns, and notes as {@link Ddl#print} takes them.
   */
  private final Map<String, Set<String>> shown = new LinkedHashMap<>();

  private final Map<String, Map<String, String>> notes = new HashMap<>();
  private final Set<String> types = new HashSet<>();
  private String headings = "";
  private String guesses = "";
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
      text.append(ddl.print(relation, column -> true, Ddl.notes(relation, LONG)));
    }
    text.append(new Joins(catalog).told(relation -> true, MOST_JOINS));
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
    return shown.containsKey(relation);
  }

  /** Whether it holds a column, both names being as the catalog quotes them. */
  boolean shows(String relation, String column) {
    return shows(relation) && shown.get(relation).contains(column);
  }

  /**
   * The relations that a reply names, then some that have a column which the refusal is about and
   * none of those has, as far as there is room.
   *
   * @param reply a statement, in whatever form it came
   * @param reason why the server refused it
   */
  static String named(Catalog catalog, String reply, String reason, int characters) {
    Set<String> names = names(QUOTED, reply);
    WORD.matcher(reply).results().forEach(w -> names.add(w.group().toLowerCase(Locale.ROOT)));
    Set<String> unknown = names(FAULT, reason);
    List<Relation> named = new ArrayList<>();
    for (Relation relation : catalog.relations().values()) {
      if (names.contains(new SqlScanner(relation.id()).lastName())) {
        named.add(relation);
        relation.columns().forEach(column -> unknown.remove(Token.unquoted(column.name())));
      }
    }
    catalog.relations().values().stream()
        .filter(relation -> !named.contains(relation))
        .filter(
            relation ->
                relation.columns().stream()
                    .anyMatch(column -> unknown.contains(Token.unquoted(column.name()))))
        .limit(MOST_OTHERS)
        .forEach(named::add);
    Ddl ddl = new Ddl(catalog.relations());
    StringBuilder text = new StringBuilder();
    for (Relation relation : named) {
      String definition = ddl.print(relation, column -> true, Ddl.notes(relation, LONG));
      if (text.length() + definition.length() <= characters) {
        text.append(definition);
      }
    }
    return text.toString();
  }

  /**
   * What the pattern's groups find in a text; without quotes in lower case, as the server reads it.
   */
  private static Set<String> names(Pattern pattern, String text) {
    Set<String> names = new HashSet<>();
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      names.add(
          matcher.group(1) != null ? matcher.group(1) : matcher.group(2).toLowerCase(Locale.ROOT));
    }
    return names;
  }

  private void choose() {
    List<Relation> ranked = ranking.relations();
    left -= title(ranked.size()).length();
    if (headings(catalog).length() <= left / 10) {
      headings = headings(catalog);
      left -= headings.length();
    }
    int reserve = (int) (left * (1 - SHARE));
    for (Relation relation : ranked.subList(0, Math.min(BEST, ranked.size()))) {
      if (!add(relation, names(relation), shown.isEmpty() ? 0 : reserve / 2)) {
        addBest(relation, reserve);
      }
    }
    addWhole(ranked, Math.max(reserve, left - FIRST));
    List<Relation> joined = ranking.joined();
    addWhole(joined, reserve);
    guesses =
        ranking.joins().told(relation -> shown.containsKey(relation.id()), left / JOINS_SHARE);
    left -= guesses.length();
    annotate(SHORT);
    addWhole(joined, 0);
    annotate(LONG);
  }

  /** Goes on after one that has no room, as a smaller one may have, but not for ever. */
  private void addWhole(List<Relation> relations, int reserve) {
    int tries = MOST_TRIES;
    for (Relation relation : relations) {
      if (tries > 0
          && !shown.containsKey(relation.id())
          && !add(relation, names(relation), reserve)) {
        tries--;
      }
    }
  }

  /**
   * Takes in the columns of all keys and, of the others, those that were asked for, so many of the
   * best as there is room for, in steps of half; and a few whatever was asked for.
   */
  private void addBest(Relation relation, int reserve) {
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
    for (int most = ranked.size(); most > few; most = most * 3 / 4) {
      if (add(relation, with(kept, ranked.subList(0, most)), reserve)) {
        return;
      }
    }
    if (!add(relation, with(kept, ranked.subList(0, few)), 0)) {
      add(relation, kept, 0);
    }
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

  /** Takes the relation in if that leaves so many characters. */
  private boolean add(Relation relation, Set<String> columns, int reserve) {
    Set<String> more = new HashSet<>();
    for (Column column : relation.columns()) {
      if (columns.contains(column.name())) {
        collect(column.typeId(), more);
      }
    }
    int size = ddl.print(relation, columns::contains, Map.of()).length();
    for (String type : more) {
      size += catalog.types().get(type).ddl().length() + 1;
    }
    if (size > left - reserve) {
      return false;
    }
    shown.put(relation.id(), columns);
    notes.put(relation.id(), new HashMap<>());
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

  /** Adds what comments say, cut to so many characters: of what was asked for first. */
  private void annotate(int longest) {
    for (boolean asked : new boolean[] {true, false}) {
      for (String id : shown.keySet()) {
        Relation relation = catalog.relations().get(id);
        if (asked) {
          annotate(relation, "", Ddl.note(relation, longest));
        }
        for (Column column : relation.columns()) {
          if (shown.get(id).contains(column.name())
              && asked == ranking.score(relation, column) > 0) {
            annotate(relation, column.name(), Ddl.note(relation, column, longest));
          }
        }
      }
    }
  }

  private void annotate(Relation relation, String name, String note) {
    Map<String, String> known = notes.get(relation.id());
    String before = known.getOrDefault(name, "");
    // what stands before a note
    int size = note.length() - before.length() + (before.isEmpty() ? 4 : 0);
    if (size > 0 && !note.isEmpty() && size <= left) {
      known.put(name, note);
      left -= size;
    }
  }

  String text() {
    if (shown.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder(title(shown.size())).append(headings);
    for (UserType type : catalog.types().values()) {
      if (types.contains(type.id())) {
        text.append(type.ddl()).append('\n');
      }
    }
    for (Relation relation : catalog.relations().values()) {
      Set<String> columns = shown.get(relation.id());
      if (columns != null) {
        text.append(ddl.print(relation, columns::contains, notes.get(relation.id())));
      }
    }
    return text.append(guesses).toString();
  }

  private static String headings(Catalog catalog) {
    return catalog.headings().stream().map(heading -> heading + "\n").collect(Collectors.joining());
  }

  private String title(int shown) {
    return "-- the "
        + shown
        + " of "
        + catalog.relations().size()
        + " relations that are nearest to the question\n";
  }
}
