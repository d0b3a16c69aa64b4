package aiworker.plpython;

import aiworker.Worker;
import aiworker.db.Database;
import aiworker.db.DatabaseException;
import aiworker.db.ServerError;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Two functions of bytes, one each way, through which the body of {@code ai_worker.bridge} and the
 * core speak: JSON in UTF-8, failures as data. JNI's own strings are not UTF-8, and an exception
 * does not cross from one language to the other.
 *
 * <p>Thread rule: the backend's thread only.
 */
final class Bridge {
  private static final Worker WORKER = new Worker("plpython");
  private static final Database DATABASE = new SessionDatabase(Bridge::query);

  private Bridge() {}

  /** Runs one statement; the body registers it. {@link SessionDatabase} knows the two texts. */
  static native byte[] query(byte[] statement);

  /**
   * Takes {@code {"call": name, "arguments": [text]}}, returns {@code {"value": …}} or {@code
   * {"error": {"sqlstate", "message", "detail", "hint"}}}.
   */
  static byte[] call(byte[] request) {
    ObjectNode outcome = Json.object();
    try {
      outcome.putRawValue("value", new RawValue(value(Json.read(request))));
    } catch (AiWorkerException e) {
      fail(outcome, e);
    } catch (OutOfMemoryError | StackOverflowError e) {
      fail(outcome, AiWorkerException.of(e));
    } catch (DatabaseException e) {
      fail(outcome, e.error());
    } catch (IOException | RuntimeException | Error e) {
      fail(
          outcome,
          new ServerError(
              Failure.INTERNAL.sqlState(), e.toString(), null, Failure.INTERNAL.hint()));
    }
    return outcome.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String value(JsonNode request) {
    JsonNode arguments = request.required("arguments");
    String call = request.required("call").textValue();
    return switch (call) {
      case "generate" ->
          WORKER.generate(DATABASE, arguments.get(0).textValue(), arguments.get(1).textValue());
      case "regenerate" ->
          WORKER.regenerate(DATABASE, arguments.get(0).textValue(), arguments.get(1).textValue());
      case "show_prompt" ->
          WORKER.showPrompt(DATABASE, arguments.get(0).textValue(), arguments.get(1).textValue());
      case "teach" ->
          WORKER.teach(
              DATABASE,
              arguments.get(0).textValue(),
              arguments.get(1).textValue(),
              arguments.get(2).textValue());
      case "explain" ->
          WORKER.explain(
              DATABASE,
              arguments.get(0).textValue(),
              arguments.get(1).textValue(),
              arguments.get(2).textValue());
      case "health" -> WORKER.health(DATABASE, null);
      default -> throw new IllegalArgumentException("no call " + call);
    };
  }

  private static void fail(ObjectNode outcome, AiWorkerException e) {
    fail(
        outcome,
        new ServerError(e.failure().sqlState(), e.getMessage(), e.detail(), e.failure().hint()));
  }

  private static void fail(ObjectNode outcome, ServerError error) {
    outcome
        .putObject("error")
        .put("sqlstate", error.sqlState())
        .put("message", error.message())
        .put("detail", error.detail())
        .put("hint", error.hint());
  }
}
