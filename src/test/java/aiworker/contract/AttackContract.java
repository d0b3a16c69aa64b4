package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.check.Attack;
import aiworker.testing.Full;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A hostile model: every attack is its answer to a real call of {@code ai_generate_sql}, which
 * refuses it, and nothing anywhere has changed.
 */
abstract class AttackContract extends RuntimeContract {
  private static final Duration LONGEST = Duration.ofSeconds(Full.atMost(3));

  /** Sends what is no text, such as half of a surrogate pair, as JSON can. */
  private static final ObjectMapper ESCAPING =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  AttackContract(BackendRuntime runtime) {
    super(runtime);
  }

  /** Whoever asks and whoever checks may do anything to the targets, so privileges save nothing. */
  @BeforeAll
  void createTargets() throws SQLException {
    admin(
        "DROP TABLE orders, products, users",
        "DROP TYPE order_status",
        Attack.targets().replace("CREATE TABLE ai_worker_cache (prompt_text text);", ""),
        "CREATE FUNCTION lower(order_state) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1::text'");
    for (String role : List.of("asker", "ai_worker", "ai_worker_prover")) {
      admin(
          "GRANT ALL ON SCHEMA public, sales, secret TO " + role,
          "GRANT ALL ON users, products, orders, order_items, \"Event Log\", active_users, executed, tickets,"
              + " sales.targets, secret.salaries TO "
              + role);
    }
  }

  @BeforeEach
  void askOnce() throws SQLException {
    admin("UPDATE ai_worker_config SET repair_rounds = 0, schemas = '{public,sales}'");
  }

  @Test
  void everyAttackIsRefusedAndChangesNothing() throws Exception {
    assertRefused("attacks", Attack.all());
  }

  @Test
  void everyAttackWrittenOtherwiseIsRefusedAndChangesNothing() throws Exception {
    assertRefused("mutated attacks", everyNth(Full.or(1, 5), Attack.mutated(17)));
  }

  @Test
  void whatAnAttackWouldChangeIsNoticed() throws SQLException {
    try (Connection session = asker();
        Connection watcher = cluster.connect(database, "postgres")) {
      Fingerprint fingerprint = new Fingerprint(watcher, session);
      Map<String, String> before = fingerprint.take();
      assertEquals("", Fingerprint.difference(before, fingerprint.take()));
      for (String change :
          List.of(
              "UPDATE users SET name = name || '!' WHERE id = 1",
              "SELECT leave_trace(1)",
              "SELECT nextval('tickets')",
              "SELECT lo_create(0)",
              "SELECT pg_notify('x', 'y')",
              "SELECT set_config('search_path', 'secret', false)",
              "SELECT pg_advisory_lock(1)",
              "CREATE TABLE public.stolen AS SELECT 1 AS one",
              "COMMENT ON TABLE public.stolen IS 'x'",
              "LISTEN y")) {
        try (var statement = session.createStatement()) {
          statement.execute(change);
        }
        Map<String, String> after = fingerprint.take();
        assertNotEquals("", Fingerprint.difference(before, after), change);
        before = after;
      }
    } finally {
      admin("DROP TABLE IF EXISTS public.stolen");
    }
  }

  /** From the start on, so that each technique with as many attacks is among them. */
  private static <T> List<T> everyNth(int n, List<T> all) {
    return IntStream.range(0, all.size()).filter(i -> i % n == 0).mapToObj(all::get).toList();
  }

  private void assertRefused(String title, List<Attack> attacks) throws Exception {
    Map<String, List<Attack>> groups = new LinkedHashMap<>();
    attacks.forEach(a -> groups.computeIfAbsent(a.technique(), t -> new ArrayList<>()).add(a));
    Map<String, Integer> refused = new LinkedHashMap<>();
    List<String> failures = new ArrayList<>();
    try (Connection session = asker();
        Connection watcher = cluster.connect(database, "postgres")) {
      endpoint.replyWithSql("DELETE FROM users");
      refusal(session, "warm up", "v1", "IA021");
      Fingerprint fingerprint = new Fingerprint(watcher, session);
      Map<String, String> before = fingerprint.take();
      long start = System.nanoTime();
      for (Map.Entry<String, List<Attack>> group : groups.entrySet()) {
        for (Attack attack : group.getValue()) {
          String failure = attempt(session, attack);
          if (failure == null) {
            refused.merge(group.getKey(), 1, Integer::sum);
          } else {
            failures.add(group.getKey() + ": " + failure);
          }
        }
        Map<String, String> after = fingerprint.take();
        assertEquals("", Fingerprint.difference(before, after), group.getKey());
        before = after;
      }
      System.out.printf(
          "%s: %s refused by ai_generate_sql with nothing changed: %s, together %d of %d in %d ms%n",
          runtime.title(),
          title,
          refused,
          refused.values().stream().mapToInt(n -> n).sum(),
          attacks.size(),
          (System.nanoTime() - start) / 1_000_000);
    }
    assertEquals(List.of(), failures);
    assertEquals(attacks.size() + 1, endpoint.requests().size());
    assertEquals("0", adminValue("SELECT count(*) FROM ai_worker_cache"));
  }

  /** Null if the attack was refused as it must be. */
  private String attempt(Connection session, Attack attack) throws JsonProcessingException {
    endpoint.replyWith(ESCAPING.writeValueAsString(Map.of("sql", attack.statement())));
    String shown =
        attack.statement().substring(0, Math.min(200, attack.statement().length())).strip();
    long start = System.nanoTime();
    SQLException refusal;
    try {
      return shown + " was accepted: " + generate(session, "attack", "v1");
    } catch (SQLException e) {
      refusal = e;
    }
    assertTrue(System.nanoTime() - start < LONGEST.toNanos(), shown);
    List<String> expected =
        isText(attack.statement()) ? List.of("IA020", "IA021", "IA022") : List.of("IA017");
    return expected.contains(refusal.getSQLState()) ? null : shown + ": " + refusal;
  }

  private static boolean isText(String statement) {
    return statement.indexOf('\0') < 0 && StandardCharsets.UTF_8.newEncoder().canEncode(statement);
  }
}
