package aiworker.check;

import aiworker.error.Refusal;
import java.math.BigInteger;
import java.util.Locale;
import net.sf.jsqlparser.expression.Alias;
import net.sf.jsqlparser.expression.AllValue;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.expression.Function;
import net.sf.jsqlparser.expression.LongValue;
import net.sf.jsqlparser.expression.NullValue;
import net.sf.jsqlparser.statement.select.AllColumns;
import net.sf.jsqlparser.statement.select.Fetch;
import net.sf.jsqlparser.statement.select.Limit;
import net.sf.jsqlparser.statement.select.ParenthesedSelect;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.Select;
import net.sf.jsqlparser.statement.select.SetOperationList;

/** Bounds the rows that a query returns, at its outermost level; order and offset stay. */
final class RowLimit {
  private RowLimit() {}

  /** The query with a limit of at most so many rows. Changes the tree that it is given. */
  static Select apply(Select select, int most) {
    requireOwnLimit(select);
    if (select.getFetch() != null) {
      return capFetch(select, most);
    }
    if (select.getLimit() != null) {
      capLimit(select.getLimit(), most);
      return select;
    }
    if (select instanceof ParenthesedSelect outer && isLimited(outer.getSelect())) {
      outer.setSelect(apply(outer.getSelect(), most));
      return select;
    }
    select.setLimit(limit(new LongValue(most)));
    return select;
  }

  /** A member of a set operation has a limit of its own only in parentheses. */
  private static void requireOwnLimit(Select select) {
    if (select instanceof SetOperationList list) {
      for (Select member : list.getSelects()) {
        boolean bare = !(member instanceof ParenthesedSelect);
        if (bare
            && (member.getLimit() != null
                || member.getFetch() != null
                || member.getOffset() != null
                || member.getOrderByElements() != null)) {
          throw Refusal.of("a limit inside a set operation needs parentheses");
        }
      }
    }
  }

  /** Whether the query, or one it is nothing but parentheses around, has a limit. */
  private static boolean isLimited(Select select) {
    return select.getFetch() != null
        || select.getLimit() != null
        || (select instanceof ParenthesedSelect outer && isLimited(outer.getSelect()));
  }

  private static void capLimit(Limit limit, int most) {
    if (limit.getOffset() != null || limit.getByExpressions() != null) {
      throw Refusal.of("only LIMIT count and OFFSET count are supported");
    }
    limit.setRowCount(cap(limit.getRowCount(), most));
  }

  private static Expression cap(Expression count, int most) {
    if (count == null || count instanceof AllValue || count instanceof NullValue) {
      return new LongValue(most);
    }
    if (count instanceof LongValue number && isDecimal(number.getStringValue())) {
      return new BigInteger(number.getStringValue()).compareTo(BigInteger.valueOf(most)) > 0
          ? new LongValue(most)
          : number;
    }
    // LEAST ignores NULL, so LIMIT NULL is capped too
    return new Function("LEAST", count, new LongValue(most));
  }

  private static boolean isDecimal(String digits) {
    return !digits.isEmpty() && digits.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private static Select capFetch(Select select, int most) {
    Fetch fetch = select.getFetch();
    String words = String.join(" ", fetch.getFetchParameters()).toUpperCase(Locale.ROOT);
    if (select.getLimit() != null || words.contains("PERCENT")) {
      throw Refusal.of("FETCH %s is not supported", words);
    }
    if (words.endsWith("WITH TIES")) {
      return limitAround(select, most);
    }
    if (!words.equals("ROWS ONLY") && !words.equals("ROW ONLY")) {
      throw Refusal.of("FETCH %s is not supported", words);
    }
    Expression count = fetch.getExpression() == null ? new LongValue(1) : fetch.getExpression();
    select.setFetch(null);
    select.setLimit(limit(cap(count, most)));
    return select;
  }

  /** For ties the server alone knows how many rows there are. */
  private static Select limitAround(Select select, int most) {
    ParenthesedSelect inner = new ParenthesedSelect();
    inner.setSelect(select);
    inner.setAlias(new Alias("with_ties", true));
    PlainSelect outer = new PlainSelect();
    outer.addSelectItem(new AllColumns());
    outer.setFromItem(inner);
    outer.setLimit(limit(new LongValue(most)));
    return outer;
  }

  private static Limit limit(Expression count) {
    Limit limit = new Limit();
    limit.setRowCount(count);
    return limit;
  }
}
