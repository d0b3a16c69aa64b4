package aiworker.chat;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
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
  private RequestBody() {}

  static byte[] of(ChatSettings settings, List<Message> messages, Dialect dialect) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(1_024);
    try (JsonGenerator json = Json.writer(out)) {
      json.writeStartObject();
      json.writeStringField("model", settings.model());
      json.writeArrayFieldStart("messages");
      for (Message message : dialect.system() ? messages : withoutSystem(messages)) {
        json.writeStartObject();
        json.writeStringField("role", message.role().name().toLowerCase(Locale.ROOT));
        json.writeStringField("content", message.content());
        json.writeEndObject();
      }
      json.writeEndArray();
      options(json, settings.sampling(), dialect);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
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

  private static void options(JsonGenerator json, Sampling sampling, Dialect dialect)
      throws IOException {
    if (dialect.temperature()) {
      json.writeNumberField("temperature", 0);
    }
    if (dialect.seed() && sampling.seed() != null) {
      json.writeNumberField("seed", sampling.seed());
    }
    if (dialect.limit() != Dialect.Limit.NONE && sampling.maxCompletionTokens() != null) {
      json.writeNumberField(
          dialect.limit().name().toLowerCase(Locale.ROOT), sampling.maxCompletionTokens());
    }
    if (dialect.structured()) {
      format(json);
    }
  }

  private static void format(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("response_format");
    json.writeStringField("type", "json_schema");
    json.writeObjectFieldStart("json_schema");
    json.writeStringField("name", "answer");
    json.writeBooleanField("strict", true);
    json.writeObjectFieldStart("schema");
    json.writeStringField("type", "object");
    json.writeObjectFieldStart("properties");
    field(json, "sql", "one PostgreSQL query that answers the question, or null if none can");
    field(
        json,
        "problem",
        "null, or why this schema cannot answer the question or what about it needs clarifying");
    json.writeEndObject();
    json.writeArrayFieldStart("required");
    json.writeString("sql");
    json.writeString("problem");
    json.writeEndArray();
    json.writeBooleanField("additionalProperties", false);
    json.writeEndObject();
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void field(JsonGenerator json, String name, String description)
      throws IOException {
    json.writeObjectFieldStart(name);
    json.writeArrayFieldStart("type");
    json.writeString("string");
    json.writeString("null");
    json.writeEndArray();
    json.writeStringField("description", description);
    json.writeEndObject();
  }
}
