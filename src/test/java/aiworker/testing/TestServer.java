package aiworker.testing;

import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;

/** A PostgreSQL server that a test may do anything to. */
public interface TestServer {
  Connection connect(String database, String user) throws SQLException;

  /** Creates an empty database and returns its name. */
  String createDatabase() throws SQLException;

  /** Its port on 127.0.0.1. */
  int port();

  /** What it has logged so far. */
  String log();

  /** The URL under which it finds an endpoint of this JVM's. */
  URI reachable(URI endpoint);
}
