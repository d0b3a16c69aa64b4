package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.gateway.Gateway;
import aiworker.gateway.SettingException;
import aiworker.testing.FakeEndpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whom the HTTP gateway answers, and what browsers are told. */
class GatewayAccessIT extends WithGateway {
  private static final String TOKEN = "0123456789abcdef-secret";

  @TempDir Path folder;

  private Path tokenFile(String token) throws IOException {
    return Files.writeString(folder.resolve("token"), token);
  }

  @Test
  void beyondThisMachineThereMustBeAToken() throws IOException {
    SettingException refused =
        assertThrows(
            SettingException.class,
            () -> Gateway.start(environment("admin", "AI_WORKER_HTTP", "0.0.0.0:0")));
    assertTrue(refused.hint().contains("AI_WORKER_HTTP_TOKEN_FILE"), refused.hint());
    restartGateway(
        "admin",
        "AI_WORKER_HTTP",
        "0.0.0.0:0",
        "AI_WORKER_HTTP_TOKEN_FILE",
        tokenFile(TOKEN + "\n").toString());
    assertEquals(200, get("/session", "Authorization", "Bearer " + TOKEN).status());
  }

  @Test
  void everyCallNeedsTheToken() throws IOException {
    restartGateway("admin", "AI_WORKER_HTTP_TOKEN_FILE", tokenFile(TOKEN).toString());
    for (String path :
        new String[] {
          "/cache/stats", "/cache/entries", "/usage", "/quotas", "/session", "/health", "/metrics"
        }) {
      Answer without = get(path);
      problem(401, without);
      assertEquals("Bearer", without.header("WWW-Authenticate"));
      problem(401, get(path, "Authorization", "Bearer " + TOKEN + "x"));
      problem(401, get(path, "Authorization", "Basic " + TOKEN));
      Answer with = get(path, "Authorization", "bearer " + TOKEN);
      assertEquals(200, with.status(), with.body());
    }
    for (String path :
        new String[] {
          "/generate", "/cache/cleanup", "/cache/verify", "/cache/delete", "/cache/invalidate"
        }) {
      problem(401, post(path, "{}"));
    }
    assertEquals(0, endpoint.requests().size());
    // the page that asks people for it
    assertEquals(200, get("/").status());
  }

  @ParameterizedTest
  @ValueSource(strings = {"short", "", "with blank in the middle", "späte-Umlaute-0123456789"})
  void weakTokensAreRefused(String token) throws IOException {
    String file = tokenFile(token).toString();
    SettingException refused =
        assertThrows(
            SettingException.class,
            () -> Gateway.start(environment("admin", "AI_WORKER_HTTP_TOKEN_FILE", file)));
    assertFalse(!token.isEmpty() && refused.getMessage().contains(token), refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "AI_WORKER_HTTP, 8088",
    "AI_WORKER_HTTP, 127.0.0.1:http",
    "AI_WORKER_HTTP_RUN, yes",
    "AI_WORKER_HTTP_POOL, 0",
    "AI_WORKER_HTTP_QUEUE, many",
    "AI_WORKER_HTTP_ORIGINS, example.com",
    "AI_WORKER_HTTP_TOKEN_FILE, /nowhere/token",
    "POSTGRES_PORT, 70000",
    "POSTGRES_HOST, /var/run/postgresql",
    "POSTGRES_HOST, localhost/other?user=x",
    "POSTGRES_SSLMODE, maybe"
  })
  void settingThatCannotBeUsedIsNamed(String name, String value) {
    SettingException refused =
        assertThrows(
            SettingException.class, () -> Gateway.start(environment("admin", name, value)));
    assertTrue(refused.getMessage().contains(name), refused.getMessage());
    assertFalse(refused.hint().isBlank());
  }

  @ParameterizedTest
  @CsvSource({
    "localhost, 200",
    "localhost:8088, 200",
    "127.0.0.1, 200",
    "[::1]:80, 200",
    "LOCALHOST, 200",
    "db.internal:8088, 200",
    "evil.example, 403",
    "127.0.0.1.evil.example, 403",
    "localhost.evil.example, 403",
    "evil.example:127, 403",
    "a@localhost, 403",
    "'', 403"
  })
  void hostMustBeOurs(String host, int status) throws IOException {
    restartGateway("admin", "AI_WORKER_HTTP_HOSTS", "db.internal, other.internal");
    assertEquals(status, raw("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"));
  }

  @Test
  void oneHostIsNeeded() throws IOException {
    assertEquals(400, raw("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"));
    assertEquals(
        400,
        raw(
            "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"));
    assertEquals(
        400,
        raw("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    assertEquals(400, raw("GET /?a=%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    assertEquals(400, raw("nonsense\r\n\r\n"));
    assertEquals(
        400,
        raw(
            """
            POST /generate HTTP/1.1
            Host: localhost
            Connection: close
            Content-Type: application/json
            Transfer-Encoding: gzip, chunked

            0

            """
                .replace("\n", "\r\n")));
  }

  private int raw(String request) throws IOException {
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), gateway.address().getPort())) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return Integer.parseInt(answer.substring(9, 12));
    }
  }

  @Test
  void otherSitesCannotCall() {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    for (String origin :
        new String[] {
          "https://evil.example", "null", "http://localhost:3000", "http://127.0.0.1.evil.example"
        }) {
      problem(
          403,
          post(
              "/generate",
              question("x", "sql_only"),
              "Content-Type",
              "application/json",
              "Origin",
              origin));
      problem(403, post("/cache/cleanup", "", "Origin", origin));
      problem(403, get("/cache/stats", "Origin", origin));
    }
    // a form needs no permission from here, nor does a request without a body
    problem(415, post("/generate", "{}", "Content-Type", "text/plain"));
    problem(403, post("/cache/cleanup", "", "Sec-Fetch-Site", "cross-site"));
    assertEquals(0, endpoint.requests().size());
    String own = "http://127.0.0.1:" + gateway.address().getPort();
    assertEquals(
        200,
        post(
                "/generate",
                question("x", "sql_only"),
                "Content-Type",
                "application/json",
                "Origin",
                own)
            .status());
  }

  @Test
  void otherSitesReadNothingUnlessTheyAreListed() {
    HttpRequest.Builder preflight =
        HttpRequest.newBuilder(url("/generate"))
            .method("OPTIONS", HttpRequest.BodyPublishers.noBody());
    problem(
        403,
        send(preflight, "Origin", "https://app.example", "Access-Control-Request-Method", "POST"));
    assertNull(get("/session").header("Access-Control-Allow-Origin"));
    restartGateway("admin", "AI_WORKER_HTTP_ORIGINS", "https://app.example");
    Answer allowed =
        send(
            HttpRequest.newBuilder(url("/generate"))
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody()),
            "Origin",
            "https://app.example",
            "Access-Control-Request-Method",
            "POST");
    assertEquals(204, allowed.status());
    assertEquals("https://app.example", allowed.header("Access-Control-Allow-Origin"));
    assertEquals(
        "https://app.example",
        get("/session", "Origin", "https://app.example").header("Access-Control-Allow-Origin"));
    Answer other = get("/session", "Origin", "https://evil.example");
    problem(403, other);
    assertNull(other.header("Access-Control-Allow-Origin"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/console/main.js", "/session", "/nothing", "/generate"})
  void everyResponseIsGuarded(String path) {
    Answer answer = get(path);
    assertEquals("nosniff", answer.header("X-Content-Type-Options"));
    assertEquals("no-store", answer.header("Cache-Control"));
    assertEquals("DENY", answer.header("X-Frame-Options"));
    assertEquals("no-referrer", answer.header("Referrer-Policy"));
    String policy = answer.header("Content-Security-Policy");
    assertTrue(
        policy.startsWith("default-src 'none'; script-src 'self';")
            && policy.contains("frame-ancestors 'none'")
            && !policy.contains("unsafe"),
        policy);
    assertNull(answer.header("Server"));
  }

  @Test
  void noSecretIsTold() throws IOException {
    restartGateway(
        "admin",
        "AI_WORKER_HTTP_TOKEN_FILE",
        tokenFile(TOKEN).toString(),
        "POSTGRES_PASSWORD",
        "a-password-nobody-sees",
        "POSTGRES_PORT",
        "1");
    String bearer = "Bearer " + TOKEN;
    for (String path : new String[] {"/health", "/metrics", "/session", "/openapi.json", "/"}) {
      String body = get(path, "Authorization", bearer).body();
      assertFalse(body.contains(TOKEN) || body.contains("a-password-nobody-sees"), body);
    }
    problem(503, get("/session", "Authorization", bearer));
    assertEquals(503, get("/health", "Authorization", bearer).status());
  }
}
