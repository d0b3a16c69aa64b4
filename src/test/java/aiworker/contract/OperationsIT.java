package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.Full;
import aiworker.testing.TestCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs the commands of {@code docs/operations.md} as they stand there, in their order. */
class OperationsIT {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(sh|sql)\n(.*?)^```$");
  private static final Pattern EXPECTED = Pattern.compile("(?m)^(.*\\S) +# (.*)$");

  /** The faster one first. */
  static Stream<BackendRuntime> runtimes() {
    return Stream.of(BackendRuntime.PLPYTHON, BackendRuntime.PLJAVA)
        .filter(BackendRuntime::isThere)
        .limit(Full.or(2, 1));
  }

  @ParameterizedTest
  @MethodSource("runtimes")
  void everyCommandDoesWhatTheDocumentSays(BackendRuntime runtime) throws Exception {
    try (TestCluster cluster = Installation.start(Map.of("wal_level", "replica"));
        FakeEndpoint endpoint = FakeEndpoint.start()) {
      endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
      prepare(cluster, runtime, endpoint);
      copy(cluster, List.of("install", "sql"));
      copy(cluster, List.of("target/ai-worker.jar", "target/ai-worker-guard.jar"));
      Path renewed = cluster.folder().resolve("new");
      int standby = TestCluster.freePort();
      String environment =
          """
          cd '%s'
          export PGHOST='%1$s' PGDATA='%s' PGPORT=%d PGUSER=postgres STANDBY_PORT=%d NEW_DATA='%s'
          export OLD_BIN='%s' NEW_BIN='%6$s' PATH="%6$s:$PATH"
          set -eux
          """
              .formatted(
                  cluster.folder(),
                  cluster.data(),
                  cluster.port(),
                  standby,
                  renewed,
                  TestCluster.bin("psql").getParent());
      List<MatchResult> blocks =
          BLOCK.matcher(Files.readString(Path.of("docs", "operations.md"))).results().toList();
      assertEquals(10, blocks.size());
      try {
        for (MatchResult block : blocks) {
          TestCluster.asServer("bash", "-c", environment + script(block));
        }
        assertTrue(Files.readString(renewed.resolve("PG_VERSION")).length() > 1);
      } finally {
        String stop = "for d in new standby; do pg_ctl stop -m immediate -D $d || true; done";
        TestCluster.asServer("bash", "-c", environment + stop);
      }
    }
  }

  private static String script(MatchResult block) {
    if (block.group(1).equals("sql")) {
      return "psql -X -d mydb -v ON_ERROR_STOP=1 <<'SQL'\n" + block.group(2) + "SQL\n";
    }
    return EXPECTED
        .matcher(block.group(2))
        .replaceAll("printed=\\$($1); [ \"\\$printed\" = '$2' ]");
  }

  private static void prepare(TestCluster cluster, BackendRuntime runtime, FakeEndpoint endpoint)
      throws Exception {
    String database = Installation.create(cluster, runtime);
    try (Connection connection = cluster.connect("postgres", "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("ALTER DATABASE " + database + " RENAME TO mydb");
      for (String other :
          RuntimeContract.column(
              connection, "SELECT datname FROM pg_database WHERE datname LIKE 'installed%'")) {
        statement.execute("DROP DATABASE " + other);
      }
    }
    try (Connection connection = cluster.connect("mydb", "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("UPDATE ai_worker_config SET base_url = '" + endpoint.url() + "'");
      RuntimeContract.generate(connection, "Get all users", "v1");
    }
  }

  private static void copy(TestCluster cluster, List<String> paths) throws IOException {
    for (String path : paths) {
      List<Path> files;
      try (Stream<Path> walk = Files.walk(Path.of(path))) {
        files = walk.collect(Collectors.toList());
      }
      for (Path file : files) {
        Path there = cluster.folder().resolve(file.toString());
        if (Files.notExists(there.getParent())) {
          Files.createDirectory(there.getParent());
          TestCluster.own(there.getParent());
        }
        Files.copy(file, there);
        TestCluster.own(there);
      }
    }
  }
}
