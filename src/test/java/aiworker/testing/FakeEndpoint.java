package aiworker.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import javax.net.ssl.SSLContext;

/**
 * A Chat Completions endpoint on a real socket that answers from a script: the queued replies
 * first, in order, then {@link #otherwise}.
 *
 * <p>Any thread may use it.
 */
public final class FakeEndpoint implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  static {
    // without it each kept-alive reply waits 40 ms for the client's delayed acknowledgement
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private final HttpServer server;
  private final String scheme;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "fake-endpoint");
            thread.setDaemon(true);
            return thread;
          });
  private final Queue<Reply> script = new ConcurrentLinkedQueue<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private volatile Function<Request, Reply> otherwise =
      request -> new Reply(500, Map.of(), "{\"error\":{\"message\":\"no reply is queued\"}}");
  private volatile Duration delay = Duration.ZERO;

  /**
   * A request as it arrived.
   *
   * @param headers names count in any case
   * @param from the caller's port, which tells connections apart
   */
  public record Request(String path, String query, Headers headers, String body, int from) {
    public JsonNode json() {
      try {
        return JSON.readTree(body);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** The last message's text, which in most conversations is the question. */
    public String lastMessage() {
      JsonNode messages = json().path("messages");
      return messages.path(messages.size() - 1).path("content").asText();
    }
  }

  /** A reply to send. */
  public record Reply(int status, Map<String, String> headers, String body) {}

  private FakeEndpoint(HttpServer server, String scheme) {
    this.server = server;
    this.scheme = scheme;
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  public static FakeEndpoint start() {
    try {
      return new FakeEndpoint(HttpServer.create(anyPort(), 0), "http");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same over TLS. */
  public static FakeEndpoint start(SSLContext tls) {
    try {
      HttpsServer server = HttpsServer.create(anyPort(), 0);
      server.setHttpsConfigurator(new HttpsConfigurator(tls));
      return new FakeEndpoint(server, "https");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What to set as {@code base_url}. */
  public URI url() {
    return URI.create(scheme + "://127.0.0.1:" + port() + "/v1");
  }

  public int port() {
    return server.getAddress().getPort();
  }

  /** Queues a full chat completion with this content and a usage of 120 tokens. */
  public FakeEndpoint replyWith(String content) {
    return reply(completion(content));
  }

  /** Queues a completion in the structured form that the client asks for. */
  public FakeEndpoint replyWithSql(String sql) {
    return replyWith(JSON.createObjectNode().put("sql", sql).putNull("problem").toString());
  }

  /** Queues a structured completion that says why there is no query. */
  public FakeEndpoint replyWithProblem(String words) {
    return replyWith(JSON.createObjectNode().putNull("sql").put("problem", words).toString());
  }

  /** Queues a reply of any kind. */
  public FakeEndpoint replyStatus(int status, Map<String, String> headers, String body) {
    return reply(new Reply(status, headers, body));
  }

  /** Queues an error in OpenAI's form. */
  public FakeEndpoint replyError(int status, String message) {
    ObjectNode root = JSON.createObjectNode();
    root.putObject("error").put("message", message).put("type", "test").putNull("code");
    return replyStatus(status, Map.of(), root.toString());
  }

  public FakeEndpoint reply(Reply reply) {
    script.add(reply);
    return this;
  }

  /** What to answer when the queue is empty. */
  public FakeEndpoint otherwise(Function<Request, Reply> answer) {
    otherwise = answer;
    return this;
  }

  /** Lets every reply from now on wait. */
  public FakeEndpoint delay(Duration newDelay) {
    delay = newDelay;
    return this;
  }

  /** A full chat completion, as OpenAI sends it. */
  public static Reply completion(String content) {
    ObjectNode root = JSON.createObjectNode();
    root.put("id", "chatcmpl-1").put("object", "chat.completion").put("model", "fake");
    ObjectNode choice = root.putArray("choices").addObject();
    choice.put("index", 0).put("finish_reason", "stop");
    choice.putObject("message").put("role", "assistant").put("content", content);
    root.putObject("usage")
        .put("prompt_tokens", 100)
        .put("completion_tokens", 20)
        .put("total_tokens", 120);
    return new Reply(200, Map.of(), root.toString());
  }

  /** All requests so far, oldest first. */
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      Request request =
          new Request(
              exchange.getRequestURI().getPath(),
              exchange.getRequestURI().getQuery(),
              exchange.getRequestHeaders(),
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8),
              exchange.getRemoteAddress().getPort());
      requests.add(request);
      Reply queued = script.poll();
      Reply reply = queued == null ? otherwise.apply(request) : queued;
      Thread.sleep(delay.toMillis());
      byte[] body = reply.body.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      reply.headers.forEach(exchange.getResponseHeaders()::set);
      exchange.sendResponseHeaders(reply.status, body.length == 0 ? -1 : body.length);
      if (body.length > 0) {
        exchange.getResponseBody().write(body);
      }
    } catch (InterruptedException e) {
      // closed while a reply was waiting
    }
  }
}
