import aiworker.library.jackson.core.JsonProcessingException;
import aiworker.library.jackson.databind.DeserializationFeature;
import aiworker.library.jackson.databind.JsonNode;
import aiworker.library.jackson.databind.ObjectMapper;
import aiworker.library.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.CharConversionException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A demo model, not an AI: answers the questions of a file with recorded replies over the Chat
 * Completions API, on 127.0.0.1 only. The quick start, the evaluation's demo and the tests share
 * it.
 *
 * <p>{@code java -cp target/ai-worker.jar install/demo/DemoModel.java FILE [PORT]} prints the base
 * URL and serves until it is ended; without a port, or with 0, the system chooses a free one.
 *
 * <p>A line of the file is a JSON object with {@code question} and {@code replies}: the first for
 * the question, the next ones for what follows a refused reply. A reply is text, or an object that
 * is sent as JSON. Case, punctuation and white space of a question do not count.
 */
final class DemoModel {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final String NAME = "demo-recorded-replies";
  private static final int LISTED = 10;

  private final Map<String, JsonNode> replies = new LinkedHashMap<>();
  private final JsonNode unknown;

  private DemoModel(Path file) throws IOException {
    StringBuilder listed = new StringBuilder("this demo model only knows these questions: ");
    for (String line : Files.readAllLines(file)) {
      JsonNode entry = JSON.readTree(line);
      if (replies.size() < LISTED) {
        listed.append(entry.get("question").asText()).append("; ");
      }
      replies.put(normalized(entry.get("question").asText()), entry.get("replies"));
    }
    listed.append("and more: see install/demo/").append(file.getFileName());
    unknown = JSON.createObjectNode().putNull("sql").put("problem", listed.toString());
  }

  public static void main(String[] arguments) throws IOException {
    // without it each answer over a kept connection waits for the client's delayed acknowledgement
    System.setProperty("sun.net.httpserver.nodelay", "true");
    DemoModel model = new DemoModel(Path.of(arguments[0]));
    int port = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 0;
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext("/", model::serve);
    server.start();
    System.out.println("http://127.0.0.1:" + server.getAddress().getPort() + "/v1");
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (!exchange.getRequestURI().getPath().equals("/v1/chat/completions")) {
        send(exchange, 404, error("this demo model serves /v1/chat/completions only"));
      } else if (!exchange.getRequestMethod().equals("POST")) {
        send(exchange, 405, error("use POST"));
      } else {
        answer(exchange);
      }
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    JsonNode request;
    try {
      request = JSON.readTree(exchange.getRequestBody());
    } catch (JsonProcessingException | CharConversionException e) {
      send(exchange, 400, error("the request is not JSON"));
      return;
    }
    JsonNode messages = request.path("messages");
    if (!messages.isArray() || messages.isEmpty()) {
      send(exchange, 400, error("the request has no messages"));
      return;
    }
    JsonNode reply = reply(messages);
    send(
        exchange, 200, completion(messages, reply.isTextual() ? reply.asText() : reply.toString()));
  }

  /** The reply to the last question that is known; each answer after it was refused. */
  private JsonNode reply(JsonNode messages) {
    int refused = 0;
    for (int i = messages.size() - 1; i >= 0; i--) {
      JsonNode message = messages.get(i);
      String role = message.path("role").asText();
      JsonNode known = replies.get(normalized(message.path("content").asText()));
      if (role.equals("user") && known != null) {
        return known.get(Math.min(refused, known.size() - 1));
      }
      refused += role.equals("assistant") ? 1 : 0;
    }
    return unknown;
  }

  private static String normalized(String question) {
    return question.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}]+", " ").strip();
  }

  private static ObjectNode completion(JsonNode messages, String content) {
    ObjectNode completion =
        JSON.createObjectNode()
            .put("id", "chatcmpl-demo-" + Integer.toHexString(messages.hashCode()))
            .put("object", "chat.completion")
            .put("created", System.currentTimeMillis() / 1000)
            .put("model", NAME);
    ObjectNode choice = completion.putArray("choices").addObject().put("index", 0);
    choice.putObject("message").put("role", "assistant").put("content", content);
    choice.put("finish_reason", "stop");
    int prompt = 0;
    for (JsonNode message : messages) {
      prompt += tokens(message.path("content").asText());
    }
    completion
        .putObject("usage")
        .put("prompt_tokens", prompt)
        .put("completion_tokens", tokens(content))
        .put("total_tokens", prompt + tokens(content));
    return completion;
  }

  /** About as many as a model would count: one for four characters. */
  private static int tokens(String text) {
    return (text.length() + 3) / 4;
  }

  private static ObjectNode error(String message) {
    ObjectNode error = JSON.createObjectNode();
    error.putObject("error").put("message", message).put("type", "invalid_request_error");
    return error;
  }

  private static void send(HttpExchange exchange, int status, JsonNode body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.getResponseHeaders().set("X-Demo-Model", "recorded replies, not an AI");
    byte[] bytes = JSON.writeValueAsBytes(body);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }
}
