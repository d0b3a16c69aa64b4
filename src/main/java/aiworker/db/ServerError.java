package aiworker.db;

/**
 * What the server said of a statement that it refused.
 *
 * @param sqlState five characters
 * @param message the primary message
 * @param detail null if none
 * @param hint null if none
 */
public record ServerError(String sqlState, String message, String detail, String hint) {}
