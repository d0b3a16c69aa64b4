package aiworker.chat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;

/**
 * An endpoint's own account of a refusal, in any of the shapes in use; empty text for what it does
 * not say. Immutable.
 */
record EndpointError(String message, String code, String param) {
  private static final int LONGEST = 600;

  /** Reads an error's body, masking secrets and cutting what is long. */
  static EndpointError of(byte[] body, ChatSettings settings) {
    String text = new String(body, StandardCharsets.UTF_8);
    JsonNode root = Json.objectOrNull(text);
    if (root == null) {
      return new EndpointError(shown(text, settings), "", "");
    }
    JsonNode error = root.path("error");
    String message =
        firstText(error.path("message"), error, root.path("message"), root.path("detail"));
    return new EndpointError(
        shown(message.isEmpty() ? text : message, settings),
        firstText(error.path("code"), error.path("type")),
        firstText(error.path("param")));
  }

  private static String firstText(JsonNode... candidates) {
    for (JsonNode candidate : candidates) {
      if (candidate.isTextual()) {
        return candidate.asText();
      }
    }
    return "";
  }

  /** Text from outside, fit for an error's DETAIL. */
  static String shown(String text, ChatSettings settings) {
    String head = text.substring(0, Math.min(text.length(), 16_000));
    String printable = settings.masked(head).replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
    return printable.length() <= LONGEST ? printable : printable.substring(0, LONGEST) + " …";
  }
}
