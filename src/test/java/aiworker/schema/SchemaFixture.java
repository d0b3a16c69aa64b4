package aiworker.schema;

import aiworker.testing.TestCluster;
import aiworker.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;

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
    return read(List.of(schemas), false, Set.of());
  }

  /** Of schema public, with the most common values of all columns but these. */
  SchemaContext hinted(Set<String> hidden) throws SQLException {
    return read(List.of("public"), true, hidden);
  }

  private SchemaContext read(List<String> schemas, boolean valueHints, Set<String> hidden)
      throws SQLException {
    connection.setAutoCommit(false);
    try {
      return SchemaContext.read(TestDatabase.of(connection), schemas, valueHints, hidden);
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
