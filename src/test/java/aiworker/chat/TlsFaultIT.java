package aiworker.chat;

import static aiworker.error.Failure.ENDPOINT_FAILED;
import static aiworker.error.Failure.ENDPOINT_TIMEOUT;
import static aiworker.error.Failure.ENDPOINT_UNREACHABLE;
import static aiworker.error.Failure.REPLY_UNREADABLE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.testing.FakeEndpoint;
import aiworker.testing.RawEndpoint;
import aiworker.testing.TestCertificates;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Certificates, handshakes and encrypted connections that go wrong. */
class TlsFaultIT {
  private static final FaultTable TABLE = new FaultTable("faults-tls.txt");

  @TempDir static Path folder;
  private static TestCertificates certificates;
  private static SSLContext good;
  private static Network trusted;

  @BeforeAll
  static void makeCertificates() throws Exception {
    certificates = new TestCertificates(folder);
    good = certificates.server("ip:127.0.0.1,dns:localhost", "-1d", 30);
    trusted = new Network(false, null, certificates.authorityFile());
    try (FakeEndpoint warm = FakeEndpoint.start(good).replyWith("SELECT 1")) {
      TABLE.ask(settings(warm.url()).withLimits(Duration.ofSeconds(30), 0));
    }
  }

  private static ChatSettings settings(URI url) {
    return TestSettings.with(FaultTable.settings(url), trusted);
  }

  @ParameterizedTest
  @CsvSource({
    "well, 'ip:127.0.0.1', -1d, 30,",
    "expired, 'ip:127.0.0.1', -10d, 5, ENDPOINT_UNREACHABLE",
    "not yet valid, 'ip:127.0.0.1', +5d, 30, ENDPOINT_UNREACHABLE",
    "of another address, 'ip:127.0.0.2', -1d, 30, ENDPOINT_UNREACHABLE",
    "of another name, 'dns:other.example', -1d, 30, ENDPOINT_UNREACHABLE"
  })
  void certificateIsJudged(String name, String subject, String start, int days, Failure failure)
      throws Exception {
    SSLContext tls = certificates.server(subject, start, days);
    try (FakeEndpoint endpoint = FakeEndpoint.start(tls).replyWith("SELECT 1")) {
      TABLE.check("certificate: " + name, failure, settings(endpoint.url()));
      assertEquals(failure == null ? 1 : 0, endpoint.requests().size());
    }
  }

  @Test
  void unknownAuthorityIsNotTrusted() {
    try (RawEndpoint endpoint = RawEndpoint.start(good, (c, n) -> c.hang())) {
      ChatSettings javasOwn = FaultTable.settings(endpoint.url());
      TABLE.check("certificate: unknown authority", ENDPOINT_UNREACHABLE, javasOwn);
      assertEquals(1, endpoint.connections(), "a certificate does not get better by asking again");
    }
  }

  @ParameterizedTest
  @CsvSource({"missing.pem,", "empty.pem, ''", "garbage.pem, no certificate at all"})
  void authorityFileThatCannotBeUsedIsNamed(String name, String content) throws IOException {
    Path file = folder.resolve(name);
    if (content != null) {
      Files.writeString(file, content);
    }
    try (FakeEndpoint endpoint = FakeEndpoint.start(good)) {
      ChatSettings settings =
          TestSettings.with(FaultTable.settings(endpoint.url()), new Network(false, null, file));
      TABLE.check("CA file: " + name, ENDPOINT_UNREACHABLE, settings);
      AiWorkerException e = assertThrows(AiWorkerException.class, () -> TABLE.ask(settings));
      assertTrue(e.getMessage().contains(name), e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/dev/zero", "/proc/self/mem", "folder", "pipe", "loop", "gigabyte"})
  void authorityFileThatIsNoneIsNamedAtOnce(String name) throws Exception {
    Path file = folder.resolve(name);
    switch (name) {
      case "folder" -> Files.createDirectory(file);
      case "pipe" ->
          assertEquals(0, new ProcessBuilder("mkfifo", file.toString()).start().waitFor());
      case "loop" -> Files.createSymbolicLink(file, file);
      case "gigabyte" -> {
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
          sparse.setLength(1 << 30);
        }
      }
      default -> {}
    }
    try (FakeEndpoint endpoint = FakeEndpoint.start(good)) {
      ChatSettings settings =
          TestSettings.with(FaultTable.settings(endpoint.url()), new Network(false, null, file));
      TABLE.check("CA file: " + name, ENDPOINT_UNREACHABLE, settings);
      assertEquals(0, endpoint.requests().size());
    }
  }

  @Test
  void endpointWithoutTls() {
    try (RawEndpoint endpoint =
        RawEndpoint.start(
            (c, n) -> {
              c.in().read();
              c.write("HTTP/1.1 400 Bad\r\n\r\n");
              c.hang();
            })) {
      URI url = URI.create("https://127.0.0.1:" + endpoint.port() + "/v1");
      TABLE.check("https to an http port", ENDPOINT_UNREACHABLE, settings(url));
    }
  }

  @Test
  void endpointWithTlsAskedWithout() {
    try (RawEndpoint endpoint = RawEndpoint.start(good, (c, n) -> c.hang())) {
      URI url = URI.create("http://127.0.0.1:" + endpoint.port() + "/v1");
      TABLE.check("http to an https port", REPLY_UNREADABLE, FaultTable.settings(url));
    }
  }

  @Test
  void handshakeThatIsNeverAnswered() {
    try (RawEndpoint endpoint = RawEndpoint.start((c, n) -> c.hang())) {
      URI url = URI.create("https://127.0.0.1:" + endpoint.port() + "/v1");
      TABLE.check("black hole in the handshake", ENDPOINT_TIMEOUT, settings(url));
    }
  }

  @Test
  void handshakeThatIsCutOff() {
    try (RawEndpoint endpoint =
        RawEndpoint.start(
            (c, n) -> {
              c.in().read();
              c.socket().close();
            })) {
      URI url = URI.create("https://127.0.0.1:" + endpoint.port() + "/v1");
      TABLE.check("closed in the handshake", ENDPOINT_UNREACHABLE, settings(url));
    }
  }

  @Test
  void endpointWithOldTlsOnly() throws Exception {
    refusedHandshake(
        "TLS 1.1 only", server -> server.setEnabledProtocols(new String[] {"TLSv1.1"}));
  }

  @Test
  void endpointThatWantsOurCertificate() throws Exception {
    refusedHandshake("wants a client's certificate", server -> server.setNeedClientAuth(true));
  }

  private static void refusedHandshake(
      String name, java.util.function.Consumer<SSLServerSocket> strictness) throws Exception {
    try (SSLServerSocket server =
        (SSLServerSocket)
            good.getServerSocketFactory()
                .createServerSocket(0, 50, java.net.InetAddress.getLoopbackAddress())) {
      strictness.accept(server);
      Thread handshakes =
          new Thread(
              () -> {
                while (!server.isClosed()) {
                  try (SSLSocket socket = (SSLSocket) server.accept()) {
                    socket.startHandshake();
                  } catch (IOException e) {
                    // the fault itself, or the end of the test
                  }
                }
              });
      handshakes.setDaemon(true);
      handshakes.start();
      URI url = URI.create("https://127.0.0.1:" + server.getLocalPort() + "/v1");
      TABLE.check(name, ENDPOINT_UNREACHABLE, settings(url));
    }
  }

  @Test
  void connectionThatBreaksInTheReply() {
    Fault fault =
        Fault.after(
            "TLS connection cut in the body",
            ENDPOINT_FAILED,
            c -> {
              c.write("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{");
              c.reset();
            });
    try (RawEndpoint endpoint = RawEndpoint.start(good, fault.handler())) {
      TABLE.check(fault.name(), fault.failure(), settings(endpoint.url()));
    }
  }

  @Test
  void endpointThatSpeaksHttp2Unasked() {
    byte[] settings = {0, 0, 0, 4, 0, 0, 0, 0, 0};
    byte[] goAway = {0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    RawEndpoint.Handler handler =
        (c, n) -> {
          c.readRequest();
          c.write(settings);
          c.write(goAway);
        };
    try (RawEndpoint endpoint = RawEndpoint.start(good, handler)) {
      TABLE.check("HTTP/2 GOAWAY", ENDPOINT_FAILED, settings(endpoint.url()));
    }
  }

  @Test
  void endpointThatSpeaksHttp2IsAskedInHttp1() {
    Fault both = Fault.body("", null, Fault.ANSWER);
    try (RawEndpoint endpoint = RawEndpoint.start(good, both.handler(), "h2", "http/1.1")) {
      TABLE.check("HTTP/2 or HTTP/1.1", null, settings(endpoint.url()));
    }
    try (RawEndpoint endpoint = RawEndpoint.start(good, both.handler(), "h2")) {
      TABLE.check("HTTP/2 only, by ALPN", null, settings(endpoint.url()));
    }
  }
}
