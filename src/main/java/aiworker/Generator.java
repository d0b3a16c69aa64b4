package aiworker;

import aiworker.cache.Cache;
import aiworker.cache.Flight;
import aiworker.cache.Request;
import aiworker.chat.ChatClient;
import aiworker.chat.ChatReply;
import aiworker.chat.ChatSettings;
import aiworker.check.ProvenSql;
import aiworker.check.Prover;
import aiworker.check.StatementExtractor;
import aiworker.check.SystemCatalogs;
import aiworker.db.Database;
import aiworker.db.Row;
import aiworker.schema.SchemaContext;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.List;

/**
 * The pipeline, and the only place that knows its order: cache, schema, model, statement, proof,
 * store.
 *
 * <p>Thread rule: runs on the backend's thread; one per call.
 */
public final class Generator {
  private final Database database;
  private final ChatClient chat;

  public Generator(Database database, ChatClient chat) {
    this.database = database;
    this.chat = chat;
  }

  /**
   * Returns the response of {@code ai_generate_sql} as JSON.
   *
   * @param schemaVersion null for the automatic one
   */
  public String generate(String prompt, String schemaVersion) {
    Cache cache = new Cache(database);
    String hit = cache.lookup(prompt, schemaVersion);
    if (hit != null) {
      return hit;
    }
    Row settings = settings();
    Config config = Config.of(settings.text("config"));
    SchemaContext schema = SchemaContext.read(database, config.schemas());
    Request request =
        Request.of(
            database,
            prompt,
            schemaVersion == null ? schema.version() : schemaVersion,
            settings.text("started_at"));
    Flight flight = new Flight(database, cache);
    String response = flight.join(request, config.flightWait());
    if (response != null) {
      return response;
    }
    Answer answer = ask(config, schema, settings.text("server_version"), prompt);
    cache.store(request, answer.statement(), answer.tokens());
    flight.landed(request);
    return answer.response(request.schemaVersion());
  }

  /** Asks the model whatever the cache holds, and stores nothing. */
  public String regenerate(String prompt, String schemaVersion) {
    Row settings = settings();
    Config config = Config.of(settings.text("config"));
    SchemaContext schema = SchemaContext.read(database, config.schemas());
    return ask(config, schema, settings.text("server_version"), prompt).response(schemaVersion);
  }

  private Row settings() {
    return database
        .query(
            "SELECT to_jsonb(c) AS config, clock_timestamp() AS started_at,"
                + " current_setting('server_version') AS server_version"
                + " FROM public.ai_worker_config AS c")
        .get(0);
  }

  private Answer ask(Config config, SchemaContext schema, String serverVersion, String prompt) {
    ChatSettings settings = config.chatSettings();
    Conversation conversation =
        new Conversation(
            serverVersion,
            config.systemCatalogs() ? SystemCatalogs.names() : List.of(),
            schema.render(prompt, config.contextTokens()),
            prompt);
    Prover prover = new Prover(database, config);
    int tokens = 0;
    for (int round = 0; ; round++) {
      ChatReply reply = chat.complete(settings, conversation.messages(), this::checkForInterrupts);
      tokens += reply.totalTokens();
      try {
        return new Answer(prover.prove(StatementExtractor.extract(reply.content())), tokens);
      } catch (AiWorkerException e) {
        if (!e.failure().isRepairable() || round >= config.repairRounds()) {
          throw e;
        }
        database.query(
            "SELECT public.ai_worker_debug(?, ?) AS nothing",
            "asking the model again: " + e.getMessage(),
            e.detail());
        conversation.repair(reply.content(), e);
      }
    }
  }

  /**
   * Touching the server lets it act on cancel, timeout and shutdown while we wait for something
   * else.
   */
  private void checkForInterrupts() {
    database.query("SELECT 1 AS alive");
  }

  private record Answer(ProvenSql statement, int tokens) {
    String response(String schemaVersion) {
      return JsonNodeFactory.instance
          .objectNode()
          .put("sql", statement.text())
          .put("validated", true)
          .put("tokens_used", tokens)
          .put("schema_version", schemaVersion)
          .put("cache_hit", false)
          .toString();
    }
  }
}
