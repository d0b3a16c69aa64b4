package aiworker.jpype;

/** The session as PL/Python sees it; implemented in the body of {@code ai_worker_bridge}. */
public interface Session {
  /**
   * Runs one statement in a subtransaction of its own, as PL/Python always does.
   *
   * @return JSON: {@code {"rows": [{column: text}]}}, or {@code {"error": {"sqlstate", "message",
   *     "detail", "hint"}}}, because an exception of Python's would arrive here without its
   *     SQLSTATE
   */
  String run(String sql, String[] parameters);
}
