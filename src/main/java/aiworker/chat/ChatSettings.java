package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where and how to ask; immutable, and built only if it is safe to use.
 *
 * @param baseUrl such as {@code https://api.openai.com/v1}; a query is kept, as Azure's api-version
 * @param keyHeader where the key goes: Authorization, as a bearer token, or another header, as it
 *     is; null for what the host of the URL is known to take
 * @param timeout for one question, retries included
 * @param headers sent along, such as {@code OpenAI-Project}; names count in any case
 */
public record ChatSettings(
    URI baseUrl,
    String model,
    ApiKey key,
    String keyHeader,
    Duration timeout,
    int maxRetries,
    Map<String, String> headers,
    Network network,
    Sampling sampling) {

  /** Characters from which on a key in an answer is no chance. */
  private static final int SECRET = 16;

  /** Characters from which on a header's value may be a credential. */
  private static final int PERHAPS_SECRET = 8;

  private static final Pattern ESCAPE =
      Pattern.compile("\\\\(?:u(00[0-7][0-9a-fA-F])|([\"\\\\/]))");

  private static final Pattern PARAMETER = Pattern.compile("([?&](?!api-version=)[^=&]*=?)[^&]*");

  static final String MASK = "***";

  private static final String AUTHORIZATION = "authorization";

  /** What the client sets itself, and what would frame or route the request otherwise. */
  private static final Set<String> OURS =
      Set.of(
          "host",
          "connection",
          "keep-alive",
          "expect",
          "upgrade",
          "transfer-encoding",
          "te",
          "trailer");

  /** Where a key is expected, which belongs in a file. */
  private static final Set<String> CREDENTIALS = Set.of(AUTHORIZATION, "api-key", "x-api-key");

  /**
   * Checks what only these values together can tell.
   *
   * @throws AiWorkerException {@link Failure#REQUEST_REFUSED} for an unsafe URL or header, {@link
   *     Failure#API_KEY_MISSING} if an endpoint elsewhere would be asked without a key
   */
  public ChatSettings {
    Map<String, String> sorted = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    sorted.putAll(headers);
    sorted.forEach(ChatSettings::requireHeader);
    headers = Collections.unmodifiableMap(sorted);
    EndpointGuard.requireSafe(baseUrl, network.allowInsecure());
    if (keyHeader == null) {
      keyHeader = isAzure(baseUrl) ? "api-key" : AUTHORIZATION;
    } else if (!isName(keyHeader)) {
      throw unsendable(keyHeader);
    }
    if (key == ApiKey.NONE && !EndpointGuard.isLoopback(baseUrl)) {
      throw new AiWorkerException(
          Failure.API_KEY_MISSING,
          "no API key for " + EndpointGuard.shown(baseUrl),
          "api_key_file is not set, and OPENAI_API_KEY is not in the server's environment");
    }
    if (timeout.isNegative() || timeout.isZero() || maxRetries < 0) {
      throw new IllegalArgumentException("timeout " + timeout + ", maxRetries " + maxRetries);
    }
  }

  public ChatSettings withLimits(Duration newTimeout, int newMaxRetries) {
    return new ChatSettings(
        baseUrl, model, key, keyHeader, newTimeout, newMaxRetries, headers, network, sampling);
  }

  /** The URL that questions are posted to. */
  URI completionsUrl() {
    String path = baseUrl.getRawPath();
    while (path.endsWith("/")) {
      path = path.substring(0, path.length() - 1);
    }
    String call = "/chat/completions";
    String query = baseUrl.getRawQuery() == null ? "" : "?" + baseUrl.getRawQuery();
    return URI.create(
        baseUrl.getScheme()
            + "://"
            + baseUrl.getRawAuthority()
            + (path.endsWith(call) ? path : path + call)
            + query);
  }

  /** The same without the values of parameters but {@code api-version}, for they may be secrets. */
  String shownCompletionsUrl() {
    String url = completionsUrl().toString();
    int query = url.indexOf('?');
    return query < 0
        ? url
        : url.substring(0, query) + PARAMETER.matcher(url.substring(query)).replaceAll("$1" + MASK);
  }

  /** All headers of ours with the credential; values of {@code headers} may be ones too. */
  Map<String, String> shownHeaders() {
    Map<String, String> shown = requestHeaders();
    headers.keySet().forEach(name -> shown.put(name, MASK));
    return shown;
  }

  /** All headers of ours with the credential among them. Not for printing. */
  Map<String, String> requestHeaders() {
    Map<String, String> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    all.put("Content-Type", "application/json");
    all.put("Accept", "application/json");
    all.putAll(headers);
    if (key != ApiKey.NONE) {
      all.put(
          keyHeader,
          keyHeader.equalsIgnoreCase(AUTHORIZATION) ? "Bearer " + key.value() : key.value());
    }
    return all;
  }

  /**
   * Text from outside without our secrets: the key, header values of eight characters or more, and
   * every run of eight characters of either.
   */
  public String masked(String text) {
    List<String> secrets = new ArrayList<>(List.of(key.value()));
    headers.values().stream()
        .filter(value -> value.length() >= PERHAPS_SECRET)
        .forEach(secrets::add);
    return new Masker(secrets).mask(text);
  }

  /**
   * Whether text holds the whole key, be it in JSON's escapes; one as short as a local server's
   * "ollama" is no secret.
   */
  boolean isKeyIn(String text) {
    return key.value().length() >= SECRET
        && (text.contains(key.value()) || unescaped(text).contains(key.value()));
  }

  /** What JSON's escapes for visible ASCII stand for. */
  private static String unescaped(String json) {
    return ESCAPE
        .matcher(json)
        .replaceAll(
            escape ->
                Matcher.quoteReplacement(
                    escape.group(1) == null
                        ? escape.group(2)
                        : String.valueOf((char) Integer.parseInt(escape.group(1), 16))));
  }

  /** Where the question goes, fit to be shown. */
  public String shownUrl() {
    return EndpointGuard.shown(baseUrl);
  }

  /** Header values may be credentials, so only their names are printed. */
  @Override
  public String toString() {
    return "ChatSettings["
        + shownUrl()
        + ", model "
        + model
        + ", headers "
        + headers.keySet()
        + "]";
  }

  /** Azure takes a key in a header of its own; Authorization there means an Entra token. */
  private static boolean isAzure(URI url) {
    String host = url.getHost().toLowerCase(Locale.ROOT);
    return host.endsWith(".azure.com") || host.endsWith(".azure.us") || host.endsWith(".azure.cn");
  }

  private static void requireHeader(String name, String value) {
    if (!isName(name)
        || CREDENTIALS.contains(name.toLowerCase(Locale.ROOT))
        || !value.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
      throw unsendable(name);
    }
  }

  private static boolean isName(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return !lower.isEmpty()
        && lower.chars().allMatch(c -> (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')
        && !OURS.contains(lower)
        && !lower.startsWith("content-")
        && !lower.startsWith("proxy-");
  }

  private static AiWorkerException unsendable(String name) {
    return new AiWorkerException(
        Failure.REQUEST_REFUSED,
        "header \"" + name.replaceAll("[^\\w-]", "?") + "\" cannot be sent",
        "names take letters, digits and -, values printable ASCII, and some names are taken");
  }
}
