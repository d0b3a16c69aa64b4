package aiworker.gateway;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** The JSON object that a request brings, read strictly: what is not understood is refused. */
final class Body {
  private static final ObjectReader JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readerFor(JsonNode.class);
  private static final Pattern JSON_TYPE =
      Pattern.compile(
          "application/json\\s*(;\\s*charset=\"?utf-8\"?\\s*)?", Pattern.CASE_INSENSITIVE);

  private final JsonNode object;

  private Body(JsonNode object) {
    this.object = object;
  }

  /** An object with no other fields than these. */
  static Body of(Request request, Set<String> fields) {
    String type = request.headers().get("Content-Type", "");
    if (!JSON_TYPE.matcher(type).matches()) {
      throw Problem.of(
          415,
          "Content-Type is \"" + type + "\"",
          "Send JSON, with Content-Type: application/json.");
    }
    JsonNode node;
    try {
      node = JSON.readTree(request.body());
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String where =
          at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
      throw Problem.badRequest(
          e.getOriginalMessage().startsWith("Duplicate field")
              ? "the body has a field twice" + where
              : "the body is not one JSON value" + where,
          "Send one JSON object in UTF-8, and nothing after it.");
    } catch (IOException e) {
      throw Problem.badRequest("the body is not UTF-8", "Send one JSON object in UTF-8.");
    }
    if (!node.isObject()) {
      throw Problem.badRequest("the body is not a JSON object", "Send {\"name\": value, …}.");
    }
    for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!fields.contains(name)) {
        throw Problem.badRequest(
            "field \"" + name + "\" is not known",
            "Fields are " + String.join(", ", fields.stream().sorted().toList()) + ".");
      }
    }
    return new Body(node);
  }

  /** Refuses a body where none is expected, be it one of a form. */
  static void none(Request request) {
    if (request.body().length > 0) {
      of(request, Set.of());
    }
  }

  /** A text; null if the field is null or not there. */
  String text(String name) {
    JsonNode value = object.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    if (!value.isTextual()) {
      throw wrongType(name, value, "a text");
    }
    String text = value.textValue();
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw Problem.badRequest(
          "field \"" + name + "\" holds half a character", "Write UTF-16 surrogates in pairs.");
    }
    if (text.indexOf('\0') >= 0) {
      throw Problem.badRequest(
          "field \"" + name + "\" holds the character of code zero",
          "Leave it out; the database has no texts with it.");
    }
    return text;
  }

  /** A yes or no that may be left out. */
  boolean flag(String name, boolean otherwise) {
    JsonNode value = object.path(name);
    if (value.isMissingNode()) {
      return otherwise;
    }
    if (!value.isBoolean()) {
      throw wrongType(name, value, "true or false");
    }
    return value.booleanValue();
  }

  private static Problem wrongType(String name, JsonNode value, String wanted) {
    return Problem.badRequest(
        "field \"" + name + "\" is " + value.getNodeType().name().toLowerCase(Locale.ROOT),
        "It must be " + wanted + ".");
  }
}
