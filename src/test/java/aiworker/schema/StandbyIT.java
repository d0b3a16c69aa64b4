package aiworker.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;

import aiworker.testing.TestCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StandbyIT {
  private final TestCluster primary = TestCluster.shared();

  @Test
  void aHotStandbyComputesTheSameVersionAndContext() throws Exception {
    try (SchemaFixture db = new SchemaFixture()) {
      db.run("CREATE TABLE users (id int PRIMARY KEY, state text CHECK (state IN ('a', 'b')))");
      db.run("CREATE VIEW v AS SELECT id FROM users");
      String version = db.value("SELECT ai_worker.schema_version()");
      String text = db.context("public").tell("users", 1_000, 0).relations();
      Path folder = Files.createTempDirectory("ai-worker-standby");
      TestCluster.own(folder);
      int port = freePort();
      String data = folder.resolve("data").toString();
      TestCluster.asServer(
          TestCluster.bin("pg_basebackup").toString(),
          "-h",
          primary.folder().toString(),
          "-p",
          Integer.toString(primary.port()),
          "-U",
          "postgres",
          "-D",
          data,
          "-R",
          "--checkpoint=fast",
          "--no-sync");
      try {
        TestCluster.asServer(
            TestCluster.bin("pg_ctl").toString(),
            "-D",
            data,
            "-w",
            "-t",
            "60",
            "-l",
            folder.resolve("log").toString(),
            "-o",
            "-p " + port + " -k " + folder,
            "start");
        try (Connection standby =
            DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port + "/" + db.name(), "postgres", "")) {
          standby.setAutoCommit(false);
          assertEquals("t", SchemaFixture.value(standby, "SELECT pg_is_in_recovery()"));
          assertEquals(version, SchemaFixture.value(standby, "SELECT ai_worker.schema_version()"));
          SchemaContext context = SchemaFixture.read(standby, List.of("public"), false, Set.of());
          assertEquals(text, context.tell("users", 1_000, 0).relations());
        }
      } finally {
        TestCluster.asServer(
            TestCluster.bin("pg_ctl").toString(), "-D", data, "-w", "-m", "immediate", "stop");
        TestCluster.asServer("rm", "-r", data, folder.resolve("log").toString());
        Files.delete(folder);
      }
    }
  }

  private static int freePort() throws Exception {
    try (var socket = new java.net.ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
