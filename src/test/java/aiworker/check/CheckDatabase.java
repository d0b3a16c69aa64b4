package aiworker.check;

import aiworker.chat.Network;
import aiworker.chat.Sampling;
import aiworker.config.Config;
import aiworker.db.Database;
import aiworker.json.Json;
import aiworker.testing.TestCluster;
import aiworker.testing.TestDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A database of its own with the sample schema and the server's half of the proof. */
final class CheckDatabase implements AutoCloseable {
  private final Connection connection;
  private final Database database;

  private CheckDatabase(Connection connection) {
    this.connection = connection;
    this.database = TestDatabase.of(connection);
  }

  static CheckDatabase create() {
    return create(TestCluster.shared());
  }

  static CheckDatabase create(TestCluster cluster) {
    try {
      Connection connection = cluster.connect(cluster.createDatabase(), "postgres");
      connection.setAutoCommit(false);
      CheckDatabase created = new CheckDatabase(connection);
      for (String file :
          List.of(
              "roles",
              "error/raise",
              "config/settings",
              "check/types",
              "check/objects",
              "check/analyse",
              "check/facts",
              "check/resolve",
              "check/cost")) {
        created.execute(Files.readString(Path.of("sql", file + ".sql")));
      }
      created.execute(
          "ALTER FUNCTION ai_worker_prover.analyse(text, text, text) OWNER TO ai_worker_prover;"
              + "ALTER FUNCTION ai_worker_prover.prepare(text, text) OWNER TO ai_worker_prover;"
              + "GRANT USAGE, CREATE ON SCHEMA ai_worker_prover TO ai_worker_prover");
      created.execute(resource("sample.sql"));
      created.execute("GRANT USAGE ON SCHEMA sales TO ai_worker_prover");
      connection.commit();
      return created;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Database database() {
    return database;
  }

  Connection connection() {
    return connection;
  }

  /**
   * The first layer alone, by all that its names can mean, as where no view can be made.
   *
   * @return the text that may leave
   */
  String judgeByNames(Config config, String statement) {
    ReadOnlyCheck.Text text = new ReadOnlyCheck(config).judge(statement);
    if (text.doubt() != null) {
      throw text.doubt();
    }
    new Policy(config)
        .judge(
            database
                .query(
                    "SELECT to_jsonb(o) AS object FROM ai_worker.named_objects(ARRAY(SELECT"
                        + " jsonb_array_elements_text(?::jsonb)), ?::jsonb) AS o",
                    "[\"" + String.join("\",\"", config.schemas()) + "\"]",
                    text.names().json())
                .stream()
                .map(row -> CatalogFact.of(Json.ours(row.text("object"))))
                .toList());
    return text.text();
  }

  Prover prover() {
    return new Prover(database, config(1_000, List.of()));
  }

  void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** The rows as text, sorted where the query does not order them; null if the server refuses. */
  List<String> rows(String query) throws SQLException {
    Savepoint savepoint = connection.setSavepoint();
    try (Statement statement = connection.createStatement()) {
      // the driver would take a question mark for a parameter
      statement.setEscapeProcessing(false);
      List<String> rows = new ArrayList<>();
      try (ResultSet result = statement.executeQuery(query)) {
        int columns = result.getMetaData().getColumnCount();
        while (result.next()) {
          String[] row = new String[columns];
          for (int i = 0; i < columns; i++) {
            row[i] = result.getString(i + 1);
          }
          rows.add(Arrays.toString(row));
        }
      }
      if (!query.contains("ORDER BY")) {
        rows.sort(null);
      }
      return rows;
    } catch (SQLException e) {
      connection.rollback(savepoint);
      return null;
    } finally {
      connection.rollback(savepoint);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }

  static Config config(int rowLimit, List<String> allowedFunctions) {
    return config(rowLimit, allowedFunctions, List.of("public", "sales"), false);
  }

  static Config config(
      int rowLimit, List<String> allowedFunctions, List<String> schemas, boolean systemCatalogs) {
    return new Config(
        "model",
        URI.create("http://127.0.0.1:1"),
        null,
        null,
        Map.of(),
        new Network(false, null, null),
        new Sampling(null, null),
        schemas,
        allowedFunctions,
        rowLimit,
        systemCatalogs,
        Duration.ofSeconds(1),
        0,
        0,
        100,
        0);
  }

  static String resource(String name) {
    try (InputStream stream = CheckDatabase.class.getResourceAsStream(name)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
