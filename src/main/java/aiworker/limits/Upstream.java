package aiworker.limits;

import aiworker.chat.ChatClient;
import aiworker.chat.ChatReply;
import aiworker.chat.ChatSettings;
import aiworker.chat.Message;
import aiworker.db.Database;
import aiworker.db.Row;
import aiworker.error.AiWorkerException;
import aiworker.usage.Usage;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.util.List;
import java.util.function.Supplier;

/**
 * The way to the model, past the breaker and the quotas. What they count, and what was used, is
 * kept by {@code sql/limits.sql}.
 *
 * <p>Thread rule: one per backend, used on the backend's thread.
 */
public final class Upstream {
  private final ChatClient chat;
  private final Breaker breaker;

  /** Recorded by the answer in the making, and undone with it if it fails. */
  private Tally recorded = Tally.NONE;

  /** Not recorded yet; the next answer takes it along. */
  private Tally unrecorded = Tally.NONE;

  public Upstream(ChatClient chat) {
    this(chat, Clock.systemUTC());
  }

  Upstream(ChatClient chat, Clock clock) {
    this.chat = chat;
    this.breaker = new Breaker(clock);
  }

  /** Makes one answer of any number of calls; all that it records is lost if it fails. */
  public <T> T answering(Supplier<T> work) {
    recorded = Tally.NONE;
    try {
      return work.get();
    } catch (RuntimeException e) {
      unrecorded = unrecorded.plus(recorded);
      throw e;
    }
  }

  /**
   * Asks once, which quotas count as one call however often it is tried.
   *
   * @throws AiWorkerException as {@link ChatClient#complete} does, and at once while the endpoint
   *     is left alone
   * @throws aiworker.db.DatabaseException 53400 if a quota is used up
   */
  public ChatReply ask(Database database, ChatSettings settings, List<Message> messages) {
    Row row = Breaker.look(database);
    boolean limited = row.bool("limited");
    breaker.requireNotOpen(settings, row);
    if (limited) {
      database.query("SELECT public.ai_worker_charge(1, 0::bigint) AS nothing");
    }
    boolean probe;
    try {
      probe = breaker.isProbe(database, settings, row);
    } catch (AiWorkerException e) {
      // Not the other way round: whose quota is used up must not keep the others from probing
      if (limited) {
        database.query("SELECT public.ai_worker_charge(-1, 0::bigint) AS nothing");
      }
      throw e;
    }
    ChatReply reply;
    Tally call = new Tally(1, 1, Usage.NONE);
    try {
      reply =
          chat.complete(
              probe ? settings.withLimits(settings.timeout(), 0) : settings,
              messages,
              () -> {
                touch(database);
                if (probe) {
                  breaker.stillProbing(database, settings);
                }
              });
      call = new Tally(1, 0, reply.usage());
    } catch (AiWorkerException e) {
      call = new Tally(1, 1, e.usage());
      charge(database, limited, e.usage().total());
      if (EndpointState.isDown(e.failure())) {
        breaker.failed(database, settings, e.failure(), question(messages), probe);
      } else {
        breaker.answered(database, settings, Breaker.look(database));
      }
      throw e;
    } finally {
      unrecorded = unrecorded.plus(call);
    }
    charge(database, limited, reply.usage().total());
    breaker.answered(database, settings, record(database));
    return reply;
  }

  /** Counts the latest call as failed: its answer held no statement. */
  public void unanswered() {
    unrecorded = unrecorded.plus(new Tally(0, 1, Usage.NONE));
  }

  /** What the user said first, whatever his role may see and however his answer was refused. */
  private static String question(List<Message> messages) {
    return messages.stream()
        .filter(message -> message.role() == Message.Role.USER)
        .findFirst()
        .map(Message::content)
        .orElse("");
  }

  /** Fills in what {@code ai_worker_health()} says, and returns what needs attention or null. */
  public String describe(Database database, ChatSettings settings, ObjectNode node) {
    return breaker.describe(database, settings, node);
  }

  private static void charge(Database database, boolean limited, int tokens) {
    if (limited && tokens > 0) {
      database.query(
          "SELECT public.ai_worker_charge(0, ?::bigint) AS nothing", Integer.toString(tokens));
    }
  }

  /** Records what is not recorded yet, and looks at the endpoint's state again. */
  private Row record(Database database) {
    Usage tokens = unrecorded.tokens();
    Row row =
        database
            .query(
                "SELECT e.state, e.since, e.shared, r.recorded"
                    + " FROM public.ai_worker_record_usage(?::bigint, ?::bigint, ?::bigint,"
                    + " ?::bigint, ?::bigint, ?::bigint) AS r (recorded),"
                    + " public.ai_worker_endpoint() AS e",
                Long.toString(unrecorded.calls()),
                Long.toString(unrecorded.failed()),
                Integer.toString(tokens.prompt()),
                Integer.toString(tokens.completion()),
                Integer.toString(tokens.cached()),
                Integer.toString(tokens.total()))
            .get(0);
    if (row.bool("recorded")) {
      recorded = recorded.plus(unrecorded);
      unrecorded = Tally.NONE;
    }
    return row;
  }

  /**
   * Touching the server lets it act on cancel, timeout and shutdown while we wait for something
   * else.
   */
  private static void touch(Database database) {
    database.query("SELECT 1 AS alive");
  }
}
