package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the HTTP gateway answers. */
class GatewayApiIT extends WithGateway {
  @Test
  void questionIsAnsweredByTheModelOnceAndThenFromTheCache() {
    endpoint.replyWithSql("SELECT * FROM users");
    String asked = "{\"prompt\":\"Get all users\",\"mode\":\"sql_only\",\"schema_version\":\"v1\"}";
    Answer miss = post("/generate", asked);
    assertEquals(200, miss.status(), miss.body());
    assertEquals("application/json", miss.header("Content-Type"));
    assertEquals(
        "{\"sql\":\"SELECT * FROM users LIMIT 1000\",\"validated\":true,\"tokens_used\":120,"
            + "\"schema_version\":\"v1\",\"cache_hit\":false}",
        miss.body());
    for (int hit = 1; hit <= 3; hit++) {
      assertEquals(
          "{\"sql\":\"SELECT * FROM users LIMIT 1000\",\"validated\":true,\"tokens_used\":120,"
              + "\"schema_version\":\"v1\",\"cache_hit\":true,\"hit_count\":"
              + hit
              + "}",
          post("/generate", asked).body());
    }
    assertEquals(1, endpoint.requests().size());
  }

  @Test
  void modeAndVersionMayBeLeftOut() {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    JsonNode answer = post("/generate", "{\"prompt\":\"one\"}").json();
    assertEquals("SELECT 1 LIMIT 1000", answer.path("sql").asText());
    assertEquals(20, answer.path("schema_version").asText().length());
    Answer again = post("/generate", "{\"prompt\":\"one\",\"mode\":null,\"schema_version\":null}");
    assertTrue(again.json().path("cache_hit").asBoolean(), again.body());
  }

  @Test
  void cachedOnlyAsksNoModel() {
    String asked = question("cached?", "cached_only");
    problem(404, post("/generate", asked));
    assertEquals(0, endpoint.requests().size());
    endpoint.replyWithSql("SELECT 1");
    ask("cached?");
    assertEquals(1, post("/generate", asked).json().path("hit_count").asInt());
  }

  @Test
  void runGivesTheRowsInTheColumnsOrder() {
    restartGateway("asker", "AI_WORKER_HTTP_RUN", "on");
    endpoint.replyWithSql(
        "SELECT name, id, NULL::text AS email, 12345678901234567890.10 AS n FROM users ORDER BY id LIMIT 2");
    Answer answer = post("/generate", question("two users", "run"));
    assertEquals(200, answer.status(), answer.body());
    assertEquals(json("[\"name\", \"id\", \"email\", \"n\"]"), answer.json().get("columns"));
    assertTrue(answer.body().contains("12345678901234567890.10"), answer.body());
    assertEquals(2, answer.json().get("rows").size(), answer.body());
    assertEquals("user 1", answer.json().get("rows").get(0).get("name").asText());
    assertTrue(answer.json().get("rows").get(0).get("email").isNull(), answer.body());
    assertFalse(
        answer.json().get("cache_hit").asBoolean() || answer.json().get("truncated").asBoolean());
    endpoint.replyWithSql("SELECT id, id AS \"ID\", id FROM users WHERE id = 3");
    JsonNode twice = post("/generate", question("three columns", "run")).json();
    assertTrue(twice.get("columns").isNull(), twice.toString());
    assertEquals(json("[{\"id\": 3, \"ID\": 3, \"id_2\": 3}]"), twice.get("rows"));
  }

  @Test
  void runIsReadOnlyAsTheRoleAndEndsInTime() throws SQLException {
    restartGateway("asker", "AI_WORKER_HTTP_RUN", "on", "AI_WORKER_HTTP_RUN_TIMEOUT_MS", "300");
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT id FROM users"));
    post("/generate", question("tampered", "run"));
    // what only a superuser could put there
    admin(
        "UPDATE ai_worker_cache SET generated_sql = 'SELECT nextval(''public.numbers'')'",
        "CREATE SEQUENCE public.numbers",
        "GRANT ALL ON SEQUENCE public.numbers TO asker");
    assertProblemOfRun("25006", post("/generate", question("tampered", "run")));
    admin("UPDATE ai_worker_cache SET generated_sql = 'SELECT pg_sleep(60)'");
    problem(504, post("/generate", question("tampered", "run")));
    admin("UPDATE ai_worker_cache SET generated_sql = 'SELECT rolname FROM pg_authid'");
    problem(403, post("/generate", question("tampered", "run")));
    admin("UPDATE ai_worker_cache SET generated_sql = 'SELECT 1 / 0 AS x'");
    JsonNode division = problem(422, post("/generate", question("tampered", "run")));
    assertEquals("22012", division.get("sqlstate").asText());
    admin("DROP SEQUENCE public.numbers");
  }

  /**
   * Whatever its SQLSTATE, the connection is as good as before, and asking again would not help.
   */
  @ParameterizedTest
  @CsvSource({
    "08001, 422",
    "0A000, 422",
    "28P01, 422",
    "3D000, 422",
    "57P01, 422",
    "P0001, 422",
    "P0002, 422",
    "23505, 422",
    "54001, 422",
    "53400, 422",
    "53300, 429",
    "53200, 500"
  })
  void errorOfTheStatementIsNotTheConnections(String sqlState, int status) throws SQLException {
    restartGateway("asker", "AI_WORKER_HTTP_RUN", "on", "AI_WORKER_HTTP_POOL", "1");
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT id FROM users"));
    ask("fails");
    String backend =
        "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE application_name = 'ai-worker-gateway'";
    String before = adminValue(backend);
    admin(
        "CREATE FUNCTION public.fails() RETURNS int LANGUAGE plpgsql AS"
            + " $$BEGIN RAISE EXCEPTION 'it fails' USING ERRCODE = '"
            + sqlState
            + "'; END$$",
        "UPDATE ai_worker_cache SET generated_sql = 'SELECT public.fails()'");
    try {
      Answer answer = post("/generate", question("fails", "run"));
      assertEquals(sqlState, problem(status, answer).get("sqlstate").asText());
      assertEquals("it fails", answer.json().get("detail").asText());
      assertEquals(status == 429, answer.header("Retry-After") != null);
      assertEquals(200, get("/session").status());
      assertEquals(before, adminValue(backend));
    } finally {
      admin("DROP FUNCTION public.fails()");
    }
  }

  @Test
  void rowsBeyondTheLimitStayInTheServer() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT id FROM users"));
    ask("large");
    admin(
        "UPDATE ai_worker_cache SET generated_sql = 'SELECT n, repeat(chr(252), 1000000) AS x FROM generate_series(1, 9) AS n'");
    JsonNode two = post("/generate", question("large", "run")).json();
    assertTrue(two.get("truncated").asBoolean());
    assertEquals(2, two.get("rows").size());
    admin("UPDATE ai_worker_cache SET generated_sql = 'SELECT repeat(''x'', 20000000) AS x'");
    JsonNode none = post("/generate", question("large", "run")).json();
    assertTrue(none.get("truncated").asBoolean());
    assertEquals(0, none.get("rows").size());
  }

  @Test
  void runLeavesNothingInItsSession() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT id FROM users"));
    restartGateway("admin", "AI_WORKER_HTTP_RUN", "on", "AI_WORKER_HTTP_POOL", "1");
    ask("leaves");
    admin(
        "UPDATE ai_worker_cache SET generated_sql = 'SELECT pg_advisory_lock(424242) IS NULL AS locked,"
            + " set_config(''search_path'', ''elsewhere'', false) AS path'");
    assertEquals(200, post("/generate", question("leaves", "run")).status());
    assertEquals("0", adminValue("SELECT count(*) FROM pg_locks WHERE objid = 424242"));
    admin("UPDATE ai_worker_cache SET generated_sql = 'SELECT 1 AS one'");
    assertEquals(200, post("/generate", question("leaves", "run")).status());
  }

  private static void assertProblemOfRun(String sqlState, Answer answer) {
    assertEquals(sqlState, problem(409, answer).get("sqlstate").asText());
  }

  @Test
  void runIsOffUnlessItIsOn() {
    restartGateway("asker");
    problem(403, post("/generate", question("anything", "run")));
    assertEquals(0, endpoint.requests().size());
    assertFalse(get("/session").json().path("may").path("run").asBoolean());
  }

  @Test
  void statisticsAreThoseOfTheFunction() throws SQLException {
    endpoint.replyWithSql("SELECT 1");
    ask("one");
    ask("one");
    Answer answer = get("/cache/stats");
    assertEquals(json(adminValue("SELECT ai_worker_cache_stats()")), answer.json());
    List<String> keys = new ArrayList<>();
    answer.json().fieldNames().forEachRemaining(keys::add);
    assertEquals(
        List.of(
            "total_entries",
            "valid_entries",
            "expired_entries",
            "total_hits",
            "avg_hits_per_entry",
            "total_tokens_saved",
            "max_hits",
            "oldest_entry",
            "newest_entry",
            "total_requests",
            "hit_rate"),
        keys.subList(0, 11));
    assertEquals(120, answer.json().path("total_tokens_saved").asInt());
  }

  @Test
  void cleanupDeletesWhatHasExpired() throws SQLException {
    admin(
        "INSERT INTO ai_worker_cache (cache_key, prompt_text, model, schema_version, generated_sql, created_at, expires_at)"
            + " SELECT i, 'old', 'm', 'v1', 'SELECT 1', now() - interval '2 hours', now() - interval '1 hour'"
            + " FROM generate_series(1, 30) AS i");
    assertEquals(
        "{\"deleted_entries\":30,\"message\":\"Cleanup completed\"}",
        send(HttpRequest.newBuilder(url("/cache/cleanup"))
                .POST(HttpRequest.BodyPublishers.noBody()))
            .body());
    assertEquals(0, post("/cache/cleanup", "{}").json().path("deleted_entries").asInt());
  }

  @Test
  void entriesAreListedVerifiedAndDeleted() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    ask("rare");
    ask("popular");
    ask("popular");
    JsonNode entries = get("/cache/entries").json();
    assertEquals("popular", entries.get(0).get("prompt_text").asText());
    assertEquals(1, entries.get(0).get("hit_count").asInt());
    assertEquals(1, get("/cache/entries?search=RAR").json().size());
    assertEquals(
        "rare", get("/cache/entries?limit=1&offset=1").json().get(0).get("prompt_text").asText());
    String key = entries.get(0).get("cache_key").asText();
    assertTrue(
        post("/cache/verify", "{\"cache_key\":\"" + key + "\"}")
            .json()
            .get("verified")
            .asBoolean());
    assertTrue(get("/cache/entries").json().get(0).get("verified").asBoolean());
    assertFalse(
        post("/cache/verify", "{\"cache_key\":\"" + key + "\",\"verified\":false}")
            .json()
            .get("verified")
            .asBoolean());
    assertEquals(
        1,
        post("/cache/delete", "{\"cache_key\":\"" + key + "\"}")
            .json()
            .get("deleted_entries")
            .asInt());
    assertEquals(
        1,
        post("/cache/invalidate", "{\"schema_version\":\"v1\"}")
            .json()
            .get("deleted_entries")
            .asInt());
    assertEquals("0", adminValue("SELECT count(*) FROM ai_worker_cache"));
    assertProblem(404, "P0002", post("/cache/verify", "{\"cache_key\":\"" + key + "\"}"));
    problem(400, get("/cache/entries?limit=0"));
    problem(400, get("/cache/entries?limit=1&limit=2"));
  }

  @Test
  void healthHasTheReportAndThePool() throws SQLException {
    String key = "/dev/null/nothing";
    Answer ill = get("/health");
    // the endpoint of the tests needs no key
    assertEquals(200, ill.status(), ill.body());
    assertEquals(9, ill.json().path("pool").path("size").asInt(), ill.body());
    assertEquals("plpython", ill.json().path("runtime").asText(), ill.body());
    admin("UPDATE ai_worker_config SET api_key_file = '" + key + "'");
    assertEquals(503, get("/health").status());
    restartGateway("asker");
    Answer limited = get("/health");
    assertEquals(200, limited.status(), limited.body());
    assertTrue(limited.json().path("runtime").isMissingNode(), limited.body());
  }

  @Test
  void roleMayDoWhatItMayInSql() {
    assertEquals(
        json(
            """
            {"ask": true, "run": true, "cleanup": true, "verify": true, "invalidate": true, "health": true,
             "quotas": true, "entries": true, "delete": true, "stats": true, "usage": true}"""),
        get("/session").json().get("may"));
    restartGateway("asker", "AI_WORKER_HTTP_RUN", "on");
    JsonNode session = get("/session").json();
    assertEquals("asker", session.get("role").asText());
    session
        .get("may")
        .properties()
        .forEach(
            right ->
                assertEquals(
                    List.of("ask", "run").contains(right.getKey()),
                    right.getValue().asBoolean(),
                    right.getKey()));
    for (String path : new String[] {"/cache/stats", "/cache/entries", "/usage", "/quotas"}) {
      assertEquals("42501", problem(403, get(path)).get("sqlstate").asText());
    }
    for (String path :
        new String[] {"/cache/cleanup", "/cache/verify", "/cache/delete", "/cache/invalidate"}) {
      assertEquals("42501", problem(403, post(path, "{}")).get("sqlstate").asText());
    }
    restartGateway("nobody");
    assertEquals("42501", problem(403, ask("anything")).get("sqlstate").asText());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "IA001 ; {\"prompt\":\" \"}",
        "IA001 ; {}",
        "IA001 ; {\"prompt\":null}",
        "IA003 ; {\"prompt\":\"x\",\"schema_version\":\"a|b\"}",
        "      ; {\"prompt\":\"x\\u0000\"}",
        "      ; {\"prompt\":1}",
        "      ; {\"prompt\":\"x\",\"mode\":\"fast\"}",
        "      ; {\"prompt\":\"x\",\"model\":\"gpt\"}",
        "      ; {\"prompt\":\"x\",\"prompt\":\"y\"}",
        "      ; {\"prompt\":\"x\"} {}",
        "      ; {\"prompt\":\"\\ud83d\"}",
        "      ; {\"prompt\":",
        "      ; {\"prompt\":NaN}",
        "      ; /* why? */ {\"prompt\":\"x\"}",
        "      ; [\"prompt\"]",
        "      ; ``",
      })
  void badInputIsRefused(String sqlState, String body) {
    Answer answer = post("/generate", body);
    JsonNode problem = problem(400, answer);
    assertEquals(sqlState, problem.path("sqlstate").asText(null), answer.body());
    assertEquals(0, endpoint.requests().size());
  }

  @Test
  void tooLongIsRefused() {
    assertProblem(400, "IA002", ask("x".repeat(8001)));
    problem(413, ask("x".repeat(300_000)));
    problem(414, get("/" + "x".repeat(9000)));
    problem(431, get("/", "X-Long", "x".repeat(20_000)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1"
      })
  void onlyJsonIsRead(String type) {
    problem(415, post("/generate", question("x", "sql_only"), "Content-Type", type));
    problem(415, post("/cache/cleanup", "a=b", "Content-Type", type));
  }

  @Test
  void unknownPathsAndMethods() {
    problem(404, get("/nothing"));
    problem(404, get("/console/../console/main.js"));
    Answer wrong = get("/generate");
    problem(405, wrong);
    assertEquals("POST", wrong.header("Allow"));
    Answer other = post("/health", "{}");
    problem(405, other);
    assertEquals("GET, HEAD", other.header("Allow"));
    Answer head =
        send(
            HttpRequest.newBuilder(url("/openapi.json"))
                .method("HEAD", HttpRequest.BodyPublishers.noBody()));
    assertEquals(200, head.status());
    assertEquals("", head.body());
  }

  @ParameterizedTest
  @CsvSource({
    "401, 502, IA013",
    "429, 429, IA014",
    "404, 502, IA015",
    "500, 502, IA016",
    "200, 502, IA017"
  })
  void whatTheEndpointDoesIsToldApart(int status, int expected, String sqlState) {
    endpoint.replyStatus(status, Map.of(), "nothing of use");
    Answer answer = ask("question for " + sqlState);
    assertProblem(expected, sqlState, answer);
    assertEquals(expected == 429, answer.header("Retry-After") != null, answer.body());
  }

  @Test
  void refusedStatementsAndSlowOrMissingEndpoints() throws SQLException {
    endpoint.replyWithProblem("I only know about the weather.");
    Answer words = ask("weather");
    assertProblem(422, "IA020", words);
    assertTrue(words.json().get("server_detail").asText().contains("weather"), words.body());
    endpoint.replyWithSql("DROP TABLE users").replyWithSql("DROP TABLE users");
    assertProblem(422, "IA021", ask("drop"));
    endpoint.replyWithSql("SELECT nme FROM users").replyWithSql("SELECT nme FROM users");
    assertProblem(422, "IA022", ask("names"));
    admin("UPDATE ai_worker_config SET base_url = 'http://127.0.0.1:1/v1'");
    assertProblem(502, "IA011", ask("nobody there"));
    admin(
        "UPDATE ai_worker_config SET request_timeout_ms = 100, base_url = '"
            + endpoint.url()
            + "'");
    endpoint.delay(java.time.Duration.ofSeconds(30));
    assertProblem(504, "IA012", ask("slow"));
  }

  @Test
  void quotaSaysWhenToAskAgain() throws SQLException {
    admin("INSERT INTO ai_worker_quotas (role, per, max_calls) VALUES (NULL, '1 day', 0)");
    try {
      Answer answer = ask("over the quota");
      assertProblem(429, "53400", answer);
      long midnight =
          Long.parseLong(
              adminValue(
                  "SELECT ceil(extract(epoch FROM window_end - clock_timestamp()))::bigint FROM ai_worker_quota_usage()"));
      assertTrue(
          Math.abs(Long.parseLong(answer.header("Retry-After")) - midnight) <= 60,
          answer.header("Retry-After") + " " + midnight);
      assertEquals(0, get("/quotas").json().get(0).get("max_calls").asInt());
      assertTrue(get("/metrics").body().contains("ai_worker_quota_calls_limit{quota="));
    } finally {
      admin("DELETE FROM ai_worker_quotas");
    }
  }

  @Test
  void usageIsToldByDay() throws SQLException {
    endpoint.replyWithSql("SELECT 1");
    ask("usage");
    JsonNode usage = get("/usage").json();
    assertEquals(
        json(adminValue("SELECT json_agg(u ORDER BY day, role) FROM ai_worker_usage AS u")), usage);
    assertTrue(usage.size() > 0);
  }

  @Test
  void metricsCountWhatWasAsked() {
    restartGateway("admin");
    endpoint.replyWithSql("SELECT 1");
    ask("counted");
    ask("counted");
    ask(" ");
    get("/nothing/here");
    Answer answer = get("/metrics");
    assertEquals("text/plain; version=0.0.4; charset=utf-8", answer.header("Content-Type"));
    for (String line :
        new String[] {
          "ai_worker_http_requests_total{route=\"/generate\",method=\"POST\",status=\"200\"} 2",
          "ai_worker_http_requests_total{route=\"/generate\",method=\"POST\",status=\"400\"} 1",
          "ai_worker_http_requests_total{route=\"other\",method=\"GET\",status=\"404\"} 1",
          "ai_worker_http_request_duration_seconds_count{route=\"/generate\"} 3",
          "ai_worker_http_request_duration_seconds_bucket{route=\"/generate\",le=\"+Inf\"} 3",
          "ai_worker_cache_hits_total 1",
          "ai_worker_cache_misses_total 1",
          "ai_worker_cache_entries 1",
          "ai_worker_cache_tokens_saved 120",
          "ai_worker_endpoint_state{state=\"closed\"} 1",
          "ai_worker_database_up 1",
          "ai_worker_pool_max_connections 9",
        }) {
      assertTrue(
          ("\n" + answer.body()).contains("\n" + line + "\n"),
          line + " is not in\n" + answer.body());
    }
  }

  @Test
  void metricsOfOtherThingsStayWhenOneFails() throws SQLException {
    admin("ALTER FUNCTION public.ai_worker_health() RENAME TO ai_worker_health_gone");
    try {
      String metrics = get("/metrics").body();
      for (String line :
          new String[] {
            "ai_worker_healthy 0", "ai_worker_database_up 1", "ai_worker_cache_entries 0"
          }) {
        assertTrue(("\n" + metrics).contains("\n" + line + "\n"), metrics);
      }
    } finally {
      admin("ALTER FUNCTION public.ai_worker_health_gone() RENAME TO ai_worker_health");
    }
  }

  @Test
  void metricsAreCleanForPrometheus() throws Exception {
    boolean there =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "promtool")));
    Assumptions.assumeTrue(
        there,
        "promtool: not there (install/packages.sh --tests takes it out of Debian's prometheus)");
    ask(" ");
    Process process =
        new ProcessBuilder("promtool", "check", "metrics").redirectErrorStream(true).start();
    process
        .getOutputStream()
        .write(get("/metrics").body().getBytes(java.nio.charset.StandardCharsets.UTF_8));
    process.getOutputStream().close();
    String said =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    assertEquals("", said);
    assertEquals(0, process.exitValue());
  }

  /** Each route that is there is described, and no other. */
  @Test
  void descriptionListsWhatThereIs() throws IOException {
    TreeSet<String> described = new TreeSet<>();
    JsonNode description = get("/openapi.json").json();
    assertTrue(description.get("openapi").asText().startsWith("3."));
    description
        .get("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .fieldNames()
                    .forEachRemaining(
                        method ->
                            described.add(
                                method.toUpperCase(java.util.Locale.ROOT) + " " + path.getKey())));
    TreeSet<String> there = new TreeSet<>();
    Pattern.compile("new Route\\(\"(\\w+)\", \"([^\"]+)\"")
        .matcher(Files.readString(Path.of("src/main/java/aiworker/gateway/Routes.java")))
        .results()
        .forEach(route -> there.add(route.group(1) + " " + route.group(2)));
    there.add("GET /");
    there.add("GET /openapi.json");
    assertEquals(there, described);
    for (String route : described) {
      String path = route.substring(route.indexOf(' ') + 1);
      Answer answer = route.startsWith("GET") ? get(path) : post(path, "{\"prompt\":1}");
      assertFalse(
          answer.status() == 404 || answer.status() == 405 || answer.status() == 500,
          route + answer);
    }
    assertNull(get("/openapi.json").header("Access-Control-Allow-Origin"));
  }
}
