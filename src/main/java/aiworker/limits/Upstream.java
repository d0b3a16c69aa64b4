package aiworker.limits;

import aiworker.chat.ChatClient;
import aiworker.chat.ChatReply;
import aiworker.chat.ChatSettings;
import aiworker.chat.Message;
import aiworker.db.Activity;
import aiworker.db.Database;
import aiworker.db.Row;
import aiworker.error.AiWorkerException;
import aiworker.usage.Tally;
import aiworker.usage.Usage;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.util.List;

/**
 * The way to the model, past the breaker and the quotas. What they count, and what was used, is
 * kept by {@code sql/limits}.
 *
 * <p>Thread rule: one per backend, used on the backend's thread.
 */
public final class Upstream {
  private final ChatClient chat;
  private final Breaker breaker;

  /** Not recorded yet; the next answer takes it along. */
  private Tally unrecorded = Tally.NONE;

  public Upstream(ChatClient chat) {
    this(chat, Clock.systemUTC());
  }

  Upstream(ChatClient chat, Clock clock) {
    this.chat = chat;
    this.breaker = new Breaker(clock);
  }

  /**
   * Asks once, which quotas count as one call however often it is tried.
   *
   * @param endpoint the latest row of {@code ai_worker.endpoint()}
   * @throws AiWorkerException as {@link ChatClient#complete} does, and at once while the endpoint
   *     is left alone
   * @throws aiworker.db.DatabaseException 53400 if a quota is used up
   */
  public ChatReply ask(
      Database database,
      ChatSettings settings,
      List<Message> messages,
      Row endpoint,
      Activity activity) {
    boolean limited = endpoint.bool("limited");
    breaker.requireNotOpen(settings, endpoint);
    if (limited) {
      database.query("SELECT ai_worker.charge(1, 0::bigint) AS nothing");
    }
    boolean probe;
    try {
      probe = breaker.isProbe(database, settings, endpoint);
    } catch (AiWorkerException e) {
      // Not the other way round: whose quota is used up must not keep the others from probing
      if (limited) {
        database.query("SELECT ai_worker.charge(-1, 0::bigint) AS nothing");
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
              (attempt, pausing) -> {
                activity.waiting(pausing ? Activity.Wait.RETRY : Activity.Wait.MODEL, attempt);
                if (probe) {
                  breaker.stillProbing(database, settings);
                }
              });
      call = new Tally(1, 0, reply.usage());
      activity.over();
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
    return reply;
  }

  /** What {@link #ask} would send first, fit to be shown. */
  public ObjectNode shown(ChatSettings settings, List<Message> messages) {
    return chat.shown(settings, messages);
  }

  /** What the next answer is to record. */
  public Tally unrecorded() {
    return unrecorded;
  }

  /**
   * Lets everyone know that the endpoint answers, once the answer is stored.
   *
   * @param finished the row of {@code ai_worker.finish_miss}
   */
  public void finished(Database database, ChatSettings settings, Row finished) {
    if (finished.bool("recorded")) {
      unrecorded = Tally.NONE;
    }
    breaker.answered(database, settings, finished);
  }

  /**
   * Lets everyone know that the endpoint answers, though with what is refused.
   *
   * @return the row of {@code ai_worker.endpoint()} as it is now
   */
  public Row refused(Database database, ChatSettings settings) {
    Row row = Breaker.look(database);
    breaker.answered(database, settings, row);
    return row;
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
      database.query("SELECT ai_worker.charge(0, ?::bigint) AS nothing", Integer.toString(tokens));
    }
  }
}
