package aiworker.pljava;

import aiworker.Worker;
import aiworker.db.Database;
import aiworker.db.DatabaseException;
import aiworker.db.JdbcDatabase;
import aiworker.db.ServerError;
import aiworker.error.AiWorkerException;
import aiworker.json.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CompletionException;
import java.util.function.BiFunction;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What {@link Functions} calls with the call's name and its arguments; the outcome is text. What
 * goes wrong is the server's own exception within a {@link CompletionException}.
 */
public final class Entry implements BiFunction<String, String[], String> {
  /**
   * Held, because java.util.logging forgets what nobody holds. In a session with debug messages the
   * HTTP client's threads would write hundreds of them, and PL/Java let these threads into the
   * server.
   */
  private static final Logger JDK = Logger.getLogger("jdk");

  private final Worker worker = new Worker("pljava");
  private final Database database;

  public Entry(Connection connection) {
    JDK.setLevel(Level.OFF);
    database = new JdbcDatabase(connection, Entry::serverError);
  }

  @Override
  public String apply(String call, String[] arguments) {
    try {
      AiWorkerException problem = GuardCheck.problem(database);
      if (problem != null && !call.equals("health")) {
        throw problem;
      }
      return switch (call) {
        case "generate" -> worker.generate(database, arguments[0], arguments[1]);
        case "regenerate" -> worker.regenerate(database, arguments[0], arguments[1]);
        case "show_prompt" -> worker.showPrompt(database, arguments[0], arguments[1]);
        case "teach" -> worker.teach(database, arguments[0], arguments[1], arguments[2]);
        case "explain" -> worker.explain(database, arguments[0], arguments[1], arguments[2]);
        case "cache_stats" -> worker.cacheStats(database);
        case "cleanup_cache" -> Long.toString(worker.cleanupCache(database));
        case "health" -> worker.health(database, problem);
        default -> throw new IllegalArgumentException("no call " + call);
      };
    } catch (AiWorkerException e) {
      throw new CompletionException(raised(e));
    } catch (DatabaseException e) {
      // In PL/Java's own code it is an error of the server's
      if (e.error().message().startsWith(OutOfMemoryError.class.getName())) {
        return told(AiWorkerException.of(new OutOfMemoryError(e.error().message())));
      }
      throw new CompletionException(e.getCause());
    } catch (OutOfMemoryError | StackOverflowError e) {
      return told(AiWorkerException.of(e));
    }
  }

  /** For {@code ai_worker.call} to raise: after such an error the server may be asked nothing. */
  private static String told(AiWorkerException e) {
    ObjectNode outcome = Json.object();
    outcome
        .putObject("error")
        .put("sqlstate", e.failure().sqlState())
        .put("message", e.getMessage())
        .put("detail", e.detail())
        .put("hint", e.failure().hint());
    return outcome.toString();
  }

  private static ServerError serverError(SQLException e) {
    return new ServerError(e.getSQLState(), e.getMessage(), null, null);
  }

  /**
   * PL/Java would put its class name before the message and has no DETAIL or HINT, so the server
   * raises the error.
   */
  private Throwable raised(AiWorkerException e) {
    try {
      database.query(
          "SELECT ai_worker.raise(?, ?, ?, ?) AS nothing",
          e.failure().sqlState(),
          e.getMessage(),
          e.detail(),
          e.failure().hint());
      return new SQLException("ai_worker.raise returned", "XX000", e);
    } catch (DatabaseException raised) {
      return raised.getCause();
    }
  }
}
