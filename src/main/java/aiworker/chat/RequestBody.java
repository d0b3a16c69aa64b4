package aiworker.chat;

import aiworker.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Writes a question in the Chat Completions API's JSON. The answer's shape is asked for as a strict
 * JSON schema: the statement, or why there is none.
 *
 * <p>Stateless, so any thread may use it.
 */
final class RequestBody {
  private static final JsonNode RESPONSE_FORMAT =
      Json.ours(
          """
          {"type": "json_schema", "json_schema": {"name": "answer", "strict": true, "schema": {
            "type": "object",
            "properties": {
              "sql": {
                "type": ["string", "null"],
                "description": "one PostgreSQL query that answers the question, or null if none can"},
              "problem": {
                "type": ["string", "null"],
                "description": "null, or why this schema cannot answer the question or what about \
          it needs clarifying"}},
            "required": ["sql", "problem"],
            "additionalProperties": false}}}
          """);

  private RequestBody() {}

  /**
   * The body of one request.
   *
   * @param candidate its index, from 0 on
   */
  static byte[] of(ChatSettings settings, List<Message> messages, Dialect dialect, int candidate) {
    ObjectNode body = Json.object().put("model", settings.model());
    ArrayNode said = body.putArray("messages");
    for (Message message : dialect.system() ? messages : withoutSystem(messages)) {
      said.addObject()
          .put("role", message.role().name().toLowerCase(Locale.ROOT))
          .put("content", message.content());
    }
    Sampling sampling = settings.sampling();
    if (dialect.temperature()) {
      double temperature = sampling.temperature(candidate);
      if (temperature == 0) {
        body.put("temperature", 0);
      } else {
        body.put("temperature", temperature);
      }
    }
    if (dialect.seed() && sampling.seed() != null) {
      body.put("seed", sampling.seed(candidate));
    }
    if (dialect.limit() != Dialect.Limit.NONE && sampling.maxCompletionTokens() != null) {
      body.put(dialect.limit().name().toLowerCase(Locale.ROOT), sampling.maxCompletionTokens());
    }
    if (dialect.structured()) {
      body.set("response_format", RESPONSE_FORMAT);
    }
    return Json.write(body).getBytes(StandardCharsets.UTF_8);
  }

  /** The same with the system's text in front of the user's first. */
  private static List<Message> withoutSystem(List<Message> messages) {
    StringBuilder rules = new StringBuilder();
    List<Message> merged = new ArrayList<>();
    for (Message message : messages) {
      if (message.role() == Message.Role.SYSTEM) {
        rules.append(message.content()).append("\n\n");
      } else if (message.role() == Message.Role.USER) {
        merged.add(Message.user(rules + message.content()));
        rules.setLength(0);
      } else {
        merged.add(message);
      }
    }
    return merged;
  }
}
