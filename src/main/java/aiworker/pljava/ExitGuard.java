package aiworker.pljava;

/**
 * Keeps a backend that is told to end inside a Java call from crashing the cluster. PL/Java would
 * destroy the JVM while its frames are on the stack, which aborts the process on JDK 17, and
 * PostgreSQL then restarts every session; ending the process first looks like an ordinary exit to
 * it.
 */
public final class ExitGuard extends Thread {
  private final SessionMark mark;

  private ExitGuard(SessionMark mark) {
    this.mark = mark;
  }

  /**
   * Stands until the backend ends.
   *
   * @param mark to be taken away then; null for none
   */
  static void stand(SessionMark mark) {
    Runtime.getRuntime().addShutdownHook(new ExitGuard(mark));
  }

  /** Called where the settings of an older installation name the jar as an agent. */
  public static void premain(String arguments) {
    stand(null);
  }

  @Override
  public void run() {
    if (mark != null) {
      mark.takeAway();
    }
    if (isWithinPlJava()) {
      Runtime.getRuntime().halt(1);
    }
  }

  private static boolean isWithinPlJava() {
    for (StackTraceElement[] stack : getAllStackTraces().values()) {
      for (StackTraceElement frame : stack) {
        if (frame.getClassName().startsWith("org.postgresql.pljava.")) {
          return true;
        }
      }
    }
    return false;
  }
}
