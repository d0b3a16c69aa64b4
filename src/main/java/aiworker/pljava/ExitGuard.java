package aiworker.pljava;

/**
 * Keeps a backend that is told to end inside a Java call from crashing the cluster. PL/Java would
 * destroy the JVM while its frames are on the stack, which aborts the process on JDK 17, and
 * PostgreSQL then restarts every session; ending the process first looks like an ordinary exit to
 * it.
 *
 * <p>PL/Java calls into the server while it loads the first class, before any code of ours runs, so
 * this is an agent: {@code -javaagent:ai-worker-guard.jar} in {@code pljava.vmoptions}.
 *
 * <p>No lambdas: each start of a JVM would wait for the first one.
 */
public final class ExitGuard extends Thread {
  private ExitGuard() {}

  /** Called by the JVM as it starts. */
  public static void premain(String arguments) {
    Runtime.getRuntime().addShutdownHook(new ExitGuard());
  }

  @Override
  public void run() {
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
