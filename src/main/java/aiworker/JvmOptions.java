package aiworker;

import aiworker.db.Database;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The options that the JVM of this session was started with.
 *
 * @param text as they were given, with blanks between them; later ones count
 */
record JvmOptions(String text) {
  private static final Pattern STACK =
      Pattern.compile(
          "(?<![^ ])-(?:Xss(\\d+)([kmg]?)|XX:ThreadStackSize=(\\d+))(?![^ ])",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern ARCHIVE =
      Pattern.compile("(?<![^ ])-XX:(?:SharedArchiveFile|AOTCache)=([^ ]+)");
  private static final Pattern LIMIT = Pattern.compile("Max stack size +(\\d+) ");

  /** Java's own -Xss on most machines, in kB. */
  private static final long DEFAULT_STACK = 1_024;

  /** What HotSpot keeps for itself at the end of a stack and the server for its errors, in kB. */
  private static final long RESERVE = 512;

  static JvmOptions inUse() {
    return new JvmOptions(
        String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments()));
  }

  /** The archive of classes that Java maps in this session; null if it does without. */
  String archive() {
    Matcher matcher = ARCHIVE.matcher(text);
    try {
      return matcher.find()
              && Files.readString(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1)
                  .contains("/" + matcher.group(1) + "\n")
          ? matcher.group(1)
          : null;
    } catch (IOException | SecurityException e) {
      // not on this system
      return null;
    }
  }

  /** What is wrong with the stack that is left to the server; null if nothing is. */
  String stackProblem(Database database) {
    long allowed =
        Long.parseLong(
            database
                .query("SELECT setting FROM pg_settings WHERE name = 'max_stack_depth'")
                .get(0)
                .text("setting"));
    long limit = Long.MAX_VALUE;
    try {
      Matcher matcher = LIMIT.matcher(Files.readString(Path.of("/proc/self/limits")));
      if (matcher.find()) {
        limit = Long.parseLong(matcher.group(1)) / 1_024;
      }
    } catch (IOException | SecurityException e) {
      // the server has looked at it when it started
    }
    return stackProblem(allowed, limit);
  }

  /**
   * The same of given values.
   *
   * @param allowed {@code max_stack_depth}, in kB
   * @param limit {@code ulimit -s}, in kB
   */
  String stackProblem(long allowed, long limit) {
    long stack = stack();
    if (Math.min(stack, limit) >= allowed + RESERVE) {
      return null;
    }
    return "max_stack_depth is %d kB, but where Java runs recursion crashes the server at %d kB (-Xss is %d kB, ulimit -s %s): set -Xss%dm in jvm_options of ai_worker_config, or lower max_stack_depth"
        .formatted(
            allowed,
            Math.min(stack, limit),
            stack,
            limit == Long.MAX_VALUE ? "unlimited" : limit + " kB",
            (allowed + RESERVE + 1_023) / 1_024);
  }

  /** In kB. */
  private long stack() {
    long stack = DEFAULT_STACK;
    Matcher matcher = STACK.matcher(text);
    while (matcher.find()) {
      if (matcher.group(3) != null) {
        stack = Long.parseLong(matcher.group(3));
      } else {
        long number = Long.parseLong(matcher.group(1));
        stack =
            switch (matcher.group(2)) {
              case "k", "K" -> number;
              case "m", "M" -> number << 10;
              case "g", "G" -> number << 20;
              default -> number >> 10;
            };
      }
    }
    return stack;
  }
}
