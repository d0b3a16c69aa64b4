package aiworker;

import aiworker.cache.Miss;
import aiworker.chat.ApiKey;
import aiworker.chat.ChatSettings;
import aiworker.check.ProvenSql;
import aiworker.check.Prover;
import aiworker.check.SystemCatalogs;
import aiworker.config.Config;
import aiworker.db.Database;
import aiworker.db.Row;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.json.Json;
import aiworker.limits.Upstream;
import aiworker.meaning.Doubts;
import aiworker.schema.SchemaContext;
import aiworker.usage.Tally;
import aiworker.usage.Usage;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * The pipeline from a miss to its answer, and the only place that knows its order: begin, schema,
 * model, statement, proof, finish.
 *
 * <p>Thread rule: runs on the backend's thread; one per call.
 */
public final class Generator {
  /** The part of the budget for the schema that what a refused statement names may have again. */
  private static final int NAMED_SHARE = 4;

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

  /**
   * Has a question answered by a statement of a DBA's from now on.
   *
   * @param question with slots if it stands for many
   * @param schemaVersion null for the automatic one
   * @return the response, whose statement has a sample in each slot
   * @throws AiWorkerException as for a statement of the model's
   */
  public String teach(String question, String schemaVersion, String statement) {
    Miss miss = Miss.renew(database, question, schemaVersion);
    Config config = Config.of(miss.begun("settings"));
    String sample =
        database
            .query("SELECT ai_worker.begin_lesson(?, ?) AS sample", question, statement)
            .get(0)
            .text("sample");
    ProvenSql proven = new Prover(database, config).prove(sample);
    miss.teach(statement, schemaVersion, proven);
    return response(miss, proven, null, doubts(miss, proven, schema(miss)), 0);
  }

  /**
   * What there is to know of the statement that a question has got, as JSON.
   *
   * @param schemaVersion null for the automatic one
   * @param statement that was proven once
   */
  public String explain(String prompt, String schemaVersion, String statement) {
    Miss miss = Miss.renew(database, prompt, schemaVersion);
    ObjectNode explained = Json.object();
    try {
      ProvenSql proven = new Prover(database, Config.of(miss.begun("settings"))).prove(statement);
      explained.set("relations", Json.array(proven.relations().stream().sorted().toList()));
      if (proven.storable()) {
        explained.set("columns", Json.array(proven.facts().columns()));
        explained.set("functions", Json.array(proven.facts().functions()));
      }
      explained.put("row_limit", proven.rowLimit());
      explained.set("warnings", Json.array(doubts(miss, proven, schema(miss)).warnings()));
    } catch (AiWorkerException e) {
      if (!e.failure().isRepairable()) {
        throw e;
      }
      explained.set(
          "warnings", Json.array(List.of("it can no longer be proven: " + e.getMessage())));
    }
    return Json.write(explained);
  }

  /** What a DBA has taught for the question; null if there is nothing that can be proven. */
  private ProvenSql taught(Miss miss, Prover prover) {
    if (miss.taught() == null) {
      return null;
    }
    try {
      return prover.prove(miss.taught());
    } catch (AiWorkerException e) {
      if (!e.failure().isRepairable()) {
        throw e;
      }
      database.query(
          "SELECT ai_worker.warn('untaught', ?, ?) AS nothing",
          "a taught statement is not used, as it can no longer be proven: " + e.getMessage(),
          "Correct it with ai_worker_teach, or delete it from ai_worker_taught.");
      return null;
    }
  }

  /**
   * The request that would be sent to the model, as JSON without secrets. Sends and stores nothing.
   */
  public String showPrompt(String prompt, String schemaVersion) {
    Miss miss = Miss.renew(database, prompt, schemaVersion);
    Config config = Config.of(miss.begun("settings"));
    AiWorkerException problem = null;
    ApiKey key = ApiKey.MASKED;
    try {
      if (config.chatSettings().key() == ApiKey.NONE) {
        key = ApiKey.NONE;
      }
    } catch (AiWorkerException e) {
      if (e.failure() != Failure.API_KEY_MISSING) {
        throw e;
      }
      problem = e;
    }
    ObjectNode request =
        upstream.shown(
            config.chatSettings(key),
            conversation(miss, config, schema(miss), new Prover(database, config)).messages());
    if (problem != null) {
      request.putArray("problems").add(problem.getMessage() + ": " + problem.detail());
    }
    return Json.write(request);
  }

  private static SchemaContext schema(Miss miss) {
    return SchemaContext.of(
        miss.begun("catalog"), miss.begun("table_facts"), miss.begun("common_values"));
  }

  private static Conversation conversation(
      Miss miss, Config config, SchemaContext schema, Prover prover) {
    return new Conversation(
        miss.begun("server_version"),
        config.systemCatalogs() ? SystemCatalogs.names() : List.of(),
        schema.tell(miss.prompt(), config.contextTokens(), config.notesTokens()),
        examples(miss, prover),
        schema.alike(miss.prompt()),
        miss.today(),
        miss.timeZone(),
        miss.prompt());
  }

  /** Those that hold under the schema as it is now, so many as are wanted, most similar first. */
  private static List<String> examples(Miss miss, Prover prover) {
    List<String> examples = new ArrayList<>();
    if (miss.begun("examples") == null) {
      return examples;
    }
    int most = Json.ours(miss.begun("settings")).required("few_shot").intValue();
    for (JsonNode example : Json.ours(miss.begun("examples"))) {
      if (examples.size() < most
          && (!example.path("stale").booleanValue()
              || isProven(prover, example.required("sql").textValue()))) {
        examples.add(((ObjectNode) example).without("stale").toString());
      }
    }
    return examples;
  }

  private static boolean isProven(Prover prover, String statement) {
    try {
      prover.prove(statement);
      return true;
    } catch (AiWorkerException e) {
      if (!e.failure().isRepairable()) {
        throw e;
      }
      return false;
    }
  }

  private String answer(Miss miss) {
    Config config = Config.of(miss.begun("settings"));
    SchemaContext schema = schema(miss);
    Prover prover = new Prover(database, config);
    ProvenSql taught = taught(miss, prover);
    if (taught != null) {
      miss.finish(taught, false, 0, Tally.NONE);
      return response(miss, taught, null, doubts(miss, taught, schema), 0);
    }
    ChatSettings settings = config.chatSettings();
    Conversation conversation = conversation(miss, config, schema, prover);
    Row endpoint = miss.endpoint();
    Usage usage = Usage.NONE;
    Vote doubtful = null;
    for (int round = 0; ; round++) {
      Vote vote;
      try {
        vote =
            Vote.of(
                upstream.ask(
                    database, settings, conversation.messages(), endpoint, miss.activity()),
                prover,
                conversation::mentions);
      } catch (AiWorkerException e) {
        if (doubtful != null) {
          return doubtful(miss, settings, doubtful, config, schema, usage);
        }
        throw e.costing(usage);
      }
      usage = usage.plus(vote.usage());
      try {
        ProvenSql statement = vote.statement(config.minAgreement());
        Doubts doubts = doubts(miss, statement, schema);
        if (doubts.isEmpty() || round >= config.repairRounds()) {
          return finished(miss, settings, statement, vote.agreement(), doubts, usage);
        }
        doubtful = vote;
        endpoint = upstream.refused(database, settings);
        conversation.repair(vote.reply().content(), doubts.reason(), null, "");
      } catch (AiWorkerException e) {
        // the endpoint may have put into its answer what it was sent
        AiWorkerException shown = e.reworded(settings::masked);
        endpoint = upstream.refused(database, settings);
        if (!e.failure().isRepairable()) {
          upstream.unanswered(vote.unproven());
        }
        if (doubtful != null) {
          return doubtful(miss, settings, doubtful, config, schema, usage);
        }
        if (!e.failure().isRepairable() || round >= config.repairRounds()) {
          throw shown.costing(usage);
        }
        database.query(
            "SELECT ai_worker.debug(?, ?) AS nothing",
            "asking the model again: " + shown.getMessage(),
            shown.detail());
        conversation.repair(
            vote.reply().content(),
            e.getMessage(),
            e.detail(),
            schema.named(
                vote.reply().content(),
                e.getMessage() + " " + e.detail(),
                config.contextTokens() / NAMED_SHARE));
      }
    }
  }

  /** The answer of an earlier round, which is proven, when the next one has none. */
  private String doubtful(
      Miss miss,
      ChatSettings settings,
      Vote vote,
      Config config,
      SchemaContext schema,
      Usage usage) {
    ProvenSql statement = vote.statement(config.minAgreement());
    Doubts doubts = doubts(miss, statement, schema);
    return finished(miss, settings, statement, vote.agreement(), doubts, usage);
  }

  private static Doubts doubts(Miss miss, ProvenSql statement, SchemaContext schema) {
    return Doubts.of(
        miss.prompt(),
        statement.text(),
        statement.relations(),
        statement.facts().dividesIntegers(),
        schema);
  }

  /**
   * Stores an answer and makes the response of it.
   *
   * @param agreement of several candidates, null if there were none
   */
  private String finished(
      Miss miss,
      ChatSettings settings,
      ProvenSql statement,
      Double agreement,
      Doubts doubts,
      Usage usage) {
    upstream.finished(
        database,
        settings,
        miss.finish(statement, doubts.date() != null, usage.total(), upstream.unrecorded()));
    return response(miss, statement, agreement, doubts, usage.total());
  }

  private static String response(
      Miss miss, ProvenSql statement, Double agreement, Doubts doubts, int tokens) {
    ObjectNode response =
        Json.object()
            .put("sql", statement.text())
            .put("validated", true)
            .put("tokens_used", tokens)
            .put("schema_version", miss.schemaVersion())
            .put("cache_hit", false);
    if (agreement != null) {
      response.put("agreement", agreement);
    }
    if (!doubts.isEmpty()) {
      response.set("warnings", Json.array(doubts.warnings()));
    }
    return Json.write(response);
  }
}
