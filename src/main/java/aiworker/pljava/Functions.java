package aiworker.pljava;

import aiworker.AiWorkerException;
import aiworker.Worker;
import aiworker.db.Database;
import aiworker.db.DatabaseException;
import aiworker.db.JdbcDatabase;
import aiworker.db.ServerError;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.function.Function;

/**
 * The functions that PL/Java exposes to SQL.
 *
 * <p>Thread rule: PL/Java calls them on the backend's thread only.
 */
public final class Functions {
  private static volatile boolean inCall;

  static {
    // A backend that is told to end while Java is on its stack would destroy the JVM under it and
    // crash, on JDK 17, and
    // with it the whole cluster. Ending the process from here lets PostgreSQL see an ordinary exit
    // instead.
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  if (inCall) {
                    Runtime.getRuntime().halt(1);
                  }
                }));
  }

  private static final Worker WORKER = new Worker("pljava");

  private Functions() {}

  public static String generateSql(String prompt, String schemaVersion) throws SQLException {
    return call(database -> WORKER.generateSql(database, prompt, schemaVersion));
  }

  public static String regenerate(String prompt, String schemaVersion) throws SQLException {
    return call(database -> WORKER.regenerate(database, prompt, schemaVersion));
  }

  public static String cacheStats() throws SQLException {
    return call(WORKER::cacheStats);
  }

  public static long cleanupCache() throws SQLException {
    return call(WORKER::cleanupCache);
  }

  public static String health() throws SQLException {
    return call(WORKER::health);
  }

  /** Runs one call of SQL's; what goes wrong leaves as the server's own exception. */
  private static <T> T call(Function<Database, T> work) throws SQLException {
    Connection connection = DriverManager.getConnection("jdbc:default:connection");
    Database database =
        new JdbcDatabase(
            connection, e -> new ServerError(e.getSQLState(), e.getMessage(), null, null));
    boolean outer = !inCall;
    inCall = true;
    try {
      return work.apply(database);
    } catch (AiWorkerException e) {
      throw raised(database, e);
    } catch (DatabaseException e) {
      throw (SQLException) e.getCause();
    } finally {
      if (outer) {
        inCall = false;
      }
    }
  }

  /**
   * PL/Java would put its class name before the message and has no DETAIL or HINT, so the server
   * raises the error.
   */
  private static SQLException raised(Database database, AiWorkerException e) {
    try {
      database.query(
          "SELECT public.ai_worker_raise(?, ?, ?, ?) AS nothing",
          e.failure().sqlState(),
          e.getMessage(),
          e.detail(),
          e.failure().hint());
      throw new IllegalStateException("ai_worker_raise returned", e);
    } catch (DatabaseException raised) {
      return (SQLException) raised.getCause();
    }
  }
}
