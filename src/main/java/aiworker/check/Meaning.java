package aiworker.check;

import aiworker.check.RuleTree.Field;
import aiworker.check.RuleTree.Node;
import aiworker.check.RuleTree.Part;
import aiworker.check.RuleTree.Parts;
import aiworker.check.RuleTree.Word;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Says what a statement means by what the server resolved, so that two with the same meaning text
 * have the same rows. This is the one definition of when candidates agree.
 *
 * <p>Everything of the tree counts but what is left out here, all of which leaves the rows as they
 * are: names of tables, columns and common table expressions (unless a row is used as a whole,
 * which carries them into values), how casts are written, the order of relations and conditions
 * among inner joins, of the arguments of AND and OR, of what stands on either side of an operator
 * that has a commutator, of a list after IN, and of what is grouped by; a right join is a left one
 * the other way round, and a common table expression that is used once, is a subquery. The order of
 * the output columns counts.
 */
final class Meaning {
  private static final Set<String> UNTOLD =
      Set.of(
          "varnosyn",
          "varattnosyn",
          "varnullingrels",
          "opfuncid",
          "funcformat",
          "relabelformat",
          "coerceformat",
          "convertformat",
          "row_format",
          "resorigtbl",
          "resorigcol",
          "ressortgroupref",
          "list_start",
          "list_end",
          "requiredPerms",
          "checkAsUser",
          "selectedCols",
          "insertedCols",
          "updatedCols",
          "extraUpdatedCols",
          "perminfoindex",
          "rellockmode",
          "inFromCl",
          "lateral",
          "rtindex",
          "cterefcount");

  private static final Set<String> NAMES =
      Set.of(
          "alias", "eref", "resname", "ctename", "aliascolnames", "ctecolnames", "name", "refname");

  /** Written otherwise by {@link #query}, or nothing of the meaning. */
  private static final Set<String> QUERY_APART =
      Set.of(
          "rtable",
          "rteperminfos",
          "cteList",
          "jointree",
          "targetList",
          "queryId",
          "canSetTag",
          "querySource",
          "hasGroupRTE",
          "stmt_location",
          "stmt_len");

  private static final String RELATION = "0";
  private static final String SUBQUERY = "1";
  private static final String CTE = "6";
  private static final String GROUP = "9";
  private static final int INNER = 0;
  private static final int LEFT = 1;
  private static final int RIGHT = 3;

  private final JsonNode commutators;
  private final boolean named;
  private final List<Level> levels = new ArrayList<>();
  private final Deque<List<Part>> targets = new ArrayDeque<>();

  private Meaning(JsonNode commutators, boolean named) {
    this.commutators = commutators;
    this.named = named;
  }

  /**
   * The meaning of a rule.
   *
   * @param commutators of operators by their numbers, both as texts
   * @throws IllegalArgumentException if that is no rule's tree
   */
  static String of(String ruleTree, JsonNode commutators) {
    Meaning meaning = new Meaning(commutators, ruleTree.contains(" :varattno 0 "));
    return meaning.parts(RuleTree.read(ruleTree));
  }

  /** One query's relations and common table expressions, numbered as they are met. */
  private static final class Level {
    private final List<Part> relations;
    private final boolean groupingSets;
    private final Map<Integer, Integer> numbers = new LinkedHashMap<>();
    private final Map<String, Node> expressions = new LinkedHashMap<>();
    private final Map<String, Integer> expressionNumbers = new LinkedHashMap<>();
    private final Set<String> inlined = new HashSet<>();

    Level(Node query) {
      relations = query.list("rtable");
      groupingSets = query.value("groupingSets") != null;
      for (Part part : query.list("cteList")) {
        Node expression = (Node) part;
        expressions.put(expression.word("ctename"), expression);
      }
    }

    Node relation(int index) {
      return (Node) relations.get(index - 1);
    }

    int number(int index) {
      return numbers.computeIfAbsent(index, met -> numbers.size() + 1);
    }

    int number(String expression) {
      return expressionNumbers.computeIfAbsent(expression, met -> expressionNumbers.size() + 1);
    }
  }

  private Level level(int up) {
    return levels.get(levels.size() - 1 - up);
  }

  private String parts(List<Part> parts) {
    return parts.stream().map(this::part).collect(Collectors.joining(" "));
  }

  private String part(Part part) {
    if (part instanceof Word word) {
      return word.text();
    }
    if (part instanceof Parts list) {
      return "(" + parts(list.parts()) + ")";
    }
    Node node = (Node) part;
    return switch (node.name()) {
      case "QUERY" -> query(node);
      case "VAR" -> column(node);
      case "BOOLEXPR" -> bool(node);
      case "OPEXPR" -> operator(node);
      case "SCALARARRAYOPEXPR" -> anyOf(node);
      case "AGGREF" -> aggregate(node);
      case "SORTGROUPCLAUSE" -> sorted(node);
      case "RANGETBLREF" -> "#" + level(0).number(node.number("rtindex"));
      default -> fields(node);
    };
  }

  private String fields(Node node) {
    StringBuilder text = new StringBuilder("{").append(node.name());
    for (Field field : node.fields()) {
      boolean told =
          !UNTOLD.contains(field.name())
              && !field.name().endsWith("location")
              && (named || !NAMES.contains(field.name()));
      if (told) {
        text.append(" :").append(field.name()).append(' ').append(parts(field.values()));
      }
    }
    return text.append('}').toString();
  }

  private String query(Node query) {
    Level level = new Level(query);
    levels.add(level);
    targets.push(query.list("targetList"));
    StringBuilder text = new StringBuilder("{QUERY");
    Node from = (Node) query.value("jointree");
    text.append(" :from ").append(joined(from == null ? List.of() : List.of(from)));
    text.append(" :outputs");
    for (Part part : query.list("targetList")) {
      Node target = (Node) part;
      // the others are there for the clauses that name them
      if (level.groupingSets || !target.word("resjunk").equals("true")) {
        text.append(' ');
        if (level.groupingSets) {
          text.append(target.word("ressortgroupref")).append(':');
        }
        text.append(fields(target));
      }
    }
    boolean distinctOn = query.word("hasDistinctOn").equals("true");
    for (Field field : query.fields()) {
      if (QUERY_APART.contains(field.name()) || field.name().endsWith("location")) {
        continue;
      }
      boolean set =
          switch (field.name()) {
            case "groupClause" -> !level.groupingSets;
            case "distinctClause" -> !distinctOn;
            default -> false;
          };
      text.append(" :").append(field.name()).append(' ');
      text.append(set ? inAnyOrder(query.list(field.name())) : parts(field.values()));
    }
    relations(level, text);
    targets.pop();
    levels.remove(levels.size() - 1);
    return text.append('}').toString();
  }

  /** What the numbers stand for; describing one may meet more. */
  private void relations(Level level, StringBuilder text) {
    for (int done = 0; done < level.numbers.size(); done++) {
      int index = new ArrayList<>(level.numbers.keySet()).get(done);
      text.append(" #").append(done + 1).append('=').append(relation(level.relation(index)));
    }
    for (int done = 0; done < level.expressionNumbers.size(); done++) {
      String name = new ArrayList<>(level.expressionNumbers.keySet()).get(done);
      text.append(" @").append(done + 1).append('=').append(fields(level.expressions.get(name)));
    }
    level.expressions.forEach(
        (name, expression) -> {
          if (!level.expressionNumbers.containsKey(name) && !level.inlined.contains(name)) {
            text.append(" @=").append(fields(expression));
          }
        });
  }

  private String relation(Node relation) {
    if (named) {
      return expressionNumber(relation) + fields(relation);
    }
    if (relation.word("rtekind").equals(SUBQUERY)) {
      return part(relation.value("subquery"));
    }
    if (relation.word("rtekind").equals(CTE) && relation.number("ctelevelsup") == 0) {
      String name = relation.word("ctename");
      Node expression = level(0).expressions.get(name);
      if (isSubquery(expression)) {
        level(0).inlined.add(name);
        return part(expression.value("ctequery"));
      }
    }
    return expressionNumber(relation) + fields(relation);
  }

  private static boolean isSubquery(Node expression) {
    return expression.word("cterefcount").equals("1")
        && expression.word("cterecursive").equals("false")
        && expression.word("ctematerialized").equals("0")
        && expression.value("search_clause") == null
        && expression.value("cycle_clause") == null;
  }

  /** Empty if it is no common table expression. */
  private String expressionNumber(Node relation) {
    return relation.word("rtekind").equals(CTE)
        ? "@" + level(relation.number("ctelevelsup")).number(relation.word("ctename"))
        : "";
  }

  /** Relations under inner joins and commas, in an order of their own, and all conditions. */
  private String joined(List<Part> from) {
    List<Part> items = new ArrayList<>();
    List<Part> conditions = new ArrayList<>();
    from.forEach(part -> flatten(part, items, conditions));
    items.sort(Comparator.comparing(this::place));
    items.forEach(this::meet);
    return "["
        + items.stream().map(this::item).collect(Collectors.joining(" "))
        + "] ["
        + conjunction(conditions)
        + "]";
  }

  private static void flatten(Part part, List<Part> items, List<Part> conditions) {
    Node node = (Node) part;
    if (node.name().equals("FROMEXPR")) {
      node.list("fromlist").forEach(each -> flatten(each, items, conditions));
    } else if (node.name().equals("JOINEXPR") && node.number("jointype") == INNER) {
      flatten(node.value("larg"), items, conditions);
      flatten(node.value("rarg"), items, conditions);
    } else {
      items.add(part);
      return;
    }
    if (node.value("quals") != null) {
      conditions.add(node.value("quals"));
    }
  }

  /** What sorts tables by what they are; other items stay as they stand, behind them. */
  private String place(Part item) {
    Node node = (Node) item;
    if (node.name().equals("RANGETBLREF")) {
      Node relation = level(0).relation(node.number("rtindex"));
      if (relation.word("rtekind").equals(RELATION)) {
        return relation.word("relid") + " " + relation.word("inh");
      }
    }
    return "~";
  }

  private void meet(Part item) {
    Node node = (Node) item;
    if (node.name().equals("RANGETBLREF")) {
      level(0).number(node.number("rtindex"));
      return;
    }
    for (String side : sides(node)) {
      List<Part> items = new ArrayList<>();
      flatten(node.value(side), items, new ArrayList<>());
      items.sort(Comparator.comparing(this::place));
      items.forEach(this::meet);
    }
  }

  private static List<String> sides(Node join) {
    return join.number("jointype") == RIGHT ? List.of("rarg", "larg") : List.of("larg", "rarg");
  }

  private String item(Part item) {
    Node node = (Node) item;
    if (!node.name().equals("JOINEXPR")) {
      return part(item);
    }
    int type = node.number("jointype");
    List<String> sides = sides(node);
    return "{JOIN "
        + (type == RIGHT ? LEFT : type)
        + " "
        + joined(List.of(node.value(sides.get(0))))
        + " "
        + joined(List.of(node.value(sides.get(1))))
        + " ["
        + conjunction(node.value("quals") == null ? List.of() : List.of(node.value("quals")))
        + "]}";
  }

  private String conjunction(List<Part> conditions) {
    List<Part> all = new ArrayList<>();
    conditions.forEach(condition -> operands("and", condition, all));
    return inAnyOrder(all);
  }

  private static void operands(String operator, Part part, List<Part> all) {
    if (part instanceof Node node
        && node.name().equals("BOOLEXPR")
        && node.word("boolop").equals(operator)) {
      node.list("args").forEach(each -> operands(operator, each, all));
    } else {
      all.add(part);
    }
  }

  private String inAnyOrder(List<Part> parts) {
    return parts.stream().map(this::part).sorted().collect(Collectors.joining(" "));
  }

  private String bool(Node node) {
    String operator = node.word("boolop");
    if (operator.equals("not")) {
      return fields(node);
    }
    List<Part> all = new ArrayList<>();
    operands(operator, node, all);
    return "{" + operator + " " + inAnyOrder(all) + "}";
  }

  private String operator(Node node) {
    List<Part> arguments = node.list("args");
    String number = node.word("opno");
    String other = commutators.path(number).asText("");
    if (other.isEmpty() || arguments.size() != 2) {
      return fields(node);
    }
    // written once, since each may hold operators too
    Part left = new Word(part(arguments.get(0)));
    Part right = new Word(part(arguments.get(1)));
    String written = fields(with(node, Map.of("args", List.of(new Parts(List.of(left, right))))));
    Map<String, List<Part>> changed = new HashMap<>();
    changed.put("opno", List.of(new Word(other)));
    changed.put("args", List.of(new Parts(List.of(right, left))));
    String turned = fields(with(node, changed));
    return written.compareTo(turned) <= 0 ? written : turned;
  }

  private static Node with(Node node, Map<String, List<Part>> changed) {
    return new Node(
        node.name(),
        node.fields().stream()
            .map(
                field ->
                    new Field(field.name(), changed.getOrDefault(field.name(), field.values())))
            .toList());
  }

  /** The elements of an array that is written out, or of the list that IN has. */
  private String anyOf(Node node) {
    List<Part> arguments = node.list("args");
    if (arguments.size() == 2
        && arguments.get(1) instanceof Node array
        && array.name().equals("ARRAYEXPR")
        && array.word("multidims").equals("false")) {
      List<Part> sorted =
          array.list("elements").stream()
              .map(this::part)
              .sorted()
              .map(text -> (Part) new Word(text))
              .toList();
      Node same = with(array, Map.of("elements", List.of(new Parts(sorted))));
      return fields(
          with(node, Map.of("args", List.of(new Parts(List.of(arguments.get(0), same))))));
    }
    return fields(node);
  }

  /** Its own ORDER BY and DISTINCT name its own arguments. */
  private String aggregate(Node node) {
    targets.push(node.list("args"));
    String text = fields(node);
    targets.pop();
    return text;
  }

  /** By what it sorts or groups, in place of the number that this has among the outputs. */
  private String sorted(Node node) {
    String number = node.word("tleSortGroupRef");
    for (Part part : targets.element()) {
      Node target = (Node) part;
      if (target.word("ressortgroupref").equals(number) && !number.equals("0")) {
        return "{BY "
            + (level(0).groupingSets ? number + " " : "")
            + part(target.value("expr"))
            + fields(with(node, Map.of("tleSortGroupRef", List.of())))
            + "}";
      }
    }
    return fields(node);
  }

  private String column(Node node) {
    int up = node.number("varlevelsup");
    Node relation = level(up).relation(node.number("varno"));
    if (up == 0 && relation.word("rtekind").equals(GROUP)) {
      return part(relation.list("groupexprs").get(node.number("varattno") - 1));
    }
    int number = level(up).number(node.number("varno"));
    return fields(with(node, Map.of("varno", List.of(new Word("#" + number)))));
  }
}
