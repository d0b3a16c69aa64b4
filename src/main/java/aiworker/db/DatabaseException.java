package aiworker.db;

/**
 * A statement that the server refused. The cause is the binding's own exception, where it has one.
 */
public final class DatabaseException extends RuntimeException {
  private final transient ServerError error;

  public DatabaseException(ServerError error, Throwable cause) {
    super(error.sqlState() + ": " + error.message(), cause);
    this.error = error;
  }

  public ServerError error() {
    return error;
  }
}
