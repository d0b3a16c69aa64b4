package aiworker.contract;

import aiworker.testing.TestServer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs {@code install/install.sh} as a DBA does. */
final class Installation {
  /** What the script printed and how it ended. */
  record Outcome(int exitCode, String output) {}

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
      if (!process.waitFor(120, TimeUnit.SECONDS)) {
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

  /** A database with the runtime, three small tables, and the roles asker, admin and nobody. */
  static String create(TestServer cluster, String runtime) throws SQLException {
    String database = cluster.createDatabase();
    Outcome outcome = run(cluster, database, Map.of(), "--runtime", runtime);
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
    return database;
  }
}
