package aiworker.chat;

import static aiworker.error.Failure.AUTHENTICATION_FAILED;
import static aiworker.error.Failure.ENDPOINT_FAILED;
import static aiworker.error.Failure.ENDPOINT_TIMEOUT;
import static aiworker.error.Failure.ENDPOINT_UNREACHABLE;
import static aiworker.error.Failure.NO_STATEMENT;
import static aiworker.error.Failure.REPLY_CUT;
import static aiworker.error.Failure.REPLY_UNREADABLE;
import static aiworker.error.Failure.REQUEST_REFUSED;
import static org.junit.jupiter.api.Assertions.assertEquals;

import aiworker.error.Failure;
import aiworker.testing.RawEndpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way for a plain-http endpoint to go wrong that we could think of, over real sockets. */
class FaultIT {
  private static final FaultTable TABLE = new FaultTable("faults-http.txt");
  private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
  private static final String CHUNKED = HEAD + "Transfer-Encoding: chunked\r\n\r\n";

  @ParameterizedTest
  @MethodSource({"connections", "timing", "framing", "sizes", "encodings", "bodies", "statuses"})
  void endsInTheRightFailureBeforeTheDeadline(Fault fault) {
    try (RawEndpoint endpoint = RawEndpoint.start(fault.handler())) {
      TABLE.check(fault.name(), fault.failure(), FaultTable.settings(endpoint.url()));
    }
  }

  static Stream<Fault> connections() {
    return Stream.of(
        new Fault(
            "reset in the request",
            ENDPOINT_FAILED,
            (c, n) -> {
              c.in().read();
              c.reset();
            }),
        new Fault("closed on connect", ENDPOINT_FAILED, (c, n) -> {}),
        Fault.after("reset after the request", ENDPOINT_FAILED, RawEndpoint.Connection::reset),
        Fault.after("closed after the request", ENDPOINT_FAILED, c -> c.socket().close()),
        Fault.after(
            "reset in the body",
            ENDPOINT_FAILED,
            c -> {
              c.write(HEAD + "Content-Length: 500\r\n\r\n{\"choices\":");
              Thread.sleep(50);
              c.reset();
            }),
        new Fault(
            "reset once, then well",
            null,
            (c, n) -> {
              c.readRequest();
              if (n == 1) {
                c.reset();
              } else {
                c.write(Fault.ok(Fault.ANSWER));
              }
            }));
  }

  static Stream<Fault> timing() {
    return Stream.of(
        new Fault("black hole that reads nothing", ENDPOINT_TIMEOUT, (c, n) -> Thread.sleep(5_000)),
        Fault.after("black hole after the request", ENDPOINT_TIMEOUT, c -> c.hang()),
        Fault.after("dribbled headers", ENDPOINT_TIMEOUT, c -> dribble(c, "", Fault.ok("{}"))),
        Fault.after(
            "dribbled body",
            ENDPOINT_TIMEOUT,
            c -> dribble(c, HEAD + "Content-Length: 200\r\n\r\n", Fault.ANSWER)),
        Fault.after(
            "stalled body",
            ENDPOINT_TIMEOUT,
            c -> {
              c.write(HEAD + "Content-Length: 200\r\n\r\n{\"choices\"");
              c.hang();
            }),
        Fault.after(
            "chunks without an end",
            ENDPOINT_TIMEOUT,
            c -> {
              c.write(CHUNKED + "2\r\n{}\r\n");
              c.hang();
            }),
        Fault.after(
            "status 500 and then a black hole",
            ENDPOINT_TIMEOUT,
            c -> {
              c.write("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
              c.readRequest();
              c.hang();
            }));
  }

  static Stream<Fault> framing() {
    String cut = Fault.ANSWER.substring(0, 60);
    return Stream.of(
        Fault.text(
            "Content-Length too long", ENDPOINT_FAILED, HEAD + "Content-Length: 500\r\n\r\n{}"),
        Fault.after(
            "Content-Length too short",
            REPLY_UNREADABLE,
            c -> c.write(HEAD + "Content-Length: 60\r\n\r\n" + Fault.ANSWER)),
        Fault.text(
            "Content-Length is no number",
            REPLY_UNREADABLE,
            HEAD + "Content-Length: many\r\n\r\n" + Fault.ANSWER),
        Fault.text(
            "Content-Length is negative",
            ENDPOINT_FAILED,
            HEAD + "Content-Length: -5\r\n\r\n" + Fault.ANSWER),
        Fault.text("truncated chunk", ENDPOINT_FAILED, CHUNKED + "ff\r\n" + cut),
        Fault.text("no last chunk", ENDPOINT_FAILED, CHUNKED + "2\r\n{}\r\n"),
        Fault.text("chunk size is no number", ENDPOINT_FAILED, CHUNKED + "zz\r\n" + cut),
        Fault.text("truncated until closed", REPLY_UNREADABLE, HEAD + "\r\n" + cut),
        Fault.text("whole until closed", null, HEAD + "\r\n" + Fault.ANSWER),
        Fault.text("banner of another protocol", REPLY_UNREADABLE, "SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        Fault.after(
            "binary garbage",
            REPLY_UNREADABLE,
            c -> {
              byte[] bytes = new byte[4_096];
              new java.util.Random(7).nextBytes(bytes);
              c.write(bytes);
              c.socket().close();
            }),
        Fault.text("status is no number", REPLY_UNREADABLE, "HTTP/1.1 abc OK\r\n\r\n"),
        Fault.text("header without a colon", REPLY_UNREADABLE, HEAD + "nonsense\r\n\r\n{}"),
        Fault.body("empty reply", REPLY_UNREADABLE, ""),
        Fault.text("headers cut off", ENDPOINT_FAILED, HEAD));
  }

  static Stream<Fault> sizes() {
    String mebibytes = "x".repeat(2 << 20);
    return Stream.of(
        Fault.body("two mebibytes", REPLY_UNREADABLE, mebibytes),
        Fault.after("endless body", REPLY_UNREADABLE, c -> endless(c, HEAD + "\r\n", mebibytes)),
        Fault.after(
            "endless chunks",
            REPLY_UNREADABLE,
            c -> endless(c, CHUNKED, "200000\r\n" + mebibytes + "\r\n")),
        Fault.after(
            "endless error",
            REPLY_UNREADABLE,
            c -> endless(c, "HTTP/1.1 500 No\r\n\r\n", mebibytes)),
        Fault.after(
            "endless headers", REPLY_UNREADABLE, c -> endless(c, HEAD, "X-A: 0123456789\r\n")),
        Fault.after(
            "endless header", REPLY_UNREADABLE, c -> endless(c, HEAD + "X-A: ", "0123456789")),
        Fault.body("nested 100,000 deep", REPLY_UNREADABLE, "[".repeat(100_000)),
        Fault.body("number of 100,000 digits", REPLY_UNREADABLE, "[" + "9".repeat(100_000) + "]"));
  }

  static Stream<Fault> encodings() {
    return Stream.of(
        compressed("gzip", null, "gzip", gzip(Fault.ANSWER)),
        compressed(
            "gzip cut short",
            REPLY_UNREADABLE,
            "gzip",
            java.util.Arrays.copyOf(gzip(Fault.ANSWER), 40)),
        compressed("gzip bomb", REPLY_UNREADABLE, "gzip", gzip(" ".repeat(50 << 20))),
        compressed(
            "gzip that is none",
            REPLY_UNREADABLE,
            "gzip",
            Fault.ANSWER.getBytes(StandardCharsets.UTF_8)),
        compressed("brotli", REPLY_UNREADABLE, "br", new byte[] {1, 2, 3}),
        compressed(
            "not UTF-8",
            REPLY_UNREADABLE,
            "identity",
            "{\"choices\":\"\u00ff\"}".getBytes(StandardCharsets.ISO_8859_1)));
  }

  static Stream<Fault> bodies() {
    return Stream.of(
        Fault.body("HTML", REPLY_UNREADABLE, "<html><body>Welcome</body></html>"),
        Fault.body("plain text", REPLY_UNREADABLE, "SELECT 1"),
        Fault.body("JSON null", REPLY_UNREADABLE, "null"),
        Fault.body("JSON array", REPLY_UNREADABLE, "[]"),
        Fault.body("no choices", REPLY_UNREADABLE, "{}"),
        Fault.body("empty choices", REPLY_UNREADABLE, "{\"choices\":[]}"),
        Fault.body("null choices", REPLY_UNREADABLE, "{\"choices\":null}"),
        Fault.body("choices of another kind", REPLY_UNREADABLE, "{\"choices\":[1]}"),
        Fault.body("no message", REPLY_UNREADABLE, "{\"choices\":[{}]}"),
        Fault.body("null message", REPLY_UNREADABLE, "{\"choices\":[{\"message\":null}]}"),
        Fault.body("null content", REPLY_UNREADABLE, choice("null", "stop")),
        Fault.body("empty content", REPLY_UNREADABLE, choice("\"  \\n\"", "stop")),
        Fault.body("content of another kind", REPLY_UNREADABLE, choice("{\"a\":1}", "stop")),
        Fault.body("cut at the length limit", REPLY_CUT, choice("\"SELECT\"", "length")),
        Fault.body("NUL in the content", REPLY_UNREADABLE, choice("\"SELECT \\u0000\"", "stop")),
        Fault.body("half a surrogate", REPLY_UNREADABLE, choice("\"SELECT \\ud800\"", "stop")),
        Fault.body("filtered", NO_STATEMENT, choice("\"\"", "content_filter")),
        Fault.body(
            "declined",
            NO_STATEMENT,
            "{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"I cannot\"}}]}"),
        Fault.body("error with status 200", REPLY_UNREADABLE, "{\"error\":{\"message\":\"no\"}}"),
        Fault.body("no usage", null, choice("\"SELECT 1\"", "stop")),
        Fault.body(
            "usage of another kind",
            null,
            choice("\"SELECT 1\"", "stop").replaceFirst("\\{", "{\"usage\":\"many\",")));
  }

  static Stream<Fault> statuses() {
    Failure interimAnswer = InterimAnswers.problem() == null ? null : REPLY_UNREADABLE;
    String end = "\r\nContent-Length: 0\r\n\r\n";
    return Stream.of(
        Fault.text("no content", REPLY_UNREADABLE, "HTTP/1.1 204 None\r\n\r\n"),
        Fault.text(
            "redirect",
            REQUEST_REFUSED,
            "HTTP/1.1 307 Go\r\nLocation: http://169.254.169.254/?k=" + FaultTable.KEY + end),
        Fault.text("unauthorized, bare", AUTHENTICATION_FAILED, "HTTP/1.1 401 No" + end),
        Fault.text(
            "unauthorized, Basic",
            AUTHENTICATION_FAILED,
            "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"" + end),
        Fault.text("proxy password", REQUEST_REFUSED, "HTTP/1.1 407 No" + end),
        Fault.text(
            "early hints, then an answer",
            interimAnswer,
            "HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" + Fault.ok(Fault.ANSWER)),
        Fault.text(
            "continue, then an answer",
            interimAnswer,
            "HTTP/1.1 100 Continue\r\n\r\n" + Fault.ok(Fault.ANSWER)),
        Fault.text(
            "switching protocols", REPLY_UNREADABLE, "HTTP/1.1 101 Switch\r\nUpgrade: x\r\n\r\n"),
        Fault.text("status 600", ENDPOINT_FAILED, "HTTP/1.1 600 What" + end),
        new Fault(
            "answer before the request",
            null,
            (c, n) -> {
              c.write(Fault.ok(Fault.ANSWER));
              c.hang();
            }));
  }

  @Test
  void nobodyListens() throws Exception {
    int port;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = closed.getLocalPort();
    }
    TABLE.check("connection refused", ENDPOINT_UNREACHABLE, FaultTable.settings(url(port)));
  }

  @Test
  void handshakeThatIsNeverAnswered() throws Exception {
    List<Socket> fillers = new ArrayList<>();
    try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      for (int i = 0; i < 4; i++) {
        Socket filler = new Socket();
        fillers.add(filler);
        try {
          filler.connect(full.getLocalSocketAddress(), 100);
        } catch (IOException e) {
          // the queue is full, as it should be
        }
      }
      TABLE.check(
          "black hole before TCP's answer",
          ENDPOINT_TIMEOUT,
          FaultTable.settings(url(full.getLocalPort())));
    } finally {
      for (Socket filler : fillers) {
        filler.close();
      }
    }
  }

  @Test
  void unknownHost() {
    // a label over 63 characters is refused by the resolver itself, without asking the network
    TABLE.check(
        "DNS failure",
        ENDPOINT_UNREACHABLE,
        FaultTable.settings(URI.create("https://" + "x".repeat(64) + ".invalid/v1")));
  }

  @Test
  void redirectIsNotFollowed() {
    try (RawEndpoint target = RawEndpoint.start((c, n) -> c.write(Fault.ok(Fault.ANSWER)));
        RawEndpoint endpoint =
            RawEndpoint.start(
                Fault.text(
                        "",
                        null,
                        "HTTP/1.1 302 Go\r\nContent-Length: 0\r\nLocation: "
                            + target.url()
                            + "\r\n\r\n")
                    .handler())) {
      TABLE.check("redirect to elsewhere", REQUEST_REFUSED, FaultTable.settings(endpoint.url()));
      assertEquals(0, target.connections());
    }
  }

  @Test
  void keptConnectionThatTheServerHasClosedIsReplaced() throws Exception {
    Fault closing =
        new Fault(
            "",
            null,
            (c, n) -> {
              c.readRequest();
              c.write(Fault.ok(Fault.ANSWER));
            });
    try (RawEndpoint endpoint = RawEndpoint.start(closing.handler())) {
      ChatSettings settings = FaultTable.settings(endpoint.url());
      for (int i = 0; i < 20; i++) {
        TABLE.check("kept connection closed by the server " + i, null, settings);
        Thread.sleep(i % 3);
      }
    }
  }

  @Test
  void keptConnectionThatDiesUnderTheNextRequestIsReplaced() {
    Fault dying =
        new Fault(
            "",
            null,
            (c, n) -> {
              c.readRequest();
              c.write(Fault.ok(Fault.ANSWER));
              c.readRequest();
            });
    try (RawEndpoint endpoint = RawEndpoint.start(dying.handler())) {
      ChatSettings settings = FaultTable.settings(endpoint.url());
      for (int i = 0; i < 5; i++) {
        TABLE.check("kept connection dies under a request " + i, null, settings);
      }
    }
  }

  @Test
  void answerThatNobodyAskedForIsNeverTakenForTheNextOne() throws Exception {
    String other = Fault.ANSWER.replace("SELECT 1", "SELECT 'of somebody else'");
    Fault talkative =
        new Fault(
            "",
            null,
            (c, n) -> {
              while (c.readRequest() != null) {
                c.write(Fault.ok(Fault.ANSWER) + Fault.ok(other));
              }
            });
    try (RawEndpoint endpoint = RawEndpoint.start(talkative.handler())) {
      ChatSettings settings = FaultTable.settings(endpoint.url());
      for (int i = 0; i < 10; i++) {
        TABLE.check("two answers to one request " + i, null, settings);
        Thread.sleep(20);
      }
    }
  }

  private static URI url(int port) {
    return URI.create("http://127.0.0.1:" + port + "/v1");
  }

  private static String choice(String content, String reason) {
    return String.format(
        Locale.ROOT,
        "{\"choices\":[{\"message\":{\"content\":%s},\"finish_reason\":\"%s\"}]}",
        content,
        reason);
  }

  private static void dribble(RawEndpoint.Connection connection, String head, String rest)
      throws IOException, InterruptedException {
    connection.write(head);
    for (int at = 0; at < rest.length(); at++) {
      connection.write(rest.substring(at, at + 1));
      Thread.sleep(40);
    }
  }

  private static void endless(RawEndpoint.Connection connection, String head, String rest)
      throws IOException {
    connection.write(head);
    byte[] bytes = rest.repeat(1 + 8_192 / rest.length()).getBytes(StandardCharsets.UTF_8);
    while (true) {
      connection.write(bytes);
    }
  }

  private static Fault compressed(String name, Failure failure, String encoding, byte[] body) {
    return Fault.after(
        name,
        failure,
        c -> {
          c.write(
              HEAD
                  + "Content-Encoding: "
                  + encoding
                  + "\r\nContent-Length: "
                  + body.length
                  + "\r\n\r\n");
          c.write(body);
        });
  }

  private static byte[] gzip(String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return out.toByteArray();
  }
}
