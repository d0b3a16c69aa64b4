package aiworker.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.Full;
import aiworker.testing.ProcessCounts;
import aiworker.testing.RawEndpoint;
import aiworker.testing.TestCertificates;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a cancel, a statement_timeout or a shutdown in the middle of a request leaves behind. */
class CancelIT {
  private static final List<Message> QUESTION = List.of(Message.user("Get all users"));
  private static final Duration AFTER = Duration.ofMillis(100);

  private final ChatClient client =
      new ChatClient(WaitingClock.SYSTEM, () -> 0.0, InetAddress::getAllByName);

  /** Stands for what SPI throws once the backend is to stop. */
  private static final class Cancel extends RuntimeException {}

  /** Asks and cancels after so long; returns how long the cancel took to come through, in ns. */
  private long cancelled(ChatSettings settings, Duration after) {
    Cancel cancel = new Cancel();
    Thread caller = Thread.currentThread();
    long start = System.nanoTime();
    long due = start + after.toNanos();
    AtomicReference<Thread> strange = new AtomicReference<>();
    Cancel seen =
        assertThrows(
            Cancel.class,
            () ->
                client.complete(
                    settings,
                    QUESTION,
                    (attempt, pausing) -> {
                      if (Thread.currentThread() != caller) {
                        strange.set(Thread.currentThread());
                      }
                      if (System.nanoTime() >= due) {
                        throw cancel;
                      }
                    }));
    assertSame(cancel, seen);
    assertEquals(null, strange.get());
    return System.nanoTime() - due;
  }

  @Test
  void cancelComesThroughWithinAHundredMilliseconds() {
    try (RawEndpoint endpoint = RawEndpoint.start((c, n) -> c.hang())) {
      ChatSettings settings = TestSettings.of(endpoint.url(), "m", ApiKey.NONE);
      cancelled(settings, AFTER);
      long[] late = LongStream.range(0, 10).map(i -> cancelled(settings, AFTER)).sorted().toArray();
      System.out.println("cancel seen after ns: " + Arrays.toString(late));
      assertTrue(late[late.length - 1] < Full.atMost(100_000_000L), Arrays.toString(late));
    }
  }

  @Test
  void cancelledRequestIsDroppedAtTheEndpointToo() {
    try (RawEndpoint endpoint = RawEndpoint.start((c, n) -> c.hang())) {
      cancelled(TestSettings.of(endpoint.url(), "m", ApiKey.NONE), AFTER);
      assertEquals(1, endpoint.connections());
      assertTrue(soon(() -> endpoint.openConnections() == 0));
    }
  }

  @Test
  void answerToACancelledQuestionIsNeverGivenToTheNext() throws Exception {
    try (FakeEndpoint endpoint = FakeEndpoint.start()) {
      endpoint.otherwise(
          request -> {
            boolean slow = request.lastMessage().equals("Get all users");
            try {
              Thread.sleep(slow ? 60 : 0);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return FakeEndpoint.completion("answer to " + request.lastMessage());
          });
      ChatSettings settings = TestSettings.of(endpoint.url(), "m", ApiKey.NONE);
      for (int i = 0; i < 30; i++) {
        try {
          cancelled(settings, Duration.ofMillis(i * 3L));
        } catch (AssertionError e) {
          // the answer was faster than the cancel
        }
        String question = "question " + i;
        assertEquals(
            "answer to " + question,
            client
                .complete(settings, List.of(Message.user(question)), (attempt, pausing) -> {})
                .content());
      }
    }
  }

  @Test
  void twoHundredCancelledCallsLeaveNothingBehind() throws Exception {
    try (RawEndpoint endpoint = RawEndpoint.start((c, n) -> c.hang())) {
      leavesNothing("http", TestSettings.of(endpoint.url(), "m", ApiKey.NONE), endpoint, 200);
    }
  }

  @Test
  void cancelledTlsCallsLeaveNothingBehind(@TempDir Path folder) throws Exception {
    TestCertificates certificates = new TestCertificates(folder);
    Network trusted = new Network(false, null, certificates.authorityFile());
    SSLContext tls = certificates.server("ip:127.0.0.1", "-1d", 30);
    try (RawEndpoint endpoint = RawEndpoint.start(tls, (c, n) -> c.hang())) {
      ChatSettings settings =
          TestSettings.with(TestSettings.of(endpoint.url(), "m", ApiKey.NONE), trusted);
      leavesNothing("https", settings, endpoint, 50);
    }
  }

  @Test
  void handshakesThatAreCancelledLeaveNothingBehind() throws Exception {
    try (RawEndpoint endpoint = RawEndpoint.start((c, n) -> c.hang())) {
      ChatSettings settings =
          TestSettings.of(
              java.net.URI.create("https://127.0.0.1:" + endpoint.port()), "m", ApiKey.NONE);
      leavesNothing("handshake", settings, endpoint, 50);
    }
  }

  @Test
  void nothingOfOursRunsBetweenCallsButTheSelector() {
    try (FakeEndpoint endpoint = FakeEndpoint.start().replyWith("SELECT 1")) {
      client.complete(
          TestSettings.of(endpoint.url(), "m", ApiKey.NONE), QUESTION, (attempt, pausing) -> {});
      assertTrue(soon(() -> threads("ai-worker-http") == 0));
      threadNames()
          .filter(thread -> thread.getName().startsWith("HttpClient"))
          .forEach(thread -> assertTrue(thread.isDaemon(), thread.getName()));
      assertFalse(threads("HttpClient") == 0);
    }
  }

  private void leavesNothing(String name, ChatSettings settings, RawEndpoint endpoint, int calls) {
    for (int i = 0; i < 5; i++) {
      cancelled(settings, Duration.ofMillis(5));
    }
    assertTrue(soon(() -> threads("ai-worker-http") == 0));
    long threads = threads("");
    long sockets = sockets();
    for (int i = 0; i < calls; i++) {
      cancelled(settings, Duration.ofMillis(i % 60));
    }
    boolean quiet = soon(() -> threads("") <= threads && sockets() <= sockets);
    System.out.printf(
        "%s: %d cancelled calls: threads %d -> %d, sockets %d -> %d, %d connections, %d open%n",
        name,
        calls,
        threads,
        threads(""),
        sockets,
        sockets(),
        endpoint.connections(),
        endpoint.openConnections());
    assertTrue(quiet);
    assertEquals(0, endpoint.openConnections());
  }

  private static boolean soon(BooleanSupplier condition) {
    for (int i = 0; i < 60; i++) {
      if (condition.getAsBoolean()) {
        return true;
      }
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return condition.getAsBoolean();
  }

  private static long threads(String prefix) {
    return threadNames().filter(thread -> thread.getName().startsWith(prefix)).count();
  }

  private static Stream<Thread> threadNames() {
    return Thread.getAllStackTraces().keySet().stream();
  }

  private static long sockets() {
    return ProcessCounts.of(ProcessHandle.current().pid()).sockets();
  }
}
