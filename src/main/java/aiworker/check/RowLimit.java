package aiworker.check;

import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Bounds the rows that a query returns, at its outermost level; order and offset stay.
 *
 * <p>LIMIT and FETCH are reserved: outside brackets, and neither a label nor an attribute, they are
 * the query's own. A number there is kept or capped. Whatever else stands there is the server's to
 * count, and the limit goes around the query. SQL does not promise that its order outlives that;
 * PostgreSQL keeps it, since nothing outside asks for another.
 */
final class RowLimit {
  private static final Set<String> LIMITS = Set.of("LIMIT", "FETCH");
  private static final Set<String> SET_OPERATIONS = Set.of("UNION", "INTERSECT", "EXCEPT");
  private static final Set<String> FIRST = Set.of("FIRST", "NEXT");
  private static final Set<String> ROWS = Set.of("ROW", "ROWS");

  private RowLimit() {}

  /** The text of the query with a limit of at most so many rows. */
  static String apply(Query query, int most) {
    List<Token> tokens = query.tokens();
    List<Integer> limits = new ArrayList<>();
    boolean nested = false;
    for (int at = 0; at < tokens.size(); at++) {
      if (LIMITS.contains(tokens.get(at).word()) && !query.isLabel(at)) {
        limits.add(at);
      } else if (Query.depth(tokens.get(at)) > 0) {
        int end = Query.closing(tokens, at);
        // to the server a limit within such parentheses is the query's own
        nested |=
            (at == 0 || tokens.get(at - 1).is(")") || endsCycle(tokens, at - 1))
                && !is(tokens, end + 1, t -> SET_OPERATIONS.contains(t.word()));
        at = end;
      }
    }
    if (limits.isEmpty() && !nested) {
      return query.text() + " LIMIT " + most;
    }
    Token count = limits.size() == 1 ? count(tokens, limits.get(0)) : null;
    if (count == null) {
      return "SELECT * FROM (" + query.text() + ") AS answer LIMIT " + most;
    }
    boolean kept =
        ROWS.contains(count.word())
            || (count.kind() == Kind.NUMBER
                && new BigInteger(count.text()).compareTo(BigInteger.valueOf(most)) <= 0);
    return kept
        ? query.text()
        : query.text().substring(0, count.start()) + most + query.text().substring(count.end());
  }

  /** The rows that a query with such a limit can return; null if only the server can tell. */
  static Long of(Query query) {
    List<Token> tokens = query.tokens();
    int depth = 0;
    for (int at = tokens.size() - 1; at >= 0; at--) {
      depth -= Query.depth(tokens.get(at));
      if (depth == 0 && LIMITS.contains(tokens.get(at).word()) && !query.isLabel(at)) {
        Token count = count(tokens, at);
        return count == null
            ? null
            : ROWS.contains(count.word()) ? Long.valueOf(1) : Long.valueOf(count.text());
      }
    }
    return null;
  }

  /** Whether this is the last name of WITH ... SEARCH or CYCLE, which parentheses may follow. */
  private static boolean endsCycle(List<Token> tokens, int at) {
    return at > 0
        && tokens.get(at).isName()
        && (tokens.get(at - 1).isWord("SET") || tokens.get(at - 1).isWord("USING"));
  }

  /** Where the number of rows stands, or the ROW that means one; null if only the server knows. */
  private static Token count(List<Token> tokens, int limit) {
    if (tokens.get(limit).isWord("LIMIT")) {
      return is(tokens, limit + 1, t -> isDecimal(t) || t.isWord("ALL") || t.isWord("NULL"))
              && isEnd(tokens, limit + 2)
          ? tokens.get(limit + 1)
          : null;
    }
    boolean counted = is(tokens, limit + 2, RowLimit::isDecimal);
    int rows = limit + (counted ? 3 : 2);
    return is(tokens, limit + 1, t -> FIRST.contains(t.word()))
            && is(tokens, rows, t -> ROWS.contains(t.word()))
            && is(tokens, rows + 1, t -> t.isWord("ONLY"))
            && isEnd(tokens, rows + 2)
        ? tokens.get(limit + 2)
        : null;
  }

  private static boolean is(List<Token> tokens, int at, Predicate<Token> what) {
    return at < tokens.size() && what.test(tokens.get(at));
  }

  private static boolean isEnd(List<Token> tokens, int at) {
    return at == tokens.size() || tokens.get(at).isWord("OFFSET");
  }

  private static boolean isDecimal(Token token) {
    return token.kind() == Kind.NUMBER && token.text().chars().allMatch(c -> c >= '0' && c <= '9');
  }
}
