package aiworker.check;

import aiworker.config.Config;
import aiworker.error.AiWorkerException;
import aiworker.error.Refusal;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import net.sf.jsqlparser.schema.Table;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.Select;

/**
 * The first layer of the proof: one query, reading only what is in scope, calling only what is
 * allowed, bounded, and printed back from its tree.
 *
 * <p>The tree says which relations are read; functions, types and operators are read off the tokens
 * that leave, so that no construct the tree hides can carry one. Both views must agree on the
 * number of queries, and the printed text must parse to itself and hold the tokens that were read.
 */
final class ReadOnlyCheck {
  private final Config config;

  ReadOnlyCheck(Config config) {
    this.config = config;
  }

  /** A text that may leave if the rules and the server accept it, with the names in it. */
  record Text(String text, Names names) {}

  /**
   * The text that may leave if the rules and the server accept it.
   *
   * @throws AiWorkerException STATEMENT_REFUSED or, if it does not parse, STATEMENT_INVALID
   */
  Text judge(String statement) {
    TokenSubstitution substitution = TokenSubstitution.of(statement);
    Select read = Parser.parse(substitution.text());
    if (read instanceof PlainSelect plain) {
      plain.setOracleHint(null);
    }
    substitution.requireSame(read.toString());
    String printed = RowLimit.apply(read, config.rowLimit()).toString();
    Select judged = Parser.parse(printed);
    if (!judged.toString().equals(printed)) {
      throw Refusal.of("it cannot be printed without change");
    }
    Parser.requireSameTokens(printed);
    TreeWalk walk = TreeWalk.of(judged);
    requireEveryQuerySeen(printed, walk);
    String text = substitution.restore(printed);
    return new Text(text, Names.of(text, relations(walk, substitution), walk.calls()));
  }

  /** No query may hide where the tree keeps text. */
  private static void requireEveryQuerySeen(String printed, TreeWalk walk) {
    List<Token> tokens = Lexer.tokens(printed);
    long selects = tokens.stream().filter(token -> token.isWord("SELECT")).count();
    boolean tables = tokens.stream().anyMatch(token -> token.isWord("TABLE"));
    if (selects != walk.selects() || tables) {
      throw Refusal.of("a query stands where none is expected");
    }
  }

  private static Set<QualifiedName> relations(TreeWalk walk, TokenSubstitution substitution) {
    Set<QualifiedName> relations = new LinkedHashSet<>();
    for (Table table : walk.tables()) {
      if (table.getDatabaseName() != null) {
        throw Refusal.of("relation %s has too many parts", table.getFullyQualifiedName());
      }
      relations.add(
          new QualifiedName(
              table.getSchemaName() == null ? null : name(table.getSchemaName(), substitution),
              name(table.getName(), substitution)));
    }
    return relations;
  }

  private static String name(String written, TokenSubstitution substitution) {
    List<Token> tokens = Lexer.tokens(substitution.original(written));
    if (tokens.size() != 1 || !tokens.get(0).isName()) {
      throw Refusal.of("%s is no relation's name", written);
    }
    return tokens.get(0).name();
  }
}
