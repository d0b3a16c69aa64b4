package aiworker.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.AiWorkerException;
import aiworker.Failure;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatSettingsTest {
  private static final String SECRET = "sk-secret-0123456789";
  private static final ApiKey KEY = ApiKey.of(SECRET, "test");

  private static ChatSettings of(String url) {
    return ChatSettings.of(URI.create(url), "m", KEY);
  }

  private static AiWorkerException refused(String url) {
    AiWorkerException e = assertThrows(AiWorkerException.class, () -> of(url));
    assertEquals(Failure.REQUEST_REFUSED, e.failure());
    return e;
  }

  @ParameterizedTest
  @CsvSource({
    "https://api.openai.com/v1, https://api.openai.com/v1/chat/completions",
    "https://api.openai.com/v1/, https://api.openai.com/v1/chat/completions",
    "https://api.openai.com/v1//, https://api.openai.com/v1/chat/completions",
    "https://api.openai.com/v1/chat/completions, https://api.openai.com/v1/chat/completions",
    "https://model.example, https://model.example/chat/completions",
    "http://localhost:11434/v1, http://localhost:11434/v1/chat/completions",
    "http://[::1]:8080/v1, http://[::1]:8080/v1/chat/completions",
    "HTTPS://Model.Example/v1, HTTPS://Model.Example/v1/chat/completions",
    "https://x.openai.azure.com/openai/deployments/d?api-version=1,"
        + " https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=1"
  })
  void questionsGoToChatCompletionsUnderTheBaseUrl(String base, String url) {
    assertEquals(url, of(base).completionsUrl().toString());
  }

  @Test
  void apiVersionJoinsTheQuery() {
    assertEquals(
        "https://a.example/v1/chat/completions?api-version=2024-10-21",
        of("https://a.example/v1").withApiVersion("2024-10-21").completionsUrl().toString());
    assertEquals(
        "https://a.example/v1/chat/completions?x=1&api-version=2",
        of("https://a.example/v1?x=1").withApiVersion("2").completionsUrl().toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://model.example/v1",
        "http://10.0.0.1/v1",
        "http://127.0.0.1.evil.example/v1",
        "http://localhost.evil.example/v1",
        "http://0.0.0.0/v1",
        "ftp://model.example/v1",
        "file:///etc/passwd",
        "model.example/v1",
        "/v1",
        "https:///v1",
        "https://user:sesame@model.example/v1",
        "https://model.example/v1#part",
        "mailto:somebody@model.example",
        "jar:https://model.example/x.jar"
      })
  void unsafeUrlIsRefused(String url) {
    AiWorkerException e = refused(url);
    assertFalse((e.getMessage() + e.detail()).contains("sesame"), e.getMessage());
  }

  @Test
  void plainHttpElsewhereCanBeAllowed() {
    URI url = URI.create("http://10.0.0.1:8000/v1");
    Network open = new Network(true, null, null);
    ChatSettings settings =
        new ChatSettings(url, "m", KEY, Duration.ofSeconds(1), 0, Map.of(), open, Sampling.DEFAULT);
    assertEquals("http://10.0.0.1:8000/v1", settings.shownUrl());
  }

  @Test
  void endpointElsewhereNeedsAKey() {
    AiWorkerException e =
        assertThrows(
            AiWorkerException.class,
            () -> ChatSettings.of(URI.create("https://model.example"), "m", ApiKey.NONE));
    assertEquals(Failure.API_KEY_MISSING, e.failure());
    ChatSettings.of(URI.create("http://127.0.0.1:11434/v1"), "m", ApiKey.NONE);
  }

  @Test
  void headersAreSentAlong() {
    Map<String, String> headers =
        of("https://a.example/v1")
            .withOrganization("org-1")
            .withProject("proj-1")
            .withHeader("X-Team", "data")
            .requestHeaders();
    assertEquals("Bearer " + SECRET, headers.get("Authorization"));
    assertEquals("org-1", headers.get("OpenAI-Organization"));
    assertEquals("proj-1", headers.get("OpenAI-Project"));
    assertEquals("data", headers.get("X-Team"));
  }

  @Test
  void azureGetsItsKeyInItsOwnHeader() {
    Map<String, String> headers = of("https://x.openai.azure.com/openai/v1").requestHeaders();
    assertEquals(SECRET, headers.get("api-key"));
    assertFalse(headers.containsKey("Authorization"));
  }

  @ParameterizedTest
  @CsvSource({
    "Host, a",
    "content-length, 1",
    "'X:', a",
    "'X Y', a",
    "'', a",
    "X, 'a\r\nInjected: b'",
    "X, 'ü'"
  })
  void unsafeHeaderIsRefused(String name, String value) {
    AiWorkerException e =
        assertThrows(
            AiWorkerException.class, () -> of("https://a.example").withHeader(name, value));
    assertEquals(Failure.REQUEST_REFUSED, e.failure());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"https://p.example:1", "http://p.example", "http://u:p@p.example:1", "p:1"})
  void unusableProxyIsRefused(String proxy) {
    assertThrows(AiWorkerException.class, () -> new Network(false, URI.create(proxy), null));
  }

  @Test
  void neverPrintsASecret() {
    String text = of("https://a.example/v1?key=" + SECRET).withHeader("api-key", SECRET).toString();
    assertFalse(text.contains(SECRET), text);
    assertTrue(text.contains("api-key") && text.contains("https://a.example/v1"), text);
  }

  @ParameterizedTest
  @CsvSource({
    "'key sk-secret-0123456789!', 'key ***!'",
    "'key sk-secret-01234 was cut', 'key *** was cut'",
    "'sk-secret-0123456789sk-secret-0123456789', '***'",
    "'head sk-secr', 'head sk-secr'",
    "'', ''"
  })
  void masksTheKeyAndItsPieces(String text, String masked) {
    assertEquals(masked, of("https://a.example").masked(text));
  }

  @Test
  void masksShortKeysToo() {
    ChatSettings settings =
        ChatSettings.of(URI.create("https://a.example"), "m", ApiKey.of("ollama", "test"));
    assertEquals("key *** is wrong", settings.masked("key ollama is wrong"));
  }
}
