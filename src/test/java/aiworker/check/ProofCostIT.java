package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import aiworker.testing.Full;
import aiworker.testing.TestCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a proof costs: the time of each, and the memory of the backend that it is made in. */
class ProofCostIT {
  private static final long MOST_KB = 64 * 1024;

  private static CheckDatabase database;

  @BeforeAll
  static void create() {
    database = CheckDatabase.create();
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
  }

  @Test
  void honestQueriesAreProvenInMilliseconds() throws SQLException {
    Prover prover =
        new Prover(database.database(), CheckDatabase.config(1_000, List.of("tracing")));
    List<String> queries = new ArrayList<>(Corpus.queries());
    // some are in the syntax of later servers
    queries.removeIf(q -> TestCluster.major() < 14 && rows(q) == null);
    List<Long> micros = new ArrayList<>();
    for (int round = 0; round < Full.or(3, 1); round++) {
      for (int i = round == 0 ? 0 : 1; i < queries.size(); i += Full.or(1, 9)) {
        long start = System.nanoTime();
        prover.prove(queries.get(i));
        if (round > 0 || Full.or(0, 1) == 1) {
          micros.add((System.nanoTime() - start) / 1_000);
        }
        database.connection().commit();
      }
    }
    micros.sort(null);
    long half = micros.get(micros.size() / 2);
    long nearlyAll = micros.get(micros.size() * 99 / 100);
    System.out.printf("proofs %d, p50 %d us, p99 %d us%n", micros.size(), half, nearlyAll);
    assertTrue(half <= Full.atMost(5_000), () -> "p50 " + half + " us");
    assertTrue(nearlyAll <= Full.atMost(15_000), () -> "p99 " + nearlyAll + " us");
  }

  @Test
  void noStatementMakesTheBackendLargeWhileItIsProven() throws Exception {
    Prover prover = database.prover();
    String pid =
        database.database().query("SELECT pg_backend_pid()::text AS pid").get(0).text("pid");
    Corpus.queries().stream().limit(20).forEach(prover::prove);
    database.connection().commit();
    long idle = kilobytes(pid, "VmRSS");
    List<String> tooLarge = new ArrayList<>();
    long most = 0;
    List<String> statements = new ArrayList<>(giants());
    Attack.all().forEach(attack -> statements.add(attack.statement()));
    // from here on the peak counts
    Files.writeString(Path.of("/proc", pid, "clear_refs"), "5");
    for (String statement : statements) {
      try {
        prover.prove(statement);
      } catch (AiWorkerException e) {
        // as good as proven: it is the way there that counts
      }
      database.connection().rollback();
      // pages of the shared buffers are everybody's
      long more = kilobytes(pid, "VmHWM") - idle - kilobytes(pid, "RssShmem");
      if (more > Math.max(most, MOST_KB)) {
        tooLarge.add(more + " kB: " + statement.substring(0, Math.min(100, statement.length())));
      }
      most = Math.max(most, more);
    }
    System.out.printf(
        "backend: idle %d kB, at most %d kB more over %d statements%n",
        idle, most, statements.size());
    assertEquals(List.of(), tooLarge);
  }

  private static List<String> rows(String query) {
    try {
      return database.rows(query);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long kilobytes(String pid, String field) throws IOException {
    return Files.readAllLines(Path.of("/proc", pid, "status")).stream()
        .filter(line -> line.startsWith(field + ":"))
        .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }

  /**
   * As large as the bounds on size, tokens and nesting let them be, or larger when they are run.
   */
  private static List<String> giants() {
    return List.of(
        "SELECT repeat('a', 200000000), lpad('a', 200000000), array_fill(1, ARRAY[100000000])",
        "SELECT '1'::bit(83886080), 'x'::char(10485760), '[1:2000000000]={1}'::int[]",
        "SELECT '$ ? (@ like_regex \"((x{1,255}){1,255}){1,2}\")'::jsonpath",
        "SELECT '$" + ".a".repeat(15_000) + "'::jsonpath",
        "SELECT '" + "[".repeat(20_000) + "'::jsonb",
        "SELECT '{" + "1,".repeat(24_000) + "1}'::int[]",
        "SELECT '" + list(4_000, " & ", i -> "a" + i) + "'::tsquery",
        "SELECT '" + "9".repeat(45_000) + "'::numeric",
        "SELECT '" + "<a>".repeat(7_000) + "</a>".repeat(7_000) + "'::xml",
        "SELECT '" + bomb() + "'::xml",
        "SELECT id FROM users WHERE id IN (" + list(4_900, ",", i -> "" + i) + ")",
        "SELECT id FROM users WHERE " + list(2_400, " OR ", i -> "id=" + i),
        "SELECT " + list(4_900, "||", i -> "'a'"),
        "SELECT " + list(4_900, "+", i -> "1"),
        "SELECT " + list(1_600, ",", i -> "1"),
        "VALUES " + list(2_400, ",", i -> "(" + i + ")"),
        list(1_000, " UNION ALL ", i -> "SELECT * FROM users"),
        "SELECT 1 FROM " + list(1_000, ",", i -> "users u" + i),
        "SELECT 1 FROM users u0 "
            + list(300, " ", i -> "LEFT JOIN users u" + (i + 1) + " USING (id)"),
        "SELECT 1 FROM users u0 "
            + list(64, " ", i -> "FULL JOIN users u" + (i + 1) + " USING (id)"),
        "SELECT 1 FROM users u0 " + list(64, " ", i -> "NATURAL JOIN users u" + (i + 1)),
        "SELECT "
            + list(190, ",", i -> "u" + i + ".*")
            + " FROM "
            + list(190, ",", i -> "users u" + i),
        "WITH " + list(700, ",", i -> "a" + i + " AS (TABLE users)") + " SELECT 1 FROM a0",
        "SELECT count(*) FROM users GROUP BY "
            + list(20, ",", i -> "ROLLUP (" + "id,".repeat(50) + "id)"),
        "SELECT 1 FROM users GROUP BY CUBE ("
            + "id,".repeat(11)
            + "id), CUBE ("
            + "id,".repeat(11)
            + "id)",
        "SELECT "
            + list(600, ",", i -> "sum(id) OVER (ORDER BY id ROWS " + i + " PRECEDING)")
            + " FROM users");
  }

  /** Entities within entities. */
  private static String bomb() {
    return "<!DOCTYPE a [<!ENTITY e0 \"xxxxxxxxxx\">"
        + list(9, "", i -> "<!ENTITY e" + (i + 1) + " \"" + ("&e" + i + ";").repeat(10) + "\">")
        + "]><a>&e9;</a>";
  }

  private static String list(int n, String separator, IntFunction<String> part) {
    return IntStream.range(0, n).mapToObj(part).collect(Collectors.joining(separator));
  }
}
