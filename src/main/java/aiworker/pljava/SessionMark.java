package aiworker.pljava;

import java.io.File;
import java.io.IOException;

/**
 * An empty file that says that Java runs in this backend; {@code ai_worker.java_sessions()} counts
 * them. It is where the server's own temporary files are, so the server takes away what a crash
 * leaves.
 */
final class SessionMark {
  private static final String PREFIX = "pgsql_tmp.ai-worker.java.";

  private final File file;

  private SessionMark(File file) {
    this.file = file;
  }

  /** Makes that of this process, and takes away those of others that ended without doing so. */
  static SessionMark make() throws IOException {
    File folder = new File("base/pgsql_tmp").getAbsoluteFile();
    folder.mkdir();
    String[] names = folder.list();
    for (int i = 0; names != null && i < names.length; i++) {
      if (names[i].startsWith(PREFIX)
          && !new File("/proc", names[i].substring(PREFIX.length())).exists()) {
        new File(folder, names[i]).delete();
      }
    }
    File file = new File(folder, PREFIX + new File("/proc/self").getCanonicalFile().getName());
    file.createNewFile();
    return new SessionMark(file);
  }

  void takeAway() {
    file.delete();
  }
}
