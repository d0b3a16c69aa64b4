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

/**
 * Databases as {@code pg_dump} writes them and {@code pg_restore} or {@code psql} makes others of
 * them.
 */
final class Dump {
  private Dump() {}

  /**
   * The name of the copy, which has the settings of the database too.
   *
   * @param options of pg_restore
   */
  static String restore(TestServer cluster, String database, String... options)
      throws SQLException {
    return restore(cluster, database, cluster, false, List.of(options));
  }

  /**
   * The name of the copy, which has the settings of the database too. In another cluster it is the
   * same, and statements that fail there, for want of a role, do not stop the rest.
   *
   * @param plain whether it is a script for psql
   * @param options of pg_restore, or of pg_dump for a script
   */
  static String restore(
      TestServer from, String database, TestServer to, boolean plain, List<String> options)
      throws SQLException {
    boolean same = from == to;
    Path dump = file();
    List<String> dumping = new ArrayList<>(List.of(plain ? "-Fp" : "-Fc", "-f", dump.toString()));
    List<String> restoring = new ArrayList<>();
    if (!same) {
      (plain ? dumping : restoring).add("--create");
    }
    (plain ? dumping : restoring).addAll(options);
    dumping.add(database);
    run(from, true, "pg_dump", dumping);
    String copy = same ? copy(from, database) : database;
    restoring.addAll(List.of("-d", same ? copy : "postgres"));
    if (plain) {
      restoring.addAll(List.of("-X", "-v", "ON_ERROR_STOP=" + (same ? 1 : 0), "-f"));
    } else if (same) {
      restoring.add("--exit-on-error");
    }
    restoring.add(dump.toString());
    run(to, same, plain ? "psql" : "pg_restore", restoring);
    delete(dump);
    return copy;
  }

  /**
   * Copies what is not of one database, or everything.
   *
   * @param options of pg_dumpall
   */
  static void restoreAll(TestServer from, TestServer to, String... options) {
    Path dump = file();
    List<String> dumping = new ArrayList<>(List.of("-f", dump.toString()));
    dumping.addAll(List.of(options));
    run(from, true, "pg_dumpall", dumping);
    run(to, true, "psql", List.of("-X", "-d", "postgres", "-f", dump.toString()));
    delete(dump);
  }

  private static String copy(TestServer cluster, String database) throws SQLException {
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
    return copy;
  }

  private static Path file() {
    try {
      Path dump = Files.createTempFile("ai-worker", ".dump");
      TestCluster.own(dump);
      return dump;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path dump) {
    try {
      Files.delete(dump);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void run(
      TestServer cluster, boolean mustSucceed, String program, List<String> options) {
    List<String> command = new ArrayList<>();
    if (!mustSucceed) {
      command.addAll(List.of("sh", "-c", "\"$0\" \"$@\" || true"));
    }
    command.addAll(
        List.of(
            TestCluster.bin(program).toString(),
            "-h",
            "127.0.0.1",
            "-p",
            Integer.toString(cluster.port()),
            "-U",
            "postgres"));
    command.addAll(options);
    TestCluster.asServer(command.toArray(String[]::new));
  }
}
