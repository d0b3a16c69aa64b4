package aiworker.chat;

/**
 * Whether this Java's HTTP client takes an interim answer, such as 100 Continue or 103 Early Hints,
 * for the answer itself: Java 17 did before 17.0.13 (<a
 * href="https://bugs.openjdk.org/browse/JDK-8292044">JDK-8292044</a>).
 *
 * <p>Stateless, so any thread may use it.
 */
public final class InterimAnswers {
  private InterimAnswers() {}

  /** What to tell the DBA; null if this Java is right. */
  public static String problem() {
    return problem(Runtime.version());
  }

  static String problem(Runtime.Version java) {
    boolean wrong = java.feature() < 20 && (java.feature() != 17 || java.update() < 13);
    return wrong
        ? "Java "
            + java
            + " takes an interim answer of an endpoint for its answer; update it to 17.0.13 or later"
        : null;
  }
}
