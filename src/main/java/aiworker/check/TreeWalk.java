package aiworker.check;

import aiworker.error.Refusal;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import net.sf.jsqlparser.expression.AllValue;
import net.sf.jsqlparser.expression.AnalyticExpression;
import net.sf.jsqlparser.expression.AnyComparisonExpression;
import net.sf.jsqlparser.expression.ArrayConstructor;
import net.sf.jsqlparser.expression.ArrayExpression;
import net.sf.jsqlparser.expression.BinaryExpression;
import net.sf.jsqlparser.expression.BooleanValue;
import net.sf.jsqlparser.expression.CaseExpression;
import net.sf.jsqlparser.expression.CastExpression;
import net.sf.jsqlparser.expression.CollateExpression;
import net.sf.jsqlparser.expression.DateTimeLiteralExpression;
import net.sf.jsqlparser.expression.DateUnitExpression;
import net.sf.jsqlparser.expression.DoubleValue;
import net.sf.jsqlparser.expression.ExtractExpression;
import net.sf.jsqlparser.expression.HexValue;
import net.sf.jsqlparser.expression.IntervalExpression;
import net.sf.jsqlparser.expression.JsonExpression;
import net.sf.jsqlparser.expression.LongValue;
import net.sf.jsqlparser.expression.NotExpression;
import net.sf.jsqlparser.expression.NullValue;
import net.sf.jsqlparser.expression.OracleNamedFunctionParameter;
import net.sf.jsqlparser.expression.OverlapsCondition;
import net.sf.jsqlparser.expression.PostgresNamedFunctionParameter;
import net.sf.jsqlparser.expression.RangeExpression;
import net.sf.jsqlparser.expression.RawFunction;
import net.sf.jsqlparser.expression.RowConstructor;
import net.sf.jsqlparser.expression.RowGetExpression;
import net.sf.jsqlparser.expression.SignedExpression;
import net.sf.jsqlparser.expression.StringValue;
import net.sf.jsqlparser.expression.TimeKeyExpression;
import net.sf.jsqlparser.expression.TimezoneExpression;
import net.sf.jsqlparser.expression.TrimFunction;
import net.sf.jsqlparser.expression.WhenClause;
import net.sf.jsqlparser.expression.WindowDefinition;
import net.sf.jsqlparser.expression.WindowElement;
import net.sf.jsqlparser.expression.WindowOffset;
import net.sf.jsqlparser.expression.XmlTableFunction;
import net.sf.jsqlparser.expression.operators.arithmetic.Addition;
import net.sf.jsqlparser.expression.operators.arithmetic.BitwiseAnd;
import net.sf.jsqlparser.expression.operators.arithmetic.BitwiseLeftShift;
import net.sf.jsqlparser.expression.operators.arithmetic.BitwiseOr;
import net.sf.jsqlparser.expression.operators.arithmetic.BitwiseRightShift;
import net.sf.jsqlparser.expression.operators.arithmetic.BitwiseXor;
import net.sf.jsqlparser.expression.operators.arithmetic.Concat;
import net.sf.jsqlparser.expression.operators.arithmetic.Division;
import net.sf.jsqlparser.expression.operators.arithmetic.Modulo;
import net.sf.jsqlparser.expression.operators.arithmetic.Multiplication;
import net.sf.jsqlparser.expression.operators.arithmetic.Subtraction;
import net.sf.jsqlparser.expression.operators.conditional.AndExpression;
import net.sf.jsqlparser.expression.operators.conditional.OrExpression;
import net.sf.jsqlparser.expression.operators.relational.Between;
import net.sf.jsqlparser.expression.operators.relational.ContainedBy;
import net.sf.jsqlparser.expression.operators.relational.Contains;
import net.sf.jsqlparser.expression.operators.relational.DoubleAnd;
import net.sf.jsqlparser.expression.operators.relational.EqualsTo;
import net.sf.jsqlparser.expression.operators.relational.ExistsExpression;
import net.sf.jsqlparser.expression.operators.relational.ExpressionList;
import net.sf.jsqlparser.expression.operators.relational.GeometryDistance;
import net.sf.jsqlparser.expression.operators.relational.GreaterThan;
import net.sf.jsqlparser.expression.operators.relational.GreaterThanEquals;
import net.sf.jsqlparser.expression.operators.relational.InExpression;
import net.sf.jsqlparser.expression.operators.relational.IsBooleanExpression;
import net.sf.jsqlparser.expression.operators.relational.IsDistinctExpression;
import net.sf.jsqlparser.expression.operators.relational.IsNullExpression;
import net.sf.jsqlparser.expression.operators.relational.IsUnknownExpression;
import net.sf.jsqlparser.expression.operators.relational.JsonOperator;
import net.sf.jsqlparser.expression.operators.relational.LikeExpression;
import net.sf.jsqlparser.expression.operators.relational.Matches;
import net.sf.jsqlparser.expression.operators.relational.MinorThan;
import net.sf.jsqlparser.expression.operators.relational.MinorThanEquals;
import net.sf.jsqlparser.expression.operators.relational.NamedExpressionList;
import net.sf.jsqlparser.expression.operators.relational.NotEqualsTo;
import net.sf.jsqlparser.expression.operators.relational.ParenthesedExpressionList;
import net.sf.jsqlparser.expression.operators.relational.RegExpMatchOperator;
import net.sf.jsqlparser.expression.operators.relational.SimilarToExpression;
import net.sf.jsqlparser.schema.Column;
import net.sf.jsqlparser.schema.Table;
import net.sf.jsqlparser.statement.select.AllColumns;
import net.sf.jsqlparser.statement.select.AllTableColumns;
import net.sf.jsqlparser.statement.select.Distinct;
import net.sf.jsqlparser.statement.select.FromItem;
import net.sf.jsqlparser.statement.select.FunctionAllColumns;
import net.sf.jsqlparser.statement.select.GroupByElement;
import net.sf.jsqlparser.statement.select.Join;
import net.sf.jsqlparser.statement.select.LateralSubSelect;
import net.sf.jsqlparser.statement.select.Limit;
import net.sf.jsqlparser.statement.select.OrderByElement;
import net.sf.jsqlparser.statement.select.ParenthesedFromItem;
import net.sf.jsqlparser.statement.select.ParenthesedSelect;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.Select;
import net.sf.jsqlparser.statement.select.SelectItem;
import net.sf.jsqlparser.statement.select.SetOperationList;
import net.sf.jsqlparser.statement.select.TableFunction;
import net.sf.jsqlparser.statement.select.Values;
import net.sf.jsqlparser.statement.select.WithItem;

/**
 * Visits every node of a query's tree. A node whose class is not listed here is refused, and so is
 * a clause that only other dialects have, so that a new version of the parser cannot open a door.
 *
 * <p>Keeps its own list of what is still to visit: nesting costs no stack.
 */
final class TreeWalk {
  private static final Map<Class<?>, Function<Object, List<Object>>> CHILDREN = children();

  private final Deque<Object> waiting = new ArrayDeque<>();
  private final List<Table> tables = new ArrayList<>();
  private final Set<String> calls = new HashSet<>();
  private int selects;

  private TreeWalk() {}

  /** Visits all of it. */
  static TreeWalk of(Select select) {
    TreeWalk walk = new TreeWalk();
    walk.waiting.add(select);
    while (!walk.waiting.isEmpty()) {
      walk.visit(walk.waiting.poll());
    }
    return walk;
  }

  /** Every relation or common table expression that is read. */
  List<Table> tables() {
    return tables;
  }

  /** The names of the functions that the tree knows to be called, without schema. */
  Set<String> calls() {
    return calls;
  }

  /** How many SELECT keywords the tree accounts for. */
  int selects() {
    return selects;
  }

  private void visit(Object node) {
    Function<Object, List<Object>> children = CHILDREN.get(node.getClass());
    if (children == null) {
      throw ReadOnlyCheck.unread(
          "the proof does not know the parser's " + node.getClass().getSimpleName());
    }
    if (node instanceof Table table) {
      tables.add(table);
    } else if (node instanceof PlainSelect) {
      selects++;
    }
    if (node instanceof net.sf.jsqlparser.expression.Function call) {
      addCall(call.getName());
    } else if (node instanceof AnalyticExpression call) {
      addCall(call.getName());
    }
    waiting.addAll(children.apply(node));
  }

  private void addCall(String name) {
    if (name != null) {
      Lexer.tokens(name).stream().filter(Token::isName).map(Token::name).forEach(calls::add);
    }
  }

  private static Map<Class<?>, Function<Object, List<Object>>> children() {
    Children map = new Children();
    map.leaves(
        AllColumns.class,
        AllTableColumns.class,
        AllValue.class,
        BooleanValue.class,
        DateTimeLiteralExpression.class,
        DateUnitExpression.class,
        DoubleValue.class,
        HexValue.class,
        LongValue.class,
        NullValue.class,
        StringValue.class,
        TimeKeyExpression.class);
    map.binaries();
    map.expressions();
    map.functions();
    map.fromItems();
    map.selects();
    return Map.copyOf(map.byClass);
  }

  /** The list of known classes, each with what to visit below it. */
  private static final class Children {
    private final Map<Class<?>, Function<Object, List<Object>>> byClass = new HashMap<>();

    private <T> void on(Class<T> type, Function<T, List<Object>> children) {
      byClass.put(type, node -> children.apply(type.cast(node)));
    }

    private void leaves(Class<?>... types) {
      for (Class<?> type : types) {
        byClass.put(type, node -> List.of());
      }
    }

    private void binaries() {
      for (Class<? extends BinaryExpression> type :
          List.<Class<? extends BinaryExpression>>of(
              Addition.class,
              AndExpression.class,
              BitwiseAnd.class,
              BitwiseLeftShift.class,
              BitwiseOr.class,
              BitwiseRightShift.class,
              BitwiseXor.class,
              Concat.class,
              ContainedBy.class,
              Contains.class,
              Division.class,
              DoubleAnd.class,
              EqualsTo.class,
              GeometryDistance.class,
              GreaterThan.class,
              GreaterThanEquals.class,
              IsDistinctExpression.class,
              JsonOperator.class,
              Matches.class,
              MinorThan.class,
              MinorThanEquals.class,
              Modulo.class,
              Multiplication.class,
              NotEqualsTo.class,
              OrExpression.class,
              RegExpMatchOperator.class,
              SimilarToExpression.class,
              Subtraction.class)) {
        on(type, e -> nodes(e.getLeftExpression(), e.getRightExpression()));
      }
      on(
          LikeExpression.class,
          e -> nodes(e.getLeftExpression(), e.getRightExpression(), e.getEscape()));
    }

    private void expressions() {
      on(AnyComparisonExpression.class, e -> nodes(e.getSelect()));
      on(ArrayConstructor.class, e -> nodes(e.getExpressions()));
      on(
          ArrayExpression.class,
          e ->
              nodes(
                  e.getObjExpression(),
                  e.getIndexExpression(),
                  e.getStartIndexExpression(),
                  e.getStopIndexExpression()));
      on(
          Between.class,
          e ->
              nodes(
                  e.getLeftExpression(),
                  e.getBetweenExpressionStart(),
                  e.getBetweenExpressionEnd()));
      on(
          CaseExpression.class,
          e -> nodes(e.getSwitchExpression(), e.getElseExpression(), e.getWhenClauses()));
      on(WhenClause.class, e -> nodes(e.getWhenExpression(), e.getThenExpression()));
      on(
          CastExpression.class,
          e -> {
            none("CAST … FORMAT", e.getFormat());
            none("a cast to columns", empty(e.getColumnDefinitions()));
            return nodes(e.getLeftExpression());
          });
      on(CollateExpression.class, e -> nodes(e.getLeftExpression()));
      on(Column.class, e -> nodes(e.getArrayConstructor()));
      on(ExistsExpression.class, e -> nodes(e.getRightExpression()));
      on(ExtractExpression.class, e -> nodes(e.getExpression()));
      on(
          InExpression.class,
          e -> {
            unless("GLOBAL IN", e.isGlobal());
            return nodes(e.getLeftExpression(), e.getRightExpression());
          });
      on(IntervalExpression.class, e -> nodes(e.getExpression()));
      on(IsBooleanExpression.class, e -> nodes(e.getLeftExpression()));
      on(IsNullExpression.class, e -> nodes(e.getLeftExpression()));
      on(IsUnknownExpression.class, e -> nodes(e.getLeftExpression()));
      on(
          JsonExpression.class,
          e -> nodes(e.getExpression(), e.getIdentList().stream().map(Map.Entry::getKey).toList()));
      on(NotExpression.class, e -> nodes(e.getExpression()));
      on(OracleNamedFunctionParameter.class, e -> nodes(e.getExpression()));
      on(PostgresNamedFunctionParameter.class, e -> nodes(e.getExpression()));
      on(OverlapsCondition.class, e -> nodes(e.getLeft(), e.getRight()));
      on(RangeExpression.class, e -> nodes(e.getStartExpression(), e.getEndExpression()));
      on(RowGetExpression.class, e -> nodes(e.getExpression()));
      on(SignedExpression.class, e -> nodes(e.getExpression()));
      on(TimezoneExpression.class, e -> nodes(e.getLeftExpression(), e.getTimezoneExpressions()));
      on(TrimFunction.class, e -> nodes(e.getExpression(), e.getFromExpression()));
      for (Class<?> list :
          List.of(
              ExpressionList.class,
              ParenthesedExpressionList.class,
              RowConstructor.class,
              NamedExpressionList.class)) {
        byClass.put(list, e -> nodes(List.copyOf((Collection<?>) e)));
      }
    }

    private void functions() {
      on(net.sf.jsqlparser.expression.Function.class, Children::ofFunction);
      on(RawFunction.class, Children::ofFunction);
      on(
          TableFunction.class,
          e -> nodes(e.isRowsFrom() ? null : e.getFunction(), e.getRowsFromFunctions()));
      on(XmlTableFunction.class, e -> nodes(ofFunction(e), List.copyOf(e.getAllExpressions())));
      on(FunctionAllColumns.class, e -> nodes(e.getFunction()));
      on(
          AnalyticExpression.class,
          e -> {
            none("KEEP", e.getKeep());
            none("HAVING in an aggregate", e.getHavingClause());
            none("LIMIT in an aggregate", e.getLimit());
            none("keyword arguments", empty(e.getKeywordArguments()));
            return nodes(
                e.getExpression(),
                e.getOffset(),
                e.getDefaultValue(),
                e.getFilterExpression(),
                e.getPartitionExpressionList() == null
                    ? null
                    : List.copyOf(e.getPartitionExpressionList()),
                e.getOrderByElements(),
                e.getFuncOrderBy(),
                e.getWindowDefinition(),
                e.getWindowElement());
          });
      on(
          WindowDefinition.class,
          e ->
              nodes(
                  e.getPartitionExpressionList() == null
                      ? null
                      : Arrays.asList(e.getPartitionExpressionList().toArray()),
                  e.getOrderByElements(),
                  e.getWindowElement()));
      on(
          WindowElement.class,
          e ->
              nodes(
                  e.getOffset(),
                  e.getRange() == null ? null : e.getRange().getStart(),
                  e.getRange() == null ? null : e.getRange().getEnd()));
      on(WindowOffset.class, e -> nodes(e.getExpression()));
      on(
          OrderByElement.class,
          e -> {
            none("WITH FILL", e.getWithFill());
            unless("WITH ROLLUP", e.isMysqlWithRollup());
            return nodes(e.getExpression());
          });
    }

    private static List<Object> ofFunction(net.sf.jsqlparser.expression.Function e) {
      none("KEEP", e.getKeep());
      none("HAVING in an aggregate", e.getHavingClause());
      none("LIMIT in an aggregate", e.getLimit());
      none("keyword arguments", empty(e.getKeywordArguments()));
      none("chained parameters", e.getChainedParameters());
      unless("{fn …}", e.isEscaped());
      return nodes(
          e.getParameters(), e.getNamedParameters(), e.getOrderByElements(), e.getAttribute());
    }

    private void fromItems() {
      on(
          Table.class,
          e -> {
            none("an index hint", e.getIndexHint());
            none("a table hint", e.getSqlServerHints());
            none("time travel", e.getTimeTravel());
            none("time travel", e.getTimeTravelStrAfterAlias());
            return nodes(fromItem(e));
          });
      on(ParenthesedFromItem.class, e -> nodes(fromItem(e), e.getFromItem(), e.getJoins()));
      on(
          Join.class,
          e -> {
            unless("this kind of join", e.isApply() || e.isSemi() || e.isStraight() || e.isAsOf());
            unless("this kind of join", e.isGlobal() || e.isWindowJoin() || e.isAny() || e.isAll());
            unless("this kind of join", e.isArray() || e.isFetch() || e.getJoinHint() != null);
            return nodes(e.getFromItem(), List.copyOf(e.getOnExpressions()));
          });
    }

    private static List<Object> fromItem(FromItem item) {
      none("PIVOT", item.getPivot());
      none("UNPIVOT", item.getUnPivot());
      return List.of();
    }

    private void selects() {
      on(PlainSelect.class, Children::ofPlainSelect);
      on(SetOperationList.class, e -> nodes(ofSelect(e), e.getSelects()));
      on(ParenthesedSelect.class, e -> nodes(ofSelect(e), e.getSelect()));
      on(LateralSubSelect.class, e -> nodes(ofSelect(e), e.getSelect()));
      on(Values.class, e -> nodes(ofSelect(e), e.getExpressions()));
      on(
          WithItem.class,
          e -> {
            none("a function in WITH", e.getWithFunctionDeclaration());
            if (!(e.getParenthesedStatement() instanceof ParenthesedSelect select)) {
              throw Refusal.of("WITH \"%s\" holds a statement that writes", e.getAliasName());
            }
            return nodes(
                select,
                e.getCycleClause() == null ? null : e.getCycleClause().getMarkValue(),
                e.getCycleClause() == null ? null : e.getCycleClause().getMarkDefault());
          });
      on(SelectItem.class, e -> nodes(e.getExpression()));
      on(
          Limit.class,
          e -> {
            none("LIMIT with two numbers", e.getOffset());
            none("LIMIT BY", e.getByExpressions());
            return nodes(e.getRowCount());
          });
      on(Distinct.class, e -> nodes(e.getOnSelectItems()));
      on(
          GroupByElement.class,
          e -> {
            unless("WITH ROLLUP", e.isMysqlWithRollup());
            return nodes(e.getGroupByExpressionList(), e.getGroupingSets());
          });
    }

    private static List<Object> ofSelect(Select e) {
      fromItem(e);
      none("a locking clause", e.getForMode());
      none("a locking clause", e.getForUpdate());
      none("a locking clause", e.getForUpdateTable());
      none("a FOR clause", e.getForClause());
      none("LIMIT BY", e.getLimitBy());
      none("WITH isolation", e.getIsolation());
      none("OPTION", e.getOption());
      none("INTERPOLATE", e.getInterpolate());
      none("PROCEDURE ANALYSE", e.getMySqlProcedureAnalyse());
      none("WAIT", e.getWait());
      unless(
          "FETCH … PERCENT",
          e.getFetch() != null
              && String.join(" ", e.getFetch().getFetchParameters())
                  .toUpperCase(Locale.ROOT)
                  .contains("PERCENT"));
      unless("NOWAIT", e.isNoWait());
      unless("SKIP LOCKED", e.isSkipLocked());
      return nodes(
          e.getWithItemsList(),
          e.getOrderByElements(),
          e.getLimit(),
          e.getOffset() == null ? null : e.getOffset().getOffset(),
          e.getFetch() == null ? null : e.getFetch().getExpression());
    }

    private static List<Object> ofPlainSelect(PlainSelect e) {
      none("INTO", empty(e.getIntoTables()));
      none("INTO", e.getIntoTempTable());
      none("INTO", e.getMySqlSelectIntoClause());
      none("PREWHERE", e.getPreWhere());
      none("LATERAL VIEW", empty(e.getLateralViews()));
      none("SETTINGS", empty(e.getSettings()));
      none("OPTIMIZE FOR", e.getOptimizeFor());
      none("TOP", e.getTop());
      none("SKIP", e.getSkip());
      none("FIRST", e.getFirst());
      none("AS STRUCT", e.getBigQuerySelectQualifier());
      none("QUALIFY", e.getQualify());
      none("CONNECT BY", e.getOracleHierarchical());
      none("PREFERRING", e.getPreferringClause());
      none("FOR XML", e.getForXmlPath());
      none("a stream window", e.getKsqlWindow());
      none("a query hint", e.getMySqlSqlCacheFlag());
      unless("EMIT", e.isEmitChanges());
      unless("FINAL", e.isUsingFinal());
      unless("WITH NO LOG", e.isUseWithNoLog());
      unless("a query hint", e.getMySqlHintStraightJoin() || e.getMySqlSqlCalcFoundRows());
      return nodes(
          ofSelect(e),
          e.getDistinct(),
          e.getSelectItems(),
          e.getFromItem(),
          e.getJoins(),
          e.getWhere(),
          e.getGroupBy(),
          e.getHaving(),
          e.getWindowDefinitions());
    }

    private static Object empty(Collection<?> collection) {
      return collection == null || collection.isEmpty() ? null : collection;
    }

    private static void none(String what, Object found) {
      unless(what, found != null);
    }

    private static void unless(String what, boolean found) {
      if (found) {
        throw ReadOnlyCheck.unread("the parser sees " + what);
      }
    }

    /** Flattens plain lists; expression lists are nodes of their own. */
    private static List<Object> nodes(Object... found) {
      List<Object> nodes = new ArrayList<>();
      for (Object node : found) {
        if (node instanceof List<?> list && !(node instanceof ExpressionList<?>)) {
          list.stream().filter(Objects::nonNull).forEach(nodes::add);
        } else if (node != null) {
          nodes.add(node);
        }
      }
      return nodes;
    }
  }
}
