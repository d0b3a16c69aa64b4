package aiworker.schema;

import aiworker.db.JdbcDatabase;
import aiworker.testing.TestCluster;
import aiworker.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** A database of its own with {@code sql/schema.sql} and a stand-in for the configuration. */
final class SchemaFixture implements AutoCloseable {
  private final String database;
  private final Connection connection;

  SchemaFixture() throws SQLException, IOException {
    database = TestCluster.shared().createDatabase();
    connection = connect();
    run("CREATE TABLE public.ai_worker_config (schemas text[] NOT NULL)");
    run("INSERT INTO public.ai_worker_config VALUES ('{public}')");
    run(Files.readString(Path.of("sql", "schema.sql")));
  }

  Connection connect() throws SQLException {
    return TestCluster.shared().connect(database, "postgres");
  }

  String name() {
    return database;
  }

  void run(String sql) throws SQLException {
    run(connection, sql);
  }

  static void run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  String value(String sql) throws SQLException {
    return value(connection, sql);
  }

  static String value(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      result.next();
      return result.getString(1);
    }
  }

  String fingerprint() throws SQLException {
    return value("SELECT public.ai_worker_schema_fingerprint('{public,app}')");
  }

  SchemaContext context(String... schemas) throws SQLException {
    connection.setAutoCommit(false);
    try {
      return SchemaContext.read(database(), java.util.List.of(schemas));
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  JdbcDatabase database() {
    return TestDatabase.of(connection);
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
