package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.gateway.Gateway;
import aiworker.testing.FakeEndpoint;
import aiworker.testing.Full;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The gateway under many callers, and callers who go away. */
class GatewayLoadIT extends WithGateway {
  private static final String RUNNING =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ai-worker-gateway' AND state = 'active'";

  private final List<Socket> sockets = new ArrayList<>();

  @AfterEach
  void hangUp() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    sockets.clear();
  }

  /** Sends a question and does not read the answer. */
  private Socket send(String prompt, String mode) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.address().getPort());
    sockets.add(socket);
    byte[] body = question(prompt, mode).getBytes(StandardCharsets.UTF_8);
    String head =
        "POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
            + body.length
            + "\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().write(body);
    return socket;
  }

  private static void await(String what, Supplier<Boolean> condition) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.get()) {
      assertTrue(System.nanoTime() < end, what);
      Thread.sleep(5);
    }
  }

  private void awaitRunning(int count) throws InterruptedException {
    await(
        "statements running: " + count,
        () -> {
          try {
            return adminValue(RUNNING).equals(Integer.toString(count));
          } catch (SQLException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private int waiting() {
    return (int) metric("ai_worker_http_requests_waiting");
  }

  private long metric(String name) {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToLong(line -> Long.parseLong(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void callerWhoHangsUpEndsHisStatement() throws Exception {
    endpoint.delay(Duration.ofMinutes(5));
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    Socket caller = send("never mind", "sql_only");
    awaitRunning(1);
    await("the model is asked", () -> endpoint.requests().size() == 1);
    long hungUp = System.nanoTime();
    caller.close();
    awaitRunning(0);
    long took = Duration.ofNanos(System.nanoTime() - hungUp).toMillis();
    assertTrue(took <= Full.atMost(1000), took + " ms");
    // and harms nobody who comes after
    endpoint.delay(Duration.ZERO);
    assertEquals(200, ask("the next").status());
    assertEquals(0, metric("ai_worker_http_requests_in_flight") - 1);
  }

  @Test
  void callerWhoHangsUpEndsTheQueryThatIsRun() throws Exception {
    endpoint.replyWithSql("SELECT id FROM users");
    ask("slow query");
    admin("UPDATE ai_worker_cache SET generated_sql = 'SELECT pg_sleep(600)'");
    Socket caller = send("slow query", "run");
    awaitRunning(1);
    caller.close();
    awaitRunning(0);
  }

  @Test
  void fullQueueRefusesAndIsLeftByThoseWhoHangUp() throws Exception {
    restartGateway("admin", "AI_WORKER_HTTP_POOL", "1", "AI_WORKER_HTTP_QUEUE", "2");
    endpoint.delay(Duration.ofMinutes(5));
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    Socket first = send("first", "sql_only");
    await("the first asks the model", () -> endpoint.requests().size() == 1);
    Socket second = send("second", "sql_only");
    send("third", "sql_only");
    await("two wait", () -> waiting() == 2);
    Answer refused = ask("fourth");
    problem(429, refused);
    assertEquals("1", refused.header("Retry-After"));
    assertEquals(200, get("/health").status());
    second.close();
    await("one waits", () -> waiting() == 1);
    first.close();
    await("none waits, since the third has begun", () -> waiting() == 0);
    await("the third asks the model", () -> endpoint.requests().size() == 2);
    assertTrue(endpoint.requests().get(1).body().contains("third"));
  }

  /** However many come at once on a connection. */
  @Test
  void pipelinedRequestsAreAllAnsweredInTheirOrder() throws Exception {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    ask("pipelined");
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), gateway.address().getPort())) {
      byte[] body = question("pipelined", "cached_only").getBytes(StandardCharsets.UTF_8);
      String request =
          "POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
              + body.length
              + "\r\n\r\n"
              + new String(body, StandardCharsets.UTF_8);
      String last = "GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write((request.repeat(50) + last).getBytes(StandardCharsets.UTF_8));
      String answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int at = 0;
      for (int hit = 1; hit <= 50; hit++) {
        at = answers.indexOf("\"hit_count\":" + hit + "}", at + 1);
        assertTrue(at > 0, hit + " of " + answers);
      }
      assertTrue(answers.indexOf("404 Not Found", at) > 0, answers);
    }
  }

  /** The connections that there are go on. */
  @Test
  void serverThatTakesNoMoreConnectionsRefusesOnlyWhoNeedsOne() throws Exception {
    admin("ALTER ROLE admin CONNECTION LIMIT 1");
    try {
      restartGateway("admin");
      endpoint.delay(Duration.ofMinutes(5));
      endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
      Socket first = send("first", "sql_only");
      await("the first asks the model", () -> endpoint.requests().size() == 1);
      String backend =
          "SELECT pid FROM pg_stat_activity WHERE application_name = 'ai-worker-gateway'";
      String before = adminValue(backend);
      assertEquals("53300", problem(503, ask("second")).get("sqlstate").asText());
      endpoint.delay(Duration.ZERO);
      first.close();
      awaitRunning(0);
      assertEquals(200, get("/session").status());
      assertEquals(before, adminValue(backend));
    } finally {
      admin("ALTER ROLE admin CONNECTION LIMIT -1");
    }
  }

  @Test
  void stopLetsThoseFinishWhoHaveBegun() throws Exception {
    restartGateway("admin");
    Gateway stopping = gateway;
    // one that comes before the stop must not wait for the model
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    assertEquals(200, ask("known").status());
    int asked = endpoint.requests().size();
    CountDownLatch refused = new CountDownLatch(1);
    endpoint.otherwise(
        request -> {
          try {
            refused.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return FakeEndpoint.completion("SELECT 1");
        });
    CompletableFuture<Answer> begun = CompletableFuture.supplyAsync(() -> ask("begun"));
    await("the model is asked", () -> endpoint.requests().size() == asked + 1);
    CompletableFuture<Void> stop = CompletableFuture.runAsync(stopping::close);
    await("new ones are refused", () -> ask("known").status() == 503);
    Answer late = ask("known");
    problem(503, late);
    assertNotNull(late.header("Retry-After"));
    refused.countDown();
    assertEquals(200, begun.get().status(), begun.get().body());
    stop.get();
    assertThrows(UncheckedIOException.class, () -> ask("too late"));
  }

  /** Each answer is the one to its question, and every hit is counted once. */
  @Test
  void answersAreNeitherSwappedNorLostNorDoubled() throws Exception {
    int questions = 20;
    int clients = 32;
    int each = Full.or(10_000, 1_600) / clients;
    endpoint.otherwise(
        request ->
            FakeEndpoint.completion(
                "SELECT " + request.lastMessage().replaceAll("\\D", "") + " AS answer"));
    AtomicInteger hits = new AtomicInteger();
    AtomicInteger misses = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int client = 0; client < clients; client++) {
        int number = client;
        all.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < each; i++) {
                    mixed(number + i, 1000 + (number * 7 + i) % questions, hits, misses);
                  }
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertTrue(misses.get() >= questions, misses + " misses");
    JsonNode stats = get("/cache/stats").json();
    assertEquals(questions, stats.get("total_entries").asInt());
    assertEquals(hits.get(), stats.get("total_hits").asInt());
  }

  private void mixed(int kind, int question, AtomicInteger hits, AtomicInteger misses) {
    switch (kind % 8) {
      case 0 -> assertEquals(200, get("/cache/stats").status());
      case 1 -> assertEquals("IA001", problem(400, ask(" ")).get("sqlstate").asText());
      case 2 -> {
        Answer cached = post("/generate", question("Question " + question, "cached_only"));
        if (cached.status() == 200) {
          check(question, cached, hits, misses);
        } else {
          problem(404, cached);
        }
      }
      default -> check(question, ask("Question " + question), hits, misses);
    }
  }

  private static void check(int question, Answer answer, AtomicInteger hits, AtomicInteger misses) {
    assertEquals(200, answer.status(), answer.body());
    assertEquals("SELECT " + question + " AS answer LIMIT 1000", answer.json().get("sql").asText());
    (answer.json().get("cache_hit").asBoolean() ? hits : misses).incrementAndGet();
  }

  @Test
  void thousandWaitingCallersCostLittleMemoryAndNoThreads()
      throws IOException, InterruptedException, ExecutionException {
    restartGateway("admin", "AI_WORKER_HTTP_POOL", "1");
    endpoint.delay(Duration.ofMinutes(5));
    assertEquals(200, get("/health").status());
    long before = usedMemory();
    int threads = ManagementFactory.getThreadMXBean().getThreadCount();
    for (int i = 0; i < 1001; i++) {
      send("waiting " + i, "sql_only");
    }
    await("a thousand wait", () -> waiting() == 1000);
    problem(429, ask("one too many"));
    long grown = usedMemory() - before;
    assertTrue(grown < 32 << 20, grown + " bytes");
    assertTrue(ManagementFactory.getThreadMXBean().getThreadCount() - threads < 20);
    hangUp();
    await("nobody waits", () -> waiting() == 0);
    await("nothing is left", () -> metric("ai_worker_http_requests_in_flight") == 1);
  }

  private static long usedMemory() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
