package aiworker.check;

import aiworker.config.Config;
import aiworker.db.Database;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.error.Refusal;
import java.util.Set;
import java.util.stream.Collectors;

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
   * The statement with its row limit.
   *
   * @throws AiWorkerException STATEMENT_REFUSED if it is not allowed, STATEMENT_INVALID with the
   *     server's SQLSTATE, message, detail and hint if it is no valid query here
   */
  public ProvenSql prove(String statement) {
    try {
      return proven(statement);
    } catch (AiWorkerException e) {
      throw e.detail() == null
          ? new AiWorkerException(e.failure(), e.getMessage(), "statement: " + statement, e)
          : e;
    }
  }

  private ProvenSql proven(String statement) {
    ReadOnlyCheck.Text text = readOnly.judge(statement);
    AiWorkerException doubt = text.doubt();
    boolean understood = doubt != null && doubt.failure() == Failure.STATEMENT_REFUSED;
    ServerCheck.Resolution resolution;
    try {
      resolution = server.resolve(statement, text.text(), text.names());
      policy.judge(resolution.objects());
    } catch (AiWorkerException e) {
      // the first layer's words say more, unless it has misread what is no SQL at all
      throw understood && !ServerCheck.isSyntaxError(e) ? doubt : e;
    }
    if (resolution.namesOnly() != null && doubt != null) {
      throw understood
          ? doubt
          : Refusal.of(
              "it cannot be proven while %s, as %s", resolution.namesOnly(), doubt.getMessage());
    }
    if (resolution.text().isEmpty()) {
      throw Refusal.of(
          "it does not mean the same under every search path: qualify its names with their schemas");
    }
    Set<String> relations =
        resolution.objects().stream()
            .filter(object -> object.kind().equals("relation"))
            .map(CatalogFact::qualifiedName)
            .collect(Collectors.toSet());
    return new ProvenSql(
        resolution.text(), resolution.namesOnly() == null, relations, resolution.facts());
  }
}
