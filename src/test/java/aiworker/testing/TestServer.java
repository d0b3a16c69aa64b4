package aiworker.testing;

import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;

/** A PostgreSQL server that a test may do anything to. */
public interface TestServer {
  AtomicInteger DATABASES = new AtomicInteger();

  Connection connect(String database, String user) throws SQLException;

  /** Creates an empty database and returns its name. */
  default String createDatabase() throws SQLException {
    return createDatabase("template1");
  }

  /** The same with what another database holds, the settings made for it included. */
  default String createDatabase(String template) throws SQLException {
    String name = "test_" + DATABASES.incrementAndGet();
    try (Connection connection = connect("postgres", "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name + " TEMPLATE " + template);
      statement.execute(
          """
          INSERT INTO pg_db_role_setting
          SELECT copy.oid, s.setrole, s.setconfig
            FROM pg_database AS copy, pg_database AS original
            JOIN pg_db_role_setting AS s ON s.setdatabase = original.oid
           WHERE copy.datname = '%s' AND original.datname = '%s'"""
              .formatted(name, template));
    }
    return name;
  }

  /** Its port on 127.0.0.1. */
  int port();

  /** What it has logged so far. */
  String log();

  /** The URL under which it finds an endpoint of this JVM's. */
  URI reachable(URI endpoint);
}
