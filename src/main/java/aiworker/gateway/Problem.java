package aiworker.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * An error as callers see it: a problem document of RFC 9457, with the server's SQLSTATE, DETAIL
 * and HINT where it is the server's. Has no stack trace to show.
 */
final class Problem extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final Pattern NEXT_WINDOW =
      Pattern.compile("next window begins at (\\S+ \\S+?)([+-]\\d\\d)(:\\d\\d)?\\.");
  private static final String AWAY = "the database cannot be reached";
  private static final long UNKNOWN_WAIT_S = 30;

  private final int status;
  private final String sqlState;
  private final String serverDetail;
  private final String hint;
  private final transient Map<String, String> headers;

  private Problem(
      int status,
      String message,
      String sqlState,
      String serverDetail,
      String hint,
      Map<String, String> headers) {
    super(message, null, false, false);
    this.status = status;
    this.sqlState = sqlState;
    this.serverDetail = serverDetail;
    this.hint = hint;
    this.headers = headers;
  }

  static Problem of(int status, String message, String hint) {
    return new Problem(status, message, null, null, hint, Map.of());
  }

  static Problem of(int status, String message, String hint, Map<String, String> headers) {
    return new Problem(status, message, null, null, hint, headers);
  }

  static Problem badRequest(String message, String hint) {
    return of(400, message, hint);
  }

  /** The database cannot be asked. The reason is in the log and not here. */
  static Problem databaseAway(String sqlState) {
    return new Problem(
        503,
        AWAY,
        sqlState,
        null,
        "Ask again in a moment; the gateway connects again by itself, and its log says why it cannot.",
        Map.of("Retry-After", "1"));
  }

  /** What the server says. */
  static Problem of(SQLException e) {
    ServerErrorMessage server = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
    String state = e.getSQLState() == null ? "XX000" : e.getSQLState();
    int status = status(state);
    if (server == null) {
      return new Problem(status, e.getMessage(), state, null, null, Map.of());
    }
    return new Problem(
        status,
        server.getMessage(),
        state,
        server.getDetail(),
        server.getHint(),
        switch (status) {
          case 429 -> Map.of("Retry-After", Long.toString(seconds(server.getDetail())));
          case 503 -> Map.of("Retry-After", "1");
          default -> Map.of();
        });
  }

  /** What the server says of a statement of the model's when it is run. */
  static Problem ofStatement(SQLException e) {
    Problem problem = of(e);
    if (!isOfStatement(problem)) {
      return problem;
    }
    return new Problem(
        422, problem.getMessage(), problem.sqlState, problem.serverDetail, problem.hint, Map.of());
  }

  /** Whether to ask again, or another role, would change nothing. */
  private static boolean isOfStatement(Problem problem) {
    return switch (problem.status) {
      // not for want of memory or disk, nor for a fault of the server's
      case 500 -> !problem.sqlState.matches("53...|58...|XX...|IA...");
      case 400, 404 -> !problem.sqlState.startsWith("IA");
      // of temp_file_limit; a quota's has a DETAIL
      case 429 -> problem.sqlState.equals("53400") && problem.serverDetail == null;
      default -> false;
    };
  }

  private static int status(String state) {
    return switch (state) {
      case "IA001", "IA002", "IA003", "22021", "22P05" -> 400;
      case "42501" -> 403;
      case "P0002" -> 404;
      case "25006" -> 409;
      case "IA020", "IA021", "IA022", "54001" -> 422;
      case "53300", "53400", "IA014" -> 429;
      case "IA011", "IA013", "IA015", "IA016", "IA017" -> 502;
      case "IA012", "57014" -> 504;
      case "40001", "40P01", "55P03" -> 503;
      case "22023" -> 400;
      default -> 500;
    };
  }

  /** Until a quota's next window, if the server names it. */
  private static long seconds(String detail) {
    Matcher window = NEXT_WINDOW.matcher(detail == null ? "" : detail);
    if (window.find()) {
      try {
        String zone = window.group(2) + (window.group(3) == null ? ":00" : window.group(3));
        OffsetDateTime begins =
            OffsetDateTime.parse(
                window.group(1).replace(' ', 'T') + zone, DateTimeFormatter.ISO_OFFSET_DATE_TIME);
        return Math.max(1, Duration.between(Instant.now(), begins.toInstant()).toSeconds() + 1);
      } catch (DateTimeParseException e) {
        // another DateStyle
      }
    }
    return UNKNOWN_WAIT_S;
  }

  /** Whether it is {@link #databaseAway}. */
  boolean isDatabaseAway() {
    return getMessage().equals(AWAY);
  }

  String sqlState() {
    return sqlState;
  }

  /** As a response. */
  Response response() {
    return new Response(
        status, "application/problem+json", Response.json(status, document()).body(), headers);
  }

  private JsonNode document() {
    ObjectNode document = JsonNodeFactory.instance.objectNode();
    document.put("type", "about:blank");
    document.put("title", HttpResponseStatus.valueOf(status).reasonPhrase());
    document.put("status", status);
    document.put("detail", getMessage());
    putIfThere(document, "sqlstate", sqlState);
    putIfThere(document, "server_detail", serverDetail);
    putIfThere(document, "hint", hint);
    return document;
  }

  private static void putIfThere(ObjectNode document, String name, String text) {
    if (text != null) {
      document.put(name, text);
    }
  }
}
