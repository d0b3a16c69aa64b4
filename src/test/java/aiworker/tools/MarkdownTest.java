package aiworker.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Links of our documents to files and headings here lead somewhere. */
class MarkdownTest {
  private static final Pattern CODE = Pattern.compile("(?ms)^(```+).*?^\\1\\s*$|(`+)(?!`).+?\\2");
  private static final Pattern LINK = Pattern.compile("\\]\\(\\s*<?([^)\\s>]+)>?[^)]*\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6}\\s+(.+?)\\s*#*\\s*$");

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    List<String> dead = new ArrayList<>();
    int checked = 0;
    for (Path document : Repository.files(".md")) {
      String text = CODE.matcher(Files.readString(document)).replaceAll("");
      for (MatchResult link : LINK.matcher(text).results().toList()) {
        String target = link.group(1);
        if (!target.matches("[a-z]+:.*")) {
          checked++;
          if (!leadsSomewhere(document, target)) {
            dead.add(document + ": " + target);
          }
        }
      }
    }
    assertEquals(List.of(), dead);
    assertTrue(checked >= 10, "links checked: " + checked);
  }

  private static boolean leadsSomewhere(Path document, String target) throws IOException {
    int hash = target.indexOf('#');
    String path = hash < 0 ? target : target.substring(0, hash);
    Path file = path.isEmpty() ? document : document.resolveSibling(path).normalize();
    return Files.exists(file)
        && (hash < 0 || anchors(Files.readString(file)).contains(target.substring(hash + 1)));
  }

  /** As GitHub names headings. */
  private static Set<String> anchors(String text) {
    Map<String, Integer> times = new HashMap<>();
    Set<String> anchors = new HashSet<>();
    String prose = text.replaceAll("(?ms)^(```+).*?^\\1\\s*$", "");
    for (MatchResult heading : HEADING.matcher(prose).results().toList()) {
      String words = heading.group(1).replaceAll("\\]\\([^)]*\\)", "");
      String anchor =
          words
              .toLowerCase(Locale.ROOT)
              .replaceAll("[^\\p{L}\\p{N}\\p{M}_ -]", "")
              .replace(' ', '-');
      int before = times.merge(anchor, 1, Integer::sum) - 1;
      anchors.add(before == 0 ? anchor : anchor + "-" + before);
    }
    return anchors;
  }
}
