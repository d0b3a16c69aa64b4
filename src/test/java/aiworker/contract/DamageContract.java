package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import aiworker.testing.Full;
import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever of ours is damaged, health names it and install.sh mends it. */
abstract class DamageContract extends RuntimeContract {
  /** A thing that is damaged, by its name in ai_worker.inventory(), and how. */
  record Damage(String kind, String object, String statement) {
    /** The server's own error for what is gone names it without its schema. */
    boolean isNamedIn(String problems) {
      String name = object.replaceFirst("[(].*", "").replaceFirst(".*[. ]", "");
      return problems.contains(object)
          || (problems.contains(name)
              && problems.matches("(?s).*(does not exist|permission denied).*"));
    }
  }

  /** All that can be done to what is there, made of the catalogs. */
  private static final String DAMAGES =
      """
      WITH tables AS (SELECT o.oid, o.name FROM ai_worker.objects() AS o WHERE o.kind = 'TABLE'),
      named (class, oid, number, object) AS (
        SELECT d.class, d.oid, d.number, i.type || ' '
               || CASE d.class WHEN 'pg_proc'::regclass THEN d.oid::regprocedure::text ELSE i.identity END
        FROM (SELECT 'pg_namespace'::regclass, o.oid, 0 FROM ai_worker.objects() AS o WHERE o.kind = 'SCHEMA'
              UNION ALL SELECT 'pg_class'::regclass, o.oid, 0 FROM ai_worker.objects() AS o WHERE o.kind NOT IN ('SCHEMA', 'ROUTINE')
              UNION ALL SELECT 'pg_class'::regclass, a.attrelid, a.attnum FROM tables AS t JOIN pg_attribute AS a
                ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
              UNION ALL SELECT 'pg_constraint'::regclass, c.oid, 0 FROM tables AS t JOIN pg_constraint AS c
                ON c.conrelid = t.oid AND c.contype <> 'n'
              UNION ALL SELECT 'pg_trigger'::regclass, g.oid, 0 FROM tables AS t JOIN pg_trigger AS g
                ON g.tgrelid = t.oid AND NOT g.tgisinternal
              UNION ALL SELECT 'pg_proc'::regclass, o.oid, 0 FROM ai_worker.objects() AS o WHERE o.kind = 'ROUTINE'
             ) AS d (class, oid, number)
        CROSS JOIN LATERAL pg_identify_object(d.class, d.oid, d.number) AS i)
      SELECT 'table dropped' AS kind, n.object, format('DROP TABLE %s CASCADE', n.oid::regclass) AS statement
        FROM named AS n JOIN tables AS t ON t.oid = n.oid AND n.number = 0
      UNION ALL
      SELECT 'column dropped', n.object, format('ALTER TABLE %s DROP COLUMN %I CASCADE', t.name, a.attname)
        FROM named AS n JOIN tables AS t ON t.oid = n.oid JOIN pg_attribute AS a ON a.attrelid = n.oid AND a.attnum = n.number
      UNION ALL
      SELECT 'column altered', n.object, format('ALTER TABLE %s ALTER COLUMN %I %s', t.name, a.attname,
             CASE WHEN a.attidentity <> '' THEN 'DROP IDENTITY' WHEN a.atthasdef THEN 'DROP DEFAULT' ELSE 'DROP NOT NULL' END)
        FROM named AS n JOIN tables AS t ON t.oid = n.oid JOIN pg_attribute AS a ON a.attrelid = n.oid AND a.attnum = n.number
       WHERE a.attidentity <> '' OR a.atthasdef
          OR a.attnotnull AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey))
      UNION ALL
      SELECT 'constraint dropped', n.object, format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', c.conrelid::regclass, c.conname)
        FROM named AS n JOIN pg_constraint AS c ON n.class = 'pg_constraint'::regclass AND c.oid = n.oid
      UNION ALL
      SELECT 'constraint altered', n.object, format('ALTER TABLE %1$s DROP CONSTRAINT %2$I; ALTER TABLE %1$s ADD CONSTRAINT %2$I CHECK (true)', c.conrelid::regclass, c.conname)
        FROM named AS n JOIN pg_constraint AS c ON n.class = 'pg_constraint'::regclass AND c.oid = n.oid AND c.contype = 'c'
      UNION ALL
      SELECT 'index dropped', n.object, format('DROP INDEX %s', n.oid::regclass)
        FROM named AS n JOIN pg_index AS i ON n.class = 'pg_class'::regclass AND i.indexrelid = n.oid AND NOT i.indisprimary
      UNION ALL
      SELECT 'index altered', n.object, format('DROP INDEX %s; CREATE INDEX %I ON %s ((1))', n.oid::regclass, c.relname, i.indrelid::regclass)
        FROM named AS n JOIN pg_class AS c ON n.class = 'pg_class'::regclass AND c.oid = n.oid
        JOIN pg_index AS i ON i.indexrelid = n.oid AND NOT i.indisprimary
      UNION ALL
      SELECT 'option reset', n.object, format('ALTER TABLE %s RESET (vacuum_truncate)', n.oid::regclass)
        FROM named AS n JOIN pg_class AS c ON n.class = 'pg_class'::regclass AND n.number = 0 AND c.oid = n.oid
       WHERE 'vacuum_truncate=off' = ANY (c.reloptions)
      UNION ALL
      SELECT 'replica identity', n.object, format('ALTER TABLE %s REPLICA IDENTITY NOTHING', n.oid::regclass)
        FROM named AS n JOIN tables AS t ON t.oid = n.oid AND n.number = 0 JOIN pg_class AS c ON c.oid = n.oid AND c.relreplident = 'f'
      UNION ALL
      SELECT 'trigger dropped', n.object, format('DROP TRIGGER %I ON %s', g.tgname, g.tgrelid::regclass)
        FROM named AS n JOIN pg_trigger AS g ON n.class = 'pg_trigger'::regclass AND g.oid = n.oid
      UNION ALL
      SELECT 'trigger disabled', n.object, format('ALTER TABLE %s DISABLE TRIGGER %I', g.tgrelid::regclass, g.tgname)
        FROM named AS n JOIN pg_trigger AS g ON n.class = 'pg_trigger'::regclass AND g.oid = n.oid
      UNION ALL
      SELECT 'function dropped', n.object, format('DROP ROUTINE %s CASCADE', n.oid::regprocedure)
        FROM named AS n WHERE n.class = 'pg_proc'::regclass
      UNION ALL
      SELECT 'function replaced', n.object, format('UPDATE pg_proc SET prosrc = %s WHERE oid = %L::regprocedure',
             CASE l.lanname WHEN 'plpgsql' THEN '''BEGIN RAISE division_by_zero; END''' ELSE 'prosrc || '' ''' END, n.oid::regprocedure)
        FROM named AS n JOIN pg_proc AS p ON n.class = 'pg_proc'::regclass AND p.oid = n.oid JOIN pg_language AS l ON l.oid = p.prolang
      UNION ALL
      SELECT 'view dropped', n.object, format('DROP VIEW %s', n.oid::regclass)
        FROM named AS n JOIN ai_worker.objects() AS o ON n.class = 'pg_class'::regclass AND o.oid = n.oid AND o.kind = 'VIEW'
      UNION ALL
      SELECT 'view replaced', n.object, format('DROP VIEW %1$s; CREATE VIEW %1$s AS SELECT 1 AS one; ALTER VIEW %1$s OWNER TO ai_worker', n.oid::regclass)
        FROM named AS n JOIN ai_worker.objects() AS o ON n.class = 'pg_class'::regclass AND o.oid = n.oid AND o.kind = 'VIEW'
      UNION ALL
      SELECT 'sequence dropped', n.object, format('DROP SEQUENCE %s CASCADE', n.oid::regclass)
        FROM named AS n JOIN ai_worker.objects() AS o ON n.class = 'pg_class'::regclass AND o.oid = n.oid AND o.kind = 'SEQUENCE'
       WHERE n.object NOT LIKE '%quota_id%'
      UNION ALL
      SELECT 'comment dropped', 'comment on ' || n.object, format('DELETE FROM pg_description WHERE (classoid, objoid, objsubid) = (%s, %s, %s)', n.class::oid, n.oid, n.number)
        FROM named AS n JOIN pg_description AS d ON (d.classoid, d.objoid, d.objsubid) = (n.class, n.oid, n.number)
      UNION ALL
      SELECT 'privilege revoked', format('%s on %s for role %s', a.privilege_type, n.object, a.grantee::regrole),
             format('REVOKE %s ON %s %s FROM %s', a.privilege_type, CASE o.kind WHEN 'VIEW' THEN 'TABLE' ELSE o.kind END, o.name, a.grantee::regrole)
        FROM named AS n JOIN ai_worker.objects() AS o ON o.oid = n.oid AND n.number = 0 AND o.kind <> 'RELATION'
       CROSS JOIN LATERAL aclexplode(o.acl) AS a
      UNION ALL
      SELECT 'privilege revoked', format('EXECUTE on function %s for role ai_worker', p.oid::regprocedure),
             format('REVOKE EXECUTE ON FUNCTION %s FROM ai_worker', p.oid::regprocedure)
        FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS a
       WHERE p.pronamespace = 'pg_catalog'::regnamespace AND a.grantee = 'ai_worker'::regrole
      UNION ALL
      SELECT 'schema dropped', n.object, format('DROP SCHEMA %s CASCADE', n.oid::regnamespace)
        FROM named AS n WHERE n.class = 'pg_namespace'::regclass
      UNION ALL
      SELECT 'role altered', 'role ' || r.name, format('ALTER ROLE %s %s', r.name, a.attribute)
        FROM unnest(ARRAY['ai_worker', 'ai_worker_prover']) AS r (name),
             unnest(ARRAY['SUPERUSER', 'LOGIN', 'CREATEROLE', 'CREATEDB', 'REPLICATION', 'BYPASSRLS']) AS a (attribute)
      UNION ALL
      SELECT 'membership revoked', format('membership of role %s in %s', m.role, m.in_role), format('REVOKE %s FROM %s', m.in_role, m.role)
        FROM (VALUES ('ai_worker_admin', 'ai_worker_user'), ('ai_worker', 'ai_worker_prover')) AS m (role, in_role)
      ORDER BY 1, 2, 3""";

  private static final String INVENTORY =
      "SELECT object || E'\\t' || definition FROM ai_worker.inventory() AS i ORDER BY object COLLATE \"C\"";

  /** Without these an entry or a setting cannot be kept, since it is they that are gone. */
  private static final String CANNOT_BE_KEPT =
      "DROP TABLE (public[.])?ai_worker_(cache|config) .*|ALTER TABLE (public[.])?ai_worker_(cache DROP COLUMN "
          + "(cache_key|prompt_text|model|schema_version|generated_sql|expires_at)|config DROP COLUMN (base_url|model|row_limit)) .*";

  DamageContract(BackendRuntime runtime) {
    super(runtime);
  }

  @Override
  boolean sessionsMatter() {
    return true;
  }

  private List<Damage> damages() throws SQLException {
    List<Damage> damages = new ArrayList<>();
    try (Connection connection = cluster.connect(database, "postgres");
        Statement statement = connection.createStatement()) {
      // so that names are qualified
      statement.execute("SET search_path = pg_catalog");
      try (ResultSet rows = statement.executeQuery(DAMAGES)) {
        while (rows.next()) {
          damages.add(new Damage(rows.getString(1), rows.getString(2), rows.getString(3)));
        }
      }
    }
    return damages;
  }

  private static boolean healthNames(Connection connection, Damage damage) throws SQLException {
    try {
      return damage.isNamedIn(
          value(
              connection,
              "SELECT replace((ai_worker_health() -> 'problems')::text, '\\\"', '\"')"));
    } catch (SQLException e) {
      // what is called is gone itself
      return damage.object().contains("ai_worker_health()") && damage.isNamedIn(e.getMessage());
    }
  }

  @Test
  void healthNamesEachDamage() throws SQLException {
    List<Damage> damages = damages();
    Map<String, Integer> tried = new TreeMap<>();
    List<String> silent = new ArrayList<>();
    try (Connection connection = cluster.connect(database, "postgres");
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (int i = 0; i < damages.size(); i += Full.or(1, 29)) {
        Damage damage = damages.get(i);
        statement.execute(damage.statement());
        if (!healthNames(connection, damage)) {
          silent.add(damage.toString());
        }
        connection.rollback();
        tried.merge(damage.kind(), 1, Integer::sum);
      }
    }
    System.out.println(runtime.title() + ": damages that health was asked for: " + tried);
    assertEquals(List.of(), silent);
  }

  /** What a DBA meets first, by what health says of it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "DELETE FROM ai_worker_config | ai_worker_config has no row",
        "DROP TABLE ai_worker_config CASCADE | missing: table public.ai_worker_config",
        "DROP INDEX idx_ai_cache_hits | missing: index public.idx_ai_cache_hits;",
        "DROP TRIGGER ai_worker_totals_insert ON ai_worker_cache | missing: trigger ai_worker_totals_insert on public.ai_worker_cache",
        "DROP FUNCTION ai_sql(text, text) | missing: function ai_sql(text,text);",
        "ALTER TABLE ai_worker_cache OWNER TO postgres | table ai_worker_cache belongs to role postgres",
        "ALTER FUNCTION ai_sql(text, text) OWNER TO postgres | belongs to role postgres",
        "GRANT EXECUTE ON FUNCTION ai_sql(text, text) TO PUBLIC | PUBLIC may execute",
        "CREATE PUBLICATION p FOR ALL TABLES; ALTER TABLE ai_worker.traffic REPLICA IDENTITY NOTHING | altered: table ai_worker.traffic;",
        "ALTER TABLE ai_worker_cache RESET (vacuum_truncate) | altered: table public.ai_worker_cache;"
      })
  void healthAnswersWhereItIsNeeded(String statements, String words) throws SQLException {
    try (Connection connection = cluster.connect(database, "postgres");
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(statements);
      JsonNode health = json(value(connection, "SELECT ai_worker_health()"));
      String problems = health.get("problems").toString();
      assertTrue(
          problems.replaceAll("public[.]", "").contains(words.replaceAll("public[.]", "")),
          problems);
      assertFalse(health.get("healthy").asBoolean());
      connection.rollback();
    }
  }

  /** Of everything one thing is damaged, as far as an entry and a setting can outlive it. */
  @Test
  void manyDamagesAreMendedAtOnce() throws SQLException {
    for (int third = 0; third < Full.or(3, 1); third++) {
      mendMany(third);
    }
  }

  private void mendMany(int third) throws SQLException {
    List<String> before = column(INVENTORY);
    keepSomething();
    List<String> done = new ArrayList<>();
    try (Connection connection = cluster.connect(database, "postgres");
        Statement statement = connection.createStatement()) {
      List<Damage> damages = damages();
      for (int i = 0; i < damages.size(); i++) {
        Damage damage = damages.get(i);
        boolean each =
            damage
                .kind()
                .matches("(comment|privilege|index|trigger|view|membership|role|option|replica).*");
        if (damage.kind().startsWith("schema")
            || damage.statement().matches(CANNOT_BE_KEPT)
            || !(each || i % 3 == third)) {
          continue;
        }
        try {
          statement.execute(damage.statement());
          done.add(damage.kind());
        } catch (SQLException e) {
          // another damage has taken it away already
          assertTrue(e.getMessage().contains("does not exist"), damage + ": " + e.getMessage());
        }
      }
    }
    assertTrue(done.size() > 300, done::toString);
    assertMended(before, "many, of three " + third);
  }

  @Test
  void runtimeIsKnownWithoutItsBridge() throws SQLException {
    List<String> before = column(INVENTORY);
    admin("DROP FUNCTION ai_worker.bridge(text, text[])");
    Installation.Outcome outcome = Installation.run(cluster, database, Map.of());
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertSame(before, "no bridge");
  }

  @Test
  void schemasAreMended() throws SQLException {
    List<String> before = column(INVENTORY);
    keepSomething();
    admin("DROP SCHEMA ai_worker CASCADE", "DROP SCHEMA ai_worker_prover CASCADE");
    assertMended(before, "schemas");
  }

  /** As an older version could have had it. */
  @Test
  void rulesAndColumnsOfAnotherVersionBecomeThoseOfThis() throws SQLException {
    List<String> before = column(INVENTORY);
    keepSomething();
    admin(
        "ALTER TABLE ai_worker_config DROP CONSTRAINT ai_worker_config_row_limit,"
            + " ADD CONSTRAINT ai_worker_config_row_limit CHECK (row_limit < 10),"
            + " ALTER COLUMN row_limit SET DEFAULT 5, ALTER COLUMN row_limit TYPE bigint",
        "DELETE FROM ai_worker.installed");
    assertMended(before, "another version");
    admin("UPDATE ai_worker_config SET row_limit = 999999");
  }

  @Test
  void entriesThatBreakARuleGoAndSettingsThatDoStopTheInstallation() throws SQLException {
    List<String> before = column(INVENTORY);
    keepSomething();
    admin(
        "ALTER TABLE ai_worker_cache DROP CONSTRAINT ai_worker_cache_lifetime",
        "INSERT INTO ai_worker_cache (cache_key, prompt_text, model, schema_version, generated_sql, expires_at)"
            + " VALUES ('bad', 'bad', 'm', 'v', 'SELECT 1', '-infinity')",
        "ALTER TABLE ai_worker_config DROP CONSTRAINT ai_worker_config_row_limit",
        "UPDATE ai_worker_config SET row_limit = 0");
    Installation.Outcome outcome = Installation.run(cluster, database, Map.of());
    assertEquals(1, outcome.exitCode(), outcome.output());
    assertTrue(outcome.output().contains("ai_worker_config_row_limit"), outcome.output());
    admin("UPDATE ai_worker_config SET row_limit = 7");
    assertMended(before, "a broken rule");
  }

  @Test
  void olderIsNotInstalledOverNewer() throws SQLException {
    admin(
        "UPDATE ai_worker.installed SET digest = digest::integer + 1 WHERE object = 'schema number'");
    Installation.Outcome outcome = Installation.run(cluster, database, Map.of());
    assertEquals(1, outcome.exitCode(), outcome.output());
    assertTrue(
        outcome.output().contains("a newer AI Worker is installed in this database"),
        outcome.output());
    admin(
        "UPDATE ai_worker.installed SET digest = digest::integer - 1 WHERE object = 'schema number'");
  }

  /**
   * One after the other where there is time, else the first of each kind of which one is enough.
   */
  @Test
  void eachDamageIsMended() throws SQLException {
    List<String> before = column(INVENTORY);
    Map<String, Integer> tried = new TreeMap<>();
    List<Damage> damages = damages();
    for (int i = 0; i < damages.size(); i += Full.or(1, damages.size())) {
      Damage damage = damages.get(i);
      // These are set anew by statements that know nothing else; all at once, they are mended
      // above.
      if (damage.kind().startsWith("comment") || damage.kind().startsWith("privilege")) {
        continue;
      }
      startAfresh();
      keepSomething();
      admin(damage.statement());
      if (damage.statement().matches(CANNOT_BE_KEPT)) {
        mend(damage.toString());
        assertSame(before, damage.toString());
      } else {
        assertMended(before, damage.toString());
      }
      tried.merge(damage.kind(), 1, Integer::sum);
    }
    System.out.println(runtime.title() + ": damages mended one by one: " + tried);
  }

  private List<String> column(String sql) throws SQLException {
    try (Connection connection = cluster.connect(database, "postgres")) {
      return column(connection, sql);
    }
  }

  private void keepSomething() throws SQLException {
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    generate("kept", "v1");
    admin("UPDATE ai_worker_config SET row_limit = 7");
  }

  private void mend(String what) {
    Installation.Outcome outcome =
        Installation.run(cluster, database, Map.of(), "--runtime", runtime.option());
    assertEquals(0, outcome.exitCode(), what + ": " + outcome.output());
  }

  private void assertMended(List<String> before, String what) throws SQLException {
    mend(what);
    assertSame(before, what);
    assertEquals("7", adminValue("SELECT row_limit FROM ai_worker_config"), what);
    assertTrue(generate("kept", "v1").get("cache_hit").asBoolean(), what);
    JsonNode health = json(adminValue("SELECT ai_worker_health()"));
    assertTrue(isHealthy(health), what + ": " + health);
  }

  private void assertSame(List<String> before, String what) throws SQLException {
    List<String> after = column(INVENTORY);
    List<String> gone = new ArrayList<>(before);
    gone.removeAll(after);
    after.removeAll(before);
    assertEquals(List.of(), gone, what + ", now " + after);
    assertEquals(List.of(), after, what);
  }
}
