package aiworker.db;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * The port over a JDBC connection: PL/Java's {@code jdbc:default:connection}, or any driver's with
 * auto-commit off.
 *
 * <p>Statements are prepared once and kept as long as the connection, there being a few dozen fixed
 * texts.
 *
 * <p>Every statement is run as a query and its rows are fetched, because PL/Java runs a statement
 * only when it is fetched from.
 */
public final class JdbcDatabase implements Database {
  private final Connection connection;
  private final Function<SQLException, ServerError> errors;
  private final Map<String, PreparedStatement> statements = new HashMap<>();

  /**
   * Wraps an open connection.
   *
   * @param errors what the binding's exceptions hold of the server's message
   */
  public JdbcDatabase(Connection connection, Function<SQLException, ServerError> errors) {
    this.connection = connection;
    this.errors = errors;
  }

  @Override
  public List<Row> query(String sql, String... parameters) {
    try {
      return fetch(sql, parameters);
    } catch (SQLException e) {
      throw new DatabaseException(errors.apply(e), e);
    }
  }

  private List<Row> fetch(String sql, String... parameters) throws SQLException {
    PreparedStatement statement = statements.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      statements.put(sql, statement);
    }
    for (int i = 0; i < parameters.length; i++) {
      statement.setString(i + 1, parameters[i]);
    }
    try (ResultSet result = statement.executeQuery()) {
      ResultSetMetaData shape = result.getMetaData();
      List<Row> rows = new ArrayList<>();
      while (result.next()) {
        Map<String, String> columns = new LinkedHashMap<>();
        for (int i = 1; i <= shape.getColumnCount(); i++) {
          // PL/Java gives labels in upper case
          columns.put(shape.getColumnLabel(i).toLowerCase(Locale.ROOT), result.getString(i));
        }
        rows.add(new Row(columns));
      }
      return rows;
    }
  }
}
