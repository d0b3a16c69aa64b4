package aiworker.testing;

import aiworker.db.JdbcDatabase;
import aiworker.db.ServerError;
import java.sql.Connection;
import java.sql.SQLException;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** The core's port over pgjdbc. */
public final class TestDatabase {
  private TestDatabase() {}

  /**
   * Wraps an open connection.
   *
   * @param connection with auto-commit off
   */
  public static JdbcDatabase of(Connection connection) {
    return new JdbcDatabase(connection, TestDatabase::errorOf);
  }

  /** What the server said. */
  public static ServerError errorOf(SQLException e) {
    ServerErrorMessage server = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
    return server == null
        ? new ServerError(e.getSQLState(), e.getMessage(), null, null)
        : new ServerError(
            server.getSQLState(), server.getMessage(), server.getDetail(), server.getHint());
  }
}
