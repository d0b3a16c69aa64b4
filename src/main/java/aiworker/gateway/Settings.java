package aiworker.gateway;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the environment says. Immutable.
 *
 * @param jdbcUrl without user and password
 * @param login what else the driver is told, the password included
 * @param listen address to listen at
 * @param port 0 to 65535; 0: any
 * @param token what callers must present; null: nothing
 * @param pool most statements at a time, 1 or more
 * @param queue most requests that wait for one of these, 1 or more
 * @param run whether statements may be run
 * @param runTimeout longest time that one is run, above zero
 * @param hosts names in the Host header besides localhost and addresses, lower case
 * @param origins other sites that browsers may call from, as in the Origin header
 */
record Settings(
    String jdbcUrl,
    Properties login,
    InetAddress listen,
    int port,
    Token token,
    int pool,
    int queue,
    boolean run,
    Duration runTimeout,
    Set<String> hosts,
    Set<String> origins) {

  /** The names of the variables, with defaults, for {@code --help}. */
  static final String HELP =
      """
        POSTGRES_HOST, POSTGRES_PORT      the database server (localhost, 5432)
        POSTGRES_DB                       the database (postgres)
        POSTGRES_USER                     the role to log in as (postgres); callers have its rights
        POSTGRES_PASSWORD                 its password; else from PGPASSFILE or ~/.pgpass
        POSTGRES_SSLMODE                  disable, allow, prefer, require, verify-ca or verify-full (prefer)
        AI_WORKER_HTTP                    address to listen at (127.0.0.1:8088)
        AI_WORKER_HTTP_TOKEN_FILE         file with the bearer token that callers must send;
                                          required to listen beyond this machine
        AI_WORKER_HTTP_POOL               most statements at a time, 1 to 200 (8)
        AI_WORKER_HTTP_QUEUE              most requests that wait for their turn, 1 to 100000 (1000)
        AI_WORKER_HTTP_RUN                on: statements may be run too (off)
        AI_WORKER_HTTP_RUN_TIMEOUT_MS     longest run of one, 1 to 3600000 ms (30000)
        AI_WORKER_HTTP_HOSTS              names that callers may use for this server besides
                                          localhost and IP addresses: a,b
        AI_WORKER_HTTP_ORIGINS            other sites whose pages may call: https://a,https://b
      """;

  private static final Pattern HOST =
      Pattern.compile("[A-Za-z0-9._-]+|\\[?[0-9a-fA-F:.]+(%[A-Za-z0-9]+)?\\]?");

  private static final Set<String> SSL_MODES =
      Set.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

  /** Reads and checks them. */
  static Settings of(Map<String, String> environment) {
    Source source = new Source(environment);
    Properties login = new Properties();
    login.setProperty("user", source.text("POSTGRES_USER", "postgres"));
    String password = environment.get("POSTGRES_PASSWORD");
    if (password != null && !password.isEmpty()) {
      login.setProperty("password", password);
    }
    login.setProperty("sslmode", source.oneOf("POSTGRES_SSLMODE", "prefer", SSL_MODES));
    String address = source.text("AI_WORKER_HTTP", "127.0.0.1:8088");
    int colon = address.lastIndexOf(':');
    if (colon < 1) {
      throw new SettingException(
          "AI_WORKER_HTTP is \"" + address + "\"", "use ADDRESS:PORT, for example 127.0.0.1:8088");
    }
    InetAddress listen = source.address(address.substring(0, colon));
    Token token = token(environment.get("AI_WORKER_HTTP_TOKEN_FILE"));
    if (token == null && !listen.isLoopbackAddress()) {
      throw new SettingException(
          "AI_WORKER_HTTP is \""
              + address
              + "\", which other machines reach, and there is no token",
          "set AI_WORKER_HTTP_TOKEN_FILE to a file with a bearer token, or listen at 127.0.0.1");
    }
    return new Settings(
        "jdbc:postgresql://"
            + source.host("POSTGRES_HOST", "localhost")
            + ":"
            + source.number("POSTGRES_PORT", 5432, 1, 65535)
            + "/"
            + encoded(source.text("POSTGRES_DB", "postgres")),
        login,
        listen,
        Source.number("AI_WORKER_HTTP", address.substring(colon + 1), 0, 65535),
        token,
        source.number("AI_WORKER_HTTP_POOL", 8, 1, 200),
        source.number("AI_WORKER_HTTP_QUEUE", 1000, 1, 100_000),
        source.oneOf("AI_WORKER_HTTP_RUN", "off", Set.of("on", "off")).equals("on"),
        Duration.ofMillis(source.number("AI_WORKER_HTTP_RUN_TIMEOUT_MS", 30_000, 1, 3_600_000)),
        source.list("AI_WORKER_HTTP_HOSTS").stream()
            .map(host -> host.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet()),
        source.list("AI_WORKER_HTTP_ORIGINS").stream()
            .map(Settings::origin)
            .collect(Collectors.toUnmodifiableSet()));
  }

  private static Token token(String file) {
    if (file == null || file.isEmpty()) {
      return null;
    }
    try {
      return Token.of(Files.readString(Path.of(file)).strip());
    } catch (IOException e) {
      throw new SettingException(
          "the file of AI_WORKER_HTTP_TOKEN_FILE, \"" + file + "\", cannot be read",
          "make it readable for the user that the gateway runs as");
    }
  }

  /** As the driver decodes it. */
  private static String encoded(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8);
  }

  private static String origin(String text) {
    try {
      URI uri = URI.create(text);
      if (uri.getScheme() != null
          && uri.getScheme().matches("https?")
          && uri.getHost() != null
          && text.equals(uri.getScheme() + "://" + uri.getRawAuthority())) {
        return text.toLowerCase(Locale.ROOT);
      }
    } catch (IllegalArgumentException e) {
      // said below
    }
    throw new SettingException(
        "AI_WORKER_HTTP_ORIGINS has \"" + text + "\"", "use origins such as https://example.com");
  }

  private record Source(Map<String, String> environment) {
    String text(String name, String otherwise) {
      String value = environment.getOrDefault(name, "").strip();
      return value.isEmpty() ? otherwise : value;
    }

    String oneOf(String name, String otherwise, Set<String> allowed) {
      String value = text(name, otherwise);
      if (!allowed.contains(value)) {
        throw new SettingException(
            name + " is \"" + value + "\"",
            "use one of " + String.join(", ", allowed.stream().sorted().toList()));
      }
      return value;
    }

    /** As in a URL. */
    String host(String name, String otherwise) {
      String host = text(name, otherwise);
      if (!HOST.matcher(host).matches()) {
        throw new SettingException(
            name + " is \"" + host + "\"",
            "use a name or an address; the driver connects over TCP and knows no folders of sockets");
      }
      return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
    }

    int number(String name, int otherwise, int least, int most) {
      return number(name, text(name, Integer.toString(otherwise)), least, most);
    }

    static int number(String name, String value, int least, int most) {
      try {
        int number = Integer.parseInt(value);
        if (number >= least && number <= most) {
          return number;
        }
      } catch (NumberFormatException e) {
        // said below
      }
      throw new SettingException(
          name + " has \"" + value + "\"", "use a number from " + least + " to " + most);
    }

    List<String> list(String name) {
      return Arrays.stream(text(name, "").split(","))
          .map(String::strip)
          .filter(item -> !item.isEmpty())
          .toList();
    }

    InetAddress address(String host) {
      try {
        return InetAddress.getByName(host);
      } catch (UnknownHostException e) {
        throw new SettingException(
            "AI_WORKER_HTTP names the host \"" + host + "\", which is not known",
            "use an address of this machine, for example 127.0.0.1:8088");
      }
    }
  }
}
