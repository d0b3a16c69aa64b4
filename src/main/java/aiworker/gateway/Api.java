package aiworker.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Each request as the calls of SQL functions that it is. */
final class Api {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> ANSWER =
      List.of("sql", "validated", "tokens_used", "schema_version", "cache_hit", "hit_count");
  private static final int MOST_ROW_BYTES = 4 << 20;
  private static final int MOST_ENTRIES = 500;
  private static final String MAY_NOT = "42501";

  private final Settings settings;
  private final Database database;

  Api(Settings settings, Database database) {
    this.settings = settings;
    this.database = database;
  }

  /** {@code POST /generate}. */
  Response generate(Request request, Job job) {
    Body body = Body.of(request, Set.of("prompt", "mode", "schema_version"));
    String prompt = body.text("prompt");
    String version = body.text("schema_version");
    String mode = body.text("mode");
    return switch (mode == null ? "sql_only" : mode) {
      case "sql_only" -> answer(ask(job, "SELECT public.ai_generate_sql(?, ?)", prompt, version));
      case "cached_only" -> {
        String cached = ask(job, "SELECT public.ai_cached_sql(?, ?)", prompt, version);
        if (cached == null) {
          throw Problem.of(
              404,
              "the question is not cached",
              "Ask with mode sql_only to have the model answer it.");
        }
        yield answer(cached);
      }
      case "run" -> run(job, prompt, version);
      default ->
          throw Problem.badRequest(
              "mode is \"" + mode + "\"", "Use sql_only, cached_only or run, or leave it out.");
    };
  }

  private String ask(Job job, String sql, String... parameters) {
    return database.run(job, connection -> Database.value(connection, sql, parameters));
  }

  private static Response answer(String response) {
    return Response.json(200, ordered(response));
  }

  /** As documented, since jsonb keeps no order. */
  private static ObjectNode ordered(String response) {
    try {
      JsonNode given = JSON.readTree(response);
      ObjectNode answer = JSON.createObjectNode();
      for (String key : ANSWER) {
        if (given.has(key)) {
          answer.set(key, given.get(key));
        }
      }
      given.properties().forEach(field -> answer.putIfAbsent(field.getKey(), field.getValue()));
      return answer;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private Response run(Job job, String prompt, String version) {
    if (!settings.run()) {
      throw Problem.of(
          403, "statements are not run here", "Start the gateway with AI_WORKER_HTTP_RUN=on.");
    }
    ObjectNode answer = ordered(ask(job, "SELECT public.ai_generate_sql(?, ?)", prompt, version));
    return database.run(
        job,
        connection -> {
          connection.setReadOnly(true);
          connection.setAutoCommit(false);
          try {
            limitTime(connection);
            List<String> rows = rows(connection, prompt, answer.path("schema_version").asText());
            boolean all = !rows.remove(null);
            answer.put("truncated", !all);
            String columns = columns(connection, answer.path("sql").asText());
            String start = answer.toString();
            return Response.json(
                start.substring(0, start.length() - 1) + ",\"columns\":" + columns + ",\"rows\":[",
                rows,
                "]}");
          } finally {
            forget(connection);
          }
        },
        Problem::ofStatement);
  }

  /** Leaves nothing to the next request: a rollback takes back all but the session's own locks. */
  private static void forget(Connection connection) {
    try {
      connection.rollback();
      Database.value(connection, "SELECT pg_catalog.pg_advisory_unlock_all()");
    } catch (SQLException e) {
      // it broke, and what it held went with it
    }
  }

  /** The role's own time-out stays where it is shorter. */
  private void limitTime(Connection connection) throws SQLException {
    Database.value(
        connection,
        "SELECT pg_catalog.set_config('statement_timeout',"
            + " LEAST(?::integer, NULLIF(s.setting::integer, 0))::text, true)"
            + " FROM pg_catalog.pg_settings AS s WHERE s.name = 'statement_timeout'",
        Long.toString(settings.runTimeout().toMillis()));
  }

  /** One null follows where more would be too large; the server does not send those. */
  private static List<String> rows(Connection connection, String prompt, String version)
      throws SQLException {
    return Database.column(
        connection,
        """
        SELECT CASE WHEN s.bytes <= %1$s THEN s.r END FROM (
          SELECT n.r, pg_catalog.sum(pg_catalog.octet_length(n.r)) OVER (ROWS UNBOUNDED PRECEDING) AS bytes
            FROM (SELECT r::text FROM public.ai_run_sql(?, ?) AS r) AS n) AS s
         WHERE s.bytes - pg_catalog.octet_length(s.r) <= %1$s"""
            .formatted(MOST_ROW_BYTES),
        prompt,
        version);
  }

  /**
   * The columns of a statement in their order, which objects do not keep, as a JSON array; null
   * where two have one name, of which {@code ai_run_sql} renames one. The statement is described
   * and not run.
   */
  private static String columns(Connection connection, String sql) throws SQLException {
    Database.value(
        connection, "SELECT pg_catalog.set_config('search_path', ai_worker.search_path(), true)");
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      ResultSetMetaData description = statement.getMetaData();
      var names = JSON.createArrayNode();
      Set<String> seen = new HashSet<>();
      for (int i = 1; i <= description.getColumnCount(); i++) {
        names.add(description.getColumnLabel(i));
        seen.add(description.getColumnLabel(i));
      }
      return seen.size() == names.size() ? names.toString() : "null";
    }
  }

  /** {@code GET /cache/stats}: the view, since it has the documented order and needs no Java. */
  Response cacheStatistics(Request request, Job job) {
    return Response.json(
        ask(job, "SELECT pg_catalog.to_json(s) FROM public.ai_worker_cache_stats AS s"));
  }

  /** {@code POST /cache/cleanup}. */
  Response cleanUp(Request request, Job job) {
    Body.none(request);
    long deleted = Long.parseLong(ask(job, "SELECT public.ai_worker_cleanup_cache()"));
    return Response.json(
        200,
        JSON.createObjectNode()
            .put("deleted_entries", deleted)
            .put("message", "Cleanup completed"));
  }

  /** {@code GET /cache/entries}: the most popular first. */
  Response entries(Request request, Job job) {
    String search = request.parameter("search");
    return Response.json(
        ask(
            job,
            """
            SELECT COALESCE(pg_catalog.json_agg(pg_catalog.to_json(e)), '[]') FROM (
              SELECT c.cache_key, c.prompt_text, c.model, c.schema_version, c.generated_sql, c.tokens_used,
                     c.created_at, NULLIF(c.expires_at, 'infinity') AS expires_at,
                     c.expires_at = 'infinity' AS verified, c.expires_at <= pg_catalog.clock_timestamp() AS expired,
                     c.hit_count + COALESCE(h.hits, 0) AS hit_count
                FROM public.ai_worker_cache AS c
                LEFT JOIN ai_worker.unfolded_hits() AS h
                  ON h.cache_key = c.cache_key AND h.created_at = c.created_at
               WHERE pg_catalog.strpos(pg_catalog.lower(pg_catalog.concat_ws(' ', c.prompt_text, c.generated_sql, c.schema_version)),
                                       pg_catalog.lower(?)) > 0
               ORDER BY c.hit_count + COALESCE(h.hits, 0) DESC, c.created_at DESC, c.cache_key
               LIMIT ?::integer OFFSET ?::integer) AS e""",
            search == null ? "" : search,
            Integer.toString(number(request, "limit", 50, 1, MOST_ENTRIES)),
            Integer.toString(number(request, "offset", 0, 0, Integer.MAX_VALUE))));
  }

  private static int number(Request request, String name, int otherwise, int least, int most) {
    String value = request.parameter(name);
    try {
      int number = value == null ? otherwise : Integer.parseInt(value);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw Problem.badRequest(
        "parameter " + name + " is \"" + value + "\"",
        "Use a number from " + least + " to " + most + ".");
  }

  /** {@code POST /cache/verify}. */
  Response verify(Request request, Job job) {
    Body body = Body.of(request, Set.of("cache_key", "verified"));
    String verified = Boolean.toString(body.flag("verified", true));
    return Response.json(
        ask(
            job,
            "SELECT public.ai_worker_verify(?, ?::boolean)",
            body.text("cache_key"),
            verified));
  }

  /** {@code POST /cache/delete}. */
  Response delete(Request request, Job job) {
    String key = Body.of(request, Set.of("cache_key")).text("cache_key");
    return deleted(
        ask(
            job,
            "WITH gone AS (DELETE FROM public.ai_worker_cache AS c WHERE c.cache_key = ? RETURNING 1)"
                + " SELECT pg_catalog.count(*) FROM gone",
            key));
  }

  /** {@code POST /cache/invalidate}. */
  Response invalidate(Request request, Job job) {
    String version = Body.of(request, Set.of("schema_version")).text("schema_version");
    return deleted(ask(job, "SELECT public.ai_worker_invalidate(?)", version));
  }

  private static Response deleted(String count) {
    return Response.json(
        200, JSON.createObjectNode().put("deleted_entries", Long.parseLong(count)));
  }

  /** {@code GET /usage}: calls to the model and their tokens, by day and role. */
  Response usage(Request request, Job job) {
    return Response.json(
        ask(
            job,
            "SELECT COALESCE(pg_catalog.json_agg(pg_catalog.to_json(u) ORDER BY u.day, u.role), '[]')"
                + " FROM public.ai_worker_usage AS u WHERE u.day > CURRENT_DATE - 90"));
  }

  /** {@code GET /quotas}. */
  Response quotas(Request request, Job job) {
    return Response.json(
        ask(
            job,
            "SELECT COALESCE(pg_catalog.json_agg(pg_catalog.to_json(q)), '[]')"
                + " FROM public.ai_worker_quota_usage() AS q"));
  }

  /** {@code GET /session}: who the gateway is in the database, and what that role may do. */
  Response session(Request request, Job job) {
    ObjectNode session =
        (ObjectNode)
            parsed(
                ask(
                    job,
                    """
                    SELECT pg_catalog.json_build_object(
                      'role', current_user, 'database', pg_catalog.current_database(),
                      'may', (SELECT pg_catalog.json_object_agg(f.name, COALESCE(
                                pg_catalog.has_function_privilege(pg_catalog.to_regprocedure(f.signature), 'EXECUTE'), false))
                              FROM (VALUES ('ask', 'public.ai_generate_sql(text,text)'),
                                           ('run', 'public.ai_run_sql(text,text)'),
                                           ('cleanup', 'public.ai_worker_cleanup_cache()'),
                                           ('verify', 'public.ai_worker_verify(text,boolean)'),
                                           ('invalidate', 'public.ai_worker_invalidate(text)'),
                                           ('health', 'public.ai_worker_health()'),
                                           ('quotas', 'public.ai_worker_quota_usage(name)')) AS f (name, signature))::jsonb
                          || (SELECT pg_catalog.json_object_agg(t.name, COALESCE(
                                pg_catalog.has_table_privilege(pg_catalog.to_regclass(t.relation), t.privilege), false))
                              FROM (VALUES ('entries', 'public.ai_worker_cache', 'SELECT'),
                                           ('delete', 'public.ai_worker_cache', 'DELETE'),
                                           ('stats', 'public.ai_worker_cache_stats', 'SELECT'),
                                           ('usage', 'public.ai_worker_usage', 'SELECT'))
                                   AS t (name, relation, privilege))::jsonb)"""));
    ObjectNode may = (ObjectNode) session.path("may");
    may.put("run", may.path("run").asBoolean() && settings.run());
    return Response.json(200, session);
  }

  /** {@code GET /health}: 503 where something is to be done. */
  Response health(Request request, Job job) {
    ObjectNode report;
    try {
      report = (ObjectNode) parsed(ask(job, "SELECT public.ai_worker_health()"));
    } catch (Problem e) {
      report = JsonNodeFactory.instance.objectNode();
      // a role that may only ask is told that it can
      boolean mayNot = MAY_NOT.equals(e.sqlState());
      report.put("healthy", mayNot);
      report
          .putArray("problems")
          .addAll(mayNot ? List.of() : List.of(report.textNode(e.getMessage())));
      if (!mayNot) {
        report.put("sqlstate", e.sqlState());
      }
    }
    report
        .putObject("pool")
        .put("size", database.size())
        .put("active", database.active())
        .put("idle", database.idle());
    return Response.json(report.path("healthy").asBoolean() ? 200 : 503, report);
  }

  private static JsonNode parsed(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What the database counts, by metric; what the role may not see is left out. */
  Map<String, JsonNode> counters(Job job) {
    return Map.of(
        "stats", seen(job, "SELECT pg_catalog.to_json(s) FROM public.ai_worker_cache_stats AS s"),
        "requests",
            seen(
                job,
                """
                SELECT pg_catalog.json_build_object(
                  'hits', COALESCE((SELECT pg_catalog.sum(t.requests) FROM ai_worker.traffic AS t WHERE t.kind = 'hit'), 0)
                          + (SELECT u.requests FROM ai_worker.unfolded() AS u),
                  'misses', COALESCE((SELECT pg_catalog.sum(t.requests) FROM ai_worker.traffic AS t WHERE t.kind = 'miss'), 0))"""),
        "quotas",
            seen(
                job,
                "SELECT COALESCE(pg_catalog.json_agg(pg_catalog.to_json(q)), '[]')"
                    + " FROM public.ai_worker_quota_usage() AS q"),
        "health", seen(job, "SELECT public.ai_worker_health()", "{\"healthy\":false}"));
  }

  private JsonNode seen(Job job, String sql) {
    return seen(job, sql, "");
  }

  /** An error of one leaves the others as they are. */
  private JsonNode seen(Job job, String sql, String otherwise) {
    try {
      return parsed(ask(job, sql));
    } catch (Problem e) {
      if (e.isDatabaseAway()) {
        throw e;
      }
      return parsed(MAY_NOT.equals(e.sqlState()) ? "" : otherwise);
    }
  }
}
