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
   * Asks once, for one reply or several. Quotas count a call for each, however often it is tried.
   *
   * @param endpoint the latest row of {@code ai_worker.endpoint()}
   * @throws AiWorkerException as {@link ChatClient#complete} does, and at once while the endpoint
   *     is left alone
   * @throws aiworker.db.DatabaseException 53400 if a quota is used up
   */
  public List<ChatReply> ask(
      Database database,
      ChatSettings settings,
      List<Message> messages,
      Row endpoint,
      Activity activity) {
    boolean limited = endpoint.bool("limited");
    int calls = settings.sampling().candidates();
    breaker.requireNotOpen(settings, endpoint);
    if (limited) {
      charge(database, calls, 0);
    }
    boolean probe;
    try {
      probe = breaker.isProbe(database, settings, endpoint);
    } catch (AiWorkerException e) {
      // Not the other way round: whose quota is used up must not keep the others from probing
      if (limited) {
        charge(database, -calls, 0);
      }
      throw e;
    }
    List<ChatReply> replies;
    Usage cost = Usage.NONE;
    Tally call = new Tally(calls, calls, Usage.NONE);
    try {
      replies =
          chat.completeAll(
              probe ? settings.withLimits(settings.timeout(), 0) : settings,
              messages,
              probe,
              (attempt, pausing) -> {
                activity.waiting(pausing ? Activity.Wait.RETRY : Activity.Wait.MODEL, attempt);
                if (probe) {
                  breaker.stillProbing(database, settings);
                }
              });
      long declined = replies.stream().filter(reply -> reply.problem() != null).count();
      for (ChatReply reply : replies) {
        cost = cost.plus(reply.usage());
      }
      call = new Tally(calls, declined, cost);
      activity.over();
    } catch (AiWorkerException e) {
      call = new Tally(calls, calls, e.usage());
      if (limited) {
        charge(database, 0, e.usage().total());
      }
      if (EndpointState.isDown(e.failure())) {
        breaker.failed(database, settings, e.failure(), question(messages), probe);
      } else {
        breaker.answered(database, settings, Breaker.look(database));
      }
      throw e;
    } finally {
      unrecorded = unrecorded.plus(call);
    }
    if (limited) {
      charge(database, 0, cost.total());
    }
    return replies;
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

  /** Counts that many of the latest calls as failed: their answers held no statement. */
  public void unanswered(int calls) {
    unrecorded = unrecorded.plus(new Tally(0, calls, Usage.NONE));
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

  private static void charge(Database database, int calls, int tokens) {
    if (calls != 0 || tokens > 0) {
      database.query(
          "SELECT ai_worker.charge(?::integer, ?::bigint) AS nothing",
          Integer.toString(calls),
          Integer.toString(tokens));
    }
  }
}
