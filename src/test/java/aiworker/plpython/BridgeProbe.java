package aiworker.plpython;

import aiworker.db.DatabaseException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Stands where {@link Bridge} stands, so that the bridge is tried without the core. */
final class BridgeProbe {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final SessionDatabase SESSION = new SessionDatabase(BridgeProbe::query);

  private BridgeProbe() {}

  static native byte[] query(byte[] statement);

  static byte[] call(byte[] request) throws IOException {
    JsonNode read = JSON.readTree(request);
    String[] arguments = JSON.convertValue(read.get("arguments"), String[].class);
    ObjectNode outcome = JSON.createObjectNode();
    try {
      outcome.put(
          "value",
          switch (read.get("call").textValue()) {
            case "echo" -> arguments[0];
            case "query" -> answer(arguments[0], arguments[1]);
            case "queryWithNul" -> answer("SELECT ?::text AS answer", "a\0b");
            case "halfOfAPair" -> answer("SELECT ?::text AS answer", "a\ud83db") + "c\ude00d";
            case "noJson" -> new String(query(new byte[] {'n', 'o'}), StandardCharsets.UTF_8);
            case "throw" -> throw new IllegalStateException(arguments[0]);
            case "overflow" -> Integer.toString(depth(0));
            case "exhaust" -> exhaust();
            default -> throw new IllegalArgumentException(read.toString());
          });
    } catch (DatabaseException e) {
      outcome.set("error", JSON.valueToTree(e.error()));
    }
    return outcome.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String answer(String sql, String... parameters) {
    return SESSION.query(sql, parameters).get(0).text("answer");
  }

  @SuppressWarnings("InfiniteRecursion")
  private static int depth(int depth) {
    return depth(depth + 1) + 1;
  }

  private static String exhaust() {
    List<byte[]> kept = new ArrayList<>();
    while (true) {
      kept.add(new byte[1 << 20]);
      if (kept.size() > 1 << 16) {
        return "this heap has no end";
      }
    }
  }
}
