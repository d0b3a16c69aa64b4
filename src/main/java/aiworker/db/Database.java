package aiworker.db;

import java.util.List;

/**
 * The one port to the database: the session that called us, through its own SPI connection.
 *
 * <p>Parameters are written {@code ?} and sent as text (cast them in the statement: {@code
 * ?::interval}); columns come back as text. A statement holds no other question mark. Every column
 * needs a name of its own.
 *
 * <p>There is no guarded call here on purpose. What may fail is guarded by an EXCEPTION block in
 * PL/pgSQL, which both runtimes run alike; PL/Java's savepoints leave the server's resource owner
 * changed, and the statement that called us then fails with "snapshot reference is not owned by
 * resource owner".
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
}
