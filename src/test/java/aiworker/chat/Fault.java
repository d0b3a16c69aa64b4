package aiworker.chat;

import aiworker.error.Failure;
import aiworker.testing.RawEndpoint;
import java.io.IOException;

/**
 * A way for an endpoint to go wrong.
 *
 * @param failure how the client is to tell; null if it is to get its answer all the same
 */
record Fault(String name, Failure failure, RawEndpoint.Handler handler) {
  static final String ANSWER =
      "{\"choices\":[{\"message\":{\"content\":\"SELECT 1\"},\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"total_tokens\":7}}";

  /** What happens once the request has been read. */
  interface Script {
    void run(RawEndpoint.Connection connection) throws IOException, InterruptedException;
  }

  /** Reads each request, and then does as the script says. */
  static Fault after(String name, Failure failure, Script script) {
    return new Fault(
        name,
        failure,
        (connection, number) -> {
          while (connection.readRequest() != null) {
            script.run(connection);
          }
        });
  }

  /** Answers each request with this very text and closes. */
  static Fault text(String name, Failure failure, String text) {
    return after(
        name,
        failure,
        connection -> {
          connection.write(text);
          connection.socket().shutdownOutput();
        });
  }

  /** Answers each request with status 200 and this body. */
  static Fault body(String name, Failure failure, String body) {
    return after(name, failure, connection -> connection.write(ok(body)));
  }

  static String ok(String body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
        + body.getBytes(java.nio.charset.StandardCharsets.UTF_8).length
        + "\r\n\r\n"
        + body;
  }

  @Override
  public String toString() {
    return name;
  }
}
