package aiworker.check;

import aiworker.error.AiWorkerException;
import aiworker.error.Refusal;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How large the server makes a statement when it analyses it. It writes {@code a BETWEEN b AND c}
 * as two comparisons, {@code a IN (x, y)} as one for each column in the list, {@code (row).*} as
 * one copy of the row for each of its columns, and {@code *} as all columns; nested, the copies
 * multiply, in memory that no setting bounds and in a loop that no cancel ends. So what it would
 * come to is estimated here, from above, and bounded.
 */
final class Expansion {
  private static final int MOST_TOKENS = 10_000;

  /** The server takes some 17 kB for each. */
  private static final int MOST_COLUMNS = 4_000;

  private static final int MOST_GROUPING_SETS = 40_000;

  /** The server's own limits, of the columns of a query and the sets of a GROUP BY. */
  private static final int WIDEST = 1_664;

  private static final int MOST_SETS_AT_ONCE = 4_096;

  /** Where the tokens do not tell. */
  private static final int USUAL_WIDTH = 30;

  /** Words behind which an operand begins. NOT may stand behind one, before BETWEEN or IN. */
  private static final Set<String> BOUNDARIES =
      Lexer.words(
          "ALL AND BY CASE DISTINCT ELSE FROM HAVING LIMIT OFFSET ON OR SELECT THEN VALUES WHEN WHERE");

  private static final Set<String> BEFORE_STAR = Set.of("SELECT", "ALL", "DISTINCT");

  private static final Set<String> AFTER_FROM =
      Lexer.words("WHERE GROUP HAVING WINDOW UNION INTERSECT EXCEPT ORDER LIMIT OFFSET FETCH FOR");

  /** A token, or what stands between brackets or CASE and END; one of the two is null. */
  private record Item(Token token, List<Item> inside) {
    boolean isWord(String upperCase) {
      return token != null && token.isWord(upperCase);
    }

    boolean is(String punctuation) {
      return token != null && token.is(punctuation);
    }

    boolean isText(String text) {
      return token != null && token.text().equals(text);
    }

    String word() {
      return token == null ? "" : token.word();
    }
  }

  private final Map<String, Integer> named = new HashMap<>();
  private final IdentityHashMap<List<Item>, Integer> widths = new IdentityHashMap<>();
  private long columns;
  private long sets;

  private Expansion() {}

  /**
   * @throws AiWorkerException STATEMENT_REFUSED if it would get too large
   */
  static void requireBounded(Query query) {
    Expansion expansion = new Expansion();
    List<Item> items = expansion.items(query);
    require(expansion.size(items), MOST_TOKENS, "tokens");
    expansion.width(items);
    require(expansion.columns, MOST_COLUMNS, "columns");
    require(expansion.sets, MOST_GROUPING_SETS, "grouping sets");
  }

  private static void require(long found, int allowed, String what) {
    if (found > allowed) {
      throw Refusal.of("the server would make %d %s of it, allowed are %d", found, what, allowed);
    }
  }

  private List<Item> items(Query query) {
    List<List<Item>> open = new ArrayList<>();
    List<Boolean> cases = new ArrayList<>();
    open.add(new ArrayList<>());
    List<Token> tokens = query.tokens();
    for (int at = 0; at < tokens.size(); at++) {
      Token token = tokens.get(at);
      boolean word = !query.isLabel(at);
      boolean begins = word && token.isWord("CASE");
      boolean ends = word && token.isWord("END") && !cases.isEmpty() && cases.get(cases.size() - 1);
      int depth = begins ? 1 : ends ? -1 : Query.depth(token);
      if (depth > 0) {
        open.add(new ArrayList<>());
        cases.add(begins);
      } else if (depth < 0) {
        // a CASE without END is the server's to refuse
        while (!ends && cases.get(cases.size() - 1)) {
          close(open, cases);
        }
        close(open, cases);
      } else {
        open.get(open.size() - 1).add(new Item(token, null));
      }
    }
    while (open.size() > 1) {
      close(open, cases);
    }
    return open.get(0);
  }

  private static void close(List<List<Item>> open, List<Boolean> cases) {
    List<Item> inside = open.remove(open.size() - 1);
    cases.remove(cases.size() - 1);
    open.get(open.size() - 1).add(new Item(null, inside));
  }

  /** Tokens with their copies. */
  private long size(List<Item> items) {
    long[] sizes = new long[items.size()];
    for (int i = 0; i < sizes.length; i++) {
      Item item = items.get(i);
      sizes[i] = item.inside() == null ? 1 : 2 + size(item.inside());
    }
    int operand = 0;
    for (int i = 0; i < sizes.length; i++) {
      Item item = items.get(i);
      if (item.isWord("BETWEEN")) {
        boolean symmetric = i + 1 < sizes.length && items.get(i + 1).isWord("SYMMETRIC");
        copy(sizes, operand, i, symmetric ? 4 : 2);
        if (symmetric) {
          copy(sizes, i, end(items, end(items, i + 1) + 1), 2);
        }
      } else if (item.isWord("IN") && i + 1 < sizes.length && items.get(i + 1).inside() != null) {
        copy(sizes, operand, i, comparisons(items.get(i + 1).inside()));
      } else if (item.inside() != null
          && i + 2 < sizes.length
          && items.get(i + 1).is(".")
          && items.get(i + 2).isText("*")) {
        copy(sizes, i, i + 1, Math.max(USUAL_WIDTH, elements(item.inside())));
      }
      if (item.is(",") || BOUNDARIES.contains(item.word())) {
        operand = i + 1;
      }
    }
    long size = 0;
    for (long each : sizes) {
      size = Math.min(Integer.MAX_VALUE, size + each);
    }
    return size;
  }

  private static void copy(long[] sizes, int from, int to, long times) {
    for (int i = from; i < to; i++) {
      sizes[i] = Math.min(Integer.MAX_VALUE, sizes[i] * times);
    }
  }

  /** Where the operand ends that holds this place. */
  private static int end(List<Item> items, int from) {
    int at = from;
    while (at < items.size()
        && !items.get(at).is(",")
        && !BOUNDARIES.contains(items.get(at).word())) {
      at++;
    }
    return Math.min(at, items.size());
  }

  /** Of a list of IN: all constants become one array, each column and row a comparison. */
  private static long comparisons(List<Item> list) {
    long found = 1;
    boolean each = false;
    for (int i = 0; i < list.size(); i++) {
      Item item = list.get(i);
      boolean type = i > 0 && list.get(i - 1).isText("::");
      boolean copied = item.inside() != null || (item.token().isName() && !type);
      found += copied && !each ? 1 : 0;
      each = !item.is(",") && (each || copied);
    }
    return found;
  }

  private static int elements(List<Item> list) {
    return 1 + (int) list.stream().filter(item -> item.is(",")).count();
  }

  /**
   * Columns of the query that stands there; counts those of all stars in it, and its grouping sets.
   */
  private int width(List<Item> items) {
    Integer known = widths.get(items);
    if (known == null) {
      known = newWidth(items);
      widths.put(items, known);
    }
    return known;
  }

  private int newWidth(List<Item> items) {
    int widest = 0;
    long product = 1;
    for (int i = 0; i < items.size(); i++) {
      Item item = items.get(i);
      Item next = i + 1 < items.size() ? items.get(i + 1) : null;
      if (item.inside() != null) {
        int width = width(item.inside());
        String name = nameBefore(items, i);
        if (name != null) {
          named.merge(name, width, Math::max);
        }
        widest = Math.max(widest, width);
      } else if (item.isWord("SELECT")) {
        widest = Math.max(widest, selected(items, i + 1));
      } else if (item.isWord("TABLE") && next != null && next.token() != null) {
        int width = named.getOrDefault(next.token().name(), USUAL_WIDTH);
        columns += width;
        widest = Math.max(widest, width);
      } else if (item.isWord("GROUP")) {
        sets += product == 1 ? 0 : product;
        product = 1;
      } else if (next != null && next.inside() != null) {
        int elements = elements(next.inside());
        product =
            Math.min(
                MOST_SETS_AT_ONCE,
                product
                    * switch (item.word()) {
                      case "CUBE" -> 1L << Math.min(elements, 12);
                      case "ROLLUP" -> elements + 1;
                      case "SETS" -> elements + inner(next.inside());
                      default -> 1;
                    });
      }
    }
    sets += product == 1 ? 0 : product;
    return widest;
  }

  /** Sets that those within GROUPING SETS stand for. */
  private static long inner(List<Item> items) {
    long found = 0;
    for (int i = 0; i + 1 < items.size(); i++) {
      List<Item> inside = items.get(i + 1).inside();
      if (inside != null) {
        int elements = elements(inside);
        found +=
            switch (items.get(i).word()) {
              case "CUBE" -> 1L << Math.min(elements, 12);
              case "ROLLUP" -> elements;
              case "SETS" -> elements + inner(inside);
              default -> 0;
            };
      }
    }
    return found;
  }

  /** Of a WITH query: name AS, or name (columns) AS, and MATERIALIZED. */
  private static String nameBefore(List<Item> items, int at) {
    int i = at - 1;
    while (i >= 0 && (items.get(i).isWord("MATERIALIZED") || items.get(i).isWord("NOT"))) {
      i--;
    }
    if (i < 1 || !items.get(i).isWord("AS")) {
      return null;
    }
    i -= items.get(i - 1).inside() != null ? 2 : 1;
    return i < 0 || items.get(i).token() == null ? null : items.get(i).token().name();
  }

  private int selected(List<Item> items, int start) {
    int at = start;
    int elements = 1;
    int stars = 0;
    while (at < items.size()
        && !items.get(at).isWord("FROM")
        && !AFTER_FROM.contains(items.get(at).word())) {
      Item before = items.get(at - 1);
      elements += items.get(at).is(",") ? 1 : 0;
      stars +=
          items.get(at).isText("*")
                  && (before.is(",") || before.is(".") || BEFORE_STAR.contains(before.word()))
              ? 1
              : 0;
      at++;
    }
    if (stars == 0) {
      return Math.min(WIDEST, elements);
    }
    int from = 0;
    boolean relation = false;
    for (; at < items.size() && !AFTER_FROM.contains(items.get(at).word()); at++) {
      Item item = items.get(at);
      if (relation && item.inside() != null) {
        from += width(item.inside());
        relation = false;
      } else if (relation && item.token().isName()) {
        relation = item.isWord("LATERAL") || item.isWord("ONLY");
        boolean qualified = at + 1 < items.size() && items.get(at + 1).is(".");
        from += relation || qualified ? 0 : named.getOrDefault(item.token().name(), USUAL_WIDTH);
        relation |= qualified;
      } else if (!item.is(".")) {
        relation = item.is(",") || item.isWord("FROM") || item.isWord("JOIN");
      }
    }
    int width = (int) Math.min(WIDEST, elements - stars + (long) stars * Math.max(1, from));
    columns += width;
    return width;
  }
}
