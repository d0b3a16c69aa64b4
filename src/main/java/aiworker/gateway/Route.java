package aiworker.gateway;

import java.sql.SQLException;

/**
 * What answers a method on a path.
 *
 * @param lane where it runs
 */
record Route(String method, String path, Lane lane, Handler handler) {
  /** Where a request runs. */
  enum Lane {
    /** At once, since it asks nobody. */
    AT_ONCE,
    /** When a connection is free. */
    WORK,
    /** Beside the others, so that who watches gets an answer when much waits. */
    WATCH
  }

  /** Its work. */
  interface Handler {
    Response answer(Request request, Job job) throws SQLException;
  }
}
