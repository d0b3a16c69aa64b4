package aiworker.gateway;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** The gateway's own lines, on standard error. */
final class Log {
  private Log() {}

  static void line(String text) {
    System.err.println(Instant.now().truncatedTo(ChronoUnit.MILLIS) + " " + text);
  }

  /** An error of ours, with its stack trace, which callers do not see. */
  static void error(String text, Throwable error) {
    StringBuilder trace = new StringBuilder(text).append(": ").append(error);
    for (StackTraceElement element : error.getStackTrace()) {
      trace.append("\n  at ").append(element);
    }
    line(trace.toString());
  }

  static String firstLine(String text) {
    return text == null ? "" : text.lines().findFirst().orElse("");
  }
}
