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
 * The function that PL/Java exposes to SQL, and the class loader of all the rest.
 *
 * <p>PL/Java's own loader fetches each class over SPI when it is first needed. A cancel that
 * arrives then leaves the class broken for the session, and a class first needed on another thread
 * would be fetched from there. So this is the only class that it loads; the first call reads the
 * jar's other classes in one query, which can be cancelled and tried again, and defines them from
 * memory. When the jar has been replaced, the next call does so again.
 *
 * <p>install.sh also puts the jar into the server's data directory and on the JVM's class path,
 * where Java can take its classes from an archive. While that is the jar that the database holds,
 * and it is whole, nothing is read from the database.
 *
 * <p>Thread rule: PL/Java calls the function on the backend's thread only.
 */
public final class Functions extends ClassLoader {
  private static final String CLASSES =
      "SELECT e.entryname AS name, e.entryimage AS image FROM sqlj.jar_entry AS e"
          + " JOIN sqlj.jar_repository AS r ON r.jarid = e.jarid"
          + " WHERE r.jarname = 'ai_worker' AND e.entryname NOT LIKE 'META-INF/%'";

  private static BiFunction<String, String[], String> entry;

  /** Of the jar that {@link #entry} is from. */
  private static String version;

  private final Map<String, byte[]> entries;

  private Functions(Map<String, byte[]> entries) {
    super(getPlatformClassLoader());
    this.entries = entries;
  }

  /**
   * {@code ai_worker.bridge}: the outcome of a call, as JSON; null for {@code start}.
   *
   * @param arguments those of the call and, last, what tells one version of the jar from another
   */
  public static String call(String call, String[] arguments) throws SQLException {
    if (call.equals("start")) {
      return null;
    }
    String current = arguments[arguments.length - 1];
    try {
      if (entry == null || !current.equals(version)) {
        entry = load(DriverManager.getConnection("jdbc:default:connection"), current);
        version = current;
      }
      return entry.apply(call, arguments);
    } catch (CompletionException e) {
      throw (SQLException) e.getCause();
    }
  }

  private static BiFunction<String, String[], String> load(Connection connection, String current)
      throws SQLException {
    if (isOnClassPath(current.substring(current.indexOf(' ') + 1))) {
      try {
        return entry(Functions.class.getClassLoader(), connection);
      } catch (ReflectiveOperationException | LinkageError e) {
        // a damaged file: the database has the same
      }
    }
    Map<String, byte[]> entries = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(CLASSES);
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        entries.put(rows.getString(1), rows.getBytes(2));
      }
    }
    try {
      return entry(new Functions(entries), connection);
    } catch (ReflectiveOperationException e) {
      throw new SQLException("the jar ai_worker is not complete", "IA005", e);
    }
  }

  /** Whether the JVM's class path has that jar, and this class is from there. */
  private static boolean isOnClassPath(String jar) {
    return Functions.class.getClassLoader() == getSystemClassLoader()
        && Functions.class
            .getProtectionDomain()
            .getCodeSource()
            .getLocation()
            .getPath()
            .endsWith("/" + jar);
  }

  @SuppressWarnings("unchecked")
  private static BiFunction<String, String[], String> entry(
      ClassLoader loader, Connection connection) throws ReflectiveOperationException {
    return (BiFunction<String, String[], String>)
        loader
            .loadClass("aiworker.pljava.Entry")
            .getDeclaredConstructor(Connection.class)
            .newInstance(connection);
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
