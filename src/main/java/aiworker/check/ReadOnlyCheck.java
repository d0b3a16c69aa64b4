package aiworker.check;

import aiworker.config.Config;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
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
 * The first layer of the proof: one bounded query, by its tokens; and by the tree of a parser one
 * that reads only what is in scope.
 *
 * <p>The parser knows less than the server does, and what it makes of a text is no more than its
 * opinion. So its refusal is final only where the server cannot be asked. There the tree must hold
 * the very tokens that were read, account for every query among them, and name every relation.
 */
final class ReadOnlyCheck {
  private static final Set<String> LOCK_STRENGTHS = Set.of("UPDATE", "SHARE", "NO", "KEY");

  private final int rowLimit;
  private final Policy policy;

  ReadOnlyCheck(Config config) {
    this.rowLimit = config.rowLimit();
    this.policy = new Policy(config);
  }

  /**
   * A text that may leave if the server accepts it.
   *
   * @param names in it, harmless as far as names tell
   * @param doubt why it may not leave on the strength of its names alone, null if it may
   */
  record Text(String text, Names names, AiWorkerException doubt) {}

  /**
   * The text that may leave if the server accepts it.
   *
   * @throws AiWorkerException STATEMENT_REFUSED if it may not, whatever the server makes of it
   */
  Text judge(String statement) {
    Query query = Query.of(statement);
    Expansion.requireBounded(query);
    String text = RowLimit.apply(query, rowLimit);
    Set<QualifiedName> relations = Set.of();
    Set<String> calls = Set.of();
    AiWorkerException doubt = null;
    try {
      requireNoClause(query);
      TokenSubstitution substitution = TokenSubstitution.of(query);
      TreeWalk walk = read(substitution);
      relations = relations(walk, substitution);
      calls = walk.calls();
      policy.judgeRelations(relations);
    } catch (AiWorkerException e) {
      doubt = e;
    } catch (StackOverflowError e) {
      doubt = unread("it is nested too deep for the parser");
    }
    Names names = Names.of(text, relations, calls);
    policy.judge(names);
    if (doubt == null && names.suspicion() != null) {
      doubt = Refusal.of("%s", names.suspicion());
    }
    return new Text(text, names, doubt);
  }

  private static TreeWalk read(TokenSubstitution substitution) {
    Select read = Parser.parse(substitution.text());
    if (read instanceof PlainSelect plain) {
      plain.setOracleHint(null);
    }
    substitution.requireSame(read.toString());
    TreeWalk walk = TreeWalk.of(read);
    requireEveryQuerySeen(Lexer.tokens(substitution.text()), walk);
    return walk;
  }

  private static void requireNoClause(Query query) {
    List<Token> tokens = query.tokens();
    for (int at = 0; at < tokens.size(); at++) {
      Token token = tokens.get(at);
      String next = at + 1 < tokens.size() ? tokens.get(at + 1).word() : "";
      if (token.isCut()) {
        throw unread("a name in it is longer than the server's names are");
      }
      if (query.isLabel(at)) {
        continue;
      }
      if (token.isWord("INTO")) {
        throw Refusal.of("INTO is not allowed");
      }
      if (token.isWord("OPERATOR") && at + 1 < tokens.size() && tokens.get(at + 1).is("(")) {
        throw unread("the parser does not know OPERATOR()");
      }
      if (token.isWord("FOR") && LOCK_STRENGTHS.contains(next)) {
        throw Refusal.of("a locking clause is not allowed");
      }
    }
  }

  /** No query may hide where the tree keeps text. */
  private static void requireEveryQuerySeen(List<Token> tokens, TreeWalk walk) {
    if (tokens.stream().filter(token -> token.isWord("SELECT")).count() != walk.selects()) {
      throw unread("a query stands where none is expected");
    }
  }

  private static Set<QualifiedName> relations(TreeWalk walk, TokenSubstitution substitution) {
    Set<QualifiedName> relations = new LinkedHashSet<>();
    for (Table table : walk.tables()) {
      if (table.getDatabaseName() != null) {
        throw unread("a relation's name has too many parts");
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
      throw unread("a relation has no plain name");
    }
    return tokens.get(0).name();
  }

  /** The parser is at its limits, which says nothing of the statement. */
  static AiWorkerException unread(String why) {
    return new AiWorkerException(Failure.STATEMENT_INVALID, why);
  }
}
