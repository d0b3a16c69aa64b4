package aiworker;

import aiworker.cache.Miss;
import aiworker.chat.ChatReply;
import aiworker.chat.ChatSettings;
import aiworker.check.ProvenSql;
import aiworker.check.Prover;
import aiworker.check.SystemCatalogs;
import aiworker.config.Config;
import aiworker.db.Database;
import aiworker.db.Row;
import aiworker.error.AiWorkerException;
import aiworker.json.Json;
import aiworker.limits.Upstream;
import aiworker.reply.Reply;
import aiworker.schema.SchemaContext;
import aiworker.usage.Usage;
import java.util.List;

/**
 * The pipeline from a miss to its answer, and the only place that knows its order: begin, schema,
 * model, statement, proof, finish.
 *
 * <p>Thread rule: runs on the backend's thread; one per call.
 */
public final class Generator {
  private final Database database;
  private final Upstream upstream;

  public Generator(Database database, Upstream upstream) {
    this.database = database;
    this.upstream = upstream;
  }

  /**
   * Returns the response of {@code ai_generate_sql} as JSON. Whoever calls has looked in the cache
   * and found nothing; another session may have stored it since.
   *
   * @param schemaVersion null for the automatic one
   */
  public String generate(String prompt, String schemaVersion) {
    Miss miss = Miss.begin(database, prompt, schemaVersion);
    return miss.response() == null ? answer(miss) : miss.response();
  }

  /** Asks the model even if the cache holds the answer, and stores nothing. */
  public String regenerate(String prompt, String schemaVersion) {
    return answer(Miss.renew(database, prompt, schemaVersion));
  }

  private String answer(Miss miss) {
    Config config = Config.of(miss.begun("settings"));
    ChatSettings settings = config.chatSettings();
    SchemaContext schema =
        SchemaContext.of(
            miss.begun("catalog"), miss.begun("row_estimates"), miss.begun("common_values"));
    Conversation conversation =
        new Conversation(
            miss.begun("server_version"),
            config.systemCatalogs() ? SystemCatalogs.names() : List.of(),
            schema.render(miss.prompt(), config.contextTokens()),
            miss.begun("examples"),
            miss.prompt());
    Prover prover = new Prover(database, config);
    Row endpoint = miss.endpoint();
    Usage usage = Usage.NONE;
    for (int round = 0; ; round++) {
      ChatReply reply;
      try {
        reply = upstream.ask(database, settings, conversation.messages(), endpoint);
      } catch (AiWorkerException e) {
        throw e.costing(usage);
      }
      usage = usage.plus(reply.usage());
      try {
        ProvenSql statement = prover.prove(Reply.of(reply.content()).sql());
        upstream.finished(
            database, settings, miss.finish(statement, usage.total(), upstream.unrecorded()));
        return response(statement, usage, miss);
      } catch (AiWorkerException e) {
        // the endpoint may have put into its answer what it was sent
        AiWorkerException shown = e.reworded(settings::masked);
        endpoint = upstream.refused(database, settings);
        if (!e.failure().isRepairable()) {
          upstream.unanswered();
        }
        if (!e.failure().isRepairable() || round >= config.repairRounds()) {
          throw shown.costing(usage);
        }
        database.query(
            "SELECT ai_worker.debug(?, ?) AS nothing",
            "asking the model again: " + shown.getMessage(),
            shown.detail());
        conversation.repair(reply.content(), e);
      }
    }
  }

  private static String response(ProvenSql statement, Usage usage, Miss miss) {
    return Json.object()
        .put("sql", statement.text())
        .put("validated", true)
        .put("tokens_used", usage.total())
        .put("schema_version", miss.schemaVersion())
        .put("cache_hit", false)
        .toString();
  }
}
