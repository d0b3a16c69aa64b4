package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.TestCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The archive of classes: that it is used, and that nothing depends on it. */
abstract class ArchiveContract extends OwnClusterContract {
  private static final String NAME = "ai-worker-[0-9a-f]{12}-[0-9a-f]{8}[.]jsa";

  /** What may have become of the file. */
  enum Damage {
    ABSENT,
    EMPTY,
    HALF,
    ALL_BUT_ITS_LAST_BYTE,
    RANDOM,
    OF_ANOTHER,
    FOLDER,
    UNREADABLE;

    void befall(Path archive, Path another) throws IOException {
      byte[] bytes = new byte[100_000];
      new Random(1).nextBytes(bytes);
      byte[] own = Files.readAllBytes(archive);
      byte[] other = Files.readAllBytes(another);
      Files.delete(archive);
      switch (this) {
        case ABSENT -> {}
        case EMPTY -> Files.createFile(archive);
        case HALF -> Files.write(archive, Arrays.copyOf(own, own.length / 2));
        case ALL_BUT_ITS_LAST_BYTE -> Files.write(archive, Arrays.copyOf(own, own.length - 1));
        case RANDOM -> Files.write(archive, bytes);
        case OF_ANOTHER -> Files.write(archive, other);
        case FOLDER -> Files.createDirectory(archive);
        case UNREADABLE -> {
          Files.write(archive, other);
          Files.setPosixFilePermissions(archive, PosixFilePermissions.fromString("---------"));
        }
      }
      if (this != ABSENT) {
        TestCluster.own(archive);
      }
    }
  }

  ArchiveContract(BackendRuntime runtime) {
    super(runtime);
  }

  @BeforeEach
  void answer() {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
  }

  /** That which sessions of the database are told to use. */
  private Path archive() throws SQLException {
    try (Connection connection = cluster.connect(database, "postgres")) {
      return data()
          .resolve(
              value(
                  connection,
                  "SELECT substring(concat(current_setting('pljava.vmoptions', true), prosrc) FROM ?)"
                      + " FROM pg_proc WHERE oid = 'ai_worker.bridge'::regproc",
                  NAME));
    }
  }

  private Path data() {
    return own.folder().resolve("data");
  }

  /** Whether a session uses the archive once it has missed, which health says too. */
  private boolean missUsesIt() throws SQLException, IOException {
    try (Connection session = asker();
        PreparedStatement ask = session.prepareStatement("SELECT ai_generate_sql(?, 'v1')")) {
      ask.setString(1, "question " + System.nanoTime());
      ask.execute();
      assertNull(ask.getWarnings());
      String pid = value(session, "SELECT pg_backend_pid()");
      String name = archive().getFileName().toString();
      boolean used = TestCluster.asServer("cat", "/proc/" + pid + "/maps").contains(name);
      assertEquals(used ? name : null, adminValue("SELECT ai_worker_health() ->> 'class_archive'"));
      return used;
    }
  }

  @ParameterizedTest
  @EnumSource
  void damageChangesNoAnswer(Damage damage) throws Exception {
    assertTrue(missUsesIt());
    Path archive = archive();
    Path whole = Files.createTempDirectory("ai-worker-archive").resolve("whole");
    Files.copy(archive, whole, StandardCopyOption.COPY_ATTRIBUTES);
    damage.befall(archive, another(archive));
    assertFalse(missUsesIt());
    assertEquals("true", adminValue("SELECT ai_worker_health() -> 'healthy'"));
    Files.deleteIfExists(archive);
    Files.copy(whole, archive, StandardCopyOption.COPY_ATTRIBUTES);
    TestCluster.own(archive);
  }

  /** That of the other runtime, or what is none where the server has no other. */
  private Path another(Path archive) throws IOException {
    try (Stream<Path> files = Files.list(data())) {
      return files
          .filter(file -> file.getFileName().toString().matches(NAME) && !file.equals(archive))
          .findFirst()
          .orElse(Path.of("target/ai-worker-guard.jar"));
    }
  }

  @Test
  void installingBringsItBack() throws Exception {
    Files.delete(archive());
    Installation.Outcome outcome = Installation.run(own, database, Map.of());
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertTrue(missUsesIt());
  }

  @Test
  void lastUninstallTakesItAway() throws Exception {
    String other = cluster.createDatabase();
    Path jar = Files.createTempDirectory("ai-worker-jar").resolve("ai-worker.jar");
    Files.copy(Path.of("target/ai-worker-guard.jar"), jar.resolveSibling("ai-worker-guard.jar"));
    Files.copy(Path.of("target/ai-worker.jar"), jar);
    Files.write(jar, new byte[] {0}, StandardOpenOption.APPEND);
    Set<String> before = files();
    Installation.Outcome outcome =
        Installation.run(
            own, other, Map.of(), "--runtime", runtime.option(), "--jar", jar.toString());
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertEquals(before.size() + 2, files().size());
    outcome = Installation.run(own, other, Map.of(), "--uninstall");
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertEquals(before, files());
  }

  /** The jars and archives in the data directory. */
  private Set<String> files() {
    return Stream.of(data().toFile().list())
        .filter(name -> name.matches("ai-worker-[0-9a-f]{12}.*"))
        .collect(Collectors.toSet());
  }
}
