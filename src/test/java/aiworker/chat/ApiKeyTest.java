package aiworker.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApiKeyTest {
  private static final String SECRET = "sk-secret-0123456789";

  @TempDir Path folder;

  private Path file(String content) throws IOException {
    return Files.writeString(folder.resolve("key"), content);
  }

  private static AiWorkerException missing(Path file) {
    AiWorkerException e =
        assertThrows(AiWorkerException.class, () -> ApiKey.find(file, name -> SECRET));
    assertEquals(Failure.API_KEY_MISSING, e.failure());
    assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    StringWriter trace = new StringWriter();
    e.printStackTrace(new PrintWriter(trace));
    assertFalse((trace + e.detail()).contains("secret"), e.detail());
    return e;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        SECRET,
        SECRET + "\n",
        "  " + SECRET + " \r\n",
        SECRET + "\n# of the test account"
      })
  void isTheFilesFirstLine(String content) throws IOException {
    assertEquals(SECRET, ApiKey.find(file(content), name -> "sk-another").value());
  }

  @Test
  void comesFromTheEnvironmentWithoutAFile() {
    assertEquals(
        SECRET,
        ApiKey.find(null, name -> name.equals("OPENAI_API_KEY") ? SECRET + "\n" : null).value());
  }

  @Test
  void isNoneWithoutFileAndEnvironment() {
    assertSame(ApiKey.NONE, ApiKey.find(null, name -> null));
    assertSame(ApiKey.NONE, ApiKey.find(null, name -> "  "));
  }

  @Test
  void neverPrints() {
    assertEquals("(hidden)", ApiKey.of(SECRET, "test").toString());
    assertEquals("(none)", ApiKey.NONE.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sk-secret\rX-Injected: yes",
        "sk-secret\tpart",
        "sk-secret part",
        "sk-secret\u0000",
        "sk-secret\u007f",
        "sk-secret-ü",
        "\ufeffsk-secret"
      })
  void thatNoHeaderCanCarryIsRefused(String content) throws IOException {
    assertTrue(missing(file(content)).getMessage().contains("header"));
    AiWorkerException e =
        assertThrows(AiWorkerException.class, () -> ApiKey.find(null, name -> content));
    assertFalse((e.getMessage() + e.detail()).contains("secret"), e.getMessage());
  }

  @Test
  void withALineBreakInTheEnvironmentIsRefused() {
    assertThrows(
        AiWorkerException.class, () -> ApiKey.find(null, name -> "sk-secret\r\nX-Injected: yes"));
  }

  @Test
  void ofAnEmptyFileIsMissing() throws IOException {
    assertEquals("its first line is empty", missing(file("\n" + SECRET)).detail());
    missing(file(""));
  }

  @Test
  void ofAHugeFileIsMissing() throws IOException {
    missing(file("secret".repeat(100_000)));
  }

  @Test
  void ofNoFileIsMissing() {
    assertEquals("there is no such file", missing(folder.resolve("absent")).detail());
  }

  @Test
  void ofAFolderOrDeviceIsMissing() {
    assertEquals("it is not a regular file", missing(folder).detail());
    assertEquals("it is not a regular file", missing(Path.of("/dev/zero")).detail());
    missing(Path.of("/proc/self/mem"));
  }

  @Test
  void ofAPipeOrALinkToItselfIsMissing() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    assertEquals("it is not a regular file", missing(pipe).detail());
    // as if it had been put there between the look and the opening
    IOException e =
        assertThrows(
            IOException.class, () -> SmallFile.readWithin(Duration.ofMillis(20), pipe, 100));
    assertEquals("it could not be read within 20 ms", e.getMessage());
    Path loop = folder.resolve("loop");
    Files.createSymbolicLink(loop, loop);
    missing(loop);
  }

  @Test
  void ofAnUnreadableFileIsMissing() throws IOException {
    assumeFalse("root".equals(System.getProperty("user.name")), "root may read everything");
    Path file = file(SECRET);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    assertEquals("the server's OS user may not read it", missing(file).detail());
  }

  @Test
  void thatTheSecurityPolicyHidesIsMissing() {
    AiWorkerException e =
        assertThrows(
            AiWorkerException.class,
            () ->
                ApiKey.find(
                    null,
                    name -> {
                      throw new SecurityException("getenv." + name);
                    }));
    assertEquals(Failure.API_KEY_MISSING, e.failure());
  }
}
