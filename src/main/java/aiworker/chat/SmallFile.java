package aiworker.chat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A file that a setting names; one without an end, or that has none to read it, must hang nobody.
 */
final class SmallFile {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private SmallFile() {}

  /**
   * Its content.
   *
   * @param most bytes that it may have
   * @throws IOException if it is no regular file, is larger, or cannot be read
   */
  static byte[] read(Path file, int most) throws IOException {
    if (!Files.readAttributes(file, BasicFileAttributes.class).isRegularFile()) {
      throw new IOException("it is not a regular file");
    }
    return readWithin(PATIENCE, file, most);
  }

  /**
   * Reads what may have become another kind of file, or whose file system may not answer, on a
   * thread of its own: no signal ends the wait for a file to open.
   */
  static byte[] readWithin(Duration patience, Path file, int most) throws IOException {
    FutureTask<byte[]> content = new FutureTask<>(() -> content(file, most));
    Thread reader = new Thread(content, "ai-worker-file");
    reader.setDaemon(true);
    reader.start();
    try {
      return content.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException fault) {
        throw fault;
      }
      if (e.getCause() instanceof SecurityException fault) {
        throw fault;
      }
      throw new IOException(e.getCause());
    } catch (TimeoutException e) {
      throw new IOException("it could not be read within " + patience.toMillis() + " ms", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  private static byte[] content(Path file, int most) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(most + 1);
      if (content.length > most) {
        throw new IOException("it is longer than " + most + " bytes");
      }
      return content;
    }
  }
}
