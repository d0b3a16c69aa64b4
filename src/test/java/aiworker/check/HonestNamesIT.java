package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import aiworker.testing.Full;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** No name is refused that the server takes, wherever it stands, and rows stay what they are. */
class HonestNamesIT {
  @AutoClose private static final CheckDatabase database = CheckDatabase.create();

  @Test
  void whateverNameTheServerTakesPassesWithEqualRows() throws SQLException {
    List<String> names = lines("names.txt", "#");
    List<String> shapes = lines("shapes.sql", "--");
    assertTrue(names.size() >= 48 && shapes.size() >= 100);
    Prover prover = database.prover();
    Map<String, List<String>> refused = new TreeMap<>();
    List<String> different = new ArrayList<>();
    int tried = 0;
    int taken = 0;
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      String quoted = name.startsWith("\"") ? name : '"' + name + '"';
      database.connection().rollback();
      database.execute(
          "CREATE TABLE public.%1$s (id int, %1$s int, note text); INSERT INTO public.%1$s VALUES"
                  .formatted(quoted.replace("?", "??"))
              + " (1, 1, 'abc'), (2, 1, 'def'), (3, 2, 'ghi'), (4, 3, 'jkl'), (5, NULL, 'abc')");
      for (int j = i % Full.or(1, 9); j < shapes.size(); j += Full.or(1, 9)) {
        String statement =
            shapes
                .get(j)
                .replace("{k}", name)
                .replace("{q}", quoted)
                .replace("{s}", "'" + quoted.replaceAll("^\"|\"$", "").replace("'", "''") + "'");
        tried++;
        List<String> expected = database.rows(statement);
        if (expected == null) {
          continue;
        }
        taken++;
        try {
          String text = prover.prove(statement).text();
          if (!expected.equals(database.rows(text))) {
            different.add(statement + " => " + text);
          }
        } catch (AiWorkerException e) {
          refused
              .computeIfAbsent(e.getMessage(), reason -> new ArrayList<>())
              .add(statement + " (" + e.detail() + ")");
        }
      }
    }
    System.out.printf(
        "names: %d in %d shapes, tried %d, taken by the server %d, refused %d, different %d%n",
        names.size(),
        shapes.size(),
        tried,
        taken,
        refused.values().stream().mapToInt(List::size).sum(),
        different.size());
    assertEquals(Map.of(), refused);
    assertEquals(List.of(), different);
  }

  private static List<String> lines(String resource, String comment) {
    return CheckDatabase.resource(resource)
        .lines()
        .filter(line -> !line.isBlank() && !line.startsWith(comment))
        .toList();
  }
}
