package aiworker.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The one reader and writer of JSON texts, which nest at most 100 deep, and what {@link JsonNode}
 * lacks for texts of any shape: values of another kind than expected count as none.
 *
 * <p>Stateless, so any thread may use it.
 */
public final class Json {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(100).build())
          .build();

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private Json() {}

  public static ObjectNode object() {
    return NODES.objectNode();
  }

  /** A list of texts. */
  public static ArrayNode array(List<String> texts) {
    ArrayNode array = NODES.arrayNode();
    texts.forEach(array::add);
    return array;
  }

  /**
   * Reads a text's first value; a byte order mark may stand in front.
   *
   * @throws JsonEOFException if the text ends before the value does
   */
  public static JsonNode read(String json) throws JsonProcessingException {
    try (JsonParser parser =
        FACTORY.createParser(json.startsWith("\uFEFF") ? json.substring(1) : json)) {
      JsonNode read = JsonTree.read(parser, false);
      if (read.isMissingNode()) {
        throw new JsonEOFException(null, null, "no value");
      }
      return read;
    } catch (JsonProcessingException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads a UTF-8 text's first value as {@link #read(String)} does. */
  public static JsonNode read(byte[] json) throws JsonProcessingException {
    try {
      return read(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString());
    } catch (CharacterCodingException e) {
      throw new JsonParseException(null, "not UTF-8", e);
    }
  }

  /** Reads what our own code or the server wrote, so that anything but JSON is a bug. */
  public static JsonNode ours(String json) {
    try {
      return read(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("no JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** The text of a value. */
  public static String write(JsonNode value) {
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = FACTORY.createGenerator(text)) {
      JsonTree.write(value, generator);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  /** The text's value if it is an object, else a missing node. */
  public static JsonNode objectOrNothing(String json) {
    try {
      JsonNode read = read(json);
      return read.isObject() ? read : MissingNode.getInstance();
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }

  /** A list's elements; none if it is no list. */
  public static Iterable<JsonNode> elements(JsonNode list) {
    return list.isArray() ? list : List.of();
  }

  /** The text, or an empty one if the value is of another kind. */
  public static String text(JsonNode text) {
    return text.isTextual() ? text.textValue() : "";
  }

  /** The number cut to an int, or the other if the value is of another kind. */
  public static int integer(JsonNode number, int other) {
    return number.isNumber() ? (int) number.doubleValue() : other;
  }
}
