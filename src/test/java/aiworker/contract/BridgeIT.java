package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.Full;
import aiworker.testing.TestCluster;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The bridge alone, on a server of its own: the body of {@code ai_worker.bridge} with a class of
 * the tests behind it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BridgeIT {
  private static final String PROBE = "aiworker.plpython.BridgeProbe";

  private TestCluster cluster;
  private String database;
  private Path jar;
  private Connection session;

  @BeforeAll
  void install() throws SQLException, IOException {
    BackendRuntime.PLPYTHON.require();
    cluster = Installation.start(Map.of());
    database = Installation.create(cluster, BackendRuntime.PLPYTHON);
    try (Connection connection = cluster.connect(database, "postgres")) {
      String installed =
          RuntimeContract.value(
              connection,
              "SELECT substring(prosrc FROM 'ai-worker-[0-9a-f]+[.]jar') FROM pg_proc"
                  + " WHERE oid = 'ai_worker.bridge'::regproc");
      jar = Files.createTempFile("ai-worker-probe", ".jar");
      writeProbe(RuntimeContract.value(connection, "SHOW data_directory") + "/" + installed);
      TestCluster.own(jar);
    }
    try (Connection connection = cluster.connect(database, "postgres")) {
      createProbe(connection);
    }
  }

  private void writeProbe(String core) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, Path.of(core).toUri().toString());
    String entry = PROBE.replace('.', '/') + ".class";
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest);
        InputStream image = Files.newInputStream(compiled().resolve(entry))) {
      out.putNextEntry(new JarEntry(entry));
      image.transferTo(out);
    }
  }

  /** With the libraries as the jar names them. */
  private static Path compiled() throws IOException {
    Path folder = Files.createTempDirectory("ai-worker-probe");
    Path source = folder.resolve("BridgeProbe.java");
    Files.writeString(
        source,
        Files.readString(Path.of("src/test/java", PROBE.replace('.', '/') + ".java"))
            .replace("import com.fasterxml.", "import aiworker.library."));
    assertEquals(
        0,
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-d",
                folder.toString(),
                "-cp",
                "target/ai-worker.jar",
                source.toString()));
    return folder;
  }

  private void createProbe(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          DO $do$
          DECLARE
            body text := prosrc FROM pg_proc WHERE oid = 'ai_worker.bridge'::regproc;
          BEGIN
            body := regexp_replace(body, 'ai-worker-[0-9a-f]+[.]jar', '%s', 'g');
            body := replace(body, 'aiworker.plpython.Bridge', '%s');
            EXECUTE format('CREATE OR REPLACE FUNCTION public.probe(call text, arguments text[]) RETURNS text'
              ' LANGUAGE plpython3u AS %%L', body);
          END
          $do$
          """
              .formatted(jar, PROBE));
    }
  }

  @AfterAll
  void drop() throws IOException {
    cluster.close();
    Files.delete(jar);
  }

  @BeforeEach
  void connect() throws SQLException {
    session = cluster.connect(database, "postgres");
  }

  @AfterEach
  void disconnect() throws SQLException {
    session.close();
  }

  private JsonNode probe(String call, String... arguments) throws SQLException {
    String probed =
        RuntimeContract.value(
            session,
            "SELECT probe('" + call + "', array_remove(ARRAY[?, ?], NULL))",
            arguments(arguments));
    return RuntimeContract.json(probed);
  }

  private static String[] arguments(String... given) {
    return new String[] {given.length > 0 ? given[0] : null, given.length > 1 ? given[1] : null};
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "plain",
        "née ß ИА 質問 😀👩‍👩‍👧 \uffff",
        "'quotes' \"and\" \\ $1 %s ? {}",
        "lines\r\n\tand\u0001controls\u007f\u0085\u2028"
      })
  void textsArriveAsTheyLeft(String text) throws SQLException {
    assertEquals(text, probe("echo", text).get("value").textValue());
    assertEquals(text, probe("query", "SELECT ? AS answer", text).get("value").textValue());
  }

  @Test
  void nullStaysNull() throws SQLException {
    assertTrue(
        RuntimeContract.json(
                RuntimeContract.value(session, "SELECT probe('echo', ARRAY[NULL]::text[])"))
            .get("value")
            .isNull());
    assertTrue(
        RuntimeContract.json(
                RuntimeContract.value(
                    session, "SELECT probe('query', ARRAY['SELECT ?::text AS answer', NULL])"))
            .get("value")
            .isNull());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "é", "😀"})
  void fourMegabytesArriveWhole(String character) throws SQLException {
    assertEquals(
        "t",
        RuntimeContract.value(
            session,
            """
            WITH big AS MATERIALIZED (SELECT repeat(?, (4 * 1024 * 1024) / octet_length(?)) AS text)
            SELECT md5(probe('echo', ARRAY[text])::json ->> 'value') = md5(text)
               AND md5(probe('query', ARRAY['SELECT ? AS answer', text])::json ->> 'value') = md5(text)
            FROM big
            """,
            character,
            character));
  }

  @Test
  void nulIsRefusedAndHalfOfAPairIsAQuestionMark() throws SQLException {
    JsonNode error = probe("queryWithNul").get("error");
    assertEquals("22021", error.get("sqlState").textValue(), error.toString());
    assertEquals("a?bc?d", probe("halfOfAPair").get("value").textValue());
  }

  @Test
  void whatJavaThrowsIsData() throws SQLException {
    for (String call : new String[] {"throw", "overflow", "exhaust"}) {
      JsonNode error = probe(call, "boom née 😀").get("error");
      assertEquals("XX000", error.get("sqlstate").textValue());
      assertEquals(
          "Its stack trace is in the server's log.", error.get("detail").textValue(), call);
      assertEquals("still here", probe("echo", "still here").get("value").textValue(), call);
    }
    String log = cluster.log();
    assertTrue(log.contains("java.lang.IllegalStateException: boom"), log);
    assertTrue(log.contains("java.lang.StackOverflowError"), log);
    assertTrue(log.contains("java.lang.OutOfMemoryError"), log);
  }

  @Test
  void whatTheServerRefusesIsDataAndUndoneAlone() throws SQLException {
    try (Statement statement = session.createStatement()) {
      session.setAutoCommit(false);
      statement.execute(
          """
          CREATE TEMPORARY TABLE kept AS SELECT 'before' AS text;
          CREATE FUNCTION pg_temp.refuse() RETURNS text LANGUAGE plpgsql AS $$
          BEGIN
            UPDATE kept SET text = 'lost';
            RAISE 'née % %', 1, '😀' USING ERRCODE = 'IA099', DETAIL = 'the détail', HINT = 'the hïnt';
          END
          $$
          """);
      assertEquals(
          RuntimeContract.json(
              "{\"sqlState\":\"IA099\",\"message\":\"née 1 😀\",\"detail\":\"the détail\",\"hint\":\"the hïnt\"}"),
          probe("query", "SELECT pg_temp.refuse() || ? AS answer", "").get("error"));
      JsonNode error = probe("query", "SELEC ?", "").get("error");
      assertEquals("42601", error.get("sqlState").textValue());
      assertTrue(error.get("hint").isNull(), error.toString());
      assertEquals(
          "before",
          probe("query", "SELECT text || ? AS answer FROM kept", "").get("value").textValue());
      session.rollback();
    }
  }

  @Test
  void whatPythonRaisesIsData() throws SQLException {
    JsonNode error = RuntimeContract.json(probe("noJson").get("value").textValue()).get("error");
    assertEquals("XX000", error.get("sqlstate").textValue());
    assertTrue(error.get("message").textValue().startsWith("JSONDecodeError: "), error.toString());
  }

  @Test
  void aCancelWithinAStatementReachesJava() throws Exception {
    String pid = RuntimeContract.value(session, "SELECT pg_backend_pid()");
    CompletableFuture<JsonNode> probed =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return probe("query", "SELECT pg_sleep(600)::text || ? AS answer", "");
              } catch (SQLException e) {
                throw new IllegalStateException(e);
              }
            });
    try (Connection other = cluster.connect(database, "postgres")) {
      String cancel =
          "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid = "
              + pid;
      while (RuntimeContract.value(other, cancel) == null) {
        assertFalse(probed.isDone());
        Thread.onSpinWait();
      }
    }
    assertEquals("57014", probed.get().get("error").get("sqlState").textValue());
    assertEquals("still here", probe("echo", "still here").get("value").textValue());
  }

  @Test
  void aCallWithinACallAnswers() throws SQLException {
    assertEquals(
        "{\"value\":\"inner\"}",
        probe("query", "SELECT probe('echo', ARRAY[?]) AS answer", "inner")
            .get("value")
            .textValue());
  }

  @Test
  void aBodyReplacedInTheSessionGoesOnWithItsJava() throws SQLException {
    assertEquals("one", probe("echo", "one").get("value").textValue());
    createProbe(session);
    assertEquals("two", probe("query", "SELECT ? AS answer", "two").get("value").textValue());
  }

  @Test
  void theJavaOfAnotherJarIsNamed() throws SQLException {
    RuntimeContract.value(session, "SELECT ai_worker_health()");
    JsonNode error = probe("echo", "one").get("error");
    assertEquals("IA005", error.get("sqlstate").textValue());
    assertEquals(
        "AI Worker has been replaced since Java started in this session",
        error.get("message").textValue());
    assertEquals("Connect again.", error.get("hint").textValue());
    assertNull(
        RuntimeContract.json(
                RuntimeContract.value(session, "SELECT ai_worker.bridge('none', ARRAY[]::text[])"))
            .get("value"));
  }

  /** Each call hands over 16 kB four times, so a heap of 64 MB would hold few of them. */
  @Test
  void callsLeaveNothingBehind() throws SQLException, IOException {
    int calls = Full.or(100_000, 4_000);
    Path status =
        Path.of("/proc", RuntimeContract.value(session, "SELECT pg_backend_pid()"), "status");
    call(3_000);
    long before = resident(status);
    call(calls);
    long grown = resident(status) - before;
    System.out.println("The bridge: " + calls + " calls, grown by " + grown + " kB");
    assertTrue(grown < 16_384, grown + " kB");
  }

  private void call(int times) throws SQLException {
    try (Statement statement = session.createStatement()) {
      statement.execute(
          """
          DO $$
          BEGIN
            FOR i IN 1 .. %d LOOP
              IF probe('query', ARRAY['SELECT ? AS answer', repeat('x', 16384)])::json ->> 'value'
                 <> repeat('x', 16384) THEN
                RAISE EXCEPTION 'call %% answered otherwise', i;
              END IF;
            END LOOP;
          END
          $$
          """
              .formatted(times));
    }
  }

  private static long resident(Path status) throws IOException {
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .sum();
  }

  /** By turns told to end and ending by themselves; a crash of one would end the others too. */
  @Test
  void sessionsEndInOrder() throws SQLException {
    int sessions = Full.or(1_000, 12);
    String started = RuntimeContract.value(session, "SELECT pg_postmaster_start_time()");
    for (int i = 0; i < sessions; i++) {
      try (Connection ending = cluster.connect(database, "postgres")) {
        RuntimeContract.value(ending, "SELECT probe('echo', ARRAY['x'])");
        if (i % 2 == 0) {
          RuntimeContract.value(
              session,
              "SELECT pg_terminate_backend("
                  + RuntimeContract.value(ending, "SELECT pg_backend_pid()")
                  + ")");
        }
      }
    }
    assertEquals(started, RuntimeContract.value(session, "SELECT pg_postmaster_start_time()"));
    String log = cluster.log();
    assertFalse(log.contains("was terminated by signal"), log);
    assertFalse(log.contains("exited with exit code"), log);
  }
}
