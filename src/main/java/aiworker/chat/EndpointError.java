package aiworker.chat;

import aiworker.error.Excerpt;
import aiworker.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * An endpoint's own account of a refusal, in any of the shapes in use; empty text for what it does
 * not say. Immutable.
 *
 * @param message fit for an error's DETAIL
 * @param code the error's name, such as {@code insufficient_quota}
 * @param param the parameter that it is about
 * @param words all of what it says, for telling what it is about; never to be shown
 */
record EndpointError(String message, String code, String param, String words) {
  private static final int LONGEST = 600;

  /** What gateways pass on under codes of their own. */
  private static final String QUOTA = "insufficient_quota";

  /** Reads an error's body, masking secrets and cutting what is long. */
  static EndpointError of(byte[] body, ChatSettings settings) {
    String text = new String(body, StandardCharsets.UTF_8);
    return of(Json.objectOrNothing(text), text, settings);
  }

  /**
   * Reads an object with an error in it.
   *
   * @param text what to show if it holds no message
   */
  static EndpointError of(JsonNode root, String text, ChatSettings settings) {
    EndpointError stated = stated(root, settings);
    // A body without a message may be an echo of our own request, which tells nothing
    return stated.words.isEmpty()
        ? new EndpointError(shown(text, settings), stated.code, stated.param, shown(text, settings))
        : stated;
  }

  private static EndpointError stated(JsonNode root, ChatSettings settings) {
    JsonNode error = root.path("error");
    String words =
        firstText(error.path("message"), error, root.path("message"), root.path("detail"));
    if (words.isEmpty()) {
      words = invalid(root.path("detail"));
    }
    String code = firstText(error.path("code"), error.path("type"));
    // LiteLLM writes Python's None as text
    String param = Json.text(error.path("param")).replaceFirst("^None$", "");
    if ((Json.text(error.path("type")) + words).toLowerCase(Locale.ROOT).contains(QUOTA)) {
      code = QUOTA;
    }
    // OpenRouter's: what the provider behind it said, as text that may be JSON
    JsonNode raw = error.path("metadata").path("raw");
    if (raw.isTextual() || raw.isObject()) {
      JsonNode inner = raw.isObject() ? raw : Json.objectOrNothing(raw.textValue());
      EndpointError behind = stated(inner, settings);
      String told = behind.words.isEmpty() ? Json.text(raw) : behind.words;
      words = words.isEmpty() || told.isEmpty() ? words + told : words + ": " + told;
      code = behind.code.isEmpty() ? code : behind.code;
      param = behind.param.isEmpty() ? param : behind.param;
    }
    return new EndpointError(shown(words, settings), code, param, words);
  }

  /** FastAPI's list of what is wrong where, without the input that it quotes. */
  private static String invalid(JsonNode detail) {
    StringBuilder words = new StringBuilder();
    for (JsonNode problem : Json.elements(detail)) {
      words.append(words.length() == 0 ? "" : "; ");
      for (JsonNode place : Json.elements(problem.path("loc"))) {
        words.append(Json.text(place)).append(' ');
      }
      words.append(Json.text(problem.path("msg")));
    }
    return words.toString().strip();
  }

  private static String firstText(JsonNode... candidates) {
    for (JsonNode candidate : candidates) {
      if (candidate.isTextual()) {
        return candidate.textValue();
      }
    }
    return "";
  }

  /** Text from outside, fit for an error's DETAIL: without secrets, in one line, not too long. */
  static String shown(String text, ChatSettings settings) {
    return Excerpt.cut(settings.masked(Excerpt.line(text)).strip(), LONGEST);
  }
}
