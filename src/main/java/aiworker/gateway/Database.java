package aiworker.gateway;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.function.Function;
import org.postgresql.jdbc.PgConnection;

/** The pool of connections, all of one role. Any thread may use it. */
final class Database implements AutoCloseable {
  /**
   * Longest wait for a connection. A request that has waited as long already does not wait when the
   * server is known to be away, so that none waits more than twice this.
   */
  private static final long CONNECTION_WAIT_MS = 900;

  private static final String TOO_MANY_CONNECTIONS = "53300";

  /** For a server that lets us wait and says nothing. */
  private static final long SLOWEST_CONNECTION_MS = 30_000;

  static {
    // what the libraries would say is in the errors too, and their debug output holds settings
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "off");
    // one that was used just now is taken unseen; a restart of the server takes longer than this
    System.setProperty("com.zaxxer.hikari.aliveBypassWindowMs", "100");
  }

  private final HikariDataSource pool;
  private final String jdbcUrl;
  private final Properties direct = new Properties();
  private volatile boolean away;

  /** Whether a connection is lost is told by the driver. */
  private static final class NeverEvict implements SQLExceptionOverride {
    @java.lang.Override
    public SQLExceptionOverride.Override adjudicate(SQLException e) {
      return SQLExceptionOverride.Override.DO_NOT_EVICT;
    }
  }

  /** What is done on a connection. */
  interface Work<T> {
    T on(Connection connection) throws SQLException;
  }

  Database(Settings settings, int size) {
    jdbcUrl = settings.jdbcUrl();
    direct.putAll(settings.login());
    direct.setProperty("ApplicationName", "ai-worker-gateway");
    direct.setProperty("tcpKeepAlive", "true");
    direct.setProperty("connectTimeout", "1");
    HikariConfig config = new HikariConfig();
    config.setPoolName("gateway");
    config.setJdbcUrl(jdbcUrl);
    config.setDataSourceProperties(direct);
    config.setMaximumPoolSize(size);
    // when one is needed the pool tries anew at once, and not at the end of a pause
    config.setMinimumIdle(0);
    config.setConnectionTimeout(CONNECTION_WAIT_MS);
    config.setValidationTimeout(CONNECTION_WAIT_MS / 2);
    // an error of a statement may have any SQLSTATE, those of lost connections too
    config.setExceptionOverride(new NeverEvict());
    // the gateway starts, and says so in its answers, while the server is away
    config.setInitializationFailTimeout(-1);
    pool = new HikariDataSource(config);
  }

  /** Runs work that ends when the job is cancelled. */
  <T> T run(Job job, Work<T> work) {
    return run(job, work, Problem::of);
  }

  /**
   * Runs work that ends when the job is cancelled.
   *
   * @param asProblem what the callers are told of an error that left the connection as it was
   */
  <T> T run(Job job, Work<T> work, Function<SQLException, Problem> asProblem) {
    if (away && job.waitedMs() > CONNECTION_WAIT_MS) {
      throw Problem.databaseAway("08001");
    }
    try (Connection connection = connect(job)) {
      noteBack();
      Connection driver = connection.unwrap(PgConnection.class);
      job.begin(connection);
      try {
        return work.on(connection);
      } catch (SQLException e) {
        if (driver.isClosed()) {
          throw e;
        }
        throw asProblem.apply(e);
      } finally {
        job.end();
      }
    } catch (SQLException e) {
      noteAway(e);
      throw Problem.databaseAway(e.getSQLState());
    }
  }

  /**
   * From the pool. While the server is known to be away, one that is made for this request alone:
   * where nobody listens that fails at once, and the pool would try ever more seldom.
   */
  private Connection connect(Job job) throws SQLException {
    if (away) {
      return DriverManager.getConnection(jdbcUrl, direct);
    }
    while (true) {
      try {
        return pool.getConnection();
      } catch (SQLTransientConnectionException e) {
        if (e.getCause() instanceof SQLException cause) {
          throw cause;
        }
        // nothing has failed, so the server is only slow
        if (job.waitedMs() > SLOWEST_CONNECTION_MS) {
          throw new SQLException(e.getMessage(), "08001", e);
        }
      }
    }
  }

  private void noteBack() {
    if (away) {
      away = false;
      Log.line("the database answers again");
    }
  }

  private void noteAway(SQLException e) {
    if (TOO_MANY_CONNECTIONS.equals(e.getSQLState())) {
      // those that there are work
      Log.line("there are no more connections: " + Log.firstLine(e.getMessage()));
      return;
    }
    // those that are idle broke with it, and would each fail a request
    pool.getHikariPoolMXBean().softEvictConnections();
    if (!away) {
      away = true;
      Log.line("the database cannot be reached: " + Log.firstLine(e.getMessage()));
    }
  }

  /** Connections in use. */
  int active() {
    return pool.getHikariPoolMXBean().getActiveConnections();
  }

  /** Connections that wait for work. */
  int idle() {
    return pool.getHikariPoolMXBean().getIdleConnections();
  }

  int size() {
    return pool.getMaximumPoolSize();
  }

  /** The first column of the first row, as text; null if it is NULL or there is no row. */
  static String value(Connection connection, String sql, String... parameters) throws SQLException {
    List<String> column = column(connection, sql, parameters);
    return column.isEmpty() ? null : column.get(0);
  }

  static List<String> column(Connection connection, String sql, String... parameters)
      throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, parameters);
        ResultSet rows = statement.executeQuery()) {
      List<String> values = new ArrayList<>();
      while (rows.next()) {
        values.add(rows.getString(1));
      }
      return values;
    }
  }

  /** With parameters of type text. */
  static PreparedStatement prepare(Connection connection, String sql, String... parameters)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    for (int i = 0; i < parameters.length; i++) {
      statement.setString(i + 1, parameters[i]);
    }
    return statement;
  }

  @Override
  public void close() {
    pool.close();
  }
}
