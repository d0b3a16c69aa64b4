package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.TestCluster;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The README's two commands on machines that are not kind, by a user who is not root: in a folder
 * with a blank, without jq and procps, with the usual port taken. What root meets is in {@code
 * install/matrix.sh}.
 */
class FirstRunIT {
  private static final Set<String> NOT_THERE =
      Set.of("jq", "ps", "pgrep", "pkill", "kill", "free", "top", "w", "sysctl", "watch", "mvn");
  private static final int USUAL_PORT = 25_432;

  private static final Pattern GATEWAY =
      Pattern.compile("it is listening at (http://127\\.0\\.0\\.1:\\d+/)");

  private static Path folder;
  private static Path programs;

  @BeforeAll
  static void checkOut() throws IOException {
    folder = Files.createTempDirectory("ai worker");
    copy(Path.of("install"));
    copy(Path.of("sql"));
    copy(Path.of("target", "ai-worker.jar"));
    copy(Path.of("target", "ai-worker-guard.jar"));
    copy(Path.of("target", "ai-worker-gateway.jar"));
    // what is in target is what Maven would build
    Files.writeString(script(Files.createDirectory(folder.resolve("maven"))), "#!/bin/sh\n");
    Files.createDirectories(folder.resolve("jre/bin"));
    programs = Files.createDirectory(folder.resolve("bin"));
    for (String path : List.of("/usr/sbin", "/usr/bin")) {
      try (Stream<Path> all = Files.list(Path.of(path))) {
        for (Path program : all.toList()) {
          Path link = programs.resolve(program.getFileName());
          if (!NOT_THERE.contains(program.getFileName().toString())
              && !Files.isSymbolicLink(link)) {
            Files.createSymbolicLink(link, program);
          }
        }
      }
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(file -> !Files.isSymbolicLink(file)).toList()) {
        TestCluster.own(file);
      }
    }
  }

  private static Path script(Path directory) throws IOException {
    return Files.createFile(
        directory.resolve("mvn"),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
  }

  private static void copy(Path from) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path file : all.toList()) {
        Path copy = folder.resolve(file.toString());
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy);
      }
    }
  }

  @AfterAll
  static void delete() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static String run(List<String> environment, String command, String... options) {
    List<String> line = new ArrayList<>(List.of("env", "-u", "OPENAI_API_KEY"));
    line.add("HOME=" + folder);
    line.add("XDG_DATA_HOME=" + folder);
    line.add("PATH=" + folder.resolve("maven") + ":" + programs);
    line.addAll(environment);
    line.add(folder.resolve("install").resolve(command).toString());
    line.addAll(List.of(options));
    return TestCluster.asServer(line.toArray(String[]::new));
  }

  private static void quickStartAnswers(BackendRuntime runtime, String... environment)
      throws IOException {
    runtime.require();
    ServerSocket other = takeUsualPort();
    try {
      String printed = run(List.of(environment), "quickstart.sh", "--runtime", runtime.option());
      assertTrue(printed.contains("\"cache_hit\": true"), printed);
      assertTrue(printed.contains("==> ready"), printed);
      assertFalse(printed.contains("runs on port " + USUAL_PORT + "\n"), printed);
      Matcher gateway = GATEWAY.matcher(printed);
      assertTrue(gateway.find(), printed);
      WithGateway.Answer cached =
          WithGateway.send(
              HttpRequest.newBuilder(URI.create(gateway.group(1) + "generate"))
                  .POST(
                      HttpRequest.BodyPublishers.ofString(
                          WithGateway.question("Get all users", "run"))),
              "Content-Type",
              "application/json");
      assertTrue(cached.json().path("rows").size() > 1, cached.body());
    } finally {
      other.close();
      run(List.of(environment), "quickstart.sh", "--clean");
    }
    assertFalse(Files.exists(folder.resolve("ai-worker-quickstart")));
  }

  /** Any other port if somebody has taken it already. */
  private static ServerSocket takeUsualPort() throws IOException {
    try {
      return new ServerSocket(USUAL_PORT, 1, InetAddress.getLoopbackAddress());
    } catch (BindException e) {
      return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    }
  }

  /** The server's Java inherits the options, so that it is Turkish without the system's locale. */
  @ParameterizedTest
  @EnumSource(BackendRuntime.class)
  void turkish(BackendRuntime runtime) throws IOException {
    quickStartAnswers(
        runtime,
        "LANG=tr_TR.UTF-8",
        "LC_ALL=tr_TR.UTF-8",
        "JAVA_TOOL_OPTIONS=-Duser.language=tr -Duser.country=TR");
  }

  @Test
  void plainC() throws IOException {
    quickStartAnswers(BackendRuntime.PLPYTHON, "LANG=C", "LC_ALL=C");
  }

  @Test
  void portThatIsAskedForIsTaken() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      assertSays("port " + port + " is in use", List.of(), "quickstart.sh", "--port", port);
    } finally {
      run(List.of(), "quickstart.sh", "--clean");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"quickstart.sh", "test.sh"})
  void mavenIsMissing(String command) {
    assertSays("run: sudo apt-get update && sudo apt-get install", withPath(programs), command);
  }

  @ParameterizedTest
  @CsvSource({"quickstart.sh, jre", "test.sh, jre", "quickstart.sh, nothing", "test.sh, nothing"})
  void javaHomeIsNoJdk(String command, String home) {
    String java = "JAVA_HOME=" + folder.resolve(home);
    assertSays(java + " is no JDK", List.of(java), command);
  }

  private static List<String> withPath(Path path) {
    return List.of("PATH=" + path);
  }

  private static void assertSays(
      String sentence, List<String> environment, String command, String... options) {
    String said =
        assertThrows(IllegalStateException.class, () -> run(environment, command, options))
            .getMessage();
    assertTrue(said.contains("ERROR:  ") && said.contains(sentence), said);
  }
}
