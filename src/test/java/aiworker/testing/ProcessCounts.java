package aiworker.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What a process on this machine holds, as Linux tells in {@code /proc}.
 *
 * @param threads all of them, those of its JVM included
 * @param sockets open ones; both ends of a connection count if it has both
 */
public record ProcessCounts(long threads, long sockets) {
  /** Counts now. */
  public static ProcessCounts of(long pid) {
    Path process = Path.of("/proc", Long.toString(pid));
    try (Stream<Path> threads = Files.list(process.resolve("task"));
        Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
      return new ProcessCounts(
          threads.count(), descriptors.filter(ProcessCounts::isSocket).count());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static boolean isSocket(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
    } catch (IOException e) {
      return false;
    }
  }
}
