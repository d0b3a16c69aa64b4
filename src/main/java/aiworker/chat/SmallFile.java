package aiworker.chat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * A file that a setting names; one without an end, or that has none to read it, must hang nobody.
 */
final class SmallFile {
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
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(most + 1);
      if (content.length > most) {
        throw new IOException("it is longer than " + most + " bytes");
      }
      return content;
    }
  }
}
