package aiworker.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.testing.FakeEndpoint;
import aiworker.testing.Full;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;

/** Runs a question into a fault and judges its end: the right failure, before the deadline. */
final class FaultTable {
  static final String KEY = "sk-fault-0123456789abcdef";
  static final Duration DEADLINE = Duration.ofSeconds(1);

  /** For a busy machine. */
  private static final Duration GRACE = Duration.ofMillis(Full.atMost(500));

  private final Path file;
  private final ChatClient client =
      new ChatClient(WaitingClock.SYSTEM, () -> 0.0, InetAddress::getAllByName);

  /**
   * Starts an empty table, and warms up: the first call of all loads the classes.
   *
   * @param name of the file under target/ that lists cases, SQLSTATEs and times
   */
  FaultTable(String name) {
    file = Path.of("target", name);
    try {
      Files.writeString(file, "");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try (FakeEndpoint warm = FakeEndpoint.start().replyWith("SELECT 1")) {
      ask(settings(warm.url()).withLimits(Duration.ofSeconds(30), 0));
    }
  }

  /** One retry, and a deadline of one second. */
  static ChatSettings settings(java.net.URI url) {
    return TestSettings.of(url, "gpt-test", ApiKey.of(KEY, "test")).withLimits(DEADLINE, 1);
  }

  /** Asks, and expects this failure; null for an answer. */
  void check(String name, Failure expected, ChatSettings settings) {
    long start = System.nanoTime();
    String seen;
    if (expected == null) {
      assertEquals("SELECT 1", ask(settings).content());
      seen = "answer";
    } else {
      AiWorkerException e = assertThrows(AiWorkerException.class, () -> ask(settings));
      assertEquals(
          expected, e.failure(), () -> e.getMessage() + "; " + e.detail() + "; " + e.getCause());
      seen =
          e.failure() + " " + e.failure().sqlState() + " | " + e.getMessage() + " | " + e.detail();
      assertTrue(!seen.contains(KEY), seen);
    }
    Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
    log(name + " | " + elapsed.toMillis() + " ms | " + seen);
    assertTrue(elapsed.compareTo(DEADLINE.plus(GRACE)) <= 0, () -> "took " + elapsed);
  }

  ChatReply ask(ChatSettings settings) {
    return client.complete(
        settings, List.of(Message.user("Get all users")), (attempt, pausing) -> {});
  }

  private void log(String line) {
    try {
      Files.writeString(file, line + "\n", StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
