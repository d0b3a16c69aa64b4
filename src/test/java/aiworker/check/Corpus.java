package aiworker.check;

import java.util.ArrayList;
import java.util.List;

/** The queries of {@code corpus.sql}, with their alternatives written out. */
final class Corpus {
  private Corpus() {}

  static List<String> queries() {
    List<String> queries = new ArrayList<>();
    for (String line : CheckDatabase.resource("corpus.sql").lines().toList()) {
      if (!line.isBlank() && !line.startsWith("--")) {
        expand(line.replace('¶', '\n'), queries);
      }
    }
    return queries;
  }

  private static void expand(String line, List<String> queries) {
    int open = line.indexOf("{{");
    if (open < 0) {
      queries.add(line);
      return;
    }
    int close = line.indexOf("}}", open);
    for (String alternative : alternatives(line.substring(open + 2, close))) {
      expand(line.substring(0, open) + alternative + line.substring(close + 2), queries);
    }
  }

  /** Cut at a double bar without spaces around it: with spaces it is SQL's own operator. */
  private static List<String> alternatives(String text) {
    List<String> alternatives = new ArrayList<>();
    int start = 0;
    for (int at = text.indexOf("||"); at >= 0; at = text.indexOf("||", at + 1)) {
      boolean operator = at > 0 && text.charAt(at - 1) == ' ';
      if (!operator && at >= start) {
        alternatives.add(text.substring(start, at));
        start = at + 2;
        at++;
      }
    }
    alternatives.add(text.substring(start));
    return alternatives;
  }
}
