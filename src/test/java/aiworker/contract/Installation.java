package aiworker.contract;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.TestCluster;
import aiworker.testing.TestServer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs {@code install/install.sh} as a DBA does. */
final class Installation {
  /** What the script printed and how it ended. */
  record Outcome(int exitCode, String output) {}

  private static final List<Path> JARS =
      List.of(Path.of("target", "ai-worker.jar"), Path.of("target", "ai-worker-guard.jar"));
  private static final Path PACKED = Path.of("target", "installed.tar");
  private static TestCluster shared;

  private Installation() {}

  static Outcome run(
      TestServer cluster, String database, Map<String, String> environment, String... options) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "install/install.sh",
                "--host",
                "127.0.0.1",
                "--port",
                Integer.toString(cluster.port()),
                "--username",
                "postgres",
                "--dbname",
                database));
    command.addAll(List.of(options));
    try {
      Path output = Files.createTempFile("ai-worker-install", ".out");
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(new File(System.getProperty("user.dir")))
              .redirectErrorStream(true)
              .redirectOutput(output.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      if (!process.waitFor(300, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException("install.sh hangs: " + Files.readString(output));
      }
      String printed = Files.readString(output);
      Files.delete(output);
      return new Outcome(process.exitValue(), printed);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One for the whole test run, stopped and deleted when the JVM ends. */
  static synchronized TestCluster shared() {
    if (shared == null) {
      shared = start(Map.of());
      Runtime.getRuntime().addShutdownHook(new Thread(shared::close));
    }
    return shared;
  }

  /**
   * A cluster in which every runtime is installed already.
   *
   * @param settings lines for postgresql.conf
   */
  static TestCluster start(Map<String, String> settings) {
    return TestCluster.start(packed(), settings);
  }

  /** Made anew when a jar is, once for all forks. */
  private static synchronized Path packed() {
    try (FileChannel channel =
        FileChannel.open(
            Path.of("target", "installed.lock"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE)) {
      channel.lock();
      if (JARS.stream()
          .anyMatch(jar -> jar.toFile().lastModified() > PACKED.toFile().lastModified())) {
        try (TestCluster cluster = TestCluster.start(Map.of())) {
          // side by side, since each waits for its Java most of the time
          Stream.of(BackendRuntime.values())
              .filter(BackendRuntime::isThere)
              .parallel()
              .forEach(runtime -> template(cluster, runtime));
          cluster.pack(PACKED);
        }
      }
      return PACKED;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A database with the runtime, three small tables, and the roles asker, admin and nobody. */
  static String create(TestServer cluster, BackendRuntime runtime) throws SQLException {
    return cluster.createDatabase(template(cluster, runtime));
  }

  /** Has a database ask that endpoint. */
  static void ask(FakeEndpoint endpoint, Statement superuser) throws SQLException {
    superuser.execute(
        "UPDATE ai_worker_config SET model = 'test-model', base_url = '" + endpoint.url() + "'");
  }

  /** The one that all are copies of. */
  private static String template(TestServer cluster, BackendRuntime runtime) {
    String template = "installed_" + runtime.option();
    try (Connection connection = cluster.connect("postgres", "postgres");
        Statement statement = connection.createStatement()) {
      if (RuntimeContract.value(connection, "SELECT 1 FROM pg_database WHERE datname = ?", template)
          == null) {
        statement.execute("CREATE DATABASE " + template);
        install(cluster, template, runtime);
      }
      return template;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void install(TestServer cluster, String database, BackendRuntime runtime)
      throws SQLException {
    Outcome outcome = run(cluster, database, Map.of(), "--runtime", runtime.option());
    if (outcome.exitCode() != 0) {
      throw new IllegalStateException("install.sh failed:\n" + outcome.output());
    }
    try (Connection connection = cluster.connect(database, "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          DO $$
          BEGIN
            CREATE ROLE asker LOGIN;
            CREATE ROLE admin LOGIN;
            CREATE ROLE nobody LOGIN;
          EXCEPTION WHEN duplicate_object THEN
            NULL;
          END
          $$;
          GRANT ai_worker_user TO asker;
          GRANT ai_worker_admin TO admin;
          CREATE TYPE public.order_status AS ENUM ('open', 'paid', 'shipped');
          CREATE TABLE public.users (id bigint PRIMARY KEY, name text NOT NULL, email text);
          CREATE TABLE public.products (id bigint PRIMARY KEY, name text NOT NULL, price numeric(10, 2));
          CREATE TABLE public.orders (
            id bigint PRIMARY KEY, user_id bigint REFERENCES public.users, status public.order_status NOT NULL,
            total numeric(10, 2) NOT NULL);
          INSERT INTO public.users SELECT i, 'user ' || i, i || '@example.com' FROM generate_series(1, 20) AS i;
          GRANT SELECT ON public.users, public.products, public.orders TO asker;
          COMMENT ON TABLE public.users IS 'People who buy';
          """);
    }
  }
}
