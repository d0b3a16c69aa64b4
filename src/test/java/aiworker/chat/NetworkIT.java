package aiworker.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.testing.FakeEndpoint;
import aiworker.testing.RawEndpoint;
import aiworker.testing.TestCertificates;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Name services and proxies, well and not. */
class NetworkIT {
  private static final ApiKey KEY = ApiKey.of("sk-network-0123456789", "test");

  private static ChatReply ask(Transport.Resolver resolver, ChatSettings settings) {
    return new ChatClient(WaitingClock.SYSTEM, () -> 0.0, resolver)
        .complete(settings, List.of(Message.user("Get all users")), (attempt, pausing) -> {});
  }

  private static AiWorkerException fail(Transport.Resolver resolver, ChatSettings settings) {
    return assertThrows(AiWorkerException.class, () -> ask(resolver, settings));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "169.254.169.254",
        "169.254.0.1",
        "::ffff:169.254.169.254",
        "fe80::1",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "::ffff:168.63.129.16",
        "::a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::c000:c0",
        "64:ff9b:1::a83f:8110",
        "2002:a9fe:a9fe::1",
        "2002:a83f:8110::",
        "fe80::5efe:a9fe:a9fe",
        "2001:db8::5efe:a9fe:a9fe",
        "2001:0:1:2:3:4:5601:5601"
      })
  void hostThatTurnsOutToBeMetadataIsRefused(String address) {
    AiWorkerException e =
        fail(
            host -> new InetAddress[] {InetAddress.getByName(address)},
            TestSettings.of(URI.create("https://model.example/v1"), "m", KEY));
    assertEquals(Failure.REQUEST_REFUSED, e.failure());
    assertTrue(e.detail().contains("link-local or metadata"), e.detail());
  }

  @Test
  void localhostThatTurnsOutToBeElsewhereIsRefused() {
    AiWorkerException e =
        fail(
            host -> new InetAddress[] {InetAddress.getByName("10.0.0.1")},
            TestSettings.of(URI.create("http://localhost:1/v1"), "m", KEY));
    assertEquals(Failure.REQUEST_REFUSED, e.failure());
    assertTrue(e.detail().contains("10.0.0.1"), e.detail());
  }

  @Test
  void unknownHostIsUnreachable() {
    AiWorkerException e =
        fail(
            host -> {
              throw new UnknownHostException(host);
            },
            TestSettings.of(URI.create("https://model.example/v1"), "m", KEY));
    assertEquals(Failure.ENDPOINT_UNREACHABLE, e.failure());
    assertEquals("the host of https://model.example/v1 is unknown", e.getMessage());
  }

  @Test
  void securityPolicyThatForbidsTheLookUpIsNamed() {
    AiWorkerException e =
        fail(
            host -> {
              throw new SecurityException("access denied");
            },
            TestSettings.of(URI.create("https://model.example/v1"), "m", KEY));
    assertEquals(Failure.ENDPOINT_UNREACHABLE, e.failure());
    assertTrue(e.getMessage().contains("security policy"), e.getMessage());
  }

  @Test
  void nameServerThatHangsEndsAtTheDeadlineAndHeedsInterrupts() {
    CountDownLatch never = new CountDownLatch(1);
    Transport.Resolver hanging =
        host -> {
          try {
            never.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          throw new UnknownHostException(host);
        };
    ChatSettings settings =
        TestSettings.of(URI.create("https://model.example/v1"), "m", KEY)
            .withLimits(Duration.ofMillis(300), 2);
    assertEquals(Failure.ENDPOINT_TIMEOUT, fail(hanging, settings).failure());
    IllegalStateException cancel = new IllegalStateException("57014");
    IllegalStateException seen =
        assertThrows(
            IllegalStateException.class,
            () ->
                new ChatClient(WaitingClock.SYSTEM, () -> 0.0, hanging)
                    .complete(
                        settings,
                        List.of(Message.user("?")),
                        (attempt, pausing) -> {
                          throw cancel;
                        }));
    assertSame(cancel, seen);
  }

  @Test
  void plainHttpGoesThroughTheProxyByName() {
    Queue<String> asked = new ConcurrentLinkedQueue<>();
    try (RawEndpoint proxy =
        RawEndpoint.start(
            (c, n) -> {
              asked.add(c.readRequest());
              c.write(Fault.ok(Fault.ANSWER));
              c.hang();
            })) {
      URI base = URI.create("http://model.example:8000/v1");
      ChatSettings settings =
          new ChatSettings(
              base,
              "m",
              KEY,
              null,
              Duration.ofSeconds(10),
              0,
              java.util.Map.of(),
              new Network(true, proxyUrl(proxy), null),
              TestSettings.SAMPLING);
      assertEquals("SELECT 1", ask(InetAddress::getAllByName, settings).content());
      assertEquals(
          List.of("POST http://model.example:8000/v1/chat/completions HTTP/1.1"),
          List.copyOf(asked));
    }
  }

  @Test
  void tlsGoesThroughTheProxysTunnel(@TempDir Path folder) throws Exception {
    TestCertificates certificates = new TestCertificates(folder);
    Queue<String> asked = new ConcurrentLinkedQueue<>();
    try (FakeEndpoint endpoint =
            FakeEndpoint.start(certificates.server("dns:model.example", "-1d", 30));
        RawEndpoint proxy =
            RawEndpoint.start(
                (c, n) -> {
                  asked.add(c.readRequest());
                  c.write("HTTP/1.1 200 Connected\r\n\r\n");
                  tunnel(c, endpoint.port());
                })) {
      endpoint.replyWith("SELECT 1").replyWith("SELECT 2");
      ChatSettings settings =
          TestSettings.with(
              TestSettings.of(URI.create("https://model.example/v1"), "m", KEY),
              new Network(false, proxyUrl(proxy), certificates.authorityFile()));
      assertEquals("SELECT 1", ask(InetAddress::getAllByName, settings).content());
      assertEquals(List.of("CONNECT model.example:443 HTTP/1.1"), List.copyOf(asked));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "403, ENDPOINT_UNREACHABLE, 'Tunnel failed, got: 403'",
    "407, REQUEST_REFUSED,",
    "502, ENDPOINT_UNREACHABLE, 'Tunnel failed, got: 502'"
  })
  void proxyThatRefusesTheTunnelIsAnError(int status, Failure failure, String detail) {
    try (RawEndpoint proxy =
        RawEndpoint.start(
            Fault.text("", null, "HTTP/1.1 " + status + " No\r\nContent-Length: 0\r\n\r\n")
                .handler())) {
      ChatSettings settings =
          TestSettings.with(
              TestSettings.of(URI.create("https://model.example/v1"), "m", KEY)
                  .withLimits(Duration.ofSeconds(5), 0),
              new Network(false, proxyUrl(proxy), null));
      AiWorkerException e = fail(InetAddress::getAllByName, settings);
      assertEquals(failure, e.failure());
      assertEquals(detail, e.detail());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://169.254.169.254/v1",
        "http://169.254.169.254/v1",
        "http://100.100.100.200/v1",
        "http://[fd00:ec2::254]/v1",
        "http://[::ffff:169.254.169.254]/v1",
        "http://[64:ff9b::a9fe:a9fe]/v1",
        "http://168.63.129.16/v1",
        "https://[2002:a9fe:a9fe::1]/v1",
        "https://[fd20:ce::254]/v1"
      })
  void metadataAddressIsNotReachedThroughTheProxyEither(String url) {
    try (RawEndpoint proxy = RawEndpoint.start((c, n) -> c.reset())) {
      AiWorkerException e =
          fail(
              InetAddress::getAllByName,
              new ChatSettings(
                  URI.create(url),
                  "m",
                  KEY,
                  null,
                  Duration.ofSeconds(5),
                  0,
                  java.util.Map.of(),
                  new Network(true, proxyUrl(proxy), null),
                  TestSettings.SAMPLING));
      assertEquals(Failure.REQUEST_REFUSED, e.failure());
      assertTrue(e.detail().contains("link-local or metadata"), e.detail());
      assertEquals(0, proxy.connections());
    }
  }

  @Test
  void proxyMayBeNamed() {
    try (FakeEndpoint proxy = FakeEndpoint.start().replyWith("SELECT 1")) {
      ChatSettings settings =
          new ChatSettings(
              URI.create("http://10.0.0.1:8000/v1"),
              "m",
              KEY,
              null,
              Duration.ofSeconds(5),
              0,
              java.util.Map.of(),
              new Network(true, URI.create("http://localhost:" + proxy.port()), null),
              TestSettings.SAMPLING);
      assertEquals("SELECT 1", ask(InetAddress::getAllByName, settings).content());
      assertEquals(1, proxy.requests().size());
    }
  }

  @Test
  void proxyIsNotUsedForThisMachine() {
    try (FakeEndpoint endpoint = FakeEndpoint.start().replyWith("SELECT 1");
        RawEndpoint proxy = RawEndpoint.start((c, n) -> c.reset())) {
      ask(
          InetAddress::getAllByName,
          TestSettings.with(
              TestSettings.of(endpoint.url(), "m", ApiKey.NONE),
              new Network(false, proxyUrl(proxy), null)));
      assertEquals(0, proxy.connections());
    }
  }

  private static URI proxyUrl(RawEndpoint proxy) {
    return URI.create("http://127.0.0.1:" + proxy.port());
  }

  private static void tunnel(RawEndpoint.Connection client, int port) throws Exception {
    try (Socket target = new Socket(InetAddress.getLoopbackAddress(), port)) {
      Thread back = new Thread(() -> copy(target, client.out()));
      back.setDaemon(true);
      back.start();
      pump(client.in(), target.getOutputStream());
    }
  }

  private static void copy(Socket from, OutputStream to) {
    try {
      pump(from.getInputStream(), to);
    } catch (java.io.IOException e) {
      // one of the two has closed
    }
  }

  private static void pump(InputStream from, OutputStream to) throws java.io.IOException {
    byte[] buffer = new byte[8_192];
    for (int length = from.read(buffer); length >= 0; length = from.read(buffer)) {
      to.write(buffer, 0, length);
      to.flush();
    }
  }
}
