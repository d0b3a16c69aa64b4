package aiworker.plpython;

import aiworker.db.Database;
import aiworker.db.DatabaseException;
import aiworker.db.Row;
import aiworker.db.ServerError;
import aiworker.json.Json;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The port over PL/Python's {@code plpy}, which runs each statement in a subtransaction of its own.
 *
 * <p>The session takes {@code {"sql": text, "parameters": [text or null]}} and answers {@code
 * {"rows": [{column: text or null}]}} or {@code {"error": {"sqlstate", "message", "detail",
 * "hint"}}}. What is no Unicode text, half of a surrogate pair, arrives as a question mark.
 */
final class SessionDatabase implements Database {
  private final UnaryOperator<byte[]> session;

  SessionDatabase(UnaryOperator<byte[]> session) {
    this.session = session;
  }

  @Override
  public List<Row> query(String sql, String... parameters) {
    ObjectNode statement = Json.object().put("sql", numbered(sql, parameters.length));
    ArrayNode values = statement.putArray("parameters");
    for (String parameter : parameters) {
      if (parameter != null && parameter.indexOf('\0') >= 0) {
        // PL/Python would cut the text there
        throw new DatabaseException(
            new ServerError("22021", "a text for the server holds a NUL", null, null), null);
      }
      values.add(parameter);
    }
    JsonNode outcome = read(session.apply(Json.write(statement).getBytes(StandardCharsets.UTF_8)));
    JsonNode error = outcome.get("error");
    if (error != null) {
      throw new DatabaseException(
          new ServerError(
              error.required("sqlstate").textValue(),
              error.required("message").textValue(),
              error.path("detail").textValue(),
              error.path("hint").textValue()),
          null);
    }
    List<Row> rows = new ArrayList<>();
    for (JsonNode row : outcome.required("rows")) {
      Map<String, String> columns = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> column : row.properties()) {
        columns.put(column.getKey(), column.getValue().textValue());
      }
      rows.add(new Row(columns));
    }
    return rows;
  }

  /** The server's own spelling of parameters: $1, $2 and so on for each question mark. */
  private static String numbered(String sql, int parameters) {
    StringBuilder numbered = new StringBuilder(sql.length() + parameters);
    int found = 0;
    int from = 0;
    for (int mark = sql.indexOf('?'); mark >= 0; mark = sql.indexOf('?', from)) {
      numbered.append(sql, from, mark).append('$').append(++found);
      from = mark + 1;
    }
    if (found != parameters) {
      throw new IllegalArgumentException(
          found + " question marks for " + parameters + " parameters: " + sql);
    }
    return numbered.append(sql, from, sql.length()).toString();
  }

  private static JsonNode read(byte[] json) {
    if (json == null) {
      throw new IllegalStateException("the PL/Python side did not answer");
    }
    try {
      return Json.read(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the PL/Python side did not answer in JSON", e);
    }
  }
}
