package aiworker.gateway;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Map;

/**
 * A request as it arrived, whole.
 *
 * @param path decoded, without the query
 * @param query decoded parameters, each with its values
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Request(
    String method, String path, Map<String, List<String>> query, HttpHeaders headers, byte[] body) {
  /** The one value of a parameter; null if there is none. */
  String parameter(String name) {
    List<String> values = query.getOrDefault(name, List.of());
    if (values.size() > 1) {
      throw Problem.badRequest(
          "parameter " + name + " is given " + values.size() + " times", "Give it once.");
    }
    return values.isEmpty() ? null : values.get(0);
  }
}
