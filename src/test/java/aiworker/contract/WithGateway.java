package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import aiworker.gateway.Gateway;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;

/**
 * What the gateway's tests stand on: one that runs in this JVM and logs in as an administrator. It
 * is the same for both runtimes, so one is enough.
 */
abstract class WithGateway extends RuntimeContract {
  static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  Gateway gateway;
  private boolean usual;

  /** What came back. */
  record Answer(int status, HttpHeaders headers, String body) {
    JsonNode json() {
      return RuntimeContract.json(body);
    }

    String header(String name) {
      return headers.firstValue(name).orElse(null);
    }
  }

  WithGateway() {
    super(BackendRuntime.PLPYTHON);
  }

  @BeforeEach
  void startGateway() {
    if (!usual) {
      restartGateway("admin", settings());
      usual = true;
    }
  }

  @AfterAll
  void stopGateway() {
    if (gateway != null) {
      gateway.close();
    }
  }

  /** What the class sets besides the usual, name and value in turn. */
  String[] settings() {
    return new String[] {"AI_WORKER_HTTP_RUN", "on"};
  }

  /** Replaces the gateway by one that logs in as this role, for this test. */
  void restartGateway(String role, String... settings) {
    stopGateway();
    usual = false;
    gateway = Gateway.start(environment(role, settings));
  }

  Map<String, String> environment(String role, String... settings) {
    Map<String, String> environment = new HashMap<>();
    environment.put("POSTGRES_HOST", "127.0.0.1");
    environment.put("POSTGRES_PORT", Integer.toString(cluster.port()));
    environment.put("POSTGRES_DB", database);
    environment.put("POSTGRES_USER", role);
    environment.put("AI_WORKER_HTTP", "127.0.0.1:0");
    for (int i = 0; i < settings.length; i += 2) {
      environment.put(settings[i], settings[i + 1]);
    }
    return environment;
  }

  URI url(String path) {
    return URI.create("http://127.0.0.1:" + gateway.address().getPort() + path);
  }

  Answer get(String path, String... headers) {
    return send(HttpRequest.newBuilder(url(path)).GET(), headers);
  }

  Answer post(String path, String body, String... headers) {
    return send(
        HttpRequest.newBuilder(url(path)).POST(HttpRequest.BodyPublishers.ofString(body)),
        headers.length == 0 ? new String[] {"Content-Type", "application/json"} : headers);
  }

  static Answer send(HttpRequest.Builder request, String... headers) {
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      HttpResponse<String> response =
          HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(response.statusCode(), response.headers(), response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A problem document as promised, with nothing in it that is not for callers. */
  static JsonNode problem(int status, Answer answer) {
    assertEquals(status, answer.status(), answer.body());
    assertEquals("application/problem+json", answer.header("Content-Type"), answer.body());
    JsonNode problem = answer.json();
    assertEquals(status, problem.path("status").asInt(), answer.body());
    assertEquals("about:blank", problem.path("type").asText());
    for (String member : new String[] {"title", "detail"}) {
      assertFalse(problem.path(member).asText().isBlank(), answer.body());
    }
    for (String inside : new String[] {"\\tat ", "Exception", "fasterxml", "Feature"}) {
      assertFalse(answer.body().contains(inside), answer.body());
    }
    return problem;
  }

  static void assertProblem(int status, String sqlState, Answer answer) {
    JsonNode problem = problem(status, answer);
    assertEquals(sqlState, problem.path("sqlstate").asText(null), answer.body());
    assertFalse(problem.path("hint").asText().isBlank(), answer.body());
  }

  /** A body of {@code POST /generate}. */
  static String question(String prompt, String mode) {
    return JSON.createObjectNode()
        .put("prompt", prompt)
        .put("mode", mode)
        .put("schema_version", "v1")
        .toString();
  }

  Answer ask(String prompt) {
    return post("/generate", question(prompt, "sql_only"));
  }
}
