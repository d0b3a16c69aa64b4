package aiworker.schema;

import aiworker.testing.TestCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;

/** A database of its own with the functions of {@code sql/schema} and the configuration. */
final class SchemaFixture implements AutoCloseable {
  private final String database;
  private final Connection connection;

  SchemaFixture() throws SQLException, IOException {
    database = TestCluster.shared().createDatabase();
    connection = connect();
    for (String file :
        List.of(
            "roles",
            "config/settings",
            "check/types",
            "check/objects",
            "check/resolve",
            "schema/notes",
            "schema/catalog",
            "schema/version",
            "schema/statistics")) {
      run(Files.readString(Path.of("sql", file + ".sql")));
    }
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
    return value("SELECT ai_worker.schema_fingerprint('{public,app}')");
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
    return read(connection, schemas, valueHints, hidden);
  }

  /** As {@code ai_worker.begin_miss} does. */
  static SchemaContext read(
      Connection connection, List<String> schemas, boolean valueHints, Set<String> hidden)
      throws SQLException {
    Array scope = connection.createArrayOf("text", schemas.toArray());
    String values = null;
    if (valueHints) {
      values =
          text(
              connection,
              "SELECT ai_worker.common_values(?, ?)",
              scope,
              connection.createArrayOf("text", hidden.toArray()));
    }
    return SchemaContext.of(
        text(connection, "SELECT c.catalog FROM ai_worker.schema_catalog(?) AS c", scope),
        text(connection, "SELECT ai_worker.row_estimates(?)", scope),
        values);
  }

  private static String text(Connection connection, String sql, Array... parameters)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setArray(i + 1, parameters[i]);
      }
      try (ResultSet result = statement.executeQuery()) {
        result.next();
        return result.getString(1);
      }
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
