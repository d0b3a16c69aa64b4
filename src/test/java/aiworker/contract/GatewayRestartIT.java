package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.Full;
import aiworker.testing.TestCluster;
import aiworker.testing.TestServer;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The gateway while its database goes and comes. */
class GatewayRestartIT extends WithGateway {
  private TestCluster own;

  @Override
  TestServer server() {
    runtime.require();
    own = Installation.start(Map.of());
    return own;
  }

  @Override
  @AfterAll
  void dropDatabase() {
    if (own != null) {
      own.close();
    }
  }

  /** Asks a cached question all the time, from many clients, while the server restarts. */
  @ParameterizedTest
  @ValueSource(strings = {"fast", "immediate"})
  void restartOfTheDatabaseIsOver(String mode) throws Exception {
    endpoint.replyWithSql("SELECT 1");
    assertEquals(200, ask("all the time").status());
    AtomicBoolean over = new AtomicBoolean();
    AtomicInteger refused = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(16);
    List<Future<?>> all = new ArrayList<>();
    try {
      for (int i = 0; i < 16; i++) {
        all.add(
            threads.submit(
                () -> {
                  while (!over.get()) {
                    long began = System.nanoTime();
                    Answer answer = post("/generate", question("all the time", "cached_only"));
                    long took = Duration.ofNanos(System.nanoTime() - began).toMillis();
                    // unlogged counters, not entries, go with an immediate stop
                    if (answer.status() != 200) {
                      problem(503, answer);
                      assertEquals("1", answer.header("Retry-After"));
                      refused.incrementAndGet();
                      assertTrue(took <= Full.atMost(2000), took + " ms");
                    }
                  }
                }));
      }
      own.stopServer(mode);
      int before = refused.get();
      while (refused.get() < before + 32) {
        Thread.sleep(10);
      }
      assertEquals(503, get("/health").status());
      assertTrue(get("/metrics").body().contains("\nai_worker_database_up 0\n"));
      over.set(true);
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      over.set(true);
      threads.shutdownNow();
    }
    own.startServer();
    Answer first = ask("all the time");
    assertEquals(200, first.status(), first.body());
    assertTrue(first.json().get("cache_hit").asBoolean());
    assertEquals(200, get("/health").status());
  }

  /** Nobody asks while it restarts, so that all connections look usable. */
  @Test
  void firstRequestAfterAQuietRestartIsAnswered() throws SQLException {
    endpoint.replyWithSql("SELECT 1");
    ask("quiet");
    own.stopServer("fast");
    own.startServer();
    Answer first = ask("quiet");
    assertEquals(200, first.status(), first.body());
  }

  @Test
  void gatewayStartsBeforeItsDatabase() {
    own.stopServer("fast");
    restartGateway("admin");
    problem(503, ask("early"));
    own.startServer();
    endpoint.replyWithSql("SELECT 1");
    assertEquals(200, ask("early").status());
  }
}
