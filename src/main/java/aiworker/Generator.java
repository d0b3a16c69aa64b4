package aiworker;

import aiworker.cache.Cache;
import aiworker.cache.Flight;
import aiworker.cache.Request;
import aiworker.chat.ChatReply;
import aiworker.chat.ChatSettings;
import aiworker.check.ProvenSql;
import aiworker.check.Prover;
import aiworker.check.SystemCatalogs;
import aiworker.config.Config;
import aiworker.db.Database;
import aiworker.db.Row;
import aiworker.error.AiWorkerException;
import aiworker.limits.Upstream;
import aiworker.reply.Reply;
import aiworker.schema.SchemaContext;
import aiworker.usage.Usage;
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
    Cache cache = new Cache(database);
    Row settings = settings();
    Config config = Config.of(settings.text("config"));
    SchemaContext schema = schema(config);
    Request request =
        Request.of(
            database,
            prompt,
            schemaVersion == null ? schema.version() : schemaVersion,
            settings.text("started_at"));
    if (!request.model().equals(config.model())) {
      return generate(prompt, schemaVersion);
    }
    Flight flight = new Flight(database, cache);
    String response = flight.join(request, config.flightWait());
    if (response != null) {
      return response;
    }
    Answer answer =
        ask(
            config,
            schema,
            settings.text("server_version"),
            prompt,
            cache.examples(prompt, request.schemaVersion()));
    cache.store(request, answer.statement(), answer.usage().total());
    flight.landed(request);
    return answer.response(request.schemaVersion());
  }

  /** Asks the model even if the cache holds the answer, and stores nothing. */
  public String regenerate(String prompt, String schemaVersion) {
    Row settings = settings();
    Config config = Config.of(settings.text("config"));
    return ask(
            config,
            schema(config),
            settings.text("server_version"),
            prompt,
            new Cache(database).examples(prompt, schemaVersion))
        .response(schemaVersion);
  }

  private SchemaContext schema(Config config) {
    return SchemaContext.read(
        database, config.schemas(), config.valueHints(), config.valueHintsHidden());
  }

  private Row settings() {
    return database
        .query(
            "SELECT to_jsonb(c) AS config, "
                + " (date_part('epoch', clock_timestamp()) * 1000000)::bigint::text AS started_at,"
                + " current_setting('server_version') AS server_version"
                + " FROM public.ai_worker_config AS c")
        .get(0);
  }

  private Answer ask(
      Config config,
      SchemaContext schema,
      String serverVersion,
      String prompt,
      List<String> examples) {
    ChatSettings settings = config.chatSettings();
    Conversation conversation =
        new Conversation(
            serverVersion,
            config.systemCatalogs() ? SystemCatalogs.names() : List.of(),
            schema.render(prompt, config.contextTokens()),
            examples,
            prompt);
    Prover prover = new Prover(database, config);
    Usage usage = Usage.NONE;
    for (int round = 0; ; round++) {
      ChatReply reply;
      try {
        reply = upstream.ask(database, settings, conversation.messages());
      } catch (AiWorkerException e) {
        throw e.costing(usage);
      }
      usage = usage.plus(reply.usage());
      try {
        return new Answer(prover.prove(Reply.of(reply.content()).sql()), usage);
      } catch (AiWorkerException e) {
        // the endpoint may have put into its answer what it was sent
        AiWorkerException shown = e.reworded(settings::masked);
        if (!e.failure().isRepairable()) {
          upstream.unanswered();
        }
        if (!e.failure().isRepairable() || round >= config.repairRounds()) {
          throw shown.costing(usage);
        }
        database.query(
            "SELECT public.ai_worker_debug(?, ?) AS nothing",
            "asking the model again: " + shown.getMessage(),
            shown.detail());
        conversation.repair(reply.content(), e);
      }
    }
  }

  private record Answer(ProvenSql statement, Usage usage) {
    String response(String schemaVersion) {
      return JsonNodeFactory.instance
          .objectNode()
          .put("sql", statement.text())
          .put("validated", true)
          .put("tokens_used", usage.total())
          .put("schema_version", schemaVersion)
          .put("cache_hit", false)
          .toString();
    }
  }
}
