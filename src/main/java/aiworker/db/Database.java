package aiworker.db;

import java.util.List;

/**
 * The one port to the database: the session that called us, through its own SPI connection.
 *
 * <p>Parameters are written {@code ?} and sent as text (cast them in the statement: {@code
 * ?::interval}); columns come back as text. A statement holds no other question mark. Every column
 * needs a name of its own.
 *
 * <p>Thread rule: only the thread on which the backend called us may use it.
 */
public interface Database {
  /**
   * Runs one statement and reads all its rows.
   *
   * @throws DatabaseException if the server refuses it; the transaction is then lost, so let the
   *     exception go through
   */
  List<Row> query(String sql, String... parameters);

  /**
   * The same in a subtransaction of its own.
   *
   * @throws DatabaseException if the server refuses it; what it did is rolled back and the
   *     transaction goes on. A cancel or shutdown ({@link ServerError#isInterrupt}) must be let
   *     through all the same
   */
  List<Row> guardedQuery(String sql, String... parameters);
}
