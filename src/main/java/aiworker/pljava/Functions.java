package aiworker.pljava;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.function.BiFunction;

/**
 * The functions that PL/Java exposes to SQL, and the class loader of all the rest.
 *
 * <p>PL/Java's own loader fetches each class over SPI when it is first needed. A cancel that
 * arrives then leaves the class broken for the session, and a class first needed on another thread
 * would be fetched from there. So this is the only class that it loads; the first call reads the
 * jar's other classes in one query, which can be cancelled and tried again, and defines them from
 * memory.
 *
 * <p>Thread rule: PL/Java calls the functions on the backend's thread only.
 */
public final class Functions extends ClassLoader {
  private static final String CLASSES =
      "SELECT e.entryname AS name, e.entryimage AS image FROM sqlj.jar_entry AS e"
          + " JOIN sqlj.jar_repository AS r ON r.jarid = e.jarid"
          + " WHERE r.jarname = 'ai_worker' AND e.entryname NOT LIKE 'META-INF/%'";

  private static Connection connection;
  private static BiFunction<Connection, String[], String> entry;
  private static volatile boolean inCall;

  static {
    // A backend that is told to end while Java is on its stack would destroy the JVM under it and
    // crash, on JDK 17, and
    // with it the whole cluster. Ending the process from here lets PostgreSQL see an ordinary exit
    // instead.
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  if (inCall) {
                    Runtime.getRuntime().halt(1);
                  }
                }));
  }

  private final Map<String, byte[]> entries;

  private Functions(Map<String, byte[]> entries) {
    super(getPlatformClassLoader());
    this.entries = entries;
  }

  public static String generate(String prompt, String schemaVersion) throws SQLException {
    return call("generate", prompt, schemaVersion);
  }

  public static String regenerate(String prompt, String schemaVersion) throws SQLException {
    return call("regenerate", prompt, schemaVersion);
  }

  public static String cacheStats() throws SQLException {
    return call("cache_stats");
  }

  public static long cleanupCache() throws SQLException {
    return Long.parseLong(call("cleanup_cache"));
  }

  public static String health() throws SQLException {
    return call("health");
  }

  private static String call(String... callAndArguments) throws SQLException {
    boolean outer = !inCall;
    inCall = true;
    try {
      if (entry == null) {
        connection = DriverManager.getConnection("jdbc:default:connection");
        entry = load();
      }
      return entry.apply(connection, callAndArguments);
    } catch (CompletionException e) {
      throw (SQLException) e.getCause();
    } finally {
      if (outer) {
        inCall = false;
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static BiFunction<Connection, String[], String> load() throws SQLException {
    Map<String, byte[]> entries = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(CLASSES);
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        entries.put(rows.getString(1), rows.getBytes(2));
      }
    }
    try {
      return (BiFunction<Connection, String[], String>)
          new Functions(entries)
              .loadClass("aiworker.pljava.Entry")
              .getDeclaredConstructor()
              .newInstance();
    } catch (ReflectiveOperationException e) {
      throw new SQLException("the jar ai_worker is not complete", "IA005", e);
    }
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    byte[] image = entries.remove(name.replace('.', '/') + ".class");
    if (image == null) {
      throw new ClassNotFoundException(name);
    }
    return defineClass(name, image, 0, image.length);
  }

  @Override
  public InputStream getResourceAsStream(String name) {
    byte[] image = entries.get(name);
    return image == null ? null : new ByteArrayInputStream(image);
  }
}
