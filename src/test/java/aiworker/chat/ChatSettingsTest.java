package aiworker.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
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
    return TestSettings.of(URI.create(url), "m", KEY);
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
        "https://251.254.0251.254/v1",
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
        new ChatSettings(
            url, "m", KEY, null, Duration.ofSeconds(1), 0, Map.of(), open, TestSettings.SAMPLING);
    assertEquals("http://10.0.0.1:8000/v1", settings.shownUrl());
  }

  @Test
  void endpointElsewhereNeedsAKey() {
    AiWorkerException e =
        assertThrows(
            AiWorkerException.class,
            () -> TestSettings.of(URI.create("https://model.example"), "m", ApiKey.NONE));
    assertEquals(Failure.API_KEY_MISSING, e.failure());
    TestSettings.of(URI.create("http://127.0.0.1:11434/v1"), "m", ApiKey.NONE);
  }

  @Test
  void headersAreSentAlong() {
    Map<String, String> headers =
        TestSettings.with(
                of("https://a.example/v1"),
                Map.of("OpenAI-Project", "proj-1", "accept", "application/x"))
            .requestHeaders();
    assertEquals("Bearer " + SECRET, headers.get("Authorization"));
    assertEquals("proj-1", headers.get("OpenAI-Project"));
    assertEquals("application/x", headers.get("Accept"));
  }

  @Test
  void azureGetsItsKeyInItsOwnHeader() {
    Map<String, String> headers = of("https://x.openai.azure.com/openai/v1").requestHeaders();
    assertEquals(SECRET, headers.get("api-key"));
    assertFalse(headers.containsKey("Authorization"));
  }

  @Test
  void headerOfTheKeyCanBeChosen() {
    URI azure = URI.create("https://x.openai.azure.com/openai/v1");
    assertEquals("Bearer " + SECRET, keyIn("Authorization", azure).get("Authorization"));
    assertFalse(keyIn("Authorization", azure).containsKey("api-key"));
    URI other = URI.create("https://gateway.example/v1");
    assertEquals(
        SECRET, keyIn("Ocp-Apim-Subscription-Key", other).get("ocp-apim-subscription-key"));
    assertFalse(keyIn("Ocp-Apim-Subscription-Key", other).containsKey("Authorization"));
    assertThrows(AiWorkerException.class, () -> keyIn("Host", other));
    assertThrows(AiWorkerException.class, () -> keyIn("a\r\nb", other));
  }

  private static Map<String, String> keyIn(String header, URI url) {
    return new ChatSettings(
            url,
            "m",
            KEY,
            header,
            Duration.ofSeconds(1),
            0,
            Map.of(),
            TestSettings.NETWORK,
            TestSettings.SAMPLING)
        .requestHeaders();
  }

  @ParameterizedTest
  @CsvSource({
    "Host, a",
    "content-length, 1",
    "Content-Encoding, gzip",
    "transfer-encoding, chunked",
    "Proxy-Authorization, Basic eDp5",
    "authorization, Bearer x",
    "Api-Key, x",
    "'X:', a",
    "'X Y', a",
    "'', a",
    "X, 'a\r\nInjected: b'",
    "X, 'ü'"
  })
  void unsafeHeaderIsRefused(String name, String value) {
    AiWorkerException e =
        assertThrows(
            AiWorkerException.class,
            () -> TestSettings.with(of("https://a.example"), Map.of(name, value)));
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
    String text =
        TestSettings.with(of("https://a.example/v1?key=" + SECRET), Map.of("X-Pass", SECRET))
            .toString();
    assertFalse(text.contains(SECRET), text);
    assertTrue(text.contains("X-Pass") && text.contains("https://a.example/v1"), text);
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
  void masksHeaderValuesThatMayBeSecrets() {
    ChatSettings settings =
        TestSettings.with(of("https://a.example"), Map.of("X-Pass", "sesame-12", "X-N", "data"));
    assertEquals("*** of data", settings.masked("sesame-12 of data"));
  }

  @ParameterizedTest
  @CsvSource({
    "ollama, 'key *** is wrong'",
    "sk-1, 'key ollama is wrong'",
    "a, 'key ollama is wrong'"
  })
  void masksShortKeysTooButNoSingleLetters(String key, String masked) {
    ChatSettings settings =
        TestSettings.of(URI.create("https://a.example"), "m", ApiKey.of(key, "test"));
    assertEquals(masked, settings.masked("key ollama is wrong"));
  }
}
