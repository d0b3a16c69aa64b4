package aiworker.chat;

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
    Json root = Json.objectOrNothing(text);
    Json error = root.path("error");
    String message =
        firstText(error.path("message"), error, root.path("message"), root.path("detail"));
    return new EndpointError(
        shown(message.isEmpty() ? text : message, settings),
        firstText(error.path("code"), error.path("type")),
        firstText(error.path("param")));
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
