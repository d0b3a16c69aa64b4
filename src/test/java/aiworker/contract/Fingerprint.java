package aiworker.contract;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * All that a statement could change in the database, around it and in its session, as digests by
 * name: equal before and after if nothing changed.
 */
final class Fingerprint {
  private static final List<String> CATALOGS =
      List.of(
          "pg_am",
          "pg_attrdef",
          "pg_attribute",
          "pg_auth_members",
          "pg_authid",
          "pg_cast",
          "pg_collation",
          "pg_constraint",
          "pg_db_role_setting",
          "pg_default_acl",
          "pg_depend",
          "pg_description",
          "pg_enum",
          "pg_event_trigger",
          "pg_extension",
          "pg_foreign_server",
          "pg_index",
          "pg_inherits",
          "pg_language",
          "pg_largeobject",
          "pg_largeobject_metadata",
          "pg_namespace",
          "pg_operator",
          "pg_policy",
          "pg_prepared_xacts",
          "pg_proc",
          "pg_publication",
          "pg_replication_slots",
          "pg_rewrite",
          "pg_seclabel",
          "pg_sequence",
          "pg_statistic_ext",
          "pg_trigger",
          "pg_type",
          "pg_user_mapping");

  private static final String DIGEST =
      "md5(COALESCE(string_agg(%s, E'\\n' ORDER BY %s COLLATE \"C\"), ''))";

  /** Without what VACUUM and ANALYZE write. */
  private static final String PG_CLASS =
      "(to_jsonb(t) - '{relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid}'::text[])::text";

  private static final String FILES =
      """
      SELECT jsonb_build_array(
        (SELECT jsonb_agg(f ORDER BY f) FROM pg_ls_dir('.') AS f),
        (SELECT jsonb_agg(f ORDER BY f) FROM pg_ls_dir('marker') AS f),
        pg_read_file('marker/kept'), pg_read_file('postgresql.auto.conf'), pg_read_file('pg_hba.conf'),
        (SELECT s.size FROM pg_stat_file('/tmp/x', true) AS s))""";

  private static final String SESSION =
      """
      SELECT jsonb_build_array(
        md5(string_agg(s.name || '=' || COALESCE(s.setting, ''), ',' ORDER BY s.name)),
        current_user, session_user, current_setting('search_path'), pg_my_temp_schema(),
        ARRAY(SELECT pg_listening_channels()),
        (SELECT count(*) FROM pg_prepared_statements AS p WHERE p.name !~ '^S_'))
      FROM pg_settings AS s""";

  private final Connection watcher;
  private final Connection session;
  private final String pid;

  /**
   * Watches one session.
   *
   * @param watcher a superuser's, for nothing else
   */
  Fingerprint(Connection watcher, Connection session) throws SQLException {
    this.watcher = watcher;
    this.session = session;
    this.pid = RuntimeContract.value(session, "SELECT pg_backend_pid()");
    try (var statement = watcher.createStatement()) {
      statement.execute("COPY (SELECT 'kept') TO PROGRAM 'mkdir -p marker && cat > marker/kept'");
      statement.execute("LISTEN x");
    }
  }

  Map<String, String> take() throws SQLException {
    Map<String, String> taken = new LinkedHashMap<>();
    for (String catalog : CATALOGS) {
      taken.put(catalog, digest("t::text", catalog));
    }
    taken.put("pg_class", digest(PG_CLASS, "pg_class"));
    for (String relation :
        RuntimeContract.column(
            watcher,
            """
            SELECT format(
                     CASE c.relkind WHEN 'S' THEN '(SELECT last_value, is_called FROM %s)' ELSE '%s' END, c.oid::regclass)
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'm', 'S') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'sqlj')
            ORDER BY c.oid""")) {
      taken.put("rows of " + relation, digest("t::text", relation));
    }
    taken.put("files", RuntimeContract.value(watcher, FILES));
    taken.put("session", RuntimeContract.value(session, SESSION));
    taken.put(
        "locks",
        RuntimeContract.value(
            watcher, "SELECT count(*) FROM pg_locks AS l WHERE l.pid = ?::integer", pid));
    PGNotification[] notifications = watcher.unwrap(PGConnection.class).getNotifications();
    taken.put("notifications", notifications == null ? "0" : "" + notifications.length);
    return taken;
  }

  /** The names whose digests differ. */
  static String difference(Map<String, String> before, Map<String, String> after) {
    return before.keySet().stream()
        .filter(name -> !before.get(name).equals(after.get(name)))
        .map(name -> name + ": " + before.get(name) + " became " + after.get(name))
        .collect(Collectors.joining("; "));
  }

  private String digest(String row, String relation) throws SQLException {
    return RuntimeContract.value(
        watcher, "SELECT " + DIGEST.formatted(row, row) + " FROM " + relation + " AS t");
  }
}
