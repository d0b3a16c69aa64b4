package aiworker.chat;

/**
 * What is run at least every 25 ms of a wait for the model, on the thread on which the backend
 * called us; what it throws ends the wait and goes through to the caller.
 */
@FunctionalInterface
public interface Waiting {
  /**
   * Lets the backend notice a cancel, a statement_timeout or a shutdown.
   *
   * @param attempt which one is waited for, 1 or more
   * @param pausing whether it has yet to begin
   */
  void at(int attempt, boolean pausing);
}
