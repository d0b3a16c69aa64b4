package aiworker.check;

import aiworker.config.Config;
import aiworker.db.Database;
import aiworker.error.AiWorkerException;

/**
 * Proves that a statement is one read-only, bounded query over what is in scope, and valid on this
 * server. Holds the order of the two layers; either can refuse alone. The optional ceiling on its
 * cost comes last, because it needs a text that is proven.
 *
 * <p>Thread rule: that of the {@link Database}.
 */
public final class Prover {
  private final ReadOnlyCheck readOnly;
  private final ServerCheck server;
  private final CostCeiling ceiling;

  public Prover(Database database, Config config) {
    this.readOnly = new ReadOnlyCheck(database, config);
    this.server = new ServerCheck(database, config.schemas());
    this.ceiling = new CostCeiling(database, config);
  }

  /**
   * The statement, printed back with its row limit.
   *
   * @throws AiWorkerException STATEMENT_REFUSED if it is not allowed or too costly,
   *     STATEMENT_INVALID with the server's SQLSTATE, message, detail and hint if it is no valid
   *     query here
   */
  public ProvenSql prove(String statement) {
    String text = readOnly.judge(statement);
    server.require(text);
    ceiling.require(text);
    return new ProvenSql(text);
  }
}
