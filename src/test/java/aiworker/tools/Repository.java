package aiworker.tools;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The files of this repository. */
final class Repository {
  private static final Path ROOT = Path.of("");
  private static final Set<String> NOT_OURS = Set.of(".git", "target");

  private Repository() {}

  /** All files with this ending, by path from the root; at least one. */
  static List<Path> files(String ending) throws IOException {
    TreeSet<Path> found = new TreeSet<>();
    Files.walkFileTree(
        ROOT,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return NOT_OURS.contains(folder.toString())
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(ending)) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    if (found.isEmpty()) {
      throw new IllegalStateException("no " + ending + " here: " + ROOT.toAbsolutePath());
    }
    return List.copyOf(found);
  }
}
