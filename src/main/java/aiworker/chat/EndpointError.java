package aiworker.chat;

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
  static EndpointError of(Json root, String text, ChatSettings settings) {
    EndpointError stated = stated(root, settings);
    // A body without a message may be an echo of our own request, which tells nothing
    return stated.words.isEmpty()
        ? new EndpointError(shown(text, settings), stated.code, stated.param, shown(text, settings))
        : stated;
  }

  private static EndpointError stated(Json root, ChatSettings settings) {
    Json error = root.path("error");
    String words =
        firstText(error.path("message"), error, root.path("message"), root.path("detail"));
    if (words.isEmpty()) {
      words = invalid(root.path("detail"));
    }
    String code = firstText(error.path("code"), error.path("type"));
    // LiteLLM writes Python's None as text
    String param = error.path("param").text().replaceFirst("^None$", "");
    if ((error.path("type").text() + words).toLowerCase(Locale.ROOT).contains(QUOTA)) {
      code = QUOTA;
    }
    // OpenRouter's: what the provider behind it said, as text that may be JSON
    Json raw = error.path("metadata").path("raw");
    if (raw.isText() || raw.isObject()) {
      Json inner = raw.isText() ? Json.objectOrNothing(raw.text()) : raw;
      EndpointError behind = stated(inner, settings);
      String told = behind.words.isEmpty() ? raw.text() : behind.words;
      words = words.isEmpty() || told.isEmpty() ? words + told : words + ": " + told;
      code = behind.code.isEmpty() ? code : behind.code;
      param = behind.param.isEmpty() ? param : behind.param;
    }
    return new EndpointError(shown(words, settings), code, param, words);
  }

  /** FastAPI's list of what is wrong where, without the input that it quotes. */
  private static String invalid(Json detail) {
    StringBuilder words = new StringBuilder();
    for (Json problem : detail.elements()) {
      words.append(words.length() == 0 ? "" : "; ");
      problem.path("loc").elements().forEach(place -> words.append(place.text()).append(' '));
      words.append(problem.path("msg").text());
    }
    return words.toString().strip();
  }

  private static String firstText(Json... candidates) {
    for (Json candidate : candidates) {
      if (candidate.isText()) {
        return candidate.text();
      }
    }
    return "";
  }

  /**
   * Text from outside, fit for an error's DETAIL: without secrets, in one line, not too long, and
   * without what PostgreSQL could not take as text.
   */
  static String shown(String text, ChatSettings settings) {
    StringBuilder line = new StringBuilder();
    text.codePoints()
        .limit(16_000)
        .map(c -> Character.isISOControl(c) || Character.isWhitespace(c) ? ' ' : c)
        .filter(c -> c != ' ' || (line.length() > 0 && line.charAt(line.length() - 1) != ' '))
        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? '?' : c)
        .forEachOrdered(line::appendCodePoint);
    String masked = settings.masked(line.toString()).strip();
    return masked.length() <= LONGEST
        ? masked
        : masked.substring(0, masked.offsetByCodePoints(0, LONGEST / 2)) + " …";
  }
}
