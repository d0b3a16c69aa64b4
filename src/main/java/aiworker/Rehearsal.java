package aiworker;

import aiworker.db.Database;
import aiworker.db.Row;
import aiworker.error.AiWorkerException;
import aiworker.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.module.ModuleReader;
import java.lang.module.ResolvedModule;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@code install.sh} runs once, in a JVM of its own, so that Java can write the classes that a
 * miss needs into an archive: a miss with a server and a model that are not there. Whoever answers
 * for them says what they have said once, in {@code rehearsal.json}.
 */
public final class Rehearsal {
  private static final String QUESTION = "How many customers have an account in each country?";

  private final JsonNode said;
  private final String url;

  private Rehearsal(JsonNode said, String url) {
    this.said = said;
    this.url = url;
  }

  /** Ends with a stack trace and status 1 if the miss does. */
  public static void main(String[] arguments) throws IOException, ClassNotFoundException {
    loadBindings();
    JsonNode said;
    try (InputStream content = Rehearsal.class.getResourceAsStream("rehearsal.json")) {
      said = Json.read(content.readAllBytes());
    }
    try (ServerSocket model = new ServerSocket(0, 9, InetAddress.getLoopbackAddress())) {
      String answer = Json.write(said.required("answer"));
      start(() -> accept(model, answer));
      String authority = "://127.0.0.1:" + model.getLocalPort() + "/v1";
      Worker worker = new Worker("rehearsal");
      Database database = new Rehearsal(said, "http" + authority)::rows;
      for (int i = 0; i < 3; i++) {
        worker.generate(database, QUESTION, "v1");
      }
      try {
        // as far as a handshake goes with who knows no TLS
        worker.generate(new Rehearsal(said, "https" + authority)::rows, QUESTION, "v1");
      } catch (AiWorkerException e) {
        return;
      }
    }
  }

  /** All of PL/Java's, if that is there, and both of our own. */
  private static void loadBindings() throws IOException, ClassNotFoundException {
    ClassLoader loader = Rehearsal.class.getClassLoader();
    for (String name :
        List.of("pljava.GuardCheck", "pljava.Entry", "plpython.Bridge", "db.JdbcDatabase")) {
      Class.forName("aiworker." + name, true, loader);
    }
    load(RawValue.class.getName());
    for (ResolvedModule module : ModuleLayer.boot().configuration().modules()) {
      if (module.name().startsWith("org.postgresql.pljava")) {
        try (ModuleReader reader = module.reference().open()) {
          for (String entry : (Iterable<String>) reader.list()::iterator) {
            if (entry.endsWith(".class")
                && !entry.startsWith("META-INF")
                && !entry.equals("module-info.class")) {
              load(entry.substring(0, entry.length() - ".class".length()).replace('/', '.'));
            }
          }
        }
      }
    }
  }

  private static void load(String name) {
    try {
      Class.forName(name, false, ClassLoader.getSystemClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      // one that needs what is not there is not needed either
    }
  }

  private List<Row> rows(String sql, String... parameters) {
    String function = sql.replaceFirst("(?s).*?ai_worker\\.(\\w+).*", "$1");
    Map<String, String> columns = new LinkedHashMap<>();
    said.path(function)
        .properties()
        .forEach(column -> columns.put(column.getKey(), text(column.getKey(), column.getValue())));
    return List.of(new Row(columns));
  }

  private String text(String column, JsonNode value) {
    if (value.isNull()) {
      return null;
    }
    if (column.equals("settings")) {
      return Json.write(((ObjectNode) value.deepCopy()).put("base_url", url));
    }
    return value.isTextual() ? value.textValue() : Json.write(value);
  }

  /** Each connection on a thread of its own, for Java keeps the first one open. */
  private static void accept(ServerSocket model, String answer) {
    try {
      while (true) {
        Socket caller = model.accept();
        start(() -> serve(caller, answer));
      }
    } catch (IOException e) {
      // the end
    }
  }

  private static void serve(Socket caller, String answer) {
    byte[] reply =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            .formatted(answer.length(), answer)
            .getBytes(StandardCharsets.US_ASCII);
    try (caller) {
      InputStream in = caller.getInputStream();
      OutputStream out = caller.getOutputStream();
      while (request(in)) {
        out.write(reply);
      }
    } catch (IOException e) {
      // the caller has gone
    }
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work);
    thread.setDaemon(true);
    thread.start();
  }

  /** Reads one; false at the end, or if it is none. */
  private static boolean request(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int c = in.read();
      if (c < 0 || (head.isEmpty() && c != 'P')) {
        return false;
      }
      head.append((char) c);
    }
    int size =
        Integer.parseInt(head.toString().replaceFirst("(?is).*content-length: *(\\d+).*", "$1"));
    return in.readNBytes(size).length == size;
  }
}
