package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.config.Config;
import aiworker.error.AiWorkerException;
import aiworker.testing.Full;
import aiworker.testing.TestCluster;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Honest queries pass, and what is printed gives exactly the rows of what was written. */
class CorpusIT {
  @AutoClose private static final CheckDatabase database = CheckDatabase.create();

  /** Before PostgreSQL 14 without those that it does not know yet. */
  private List<String> queries() throws SQLException {
    boolean all = TestCluster.major() >= 14;
    List<String> known = new ArrayList<>();
    for (String query : Corpus.queries()) {
      if (all || database.rows(query) != null) {
        known.add(query);
      }
    }
    return known;
  }

  @Test
  void printedQueriesGiveTheOriginalsRows() throws SQLException {
    // a limit beyond the corpus' largest result, so that it changes no rows
    Config config = CheckDatabase.config(100_000, List.of("tracing"));
    Prover prover = new Prover(database.database(), config);
    List<String> queries = queries();
    List<String> invalid = new ArrayList<>();
    List<String> different = new ArrayList<>();
    Map<String, List<String>> refused = new TreeMap<>();
    List<Long> micros = new ArrayList<>();
    int equal = 0;
    for (String query : queries) {
      List<String> expected = database.rows(query);
      if (expected == null) {
        invalid.add(query);
        continue;
      }
      try {
        long start = System.nanoTime();
        String text = prover.prove(query).text();
        micros.add((System.nanoTime() - start) / 1_000);
        if (expected.equals(database.rows(text))) {
          equal++;
        } else {
          different.add(query + " => " + text);
        }
      } catch (AiWorkerException e) {
        refused
            .computeIfAbsent(e.getMessage(), reason -> new ArrayList<>())
            .add(query + " (" + e.detail() + ")");
      }
    }
    micros.sort(null);
    System.out.printf(
        "corpus: tried %d, equal %d, refused %d; proof p50 %d us, p99 %d us%n",
        queries.size(),
        equal,
        refused.values().stream().mapToInt(List::size).sum(),
        micros.get(micros.size() / 2),
        micros.get(micros.size() * 99 / 100));
    refused.forEach((reason, list) -> System.out.println("refused: " + reason + " " + list));
    assertEquals(List.of(), invalid, "not valid SQL in the first place");
    assertEquals(List.of(), different);
    assertTrue(queries.size() >= 800, "the corpus has shrunk to " + queries.size());
    assertEquals(Map.of(), refused);
  }

  @Test
  void noMoreRowsThanTheLimitLeaveAndNoOthers() throws SQLException {
    Prover prover = new Prover(database.database(), CheckDatabase.config(3, List.of("tracing")));
    List<String> wrong = new ArrayList<>();
    List<String> queries = queries();
    for (int i = 0; i < queries.size(); i += Full.or(1, 5)) {
      List<String> all = database.rows(queries.get(i));
      String text = prover.prove(queries.get(i)).text();
      List<String> rows = database.rows(text);
      if (rows.size() != Math.min(3, all.size()) || !all.containsAll(rows)) {
        wrong.add(queries.get(i) + " => " + text + " " + rows);
      }
    }
    assertEquals(List.of(), wrong);
  }
}
