package aiworker.jpype;

import aiworker.Worker;
import aiworker.db.Database;
import aiworker.db.DatabaseException;
import aiworker.db.ServerError;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;

/**
 * What the body of {@code ai_worker_bridge} calls: calls by name, outcomes as JSON, failures as
 * data.
 *
 * <p>Thread rule: the backend's thread only.
 */
public final class Bridge {
  private final Worker worker = new Worker("plpython");
  private final Database database;

  public Bridge(Session session) {
    this.database = new SessionDatabase(session);
  }

  /**
   * Returns {@code {"value": …}} or {@code {"error": {"sqlstate", "message", "detail", "hint"}}}.
   */
  public String call(String call, String[] arguments) {
    try {
      String value =
          switch (call) {
            case "generate" -> worker.generate(database, arguments[0], arguments[1]);
            case "regenerate" -> worker.regenerate(database, arguments[0], arguments[1]);
            case "health" -> worker.health(database);
            default -> throw new IllegalArgumentException("no call " + call);
          };
      ObjectNode outcome = JsonNodeFactory.instance.objectNode();
      outcome.putRawValue("value", new RawValue(value));
      return outcome.toString();
    } catch (AiWorkerException e) {
      return error(
          new ServerError(e.failure().sqlState(), e.getMessage(), e.detail(), e.failure().hint()));
    } catch (DatabaseException e) {
      return error(e.error());
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      return error(
          new ServerError(
              Failure.INTERNAL.sqlState(), e.toString(), null, Failure.INTERNAL.hint()));
    }
  }

  private static String error(ServerError error) {
    ObjectNode outcome = JsonNodeFactory.instance.objectNode();
    outcome
        .putObject("error")
        .put("sqlstate", error.sqlState())
        .put("message", error.message())
        .put("detail", error.detail())
        .put("hint", error.hint());
    return outcome.toString();
  }
}
