package aiworker.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The command. */
public final class Main {
  private static final int FAILED = 1;
  private static final int WRONG_USE = 2;

  private Main() {}

  /** Starts the gateway, or does what the one option says. */
  public static void main(String[] args) {
    int code = run(args, System.getenv());
    if (code >= 0) {
      System.exit(code);
    }
  }

  /** An exit code, or -1 while the gateway runs. */
  private static int run(String[] args, Map<String, String> environment) {
    if (args.length > 1) {
      return fail(
          WRONG_USE, "there are " + args.length + " options", "--help lists them; give one");
    }
    String option = args.length == 0 ? "" : args[0];
    try {
      return switch (option) {
        case "" -> start(environment);
        case "--help", "-h" -> {
          System.out.print(help());
          yield 0;
        }
        case "--version" -> {
          System.out.println("ai-worker-gateway " + version());
          yield 0;
        }
        case "--check" -> check(environment);
        default -> fail(WRONG_USE, "unknown option \"" + option + "\"", "--help lists the options");
      };
    } catch (SettingException e) {
      return fail(WRONG_USE, e.getMessage(), e.hint());
    }
  }

  private static int start(Map<String, String> environment) {
    Gateway gateway = Gateway.start(environment);
    Runtime.getRuntime().addShutdownHook(new Thread(gateway::close, "gateway-stop"));
    InetSocketAddress address = gateway.address();
    String host = address.getAddress().getHostAddress();
    System.out.println(
        "listening at http://"
            + (host.contains(":") ? "[" + host + "]" : host)
            + ":"
            + address.getPort()
            + "/");
    return -1;
  }

  private static int check(Map<String, String> environment) {
    Settings settings = Settings.of(environment);
    try (Database database = new Database(settings, 1)) {
      String report =
          database.run(
              new Job(),
              connection -> Database.value(connection, "SELECT public.ai_worker_health()"));
      ObjectMapper json = new ObjectMapper();
      JsonNode health = json.readTree(report);
      System.out.println(json.writerWithDefaultPrettyPrinter().writeValueAsString(health));
      return health.path("healthy").asBoolean() ? 0 : FAILED;
    } catch (Problem e) {
      return fail(
          FAILED,
          e.getMessage(),
          settings.jdbcUrl() + " was asked as " + settings.login().getProperty("user"));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int fail(int code, String message, String hint) {
    System.err.println("ERROR:  " + message + "\nHINT:  " + hint);
    return code;
  }

  private static String version() {
    try (InputStream version = Main.class.getResourceAsStream("/aiworker/version.txt")) {
      return new String(version.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String help() {
    return """
        Usage: java -jar ai-worker-gateway.jar [OPTION]

        Answers over HTTP what the SQL functions of AI Worker answer, with the rights of the role that it
        logs in as. GET / is a console for people, GET /openapi.json describes the API.

          --check     connect, print ai_worker_health() and exit
          --version   print the version and exit
          --help      this text

        Settings, by environment (defaults in brackets):

        """
        + Settings.HELP
        + """

        Exit codes: 0 done, 1 the check failed, 2 wrong option or setting
        """;
  }
}
