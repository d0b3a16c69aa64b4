package aiworker.db;

/**
 * What the server said of a statement that it refused.
 *
 * @param sqlState five characters
 * @param message the primary message
 * @param detail null if none
 * @param hint null if none
 */
public record ServerError(String sqlState, String message, String detail, String hint) {
  /**
   * Query cancel, statement_timeout, administrator shutdown and the like: never to be swallowed.
   */
  public boolean isInterrupt() {
    return sqlState.startsWith("57");
  }
}
