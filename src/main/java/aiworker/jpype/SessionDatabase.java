package aiworker.jpype;

import aiworker.db.Database;
import aiworker.db.DatabaseException;
import aiworker.db.Row;
import aiworker.db.ServerError;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The port over PL/Python's {@code plpy}. */
final class SessionDatabase implements Database {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Session session;

  SessionDatabase(Session session) {
    this.session = session;
  }

  @Override
  public List<Row> query(String sql, String... parameters) {
    JsonNode outcome = read(session.run(sql, parameters));
    JsonNode error = outcome.get("error");
    if (error != null) {
      throw new DatabaseException(
          new ServerError(
              error.path("sqlstate").asText("XX000"),
              error.path("message").asText(""),
              error.path("detail").asText(null),
              error.path("hint").asText(null)),
          null);
    }
    List<Row> rows = new ArrayList<>();
    for (JsonNode row : outcome.required("rows")) {
      Map<String, String> columns = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> column : row.properties()) {
        columns.put(column.getKey(), column.getValue().asText(null));
      }
      rows.add(new Row(columns));
    }
    return rows;
  }

  private static JsonNode read(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the PL/Python side did not answer in JSON", e);
    }
  }
}
