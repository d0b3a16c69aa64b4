package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.lexer.Lexer;
import aiworker.testing.Full;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Every attack is refused by names alone, and by what the server makes of it; quickly, and it
 * changes nothing.
 */
class AttackIT {
  private static CheckDatabase database;

  @BeforeAll
  static void create() throws SQLException {
    database = CheckDatabase.create();
    database.execute(
        "CREATE FUNCTION lower(order_state) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1::text'");
    database.execute(Attack.hiddenTargets());
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
  }

  @Test
  void everyAttackIsRefused() {
    Map<String, Integer> refused = new TreeMap<>();
    List<String> accepted = new ArrayList<>();
    for (Attack attack : Attack.all()) {
      if (attack.isHidden()) {
        continue;
      }
      long start = System.nanoTime();
      if (isRefused(attack.statement())) {
        refused.merge(attack.technique(), 1, Integer::sum);
      } else {
        accepted.add(attack.toString());
      }
      assertTrue(System.nanoTime() - start < Full.atMost(2_000_000_000L), attack::technique);
    }
    System.out.println("attacks refused " + refused);
    assertEquals(List.of(), accepted);
    assertEquals("0", traces());
  }

  @Test
  void everyAttackIsRefusedByWhatTheServerMakesOfItToo() {
    Prover prover = database.prover();
    List<String> accepted = new ArrayList<>();
    for (Attack attack : Attack.all()) {
      if (!isRefused(prover, attack.statement())) {
        accepted.add(attack.toString());
      }
    }
    assertEquals(List.of(), accepted);
    assertEquals("0", traces());
  }

  @Test
  void everyAttackWrittenOtherwiseIsRefused() {
    Prover prover = database.prover();
    List<String> accepted = new ArrayList<>();
    int tried = 0;
    for (int seed = 0; seed < Full.or(4, 1); seed++) {
      for (Attack attack : Attack.mutated(seed)) {
        tried++;
        // a look-alike makes another name, which is the second layer's to know
        boolean byNames = !attack.isHidden() && attack.statement().chars().allMatch(c -> c < 0x80);
        if (byNames ? !isRefused(attack.statement()) : !isRefused(prover, attack.statement())) {
          accepted.add(attack.statement());
        }
      }
    }
    System.out.println("mutated attacks refused " + (tried - accepted.size()) + " of " + tried);
    assertEquals(List.of(), accepted);
    assertEquals("0", traces());
  }

  @Test
  void randomTokensEndInATextOrOurException() throws SQLException {
    Prover prover = database.prover();
    int proven = 0;
    Random random = new Random(11);
    List<String> parts = new ArrayList<>();
    for (Attack attack : Attack.all()) {
      try {
        if (attack.statement().length() < 300) {
          Lexer.tokens(attack.statement()).forEach(token -> parts.add(token.text()));
        }
      } catch (AiWorkerException e) {
        parts.add(attack.statement());
      }
    }
    int accepted = 0;
    for (int i = 0; i < Full.or(3_000, 500); i++) {
      StringBuilder statement = new StringBuilder("SELECT");
      int length = random.nextInt(12);
      for (int j = 0; j < length; j++) {
        statement.append(random.nextInt(8) == 0 ? "" : " ");
        statement.append(parts.get(random.nextInt(parts.size())));
      }
      String text = judged(statement.toString());
      if (text != null) {
        accepted++;
        runForReal(text);
      }
      text = proven(prover, statement.toString());
      if (text != null) {
        proven++;
        runForReal(text);
      }
    }
    System.out.printf(
        "random statements accepted by names and run: %d, proven and run: %d%n", accepted, proven);
    assertEquals("0", traces());
  }

  /** What the first layer lets through may fail, but must leave nothing behind. */
  private static void runForReal(String text) throws SQLException {
    Savepoint savepoint = database.connection().setSavepoint();
    try {
      database.execute("SET LOCAL statement_timeout = '1s'");
      database.execute(text.replace("?", "??"));
    } catch (SQLException e) {
      assertTrue(e.getSQLState() != null, text);
      database.connection().rollback(savepoint);
    }
    database.execute("SET LOCAL statement_timeout = 0");
    assertEquals("0", traces(), text);
  }

  /** False if it is accepted; anything but our exception fails the test. */
  private static boolean isRefused(String statement) {
    return judged(statement) == null;
  }

  private static boolean isRefused(Prover prover, String statement) {
    return proven(prover, statement) == null;
  }

  /** Null if it is refused. */
  private static String proven(Prover prover, String statement) {
    try {
      return prover.prove(statement).text();
    } catch (AiWorkerException e) {
      assertTrue(
          e.failure() == Failure.STATEMENT_REFUSED || e.failure() == Failure.STATEMENT_INVALID);
      return null;
    }
  }

  /** Null if it is refused. */
  private static String judged(String statement) {
    try {
      return database.judgeByNames(CheckDatabase.config(1_000, List.of()), statement);
    } catch (AiWorkerException e) {
      assertTrue(
          e.failure() == Failure.STATEMENT_REFUSED || e.failure() == Failure.STATEMENT_INVALID);
      return null;
    }
  }

  private static String traces() {
    return database.database().query("SELECT count(*) AS n FROM public.executed").get(0).text("n");
  }
}
