package aiworker.chat;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What this backend has learnt of the endpoints and models it talks to, at most 32 of them.
 *
 * <p>Thread rule: only the thread on which the backend called us may use it.
 */
final class Dialects {
  private static final int MOST = 32;

  private final Map<String, Dialect> known = new LinkedHashMap<>();

  Dialect of(ChatSettings settings) {
    return known.getOrDefault(name(settings), Dialect.FULL);
  }

  /** Keeps what has proved itself in a request that the endpoint accepted. */
  void remember(ChatSettings settings, Dialect dialect) {
    if (known.size() >= MOST && !known.containsKey(name(settings))) {
      known.remove(known.keySet().iterator().next());
    }
    known.put(name(settings), dialect);
  }

  private static String name(ChatSettings settings) {
    return settings.baseUrl() + "\n" + settings.model();
  }
}
