package aiworker.chat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A value in a JSON text; what a text does not hold is {@link #NOTHING}, so that a path may be
 * followed blindly. Immutable.
 *
 * <p>Read with Jackson's streaming core alone: its databind would load some 550 classes more in the
 * first call of every session.
 */
final class Json {
  /** JSON's null, or no value at all. */
  static final Json NOTHING = new Json(null);

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(100).build())
          .build();

  /** A Map, a List, a String, a Double, a Boolean or null. */
  private final Object value;

  private Json(Object value) {
    this.value = value;
  }

  static JsonGenerator writer(OutputStream out) throws IOException {
    return FACTORY.createGenerator(out);
  }

  /**
   * Reads a UTF-8 text's first value; a byte order mark may stand in front.
   *
   * @throws JsonEOFException if the text ends before the value does
   */
  static Json read(byte[] json) throws JsonProcessingException {
    try {
      return read(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString());
    } catch (CharacterCodingException e) {
      throw new JsonParseException(null, "not UTF-8", e);
    }
  }

  /** The text's value if it is an object, else {@link #NOTHING}. */
  static Json objectOrNothing(String json) {
    try {
      Json read = read(json);
      return read.isObject() ? read : NOTHING;
    } catch (JsonProcessingException e) {
      return NOTHING;
    }
  }

  boolean isObject() {
    return value instanceof Map;
  }

  boolean isText() {
    return value instanceof String;
  }

  /** Whether it is an object with a member of that name, be it null. */
  boolean has(String name) {
    return value instanceof Map<?, ?> members && members.containsKey(name);
  }

  /** The object's member of that name, or {@link #NOTHING}. */
  Json path(String name) {
    return value instanceof Map<?, ?> members && members.get(name) instanceof Json member
        ? member
        : NOTHING;
  }

  /** A list's elements; none if it is no list. */
  List<Json> elements() {
    List<Json> elements = new ArrayList<>();
    if (value instanceof List<?> list) {
      list.forEach(element -> elements.add((Json) element));
    }
    return elements;
  }

  /** The text, or an empty one if the value is of another kind. */
  String text() {
    return value instanceof String text ? text : "";
  }

  /** The number cut to an int, or the other if the value is of another kind. */
  int integer(int other) {
    return value instanceof Double number ? number.intValue() : other;
  }

  private static Json read(String json) throws JsonProcessingException {
    boolean marked = json.startsWith("\uFEFF");
    try (JsonParser parser = FACTORY.createParser(marked ? json.substring(1) : json)) {
      if (parser.nextToken() == null) {
        throw new JsonEOFException(parser, null, "no value");
      }
      return value(parser);
    } catch (JsonProcessingException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Json value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, Json> members = new HashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          members.put(name, value(parser));
        }
        yield new Json(members);
      }
      case START_ARRAY -> {
        List<Json> elements = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          elements.add(value(parser));
        }
        yield new Json(elements);
      }
      case VALUE_STRING -> new Json(parser.getText());
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Json(parser.getDoubleValue());
      case VALUE_TRUE, VALUE_FALSE -> new Json(parser.getBooleanValue());
      default -> NOTHING;
    };
  }
}
