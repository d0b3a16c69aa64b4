package aiworker.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.POJONode;
import com.fasterxml.jackson.databind.util.RawValue;
import java.io.IOException;
import java.util.Map;

/**
 * Values from a parser and to a generator, which bound how deep they nest. Jackson's own mapper
 * does the same, but is made for any Java object, dates among them: the first one takes a tenth of
 * a session's first question.
 *
 * <p>Stateless, so any thread may use it.
 */
public final class JsonTree {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** A key is twice in one object. */
  public static final class RepeatedKeyException extends JsonParseException {
    private RepeatedKeyException(JsonParser parser, String key) {
      super(parser, "a key twice: " + key);
    }
  }

  private JsonTree() {}

  /**
   * The next value; a missing node if there is none.
   *
   * @param strict whether a key must not be twice in one object; else the last one counts
   * @throws RepeatedKeyException if one is
   */
  public static JsonNode read(JsonParser parser, boolean strict) throws IOException {
    JsonToken token = parser.nextToken();
    return token == null ? MissingNode.getInstance() : value(parser, token, strict);
  }

  private static JsonNode value(JsonParser parser, JsonToken token, boolean strict)
      throws IOException {
    return switch (token) {
      case START_OBJECT -> object(parser, strict);
      case START_ARRAY -> array(parser, strict);
      case VALUE_STRING -> NODES.textNode(parser.getText());
      case VALUE_TRUE -> NODES.booleanNode(true);
      case VALUE_FALSE -> NODES.booleanNode(false);
      case VALUE_NULL -> NODES.nullNode();
      case VALUE_NUMBER_INT ->
          switch (parser.getNumberType()) {
            case INT -> NODES.numberNode(parser.getIntValue());
            case LONG -> NODES.numberNode(parser.getLongValue());
            default -> NODES.numberNode(parser.getBigIntegerValue());
          };
      case VALUE_NUMBER_FLOAT -> NODES.numberNode(parser.getDoubleValue());
      default -> throw new JsonParseException(parser, "no value: " + token);
    };
  }

  private static ObjectNode object(JsonParser parser, boolean strict) throws IOException {
    ObjectNode object = NODES.objectNode();
    for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
      JsonNode before = object.replace(key, value(parser, parser.nextToken(), strict));
      if (strict && before != null) {
        throw new RepeatedKeyException(parser, key);
      }
    }
    return object;
  }

  private static ArrayNode array(JsonParser parser, boolean strict) throws IOException {
    ArrayNode array = NODES.arrayNode();
    for (JsonToken token = parser.nextToken();
        token != JsonToken.END_ARRAY;
        token = parser.nextToken()) {
      array.add(value(parser, token, strict));
    }
    return array;
  }

  static void write(JsonNode value, JsonGenerator generator) throws IOException {
    switch (value.getNodeType()) {
      case OBJECT -> {
        generator.writeStartObject();
        for (Map.Entry<String, JsonNode> field : value.properties()) {
          generator.writeFieldName(field.getKey());
          write(field.getValue(), generator);
        }
        generator.writeEndObject();
      }
      case ARRAY -> {
        generator.writeStartArray();
        for (JsonNode element : value) {
          write(element, generator);
        }
        generator.writeEndArray();
      }
      case STRING -> generator.writeString(value.textValue());
      case POJO ->
          generator.writeRawValue(((RawValue) ((POJONode) value).getPojo()).rawValue().toString());
      // numbers, truth values and null print themselves
      default -> generator.writeRawValue(value.asText());
    }
  }
}
