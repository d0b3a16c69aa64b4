package aiworker.limits;

import aiworker.chat.ChatSettings;
import aiworker.db.Database;
import aiworker.db.Row;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * Leaves an endpoint alone that has failed several times in a row, so that not every session waits
 * out its death. Sessions share what they know; what one can only read, or not even that, it knows
 * for itself alone.
 *
 * <p>Thread rule: one per backend, used on the backend's thread.
 */
final class Breaker {
  /** How often to try again when another session shares something at the same moment. */
  private static final int ATTEMPTS = 10;

  private static final EndpointState NOTHING = EndpointState.fresh("");

  private final Clock clock;
  private EndpointState own = NOTHING;
  private Instant renewed = Instant.EPOCH;

  Breaker(Clock clock) {
    this.clock = clock;
  }

  /**
   * Refuses while the endpoint is to be left alone.
   *
   * @param row of {@code ai_worker.endpoint()}
   * @throws AiWorkerException {@link Failure#ENDPOINT_PAUSED}
   */
  void requireNotOpen(ChatSettings settings, Row row) {
    EndpointState state = state(settings, row);
    if (state.phase(clock.instant()) == EndpointState.Phase.OPEN) {
      throw paused(settings, state);
    }
  }

  /**
   * Whether this call is the one that finds out if the endpoint is back.
   *
   * @throws AiWorkerException {@link Failure#ENDPOINT_PAUSED} if another session's call is
   */
  boolean isProbe(Database database, ChatSettings settings, Row row) {
    Row latest = row;
    while (true) {
      requireNotOpen(settings, latest);
      EndpointState state = state(settings, latest);
      Instant now = clock.instant();
      if (state.phase(now) == EndpointState.Phase.CLOSED) {
        return false;
      }
      if (replace(database, latest, state.probing(now))) {
        renewed = now;
        return true;
      }
      latest = look(database);
    }
  }

  /** Lets the others go on leaving it to this session's probe; to be called while that waits. */
  void stillProbing(Database database, ChatSettings settings) {
    Instant now = clock.instant();
    if (now.isBefore(renewed.plusSeconds(1))) {
      return;
    }
    renewed = now;
    Row row = look(database);
    EndpointState state = state(settings, row);
    if (state.failures() > 0) {
      replace(database, row, state.probing(now));
    }
  }

  /** Lets everyone know that the endpoint answers. */
  void answered(Database database, ChatSettings settings, Row row) {
    own = NOTHING;
    Row latest = row;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      EndpointState state = state(settings, latest);
      if (state.failures() == 0 || replace(database, latest, state.answered())) {
        return;
      }
      latest = look(database);
    }
  }

  /** Lets everyone know that the endpoint failed at what it was asked. */
  void failed(
      Database database, ChatSettings settings, Failure reason, String asked, boolean probe) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Row row = look(database);
      EndpointState state = state(settings, row);
      EndpointState next = state.failed(reason, asked, clock.instant(), probe);
      if (next.equals(state) || replace(database, row, next)) {
        return;
      }
    }
  }

  /** Fills in what {@code ai_worker_health()} says, and returns what needs attention or null. */
  String describe(Database database, ChatSettings settings, ObjectNode node) {
    EndpointState state = state(settings, look(database));
    EndpointState.Phase phase = state.phase(clock.instant());
    node.put("state", phase.toString()).put("failures", state.failures());
    if (state.failures() > 0) {
      node.put("failing_since", shown(state.since()));
      node.put("last_failure", state.reason().sqlState());
    }
    if (phase == EndpointState.Phase.CLOSED) {
      return null;
    }
    node.put("next_try", shown(state.until()));
    return message(settings, state) + "; " + detail(state);
  }

  static Row look(Database database) {
    return database
        .query("SELECT e.state, e.since, e.shared, e.limited FROM ai_worker.endpoint() AS e")
        .get(0);
  }

  /** What counts for this call, shared or own. */
  private EndpointState state(ChatSettings settings, Row row) {
    // A change of any of these may be the cure, so it is tried at once
    EndpointState fresh =
        EndpointState.fresh(
            settings.baseUrl() + " " + settings.network() + " " + settings.timeout());
    EndpointState ours = own.endpoint() == fresh.endpoint() ? own : fresh;
    if (row.text("state") == null) {
      return ours;
    }
    EndpointState shared =
        fresh.shared(Long.parseLong(row.text("state")), Long.parseLong(row.text("since")));
    boolean counts =
        row.bool("shared") || shared.phase(clock.instant()) == EndpointState.Phase.OPEN;
    return counts ? shared : ours;
  }

  /** Whether nobody has shared anything since the row was read. */
  private boolean replace(Database database, Row row, EndpointState wanted) {
    if (row.bool("shared")) {
      Row outcome =
          database
              .query(
                  "SELECT ai_worker.swap_endpoint(?::bigint, ?::bigint, ?::bigint) AS swapped",
                  row.text("state"),
                  Long.toString(wanted.packed()),
                  Long.toString(wanted.packedSince()))
              .get(0);
      if (outcome.text("swapped") != null) {
        return outcome.bool("swapped");
      }
    }
    own = wanted;
    return true;
  }

  private static AiWorkerException paused(ChatSettings settings, EndpointState state) {
    return new AiWorkerException(Failure.ENDPOINT_PAUSED, message(settings, state), detail(state));
  }

  private static String message(ChatSettings settings, EndpointState state) {
    return settings.shownUrl()
        + " is left alone for now: its last "
        + state.failures()
        + " calls failed";
  }

  private static String detail(EndpointState state) {
    return "failing since "
        + shown(state.since())
        + ", last with "
        + state.reason().sqlState()
        + " ("
        + switch (state.reason()) {
          case ENDPOINT_UNREACHABLE -> "not reachable";
          case ENDPOINT_TIMEOUT -> "no reply in time";
          default -> "an error of its own";
        }
        + "), next try at "
        + shown(state.until());
  }

  private static String shown(Instant instant) {
    return instant.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
