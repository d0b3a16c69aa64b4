package aiworker.gateway;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Who is let in, judged by headers alone. Immutable. */
final class Access {
  /** A name can be made to point here by whoever owns it; an address cannot. */
  private static final Pattern ADDRESS =
      Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-f:.]+\\]");

  private static final Pattern HOST = Pattern.compile("(\\[[^\\]]*\\]|[^:\\[\\]]*)(?::\\d*)?");
  private static final Set<String> FROM_HERE = Set.of("same-origin", "none");
  private static final String BEARER = "bearer ";

  private final Settings settings;

  Access(Settings settings) {
    this.settings = settings;
  }

  /** Refuses what a browser was led to by another site. */
  void requireOurSite(String method, HttpHeaders headers) {
    String host = headers.get("Host", "");
    if (headers.getAll("Host").size() != 1) {
      throw Problem.badRequest("there is not one Host header", "Send one.");
    }
    if (!isOurs(host)) {
      throw Problem.of(
          403,
          "Host is \"" + host + "\", which is not a name of this server",
          "Use localhost or an IP address, or list the name in AI_WORKER_HTTP_HOSTS.");
    }
    String origin = headers.get("Origin");
    if (origin != null && !isSame(origin, host) && allowed(origin) == null) {
      throw Problem.of(
          403,
          "Origin is \"" + origin + "\", which is another site",
          "List it in AI_WORKER_HTTP_ORIGINS if its pages may call.");
    }
    boolean reads = method.equals("GET") || method.equals("HEAD");
    if (!reads && origin == null && !FROM_HERE.contains(headers.get("Sec-Fetch-Site", "none"))) {
      throw Problem.of(
          403, "a page of another site sent this", "Call from this server's own page.");
    }
  }

  private boolean isOurs(String header) {
    var parts = HOST.matcher(header.toLowerCase(Locale.ROOT));
    if (!parts.matches()) {
      return false;
    }
    String name = parts.group(1);
    return name.equals("localhost")
        || ADDRESS.matcher(name).matches()
        || settings.hosts().contains(name);
  }

  /** Something in front may speak TLS. */
  private static boolean isSame(String origin, String host) {
    return origin.equalsIgnoreCase("http://" + host) || origin.equalsIgnoreCase("https://" + host);
  }

  /** The origin if the settings list it; null otherwise. */
  private String allowed(String origin) {
    return origin != null && settings.origins().contains(origin.toLowerCase(Locale.ROOT))
        ? origin
        : null;
  }

  /** Refuses a caller without the token, where there is one. */
  void requireToken(HttpHeaders headers) {
    if (settings.token() == null) {
      return;
    }
    String given = headers.get("Authorization", "");
    if (!given.toLowerCase(Locale.ROOT).startsWith(BEARER)) {
      throw unauthorized("there is no bearer token", "Bearer");
    }
    if (!settings.token().is(given.substring(BEARER.length()).strip())) {
      throw unauthorized("the bearer token is not the right one", "Bearer error=\"invalid_token\"");
    }
  }

  private static Problem unauthorized(String message, String challenge) {
    return Problem.of(
        401,
        message,
        "Send Authorization: Bearer and what the file of AI_WORKER_HTTP_TOKEN_FILE holds.",
        Map.of("WWW-Authenticate", challenge));
  }

  /** What lets pages of listed sites read the response; empty for all others. */
  Map<String, String> crossOriginHeaders(HttpHeaders headers) {
    Map<String, String> granted = new LinkedHashMap<>();
    if (!settings.origins().isEmpty()) {
      granted.put("Vary", "Origin");
      String origin = allowed(headers.get("Origin"));
      if (origin != null) {
        granted.put("Access-Control-Allow-Origin", origin);
        granted.put("Access-Control-Expose-Headers", "Retry-After");
      }
    }
    return granted;
  }

  /** Whether a browser asks if it may call. */
  boolean isPreflight(String method, HttpHeaders headers) {
    return method.equals("OPTIONS")
        && allowed(headers.get("Origin")) != null
        && headers.contains("Access-Control-Request-Method");
  }
}
