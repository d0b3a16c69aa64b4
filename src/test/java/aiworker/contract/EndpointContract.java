package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.TestCertificates;
import aiworker.testing.TestCluster;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Every setting that says how the endpoint is reached and asked, from the UPDATE to the wire. */
abstract class EndpointContract extends RuntimeContract {
  private static final String KEY = "sk-endpoint-0123456789abcdef";

  private static final List<String> LOGGING =
      List.of(
          "log_min_messages = debug1", "log_error_verbosity = verbose", "log_statement = 'all'");

  private Path folder;
  private Path keyFile;

  EndpointContract(BackendRuntime runtime) {
    super(runtime);
  }

  @BeforeAll
  void writeTheKey() throws IOException {
    folder = Files.createTempDirectory("ai-worker-endpoint");
    TestCluster.own(folder);
    keyFile = Files.writeString(folder.resolve("key"), KEY + "\n");
    TestCluster.own(keyFile);
  }

  @AfterAll
  void deleteTheKey() throws IOException {
    if (keyFile != null) {
      Files.delete(keyFile);
      Files.delete(folder);
    }
  }

  private void set(String settings) throws SQLException {
    admin("UPDATE ai_worker_config SET " + settings);
  }

  private FakeEndpoint.Request asked(String prompt) throws SQLException {
    endpoint.replyWithSql("SELECT 1");
    generate(prompt, "v1");
    return endpoint.requests().get(endpoint.requests().size() - 1);
  }

  @Test
  void byDefaultNothingIsAdded() throws SQLException {
    FakeEndpoint.Request request = asked("plain");
    assertNull(request.query());
    for (String header : new String[] {"Authorization", "api-key", "OpenAI-Organization"}) {
      assertNull(request.headers().getFirst(header), header);
    }
    assertFalse(request.json().has("seed") || request.json().has("max_completion_tokens"));
  }

  @Test
  void openAiSettingsAreSent() throws SQLException {
    set(
        "organization = 'org-1', project = 'proj_1', headers = '{\"X-Team\": \"data & more\"}', seed = 9007199254740993,"
            + " max_completion_tokens = 500, api_key_file = '"
            + keyFile
            + "'");
    FakeEndpoint.Request request = asked("openai");
    assertEquals("org-1", request.headers().getFirst("OpenAI-Organization"));
    assertEquals("proj_1", request.headers().getFirst("OpenAI-Project"));
    assertEquals("data & more", request.headers().getFirst("X-Team"));
    assertEquals("Bearer " + KEY, request.headers().getFirst("Authorization"));
    assertEquals(9007199254740993L, request.json().get("seed").longValue());
    assertEquals(500, request.json().get("max_completion_tokens").intValue());
  }

  @Test
  void azureSettingsAreSent() throws SQLException {
    set(
        "base_url = base_url || '/openai/deployments/gpt', api_version = '2024-10-21', api_key_header = 'api-key',"
            + " api_key_file = '"
            + keyFile
            + "'");
    FakeEndpoint.Request request = asked("azure");
    assertEquals("/v1/openai/deployments/gpt/chat/completions", request.path());
    assertEquals("api-version=2024-10-21", request.query());
    assertEquals(KEY, request.headers().getFirst("api-key"));
    assertNull(request.headers().getFirst("Authorization"));
    set("base_url = base_url || '?tenant=a'");
    assertEquals("tenant=a&api-version=2024-10-21", asked("azure with a query").query());
  }

  @Test
  void olderEndpointIsToldTheLimitInItsOwnWords() throws SQLException {
    set("max_completion_tokens = 700");
    endpoint.replyError(400, "Unsupported parameter: max_completion_tokens");
    JsonNode body = asked("older").json();
    assertEquals(700, body.get("max_tokens").intValue());
    assertFalse(body.has("max_completion_tokens"));
  }

  @Test
  void answerCutAtTheLimitNamesTheSetting() throws SQLException {
    FakeEndpoint.Reply cut =
        new FakeEndpoint.Reply(
            200,
            Map.of(),
            "{\"choices\":[{\"finish_reason\":\"length\",\"message\":{\"content\":\"SELECT\"}}]}");
    set("max_completion_tokens = 5");
    endpoint.reply(cut).reply(cut);
    ServerErrorMessage error = refusal("long", "v1", "IA017");
    assertTrue(error.getHint().contains("max_completion_tokens"), error.getHint());
    assertEquals("max_completion_tokens is 5", error.getDetail());
    set("max_completion_tokens = NULL");
    error = refusal("long", "v1", "IA017");
    assertTrue(error.getDetail().contains("endpoint's own"), error.getDetail());
  }

  @Test
  void proxyIsAskedForEndpointsElsewhere() throws SQLException {
    set(
        "base_url = 'http://model.example:8000/v1', allow_plain_http = true, proxy = 'http://127.0.0.1:"
            + endpoint.port()
            + "', api_key_file = '"
            + keyFile
            + "'");
    FakeEndpoint.Request request = asked("through the proxy");
    assertEquals("model.example:8000", request.headers().getFirst("Host"));
    assertEquals("/v1/chat/completions", request.path());
  }

  @Test
  void ownAuthorityIsTrustedInsteadOfJavas() throws Exception {
    Path keys = Files.createTempDirectory("ai-worker-tls");
    TestCertificates certificates = new TestCertificates(keys);
    Path ca = folder.resolve("ca.pem");
    Files.copy(certificates.authorityFile(), ca, StandardCopyOption.REPLACE_EXISTING);
    TestCluster.own(ca);
    try (FakeEndpoint tls =
            FakeEndpoint.start(certificates.server("ip:127.0.0.1", "-1d", 30))
                .replyWithSql("SELECT 1")
                .replyWithSql("SELECT 2");
        Connection session = asker()) {
      set("base_url = '" + tls.url() + "'");
      ServerErrorMessage error = refusal(session, "over tls", "v1", "IA011");
      assertTrue(error.getMessage().startsWith("no trusted connection"), error.getMessage());
      assertTrue(error.getHint().contains("ca_file"), error.getHint());
      assertEquals(0, tls.requests().size());
      set("ca_file = '" + ca + "'");
      generate(session, "over tls", "v1");
      set("ca_file = '/nowhere/ca.pem'");
      error = refusal(session, "over tls again", "v1", "IA011");
      assertTrue(error.getMessage().contains("/nowhere/ca.pem"), error.getMessage());
      assertTrue(adminValue("SELECT ai_worker_health() -> 'problems'").contains("/nowhere/ca.pem"));
      set("ca_file = '" + ca + "'");
      generate(session, "over tls again", "v1");
      String health = adminValue("SELECT ai_worker_health()");
      assertTrue(isHealthy(json(health)), health);
    } finally {
      Files.delete(ca);
      try (java.util.stream.Stream<Path> files = Files.list(keys)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(keys);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "organization = ''",
        "organization = E'org-1\\r\\nX-Injected: 1'",
        "project = 'ü'",
        "project = 'a b'",
        "api_version = '1&x=2'",
        "api_version = ''",
        "api_version = '1', base_url = 'https://a.example/v1?API-Version=2'",
        "api_key_header = 'Host'",
        "api_key_header = 'Content-Length'",
        "api_key_header = 'Proxy-Authorization'",
        "api_key_header = E'a\\nb'",
        "api_key_header = ''",
        "headers = '[]'",
        "headers = '\"sesame\"'",
        "headers = '[{\"X\": \"sesame\"}]'",
        "headers = 'null'",
        "headers = '{\"X\": 1}'",
        "headers = '{\"X\": null}'",
        "headers = '{\"X\": [\"sesame\"]}'",
        "headers = '{\"X\": \"\"}'",
        "headers = '{\"X\": \" sesame\"}'",
        "headers = '{\"\": \"sesame\"}'",
        "headers = '{\"X Y\": \"sesame\"}'",
        "headers = '{\"X:\": \"sesame\"}'",
        "headers = '{\"X\": \"sesame\\r\\nX-Injected: 1\"}'",
        "headers = '{\"X\\r\\nY\": \"sesame\"}'",
        "headers = '{\"X\": \"sesame\\n\"}'",
        "headers = '{\"X\\n\": \"sesame\"}'",
        "headers = '{\"X\": \"ü\"}'",
        "headers = '{\"X\": \"sesame\", \"hOST\": \"sesame\"}'",
        "headers = '{\"Content-Length\": \"1\"}'",
        "headers = '{\"content-encoding\": \"gzip\"}'",
        "headers = '{\"Transfer-Encoding\": \"chunked\"}'",
        "headers = '{\"Connection\": \"close\"}'",
        "headers = '{\"Authorization\": \"Bearer sesame\"}'",
        "headers = '{\"Proxy-Authorization\": \"Basic sesame\"}'",
        "headers = '{\"API-Key\": \"sesame\"}'",
        "headers = jsonb_build_object('X', repeat('sesame', 2000))",
        "base_url = 'https://llm.example/v1?code=sesame|x'",
        "base_url = 'https://bob:sesame@llm.example/v1'",
        "base_url = 'https://sesame@llm.example/v1'",
        "base_url = 'https://llm.example/sesame v1'",
        "base_url = 'https://llm.example/v1?sesame=\"'",
        "base_url = 'https://llm.example/v1?sesame=%2'",
        "base_url = 'https://llm.example/{sesame}'",
        "base_url = 'https://llm.example/sesame^`'",
        "base_url = E'https://llm.example/sesame\\\\x'",
        "base_url = E'https://llm.example/sesame\\n'",
        "base_url = 'https://llm.example/v1#sesame'",
        "base_url = 'https://llm.example/sesamü'",
        "base_url = 'https://sesame_llm.example/v1'",
        "base_url = 'https://sesame-.example/v1'",
        "base_url = 'https://sesame..example/v1'",
        "base_url = 'https://sesame.1/v1'",
        "base_url = 'https://[sesame]/v1'",
        "base_url = 'https:///sesame'",
        "base_url = 'https://llm.example:0/sesame'",
        "base_url = 'https://llm.example:65536/sesame'",
        "base_url = 'https://llm.example:sesame/v1'",
        "base_url = 'file:///sesame'",
        "proxy = 'proxy:3128'",
        "proxy = 'https://proxy.example:3128'",
        "proxy = 'http://proxy.example'",
        "proxy = 'http://proxy.example:0'",
        "proxy = 'http://proxy.example:65536'",
        "proxy = 'http://user:sesame@proxy.example:3128'",
        "proxy = 'http://proxy.example:3128/path'",
        "ca_file = 'ca.pem'",
        "max_completion_tokens = 0",
        "model = NULL, headers = '{\"X\": \"sesame\"}'"
      })
  void badValueIsRefusedWithAHintAndNotShown(String bad) {
    PSQLException e = assertThrows(PSQLException.class, () -> set(bad));
    ServerErrorMessage error = e.getServerErrorMessage();
    assertTrue("23514".equals(error.getSQLState()) || "23502".equals(error.getSQLState()), bad);
    assertNotNull(error.getHint(), bad);
    assertFalse(error.toString().contains("sesame"), error.toString());
  }

  @Test
  void goodValuesAreTaken() throws SQLException {
    for (String good :
        new String[] {
          "base_url = 'https://NAME.openai.azure.com/openai/deployments/gpt-4o?api-version=2024-10-21'",
          "base_url = 'http://localhost'",
          "base_url = 'http://localhost:65535?a=b&c=https://d.example/?e'",
          "base_url = 'http://127.0.0.1:11434/v1'",
          "base_url = 'http://[::1]:8080/v1/'",
          "base_url = 'https://1-2.example./a%20b/~c;d=1,(e)!*$@:+'",
          "proxy = 'http://proxy.example:3128/'",
          "proxy = 'http://[fd00::1]:3128'",
          "proxy = 'http://10.0.0.1:65535', seed = -1",
          "api_key_header = 'Authorization'",
          "api_version = 'preview'",
          "headers = '{\"HTTP-Referer\": \"https://shop.example/?a=b\", \"X-Title\": \"A \\\"shop\\\"\"}'"
        }) {
      set(good);
    }
  }

  /** With an endpoint that sends them back, and the server logging all it can. */
  @Test
  void headerValuesAreInNoErrorHealthReportOrLog() throws Exception {
    String secret = "open-sesame-0123456789";
    set("headers = '{\"X-Pass\": \"" + secret + "\"}'");
    for (String setting : LOGGING) {
      admin("ALTER DATABASE " + database + " SET " + setting);
    }
    try (Connection session = cluster.connect(database, "admin");
        Statement statement = session.createStatement()) {
      for (String echo :
          new String[] {
            "{\"error\":{\"message\":\"no entry for " + secret + "\"}}", "<p>" + secret + "</p>"
          }) {
        for (int status : new int[] {200, 400, 401, 404, 500}) {
          endpoint.replyStatus(status, Map.of(), echo);
          PSQLException e =
              assertThrows(PSQLException.class, () -> generate(session, "failing", "v1"));
          assertHidden(secret, e.getServerErrorMessage() + " " + statement.getWarnings());
        }
      }
      assertEquals(10, endpoint.requests().size());
      assertEquals(secret, endpoint.requests().get(9).headers().getFirst("X-Pass"));
      assertHidden(secret, value(session, "SELECT ai_worker_health()"));
      endpoint.close();
      assertThrows(PSQLException.class, () -> generate(session, "failing", "v1"));
      assertHidden(secret, value(session, "SELECT ai_worker_health()"));
    } finally {
      for (String setting : LOGGING) {
        admin("ALTER DATABASE " + database + " RESET " + setting.split(" ", 2)[0]);
      }
    }
    assertHidden(secret, cluster.log());
  }

  /** Should the rule against it be gone. */
  @Test
  void secretsInAnUnusableUrlAreShownToNobody() throws SQLException {
    String rule =
        adminValue(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ai_worker_config_base_url'");
    admin(
        "ALTER TABLE ai_worker_config DROP CONSTRAINT ai_worker_config_base_url,"
            + " ADD CONSTRAINT ai_worker_config_base_url CHECK (base_url ~ '^https?://[^[:space:]]+$')");
    try {
      for (String url :
          new String[] {
            "https://llm.example/v1?code=open-sesame|x",
            "https://bob:open-sesame@llm.example/v1",
            "https://open-sesame_x.example/v1?y=|"
          }) {
        set("base_url = '" + url + "'");
        ServerErrorMessage error = refusal("unusable", "v1", "IA015");
        assertHidden("open-sesame", error.toString().replace("open-sesame_x.example", ""));
        assertTrue(error.getHint().contains("base_url"), error.getHint());
        String health = adminValue("SELECT ai_worker_health()");
        assertHidden("open-sesame", health.replace("open-sesame_x.example", ""));
        assertTrue(health.contains("example/v1\""), health);
      }
    } finally {
      admin(
          "UPDATE ai_worker_config SET base_url = DEFAULT",
          "ALTER TABLE ai_worker_config DROP CONSTRAINT ai_worker_config_base_url,"
              + " ADD CONSTRAINT ai_worker_config_base_url "
              + rule);
    }
  }

  @Test
  void whatAnAnswerEchoesIsHiddenInErrorsAndLogs() throws SQLException {
    String secret = "open-sesame-0123456789";
    String piece = KEY.substring(12);
    set("headers = '{\"X-Pass\": \"" + secret + "\"}', api_key_file = '" + keyFile + "'");
    String echo = "'" + secret + " " + piece + "'";
    endpoint.replyWith("I was sent " + echo);
    assertEquals("I was sent '*** ***'", refusal("prose", "v1", "IA020").getDetail());
    admin("ALTER DATABASE " + database + " SET log_min_messages = debug1");
    try {
      endpoint.replyWithSql("SELECT nme, " + echo + " FROM users");
      endpoint.replyWithSql("SELECT \"" + secret + "\" FROM users WHERE name = '" + piece + "'");
      ServerErrorMessage error = refusal("statement", "v1", "IA022");
      assertTrue(error.getMessage().contains("***"), error.toString());
      assertHidden(secret, error.toString());
      assertHidden(piece, error.toString());
    } finally {
      admin("ALTER DATABASE " + database + " RESET log_min_messages");
    }
    assertTrue(cluster.log().contains("asking the model again"));
    assertHidden(secret, cluster.log());
    assertHidden(piece, cluster.log());
  }

  @Test
  void healthReportLeavesOutTheQueryOfTheUrl() throws SQLException {
    set("base_url = base_url || '?key=open-sesame'");
    String health = adminValue("SELECT ai_worker_health()");
    assertTrue(health.contains("127.0.0.1"), health);
    assertHidden("open-sesame", health);
  }

  private static void assertHidden(String secret, String text) {
    for (int at = 0; at + 8 <= secret.length(); at++) {
      String piece = secret.substring(at, at + 8);
      assertFalse(text.contains(piece), () -> piece + " in " + text);
    }
  }
}
