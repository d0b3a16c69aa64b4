package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.TestCluster;
import aiworker.testing.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.ServerErrorMessage;

/** PL/Java's guard: what it does, and what is so without it. */
class GuardIT extends RuntimeContract {
  private static final Path BUILT = Path.of("target", "ai-worker-guard.jar");

  private static final String PROPERTY =
      "CREATE OR REPLACE FUNCTION property(text) RETURNS text LANGUAGE javau AS 'java.lang.System.getProperty'";

  /** What may have become of the file. */
  enum Damage {
    ABSENT,
    EMPTY,
    RANDOM,
    OLDER,
    UNREADABLE;

    void befall(Path guard) throws IOException {
      Files.delete(guard);
      switch (this) {
        case ABSENT -> {}
        case EMPTY -> Files.createFile(guard);
        case RANDOM -> {
          byte[] bytes = new byte[10_000];
          new Random(1).nextBytes(bytes);
          Files.write(guard, bytes);
        }
        case OLDER -> copyOfGuard(guard, name -> name.endsWith("/ExitGuard.class"));
        case UNREADABLE -> {
          Files.copy(BUILT, guard);
          Files.setPosixFilePermissions(guard, PosixFilePermissions.fromString("---------"));
        }
      }
      if (this != ABSENT) {
        TestCluster.own(guard);
      }
    }
  }

  private TestCluster own;
  private Path guard;

  GuardIT() {
    super(BackendRuntime.PLJAVA);
  }

  @Override
  boolean sessionsMatter() {
    return true;
  }

  @Override
  TestServer server() {
    runtime.require();
    own = Installation.start(Map.of());
    guard = own.folder().resolve("data").resolve("ai-worker-guard.jar");
    return own;
  }

  @Override
  @AfterAll
  void dropDatabase() {
    if (own != null) {
      own.close();
    }
  }

  @BeforeEach
  void answer() {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
  }

  @AfterEach
  void restore() throws IOException {
    Files.deleteIfExists(guard);
    Files.copy(BUILT, guard);
    TestCluster.own(guard);
    String log = own.log();
    assertFalse(log.contains("terminated by signal"), () -> log);
    assertFalse(log.contains("exited with exit code 2"), () -> log);
  }

  @ParameterizedTest
  @EnumSource
  void damageKeepsNobodyElseFromJava(Damage damage) throws Exception {
    damage.befall(guard);
    try (Connection session = cluster.connect(database, "postgres");
        Statement statement = session.createStatement()) {
      statement.execute(PROPERTY);
      assertEquals("/", value(session, "SELECT property('file.separator')"));
      ServerErrorMessage error = refusal(session, "anything", "v1", "IA005");
      assertEquals("the guard of PL/Java is missing", error.getMessage());
      assertTrue(error.getHint().contains("install/install.sh"), error.getHint());
      String health = value(session, "SELECT ai_worker_health()");
      assertTrue(health.contains("the guard of PL/Java is missing"), health);
    }
  }

  /** As when a dump is restored. */
  @Test
  void extensionIsMadeWithoutTheGuard() throws Exception {
    Damage.ABSENT.befall(guard);
    try (Connection other = cluster.connect(otherDatabase(), "postgres");
        Statement statement = other.createStatement()) {
      statement.execute("CREATE EXTENSION pljava");
      statement.execute(PROPERTY);
      assertEquals("/", value(other, "SELECT property('file.separator')"));
    }
  }

  @Test
  void installingReplacesAGuardThatSessionsHaveOpen() throws Exception {
    Damage.OLDER.befall(guard);
    refusal("anything", "v1", "IA005");
    restore();
    try (Connection open = asker()) {
      generate(open, "before", "v1");
      Damage.RANDOM.befall(guard);
      Installation.Outcome outcome = Installation.run(own, database, Map.of());
      assertEquals(0, outcome.exitCode(), outcome.output());
      assertEquals(-1, Files.mismatch(BUILT, guard));
      generate(open, "after", "v1");
    }
    generate("in a new session", "v1");
  }

  @Test
  void handlersThatCannotBePutBackRefuseCallsUnlessTheAdminSaysOtherwise() throws Exception {
    Files.delete(guard);
    copyOfGuard(guard, name -> !name.endsWith(".so"));
    TestCluster.own(guard);
    ServerErrorMessage error = refusal("anything", "v1", "IA005");
    assertEquals("the server's signal handlers cannot be put back", error.getMessage());
    assertTrue(error.getDetail().contains("libjnidispatch.so"), error.getDetail());
    assertTrue(error.getHint().contains("allow_unsafe_signals"), error.getHint());
    assertTrue(
        adminValue("SELECT ai_worker_health() -> 'problems'").contains("cannot be put back"));
    admin("UPDATE ai_worker_config SET allow_unsafe_signals = true");
    assertFalse(generate("anything", "v1").get("cache_hit").asBoolean());
    assertEquals("true", adminValue("SELECT ai_worker_health() -> 'healthy'"));
  }

  @Test
  void nativePartGoesWhereItCanAndDoesNotStay() throws Exception {
    Path folder = own.folder().resolve("data/base/pgsql_tmp");
    try (Connection session = asker()) {
      generate(session, "there", "v1");
      assertEquals(
          List.of("pgsql_tmp.ai-worker.java." + value(session, "SELECT pg_backend_pid()")),
          List.of(folder.toFile().list()));
    }
    awaitEmpty(folder);
    Files.delete(folder);
    Files.createFile(folder);
    try {
      generate("elsewhere", "v1");
    } finally {
      Files.delete(folder);
    }
    generate("a folder is made", "v1");
    awaitEmpty(folder);
  }

  private static void awaitEmpty(Path folder) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (folder.toFile().list().length > 0) {
      assertTrue(System.nanoTime() < end, () -> List.of(folder.toFile().list()).toString());
      Thread.sleep(5);
    }
  }

  /** PL/Java gives Java five seconds to end, and then sends SIGQUIT to its own process. */
  @Test
  void threadOfOthersThatGoesOnEndsWithItsSession() throws Exception {
    String name = Lingering.class.getName().replace('.', '/') + ".class";
    ByteArrayOutputStream jar = new ByteArrayOutputStream();
    try (JarOutputStream out = new JarOutputStream(jar);
        InputStream type = Lingering.class.getResourceAsStream("Lingering.class")) {
      out.putNextEntry(new JarEntry(name));
      type.transferTo(out);
    }
    String pid;
    try (Connection session = cluster.connect(database, "postgres");
        Statement statement = session.createStatement();
        PreparedStatement install =
            session.prepareStatement("SELECT sqlj.install_jar(?, 'lingering', false)")) {
      install.setBytes(1, jar.toByteArray());
      install.execute();
      statement.execute("SELECT sqlj.set_classpath('public', 'lingering')");
      statement.execute(
          "CREATE FUNCTION public.linger() RETURNS text LANGUAGE javau AS 'aiworker.contract.Lingering.start'");
      assertEquals("started", value(session, "SELECT public.linger()"));
      pid = value(session, "SELECT pg_backend_pid()");
    }
    // The server has forgotten the session before Java ends
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (Files.exists(Path.of("/proc", pid))) {
      assertTrue(System.nanoTime() < end, "the session does not end");
      Thread.sleep(100);
    }
    generate("the server goes on", "v1");
  }

  /** Before PL/Java is loaded the server lets anybody set anything that begins with pljava. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "debug = on; enable = off",
        "debug = 'x'; statement_cache_size = 'x'; release_lingering_savepoints = 'x'; enable = 'x'; java_thread_pg_entry = 'x'; nonsense = 1",
        "statement_cache_size = 0; release_lingering_savepoints = on; implementors = 'a\"b,,'; java_thread_pg_entry = block",
        "libjvm_location = '/nowhere'; vmoptions = '-Xmx1k'; module_path = '/nowhere'; policy_urls = 'x'; allow_unenforced = ''; allow_unenforced_udt = on",
      })
  void settingsOfTheCallerKeepNoCallFromAnswering(String settings) throws SQLException {
    try (Connection session = asker();
        Statement statement = session.createStatement()) {
      for (String setting : settings.split("; ", -1)) {
        statement.execute("SET pljava." + setting);
      }
      generate(session, "first " + settings, "v1");
      generate(session, "second " + settings, "v1");
    }
  }

  /** Its threads would also enter the server, or here wait for that for ever. */
  @Test
  void javasOwnDebugMessagesStayAway() throws SQLException {
    try (Connection session = asker();
        Statement statement = session.createStatement()) {
      statement.execute("SET pljava.java_thread_pg_entry = block");
      statement.execute("SET client_min_messages = debug1");
      statement.execute("SELECT ai_generate_sql('anything', 'v1')");
      List<String> messages = new ArrayList<>();
      for (SQLWarning w = statement.getWarnings(); w != null; w = w.getNextWarning()) {
        messages.add(w.getMessage());
      }
      assertEquals(
          List.of(), messages.stream().filter(message -> message.contains("jdk.")).toList());
    }
  }

  /** A database with the settings of ours, and nothing else. */
  private String otherDatabase() throws SQLException {
    String name = cluster.createDatabase();
    admin(
        """
        INSERT INTO pg_db_role_setting
        SELECT copy.oid, s.setrole, s.setconfig
          FROM pg_database AS copy, pg_database AS original
          JOIN pg_db_role_setting AS s ON s.setdatabase = original.oid
         WHERE copy.datname = '%s' AND original.datname = '%s' AND s.setrole = 0
           AND NOT EXISTS (SELECT FROM pg_db_role_setting AS t WHERE t.setdatabase = copy.oid)"""
            .formatted(name, database));
    return name;
  }

  private static void copyOfGuard(Path to, Predicate<String> wanted) throws IOException {
    try (ZipFile from = new ZipFile(BUILT.toFile());
        OutputStream file = Files.newOutputStream(to);
        JarOutputStream out = new JarOutputStream(file)) {
      for (var entry : from.stream().filter(e -> wanted.test(e.getName())).toList()) {
        out.putNextEntry(new JarEntry(entry.getName()));
        from.getInputStream(entry).transferTo(out);
      }
    }
  }
}
