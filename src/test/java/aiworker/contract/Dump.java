package aiworker.contract;

import aiworker.testing.TestCluster;
import aiworker.testing.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** A database as {@code pg_dump} writes it and {@code pg_restore} makes another one of it. */
final class Dump {
  private Dump() {}

  /**
   * The name of the copy, which has the settings of the database too.
   *
   * @param options of pg_restore
   */
  static String restore(TestServer cluster, String database, String... options)
      throws SQLException {
    String copy = cluster.createDatabase();
    try (Connection connection = cluster.connect(database, "postgres");
        Statement statement = connection.createStatement()) {
      for (String setting :
          RuntimeContract.column(
              connection,
              """
              SELECT format('ALTER DATABASE %I SET %s = %L', ?, split_part(s, '=', 1), substr(s, strpos(s, '=') + 1))
                FROM pg_db_role_setting, unnest(setconfig) AS s
               WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())""",
              copy)) {
        statement.execute(setting);
      }
    }
    try {
      Path dump = Files.createTempFile("ai-worker", ".dump");
      TestCluster.own(dump);
      run(cluster, "pg_dump", "-Fc", "-f", dump.toString(), database);
      List<String> restore = new ArrayList<>(List.of("--exit-on-error", "-d", copy));
      restore.addAll(List.of(options));
      restore.add(dump.toString());
      run(cluster, "pg_restore", restore.toArray(String[]::new));
      Files.delete(dump);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return copy;
  }

  private static void run(TestServer cluster, String program, String... options) {
    List<String> command =
        new ArrayList<>(
            List.of(
                TestCluster.bin(program).toString(),
                "-h",
                "127.0.0.1",
                "-p",
                Integer.toString(cluster.port()),
                "-U",
                "postgres"));
    command.addAll(List.of(options));
    TestCluster.asServer(command.toArray(String[]::new));
  }
}
