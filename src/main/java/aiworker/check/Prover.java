package aiworker.check;

import aiworker.config.Config;
import aiworker.db.Database;
import aiworker.error.AiWorkerException;

/**
 * Proves that a statement is one read-only, bounded query over what is in scope, and valid on this
 * server. Holds the order of the two layers: the first reads the text, the second has the server
 * resolve it, and what it resolved is judged. Either can refuse alone.
 *
 * <p>Thread rule: that of the {@link Database}.
 */
public final class Prover {
  private final ReadOnlyCheck readOnly;
  private final ServerCheck server;
  private final Policy policy;

  public Prover(Database database, Config config) {
    this.readOnly = new ReadOnlyCheck(config);
    this.server = new ServerCheck(database, config.schemas(), config.allowedFunctions());
    this.policy = new Policy(config);
  }

  /**
   * The statement, printed back with its row limit.
   *
   * @throws AiWorkerException STATEMENT_REFUSED if it is not allowed, STATEMENT_INVALID with the
   *     server's SQLSTATE, message, detail and hint if it is no valid query here
   */
  public ProvenSql prove(String statement) {
    ReadOnlyCheck.Text text = readOnly.judge(statement);
    policy.judge(text.names());
    ServerCheck.Resolution resolution = server.resolve(text.text(), text.names());
    policy.judge(resolution.objects());
    return new ProvenSql(text.text(), !resolution.byNamesOnly());
  }
}
