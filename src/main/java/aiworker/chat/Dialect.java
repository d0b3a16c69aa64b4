package aiworker.chat;

import java.util.Locale;

/**
 * The options of the Chat Completions API that a model at an endpoint takes; immutable.
 *
 * @param structured whether {@code response_format} is sent
 * @param temperature whether {@code temperature} is sent
 * @param seed whether {@code seed} is sent, if there is one
 * @param limit how the completion is limited, if it is
 * @param system whether there is a message of role system; if not, its text begins the first
 *     message of the user
 */
record Dialect(boolean structured, boolean temperature, boolean seed, Limit limit, boolean system) {
  /** All of today's API. */
  static final Dialect FULL = new Dialect(true, true, true, Limit.MAX_COMPLETION_TOKENS, true);

  /** The parameter that limits a completion, newest first. */
  enum Limit {
    MAX_COMPLETION_TOKENS,
    MAX_TOKENS,
    NONE;

    Limit older() {
      return this == MAX_COMPLETION_TOKENS ? MAX_TOKENS : NONE;
    }
  }

  /**
   * What to speak after a refusal.
   *
   * @return null if the refusal has nothing to do with the options that were sent
   */
  Dialect after(int status, EndpointError error, Sampling sampling) {
    if (status != 400 && status != 422 && status != 500 && status != 501) {
      return null;
    }
    String about =
        (error.param().isEmpty() ? error.words() : error.param()).toLowerCase(Locale.ROOT);
    if (temperature && about.contains("temperature")) {
      return new Dialect(structured, false, seed, limit, system);
    }
    if (structured && mentionsFormat(about)) {
      return new Dialect(false, temperature, seed, limit, system);
    }
    if (seed && sampling.seed() != null && about.contains("seed")) {
      return new Dialect(structured, temperature, false, limit, system);
    }
    if (sampling.maxCompletionTokens() != null
        && limit != Limit.NONE
        && refusesLimit(about, error)) {
      return new Dialect(structured, temperature, seed, limit.older(), system);
    }
    if (system && refusesSystem(about)) {
      return new Dialect(structured, temperature, seed, limit, false);
    }
    return null;
  }

  /** Such as the chat template of Gemma and the first models of o1. */
  private static boolean refusesSystem(String about) {
    return about.equals("messages[0].role")
        || about.contains("roles must alternate")
        || ((about.contains("system role")
                || about.contains("role system")
                || about.contains("'system'")
                || about.contains("system message")
                || about.contains("developer instruction"))
            && (about.contains("not support")
                || about.contains("unsupported")
                || about.contains("not allowed")
                || about.contains("not enabled")));
  }

  private static boolean mentionsFormat(String about) {
    return about.contains("response_format")
        || about.contains("response format")
        || about.contains("json_schema")
        || about.contains("json schema")
        || about.contains("structured output")
        || about.contains("grammar");
  }

  /** Not if the number alone is refused, as being too large: that is for the DBA to know. */
  private boolean refusesLimit(String about, EndpointError error) {
    String words = (error.code() + " " + error.words()).toLowerCase(Locale.ROOT);
    return about.contains(limit.name().toLowerCase(Locale.ROOT))
        && (words.contains("unsupported")
            || words.contains("not support")
            || words.contains("unknown")
            || words.contains("unrecognized")
            || words.contains("unexpected")
            || words.contains("not permitted")
            || words.contains("not allowed"));
  }
}
