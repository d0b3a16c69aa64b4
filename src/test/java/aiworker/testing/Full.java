package aiworker.testing;

/**
 * How long the long tests are: short with every build, and as long as they were meant with {@code
 * -Dfull}, which {@code install/test.sh --full} sets. docs/testing.md lists them.
 */
public final class Full {
  private static final boolean ON = System.getProperty("full") != null;

  private Full() {}

  /** How many, of what a test does over and over. */
  public static int or(int full, int otherwise) {
    return ON ? full : otherwise;
  }

  /**
   * The longest that something may take: what is promised, or ten times that where the machine may
   * be doing other work.
   */
  public static long atMost(long promised) {
    return ON ? promised : 10 * promised;
  }
}
