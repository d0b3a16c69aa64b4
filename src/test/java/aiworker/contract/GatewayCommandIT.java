package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The gateway's jar as a command, and the examples of its document. */
class GatewayCommandIT extends WithGateway {
  private static final String JAR = "target/ai-worker-gateway.jar";
  private static final Pattern EXAMPLE =
      Pattern.compile("(?m)^```sh\\n(curl [^`]*?)\\n```\\n(?:```json\\n([^`]*?)\\n```\\n)?");

  private record Outcome(int exitCode, String output) {}

  private static Process start(Map<String, String> environment, String... options)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(ProcessHandle.current().info().command().orElseThrow(), "-jar", JAR));
    command.addAll(List.of(options));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    return builder.start();
  }

  private static Outcome run(Map<String, String> environment, String... options) throws Exception {
    Process process = start(environment, options);
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return new Outcome(process.exitValue(), output);
  }

  @Test
  void helpAndVersion() throws Exception {
    Outcome help = run(Map.of(), "--help");
    assertEquals(0, help.exitCode());
    String document = Files.readString(Path.of("docs/http.md"));
    for (MatchResult name :
        Pattern.compile("(?:POSTGRES|AI_WORKER_HTTP)[A-Z_]*")
            .matcher(help.output())
            .results()
            .toList()) {
      assertTrue(document.contains("`" + name.group() + "`"), name.group());
    }
    assertEquals("ai-worker-gateway 0.1.0\n", run(Map.of(), "--version").output());
    Outcome wrong = run(Map.of(), "--port");
    assertEquals(2, wrong.exitCode());
    assertTrue(
        wrong.output().startsWith("ERROR:  unknown option \"--port\"\nHINT:  "), wrong.output());
  }

  @Test
  void checkPrintsTheHealthReport() throws Exception {
    Outcome healthy = run(environment("admin"), "--check");
    assertEquals(0, healthy.exitCode(), healthy.output());
    assertTrue(json(healthy.output()).get("healthy").asBoolean());
    Outcome limited = run(environment("asker"), "--check");
    assertEquals(1, limited.exitCode(), limited.output());
    assertTrue(limited.output().contains("permission denied"), limited.output());
    assertTrue(limited.output().contains("as asker"), limited.output());
    Map<String, String> nowhere =
        environment("admin", "POSTGRES_PORT", "1", "POSTGRES_PASSWORD", "unseen");
    Outcome away = run(nowhere, "--check");
    assertEquals(1, away.exitCode());
    assertTrue(
        away.output().contains("ERROR:  the database cannot be reached\nHINT:  "), away.output());
    assertFalse(away.output().contains("unseen") || away.output().contains("\tat "), away.output());
  }

  @Test
  void beyondThisMachineItDoesNotStartWithoutAToken() throws Exception {
    Outcome refused = run(environment("admin", "AI_WORKER_HTTP", "0.0.0.0:0"));
    assertEquals(2, refused.exitCode(), refused.output());
    assertTrue(refused.output().contains("AI_WORKER_HTTP_TOKEN_FILE"), refused.output());
  }

  @Test
  void portThatIsTakenIsNamed() throws Exception {
    int port = gateway.address().getPort();
    Outcome refused = run(environment("admin", "AI_WORKER_HTTP", "127.0.0.1:" + port));
    assertEquals(2, refused.exitCode(), refused.output());
    assertTrue(refused.output().contains(Integer.toString(port)), refused.output());
  }

  /** Started and ended as systemd does. */
  @Test
  void saysWhereItListensAndEndsWhenAsked() throws Exception {
    Process process = start(environment("admin"));
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = output.readLine();
      assertTrue(line.matches("listening at http://127\\.0\\.0\\.1:\\d+/"), line);
      // unlike Process.destroy it leaves the stream open
      process.toHandle().destroy();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertEquals(null, output.readLine());
    }
    // SIGTERM's
    assertEquals(143, process.exitValue());
  }

  @Test
  void examplesOfTheDocumentWorkAsTheyAre(@TempDir Path folder) throws Exception {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT * FROM users"));
    // curl finds the port of the document at the gateway of this test
    Files.writeString(
        folder.resolve(".curlrc"),
        "connect-to = \"localhost:8088:127.0.0.1:" + gateway.address().getPort() + "\"\n");
    List<MatchResult> examples = new ArrayList<>();
    for (String document : List.of("docs/http.md", "README.md")) {
      examples.addAll(EXAMPLE.matcher(Files.readString(Path.of(document))).results().toList());
    }
    assertTrue(examples.size() >= 10, examples.size() + " examples");
    for (MatchResult example : examples) {
      ProcessBuilder shell =
          new ProcessBuilder("sh", "-c", example.group(1)).redirectErrorStream(true);
      shell.environment().put("CURL_HOME", folder.toString());
      Process process = shell.start();
      String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertEquals(0, process.exitValue(), printed);
      if (example.group(2) == null) {
        assertFalse(printed.contains("about:blank"), printed);
      } else {
        assertEquals(example.group(2), printed, example.group(1));
      }
    }
  }

  /** The server loads that one, and what only the gateway needs has no place in it. */
  @Test
  void backendsJarHoldsNothingOfTheGateway() throws IOException {
    List<String> backend = entries("target/ai-worker.jar");
    List<String> ours = entries(JAR);
    assertTrue(ours.contains("aiworker/gateway/Main.class"));
    assertTrue(ours.contains("META-INF/services/java.sql.Driver"));
    for (String other :
        List.of(
            "aiworker/gateway/",
            "io/netty/",
            "com/zaxxer/",
            "org/postgresql/",
            "org/slf4j/",
            "META-INF/resources/")) {
      assertFalse(backend.stream().anyMatch(name -> name.startsWith(other)), other);
      assertTrue(ours.stream().anyMatch(name -> name.startsWith(other)), other);
    }
    assertEquals(
        List.of(),
        ours.stream()
            .filter(
                name -> name.matches("aiworker/[^/]+/.*\\.class|aiworker/[^/]+\\.class|.*\\.ddr"))
            .filter(name -> !name.startsWith("aiworker/gateway/"))
            .toList());
  }

  private static List<String> entries(String jar) throws IOException {
    try (ZipFile file = new ZipFile(jar)) {
      return file.stream().map(ZipEntry::getName).toList();
    }
  }
}
