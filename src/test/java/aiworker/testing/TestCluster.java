package aiworker.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A throw-away PostgreSQL cluster: own folder, port and socket, run as {@code postgres} when we are
 * root. Never touches an existing one.
 */
public final class TestCluster implements TestServer, AutoCloseable {
  private static TestCluster shared;

  private final Path folder;
  private final int port;

  private TestCluster(Path folder, int port) {
    this.folder = folder;
    this.port = port;
  }

  /** One for the whole test run, stopped and deleted when the JVM ends. */
  public static synchronized TestCluster shared() {
    if (shared == null) {
      shared = start(Map.of());
      Runtime.getRuntime().addShutdownHook(new Thread(shared::close));
    }
    return shared;
  }

  /**
   * Makes and starts one.
   *
   * @param settings lines for postgresql.conf
   */
  public static TestCluster start(Map<String, String> settings) {
    try {
      Path folder = newFolder();
      asServer(
          bin("initdb").toString(),
          "-D",
          data(folder).toString(),
          "-U",
          "postgres",
          "-A",
          "trust",
          "-E",
          "UTF8",
          "--no-sync",
          "--locale=C.UTF-8");
      return launch(folder, settings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a copy of the one that {@link #pack} has packed. */
  public static TestCluster start(Path packed, Map<String, String> settings) {
    try {
      Path folder = newFolder();
      asServer(packed.toFile(), null, "tar", "-x", "-C", folder.toString());
      return launch(folder, settings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Stops it and keeps its data in a file. */
  public void pack(Path packed) {
    stopServer("fast");
    asServer(null, packed.toFile(), "tar", "-c", "-C", folder.toString(), "data");
  }

  private static Path newFolder() throws IOException {
    Path folder = Files.createTempDirectory("ai-worker-test");
    own(folder);
    return folder;
  }

  private static TestCluster launch(Path folder, Map<String, String> settings) throws IOException {
    TestCluster cluster = new TestCluster(folder, freePort());
    List<String> conf = new ArrayList<>();
    conf.add("port = " + cluster.port);
    conf.add("listen_addresses = '127.0.0.1'");
    conf.add("unix_socket_directories = '" + folder + "'");
    conf.add("max_connections = 100");
    conf.add("fsync = off");
    conf.add("log_line_prefix = '%m [%p] %u@%d '");
    settings.forEach((name, value) -> conf.add(name + " = '" + value + "'"));
    Files.write(data(folder).resolve("postgresql.auto.conf"), conf);
    cluster.startServer();
    return cluster;
  }

  /** A hot standby of this cluster, made with pg_basebackup and started. */
  public TestCluster standby() {
    try {
      Path other = newFolder();
      asServer(
          bin("pg_basebackup").toString(),
          "-h",
          folder.toString(),
          "-p",
          Integer.toString(port),
          "-U",
          "postgres",
          "-D",
          data(other).toString(),
          "-R",
          "-X",
          "stream",
          "-c",
          "fast",
          "--no-sync");
      TestCluster standby = new TestCluster(other, freePort());
      Files.writeString(
          data(other).resolve("postgresql.auto.conf"),
          "port = " + standby.port + "\nunix_socket_directories = '" + other + "'\n",
          StandardOpenOption.APPEND);
      standby.startServer();
      return standby;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public void startServer() {
    asServer(
        bin("pg_ctl").toString(),
        "-D",
        data(folder).toString(),
        "-l",
        logFile().toString(),
        "-w",
        "-t",
        "60",
        "start");
  }

  /**
   * Stops it, keeping its data.
   *
   * @param mode smart, fast or immediate
   */
  public void stopServer(String mode) {
    asServer(
        bin("pg_ctl").toString(),
        "-D",
        data(folder).toString(),
        "-w",
        "-t",
        "60",
        "-m",
        mode,
        "stop");
  }

  @Override
  public int port() {
    return port;
  }

  public Path folder() {
    return folder;
  }

  @Override
  public String log() {
    try {
      return Files.readString(logFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public URI reachable(URI endpoint) {
    return endpoint;
  }

  @Override
  public Connection connect(String database, String user) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/" + database, user, "");
  }

  @Override
  public void close() {
    try {
      stopServer("immediate");
    } catch (IllegalStateException e) {
      // already down
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The server's own program, from the newest PostgreSQL on the machine or from {@code PG_BINDIR}.
   */
  public static Path bin(String program) {
    String chosen = System.getenv("PG_BINDIR");
    if (chosen != null) {
      return Path.of(chosen, program);
    }
    try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
      return versions
          .map(version -> version.resolve("bin"))
          // of a newer one perhaps only the client is there
          .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
          .map(bin -> bin.resolve(program))
          .max(
              Comparator.comparingInt(
                  path -> Integer.parseInt(path.getParent().getParent().getFileName().toString())))
          .orElseThrow(
              () -> new IllegalStateException("no " + program + " under /usr/lib/postgresql"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The server's major version. */
  public static int major() {
    Matcher version =
        Pattern.compile("[0-9]+").matcher(asServer(bin("postgres").toString(), "--version"));
    if (!version.find()) {
      throw new IllegalStateException("postgres --version names no version");
    }
    return Integer.parseInt(version.group());
  }

  /** Runs a program as the server's OS user and returns what it printed. */
  public static String asServer(String... command) {
    return asServer(null, null, command);
  }

  /** Kills a process of the server's OS user; by the shell, since a machine may lack procps. */
  public static void kill(String pid) {
    asServer("sh", "-c", "kill -9 " + pid);
  }

  /** With files that the server's OS user need not be able to open; null for none. */
  private static String asServer(File input, File result, String... command) {
    List<String> full = new ArrayList<>();
    if (isRoot()) {
      full.addAll(List.of("runuser", "-u", "postgres", "--"));
    }
    full.addAll(List.of(command));
    try {
      Path output = Files.createTempFile("ai-worker-test", ".out");
      ProcessBuilder builder =
          new ProcessBuilder(full)
              .directory(new File("/"))
              .redirectError(output.toFile())
              .redirectOutput(
                  result == null
                      ? ProcessBuilder.Redirect.appendTo(output.toFile())
                      : ProcessBuilder.Redirect.to(result));
      if (result == null) {
        builder.redirectErrorStream(true);
      }
      if (input != null) {
        builder.redirectInput(input);
      }
      Process process = builder.start();
      boolean ended = process.waitFor(300, TimeUnit.SECONDS);
      String printed = Files.readString(output);
      Files.delete(output);
      if (!ended || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new IllegalStateException(String.join(" ", full) + " failed: " + printed);
      }
      return printed;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Gives a file or folder to the server's OS user. */
  public static void own(Path path) throws IOException {
    if (isRoot()) {
      Files.setOwner(
          path,
          path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("postgres"));
    }
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  /** Its data directory. */
  public Path data() {
    return data(folder);
  }

  private static Path data(Path folder) {
    return folder.resolve("data");
  }

  private Path logFile() {
    return folder.resolve("server.log");
  }

  /** A port that nobody listens at. */
  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
