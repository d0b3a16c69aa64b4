package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.Full;
import aiworker.testing.TestCluster;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Installing, repairing, removing, and what is said when something is missing. */
abstract class InstallationContract extends RuntimeContract {
  private static final String GRANTED_TO_NOBODY =
      """
      SELECT count(*)
        FROM (SELECT relacl, relowner FROM pg_class
               UNION ALL SELECT proacl, proowner FROM pg_proc
               UNION ALL SELECT nspacl, nspowner FROM pg_namespace) AS o (acl, owner),
             aclexplode(o.acl) AS a
       WHERE o.owner = 'ai_worker'::regrole AND a.grantee = 'nobody'::regrole
      """;

  private static final String OURS =
      "SELECT (SELECT count(*) FROM pg_class AS c LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace"
          + " WHERE n.nspname = 'ai_worker' OR relname LIKE 'ai\\_worker%' OR relname LIKE 'idx\\_ai\\_%')"
          + " + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
          + " AND (proname LIKE 'ai\\_%'))"
          + " + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'ai\\_%')";

  InstallationContract(BackendRuntime runtime) {
    super(runtime);
  }

  @Override
  boolean sessionsMatter() {
    return true;
  }

  private Installation.Outcome run(String where, String... options) {
    return Installation.run(cluster, where, Map.of(), options);
  }

  private static void assertFails(int exitCode, Installation.Outcome outcome, String... words) {
    assertEquals(exitCode, outcome.exitCode(), outcome.output());
    for (String word : words) {
      assertTrue(outcome.output().contains(word), outcome.output());
    }
    assertTrue(outcome.output().contains("HINT:"), outcome.output());
  }

  private String ask(String where, String sql) throws SQLException {
    try (Connection connection = cluster.connect(where, "postgres")) {
      return value(connection, sql);
    }
  }

  @Test
  void runningItAgainKeepsTheCacheAndTheSettings() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    generate("kept", "v1");
    admin(
        "UPDATE ai_worker_config SET row_limit = 7",
        "DROP FUNCTION ai_sql(text, text)",
        "DROP INDEX idx_ai_cache_hits");
    Installation.Outcome outcome = run(database, "--runtime", runtime.option());
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertEquals("7", adminValue("SELECT row_limit FROM ai_worker_config"));
    assertTrue(generate("kept", "v1").get("cache_hit").asBoolean());
    try (Connection connection = asker()) {
      assertEquals("SELECT 1 LIMIT 1000", value(connection, "SELECT ai_sql('kept', 'v1')"));
    }
    assertEquals("idx_ai_cache_hits", adminValue("SELECT to_regclass('idx_ai_cache_hits')"));
  }

  /** The counters of hits were logged once; what is not folded then stays. */
  @Test
  void upgradeFromLoggedCountersKeepsTheirHits() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    generate("counted", "v1");
    generate("counted", "v1");
    String persistence =
        "SELECT relpersistence FROM pg_class WHERE oid = 'ai_worker.cache_hits'::regclass";
    admin("ALTER TABLE ai_worker.cache_hits SET LOGGED");
    assertEquals(0, run(database, "--runtime", runtime.option()).exitCode());
    assertEquals("p", adminValue(persistence), "a DBA's own choice");
    admin(
        "COMMENT ON TABLE ai_worker.cache_hits IS 'AI Worker: hits not yet folded into ai_worker_cache'",
        "CREATE PUBLICATION hits FOR TABLE ai_worker.cache_hits");
    Installation.Outcome outcome = run(database, "--runtime", runtime.option());
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertTrue(outcome.output().contains("stays logged"), outcome.output());
    admin(
        "DROP PUBLICATION hits",
        "COMMENT ON TABLE ai_worker.cache_hits IS 'AI Worker: hits not yet folded into ai_worker_cache'");
    assertEquals(0, run(database, "--runtime", runtime.option()).exitCode());
    assertEquals("u", adminValue(persistence));
    assertEquals("1", adminValue("SELECT hits FROM ai_worker.cache_hits"));
    assertEquals(2, generate("counted", "v1").get("hit_count").asInt());
  }

  @Test
  void uninstallLeavesNothingOfOurs() throws SQLException {
    String other = cluster.createDatabase();
    assertEquals(0, run(other, "--runtime", runtime.option()).exitCode());
    assertFalse("0".equals(ask(other, OURS)));
    try (Connection connection = cluster.connect(other, "postgres");
        Statement statement = connection.createStatement()) {
      // it needs no Java that works
      statement.execute(
          "ALTER DATABASE " + other + " SET pljava.libjvm_location = '/nowhere/libjvm.so'");
    }
    Installation.Outcome outcome = run(other, "--uninstall");
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertEquals("0", ask(other, OURS));
    outcome = run(other, "--uninstall");
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertEquals(0, run(other, "--runtime", runtime.option()).exitCode());
  }

  /** Schema public's class path is its owner's; ours is that of our own schema. */
  @Test
  void classPathOfPublicIsNeverTouched() throws SQLException {
    if (runtime == BackendRuntime.PLJAVA) {
      assertEquals("", adminValue("SELECT coalesce(sqlj.get_classpath('public'), '')"));
      assertEquals("ai_worker_functions", adminValue("SELECT sqlj.get_classpath('ai_worker')"));
    }
  }

  @Test
  void uninstallTakesOnlyWhatIsOurs() throws SQLException {
    String other = cluster.createDatabase();
    assertEquals(0, run(other, "--runtime", runtime.option()).exitCode());
    try (Connection connection = cluster.connect(other, "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("GRANT CONNECT ON DATABASE postgres TO ai_worker_user");
      statement.execute("CREATE TABLE public.users (id bigint)");
      statement.execute("GRANT SELECT ON public.users TO ai_worker");
      statement.execute("CREATE SCHEMA kept AUTHORIZATION ai_worker_admin");
      statement.execute("CREATE TABLE kept.notes (note text)");
      statement.execute("ALTER TABLE kept.notes OWNER TO ai_worker_admin");
      statement.execute("CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'");
      statement.execute("ALTER FUNCTION public.mine() OWNER TO ai_worker");
      statement.execute("CREATE VIEW kept.usage AS SELECT * FROM ai_worker.usage_parts");
    }
    try {
      Installation.Outcome outcome = run(other, "--uninstall");
      assertEquals(1, outcome.exitCode(), outcome.output());
      assertTrue(outcome.output().contains("view kept.usage depends on"), outcome.output());
      assertFalse("0".equals(ask(other, OURS)));
      try (Connection connection = cluster.connect(other, "postgres");
          Statement statement = connection.createStatement()) {
        statement.execute("DROP VIEW kept.usage");
      }
      outcome = run(other, "--uninstall");
      assertEquals(0, outcome.exitCode(), outcome.output());
      assertEquals("0", ask(other, OURS));
      assertEquals(
          "t",
          ask(
              other,
              "SELECT (SELECT datacl::text LIKE '%ai_worker_user=c/%' FROM pg_database WHERE datname = 'postgres')"
                  + " AND to_regclass('kept.notes') IS NOT NULL AND to_regprocedure('public.mine()') IS NOT NULL"));
    } finally {
      admin("REVOKE CONNECT ON DATABASE postgres FROM ai_worker_user");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ai_worker_cache", "ai_worker_quotas"})
  void failureHalfWayChangesNothing(String table) throws SQLException {
    String other = cluster.createDatabase();
    try (Connection connection = cluster.connect(other, "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE public." + table + " (mine text)");
    }
    Installation.Outcome outcome = run(other, "--runtime", runtime.option());
    assertFails(1, outcome, "table public." + table + " exists and is not ours");
    assertEquals("1", ask(other, OURS));
  }

  @Test
  void indexOfSomebodyElseIsNotTakenForOurs() throws SQLException {
    String other = cluster.createDatabase();
    try (Connection connection = cluster.connect(other, "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE public.mine (id int)");
      statement.execute("CREATE INDEX idx_ai_cache_hits ON public.mine (id)");
    }
    assertFails(
        1,
        run(other, "--runtime", runtime.option()),
        "relation public.idx_ai_cache_hits exists and is not ours");
  }

  @ParameterizedTest
  @CsvSource({"ai_worker_prover, SUPERUSER", "ai_worker_prover, LOGIN", "ai_worker, BYPASSRLS"})
  void roleWithPowerIsNotTakenForOurs(String role, String power) throws SQLException {
    String other = cluster.createDatabase();
    admin("ALTER ROLE " + role + " " + power);
    try {
      assertFails(1, run(other, "--runtime", runtime.option()), "role " + role + " exists and ");
      assertEquals("0", ask(other, OURS));
    } finally {
      admin("ALTER ROLE " + role + " NO" + power);
    }
  }

  @Test
  void roleWithAMemberIsNotTakenForOurs() throws SQLException {
    String other = cluster.createDatabase();
    admin("GRANT ai_worker TO nobody");
    try {
      assertFails(
          1, run(other, "--runtime", runtime.option()), "role ai_worker exists and has a member");
    } finally {
      admin("REVOKE ai_worker FROM nobody");
    }
  }

  @Test
  void defaultPrivilegesOpenNothingAndGrantsOfTheDbaStay() throws SQLException {
    String other = cluster.createDatabase();
    try (Connection connection = cluster.connect(other, "postgres");
        Statement statement = connection.createStatement()) {
      for (String kind : List.of("TABLES", "SEQUENCES", "ROUTINES", "SCHEMAS")) {
        statement.execute("ALTER DEFAULT PRIVILEGES GRANT ALL ON " + kind + " TO nobody");
      }
      assertEquals(0, run(other, "--runtime", runtime.option()).exitCode());
      assertEquals("0", value(connection, GRANTED_TO_NOBODY));
      statement.execute("GRANT SELECT ON ai_worker_cache TO nobody");
      assertEquals(0, run(other, "--runtime", runtime.option()).exitCode());
      assertEquals("1", value(connection, GRANTED_TO_NOBODY));
    }
  }

  @Test
  void openSessionsOutliveAnUpgrade() throws Exception {
    String other = cluster.createDatabase(database);
    Path jar = nextVersion();
    String version = "SELECT ai_worker_health() ->> 'version'";
    try (Connection session = cluster.connect(other, "postgres")) {
      assertEquals("0.1.0", value(session, version));
      Installation.Outcome outcome = run(other, "--jar", jar.toString());
      assertEquals(0, outcome.exitCode(), outcome.output());
      if (runtime == BackendRuntime.PLJAVA) {
        assertEquals("next", value(session, version));
      } else {
        String problems = value(session, "SELECT ai_worker_health() ->> 'problems'");
        assertTrue(problems.contains("Connect again."), problems);
        assertEquals("IA005", refusal(session, "anything", "v1", "IA005").getSQLState());
      }
      assertNull(value(session, "SELECT ai_cached_sql('anything', 'v1')"));
    } finally {
      delete(jar);
    }
    assertEquals("next", ask(other, version));
  }

  /** A jar that says so, with the guard beside it, in a folder of their own. */
  static Path nextVersion() throws IOException {
    Path folder = Files.createTempDirectory("ai-worker-upgrade");
    Path jar = folder.resolve("ai-worker.jar");
    Files.copy(Path.of("target", "ai-worker-guard.jar"), folder.resolve("ai-worker-guard.jar"));
    Files.copy(Path.of("target", "ai-worker.jar"), jar);
    try (FileSystem content = FileSystems.newFileSystem(jar)) {
      Files.writeString(content.getPath("aiworker", "version.txt"), "next");
    }
    return jar;
  }

  static void delete(Path jar) throws IOException {
    for (Path file : List.of(jar, jar.resolveSibling("ai-worker-guard.jar"), jar.getParent())) {
      Files.delete(file);
    }
  }

  /** What was set for the database is there for its users, not for an installation. */
  @Test
  void settingsEncodingAndNameOfTheDatabaseDoNotMatter() throws SQLException {
    String name = "a = 'b' \\ c";
    String quoted = "DATABASE \"" + name + "\"";
    try (Connection connection = cluster.connect("postgres", "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE " + quoted + " TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'");
      for (String setting :
          List.of(
              "search_path = ''",
              "default_transaction_read_only = on",
              "default_transaction_isolation = 'serializable'",
              "standard_conforming_strings = off",
              "check_function_bodies = off",
              "statement_timeout = '1ms'",
              "lock_timeout = '1ms'")) {
        statement.execute("ALTER " + quoted + " SET " + setting);
      }
      for (String timeout :
          column(connection, "SELECT name FROM pg_settings WHERE name = 'transaction_timeout'")) {
        statement.execute("ALTER " + quoted + " SET " + timeout + " = '1s'");
      }
      try {
        for (String option : List.of("--runtime=" + runtime.option(), "--uninstall")) {
          Installation.Outcome outcome = run(name, option);
          assertEquals(0, outcome.exitCode(), outcome.output());
          assertTrue(outcome.output().contains("database \"" + name + "\""), outcome.output());
        }
      } finally {
        statement.execute("DROP " + quoted);
      }
    }
  }

  @Test
  void usersReachTheirFunctionsWherePublicIsClosed() throws SQLException {
    String other = "latin1_" + runtime.option();
    try (Connection connection = cluster.connect("postgres", "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE DATABASE " + other + " TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    }
    try (Connection connection = cluster.connect(other, "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("DROP SCHEMA public");
      assertFails(
          1, run(other, "--runtime", runtime.option()), "schema public does not exist", "CREATE");
      statement.execute("CREATE SCHEMA public");
      statement.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC");
      assertEquals(0, run(other, "--runtime", runtime.option()).exitCode());
    }
    try (Connection connection = cluster.connect(other, "asker")) {
      assertNull(value(connection, "SELECT public.ai_cached_sql('anything', 'v1')"));
    }
  }

  /** Where it finds nothing to change, it takes no lock that a hit could meet. */
  @Test
  void hitsGoOnWhileItIsInstalledAgain() throws Exception {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    generate("kept", "v1");
    showLockWaits();
    int before = cluster.log().length();
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService executor = Executors.newCachedThreadPool();
    List<CompletableFuture<Long>> clients = new ArrayList<>();
    for (int i = 0; i < Full.or(16, 4); i++) {
      clients.add(CompletableFuture.supplyAsync(() -> slowestHit(done, true), executor));
    }
    for (int i = 0; i < Full.or(10, 2); i++) {
      Installation.Outcome outcome = run(database);
      assertEquals(0, outcome.exitCode(), outcome.output());
    }
    done.set(true);
    executor.shutdown();
    long slowest = 0;
    for (CompletableFuture<Long> client : clients) {
      slowest = Math.max(slowest, client.get());
    }
    System.out.printf(
        "%s: slowest of the hits during installations: %d ms%n",
        runtime.title(), slowest / 1_000_000);
    assertEquals(List.of(), lockWaitsOfAsker(before));
  }

  /** Then a hit that meets the lock is a miss at once; none fails, waits or deadlocks. */
  @Test
  void hitsDoNotWaitForWhatItMends() throws Exception {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    generate("kept", "v1");
    showLockWaits();
    AtomicBoolean done = new AtomicBoolean();
    List<CompletableFuture<Long>> clients = new ArrayList<>();
    admin("COMMENT ON COLUMN ai_worker_config.model IS NULL");
    int before = cluster.log().length();
    ExecutorService executor = Executors.newCachedThreadPool();
    for (int i = 0; i < 4; i++) {
      clients.add(CompletableFuture.supplyAsync(() -> slowestHit(done, false), executor));
    }
    Installation.Outcome outcome = run(database);
    done.set(true);
    executor.shutdown();
    assertEquals(0, outcome.exitCode(), outcome.output());
    for (CompletableFuture<Long> client : clients) {
      client.get();
    }
    assertEquals(List.of(), lockWaitsOfAsker(before));
    JsonNode health = json(adminValue("SELECT ai_worker_health()"));
    assertTrue(isHealthy(health), health.toString());
  }

  private void showLockWaits() throws SQLException {
    admin(
        "ALTER DATABASE " + database + " SET log_lock_waits = on",
        "ALTER DATABASE " + database + " SET deadlock_timeout = '100ms'");
  }

  /** For the lock of a table; sessions that count the same hit may wait for another's row. */
  private List<String> lockWaitsOfAsker(int from) {
    return cluster
        .log()
        .substring(from)
        .lines()
        .filter(
            line ->
                line.matches(
                    ".* asker@" + database + " LOG: .* still waiting for [A-Za-z]+ on relation .*"))
        .toList();
  }

  /** In nanoseconds. */
  private long slowestHit(AtomicBoolean done, boolean answered) {
    long slowest = 0;
    try (Connection connection = asker()) {
      while (!done.get()) {
        long start = System.nanoTime();
        String answer = value(connection, "SELECT ai_cached_sql('kept', 'v1')");
        slowest = Math.max(slowest, System.nanoTime() - start);
        assertTrue(answer != null || !answered, "a hit was none");
      }
      return slowest;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whoIsInTheWayIsNamedAndWaitedFor() throws Exception {
    String other = cluster.createDatabase(database);
    try (Connection reader = cluster.connect(other, "postgres")) {
      reader.setAutoCommit(false);
      String pid =
          value(
              reader,
              "SELECT pg_backend_pid() FROM ai_worker_cache_stats,"
                  + " set_config('application_name', 'dashboard', false)");
      assertEquals(0, run(other).exitCode(), "a reader is in nobody's way");
      execute(other, "COMMENT ON INDEX idx_ai_cache_hits IS NULL");
      String blocker = "pid " + pid + " (dashboard of role postgres, idle in transaction, ";
      Map<String, String> once = Map.of("PGOPTIONS", "-c ai_worker.lock_tries=1");
      assertFails(
          1,
          Installation.run(cluster, other, once),
          "the tables of AI Worker are in use by " + blocker);
      CompletableFuture<Installation.Outcome> installed =
          CompletableFuture.supplyAsync(() -> run(other));
      while (!installed.isDone()
          && !"PgSleep"
              .equals(
                  ask(
                      other,
                      "SELECT min(wait_event) FROM pg_stat_activity"
                          + " WHERE datname = current_database() AND wait_event_type = 'Timeout'"))) {
        Thread.onSpinWait();
      }
      reader.commit();
      Installation.Outcome outcome = installed.get();
      assertEquals(0, outcome.exitCode(), outcome.output());
      assertTrue(outcome.output().contains("waiting for " + blocker), outcome.output());
      try (Statement lock = reader.createStatement()) {
        lock.execute("LOCK TABLE ai_worker_config IN SHARE MODE");
      }
      assertFails(
          1,
          Installation.run(cluster, other, once),
          "the tables of AI Worker are in use by " + blocker);
    }
  }

  private void execute(String where, String sql) throws SQLException {
    try (Connection connection = cluster.connect(where, "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://postgres:se3cret@127.0.0.1:%d/%s",
        "host=127.0.0.1 port=%d password=se3cret dbname=%s",
        "postgresql://postgres:se3%%zzcret@127.0.0.1:%d/%s",
        "postgresql://postgres:a@se3cret@127.0.0.1:%d/%s",
        "postgresql://postgres:se3cret@127.0.0.1:%d/%s_missing",
        "postgresql://postgres:se3cret@127.0.0.1:%d/%s?se3cret"
      })
  void passwordInTheConnectionStringIsNotPrinted(String format) throws SQLException {
    String other = cluster.createDatabase();
    Installation.Outcome outcome = run(format.formatted(cluster.port(), other), "--uninstall");
    assertFalse(outcome.output().contains("cret"), outcome.output());
    if (outcome.exitCode() != 0) {
      assertFails(4, outcome, "cannot connect to the database of the connection string");
    } else {
      assertTrue(
          outcome.output().contains("not installed in database \"" + other + "\""),
          outcome.output());
    }
  }

  @Test
  void badOptionsAreRefused() {
    assertFails(
        2,
        run(database, "--runtime", "jython"),
        "unknown runtime \"jython\"",
        "pljava or plpython");
    assertFails(2, run(database, "--frobnicate"), "unknown option");
    assertFails(4, run("nowhere", "--runtime", runtime.option()), "nowhere");
  }

  @Test
  void oldServerIsRefused() throws IOException {
    Path folder = Files.createTempDirectory("old-server");
    Path psql = folder.resolve("psql");
    Files.writeString(
        psql,
        "#!/bin/sh\n"
            + TestCluster.bin("psql")
            + " \"$@\" | sed -e 's/^number=.*/number=120022/' -e 's/^version=.*/version=12.22/'\n");
    Files.setPosixFilePermissions(psql, PosixFilePermissions.fromString("rwxr-xr-x"));
    Installation.Outcome outcome =
        Installation.run(
            cluster,
            database,
            Map.of("PATH", folder + ":" + System.getenv("PATH")),
            "--runtime",
            runtime.option());
    assertFails(4, outcome, "PostgreSQL 12.22", "13 or later");
  }

  @Test
  void missingJavaIsNamed() throws SQLException {
    String other = cluster.createDatabase();
    Installation.Outcome outcome =
        run(other, "--runtime", runtime.option(), "--java-home", "/nowhere");
    assertFails(
        3, outcome, "Java virtual machine not found", "/nowhere", "openjdk-17-jre-headless");
    assertEquals("0", ask(other, OURS));
  }

  @Test
  void theJavaThatIsInUseIsKeptUntilAnotherOneIsNamedOrItIsGone() throws Exception {
    String other = cluster.createDatabase();
    Path folder = Files.createTempDirectory("ai-worker-java");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    Path java = Path.of(System.getProperty("java.home"));
    try {
      Files.createSymbolicLink(first, java);
      Files.createSymbolicLink(second, java);
      String option = "--java-home";
      assertUses(first, run(other, "--runtime", runtime.option(), option, first.toString()));
      assertUses(first, Installation.run(cluster, other, Map.of("JAVA_HOME", second.toString())));
      assertUses(second, run(other, option, second.toString()));
      assertUses(second, run(other));
      Files.delete(second);
      assertUses(first, Installation.run(cluster, other, Map.of("JAVA_HOME", first.toString())));
      assertEquals(
          java.toRealPath().toString(), ask(other, "SELECT ai_worker_health() ->> 'java_home'"));
    } finally {
      Files.deleteIfExists(first);
      Files.deleteIfExists(second);
      Files.delete(folder);
    }
  }

  private static void assertUses(Path java, Installation.Outcome outcome) {
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertTrue(
        outcome.output().contains(": " + java + "/lib/server/libjvm.so\n"), outcome.output());
  }
}
