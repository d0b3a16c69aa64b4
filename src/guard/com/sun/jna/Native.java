package com.sun.jna;

/**
 * Puts PostgreSQL's own signal handlers back.
 *
 * <p>It has the name that JNA's native part looks for, and the two functions of it that are needed: to load
 * JNA's own classes would take longer than all else that the guard does. No class loader of others may see
 * it, for they may use JNA itself.
 */
public final class Native {
  private static final int SIGINT = 2;
  private static final int SIGQUIT = 3;
  private static final int SIGTERM = 15;

  private Native() {}

  private static native long findSymbol(long library, String name);

  private static native void invokeVoid(Object function, long address, int convention, Object[] arguments);

  /**
   * Puts them back.
   *
   * @param library absolute path of JNA's native part
   * @throws UnsatisfiedLinkError if it cannot be loaded, or if the server lacks a function
   */
  public static void putHandlersBack(String library) {
    System.load(library);
    long pqsignal = pqsignal();
    long cancel = findSymbol(0, "StatementCancelHandler");
    long die = findSymbol(0, "die");
    handle(pqsignal, SIGINT, cancel);
    handle(pqsignal, SIGTERM, die);
    // Not quickdie: where Java needs five seconds to end, with a thread of somebody's that goes on, PL/Java sends
    // SIGQUIT to its own process, and quickdie would have the server restart all sessions.
    handle(pqsignal, SIGQUIT, die);
  }

  private static void handle(long pqsignal, int signal, long handler) {
    invokeVoid(null, pqsignal, 0, new Object[] {signal, handler});
  }

  /** Of the server itself; PostgreSQL 18 has renamed it. */
  private static long pqsignal() {
    try {
      return findSymbol(0, "pqsignal_be");
    } catch (UnsatisfiedLinkError e) {
      return findSymbol(0, "pqsignal");
    }
  }
}
