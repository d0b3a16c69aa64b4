package aiworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What holds for all packages of the core. */
class PackagesTest {
  private static final Pattern USE =
      Pattern.compile("^ +(aiworker\\S*) +-> (aiworker\\S*) ", Pattern.MULTILINE);

  @Test
  void usesGoOneWay() {
    Map<String, Set<String>> uses = new TreeMap<>();
    Matcher use = USE.matcher(jdeps());
    while (use.find()) {
      uses.computeIfAbsent(use.group(1), user -> new TreeSet<>()).add(use.group(2));
    }
    assertTrue(uses.get("aiworker.pljava").contains("aiworker"), uses.toString());
    // takes away what uses nothing more, until only cycles and their users are left
    int before;
    do {
      before = uses.size();
      uses.values().forEach(used -> used.retainAll(uses.keySet()));
      uses.values().removeIf(Set::isEmpty);
    } while (uses.size() < before);
    assertEquals(Map.of(), uses);
  }

  @Test
  void everyPackageSaysWhatItIsFor() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      Set<Path> packages = new TreeSet<>();
      files
          .filter(file -> file.toString().endsWith(".java"))
          .forEach(f -> packages.add(f.getParent()));
      assertTrue(packages.size() > 10, packages.toString());
      for (Path folder : packages) {
        assertTrue(Files.readString(folder.resolve("package-info.java")).startsWith("/**"));
      }
    }
  }

  private static String jdeps() {
    StringWriter told = new StringWriter();
    PrintWriter out = new PrintWriter(told);
    int failed =
        ToolProvider.findFirst("jdeps")
            .orElseThrow()
            .run(out, out, "-verbose:package", "target/classes");
    assertEquals(0, failed, told.toString());
    return told.toString();
  }
}
