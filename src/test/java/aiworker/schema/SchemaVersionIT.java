package aiworker.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.Full;
import java.sql.Connection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SchemaVersionIT {
  /** As if the session had this many milliseconds left of its memory. */
  private static final String LOOK_AGAIN_IN =
      "SELECT set_config('ai_worker.schema_memory', (extract(epoch FROM clock_timestamp()) * 1000)::bigint + %d"
          + " || substr(current_setting('ai_worker.schema_memory'), 14), false)";

  private SchemaFixture db;

  @BeforeEach
  void createSchema() throws Exception {
    db = new SchemaFixture();
    db.run("CREATE TABLE users (id int PRIMARY KEY, name text)");
  }

  @AfterEach
  void close() throws Exception {
    db.close();
  }

  @Test
  void versionIsTheFingerprintOfTheConfiguredSchemas() throws Exception {
    String version = db.value("SELECT ai_worker.schema_version()");
    assertTrue(version.matches("[0-9a-f]{20}"), version);
    assertEquals(db.value("SELECT ai_worker.schema_fingerprint('{public}')"), version);
  }

  @Test
  void versionIsRememberedForAboutASecond() throws Exception {
    long start = System.currentTimeMillis();
    String before = db.value("SELECT ai_worker.schema_version()");
    long took = System.currentTimeMillis() - start;
    long until =
        Long.parseLong(
            db.value("SELECT substr(current_setting('ai_worker.schema_memory'), 1, 13)"));
    assertTrue(until >= start + 1_000 && until <= start + took + Math.max(1_000, 10 * took));
    db.run("CREATE TABLE more (id int)");
    db.value(LOOK_AGAIN_IN.formatted(5_000));
    assertEquals(before, db.value("SELECT ai_worker.schema_version()"));
    db.value(LOOK_AGAIN_IN.formatted(0));
    String after = db.value("SELECT ai_worker.schema_version()");
    assertNotEquals(before, after);
    try (Connection other = db.connect()) {
      assertEquals(after, SchemaFixture.value(other, "SELECT ai_worker.schema_version()"));
    }
  }

  @Test
  void aChangeOfTheConfiguredSchemasCountsAtOnce() throws Exception {
    String before = db.value("SELECT ai_worker.schema_version()");
    db.run("CREATE SCHEMA app");
    db.run("UPDATE public.ai_worker_config SET schemas = '{public,app}'");
    String both = db.value("SELECT ai_worker.schema_version()");
    assertNotEquals(before, both);
    assertEquals(db.value("SELECT ai_worker.schema_fingerprint('{public,app}')"), both);
  }

  @Test
  void schemasThatDoNotExistAreNoError() throws Exception {
    String one = db.value("SELECT ai_worker.schema_fingerprint('{public}')");
    assertEquals(one, db.value("SELECT ai_worker.schema_fingerprint('{public,nowhere}')"));
    String none = db.value("SELECT ai_worker.schema_fingerprint('{nowhere}')");
    assertEquals(none, db.value("SELECT ai_worker.schema_fingerprint('{}')"));
    assertEquals(none, db.value("SELECT ai_worker.schema_fingerprint(NULL)"));
    assertNotEquals(one, none);
  }

  @Test
  void theSameSchemaElsewhereHasTheSameFingerprint() throws Exception {
    String ddl =
        "CREATE TYPE mood AS ENUM ('a', 'b'); CREATE VIEW v AS SELECT name FROM users;"
            + " CREATE TABLE t (m mood, u int REFERENCES users)";
    db.run(ddl);
    try (SchemaFixture other = new SchemaFixture()) {
      other.run("CREATE TABLE other (dropped int, id int)");
      other.run("CREATE TABLE users (gone int, id int PRIMARY KEY, name text)");
      other.run("ALTER TABLE users DROP COLUMN gone");
      other.run("DROP TABLE other");
      other.run(ddl);
      assertEquals(db.fingerprint(), other.fingerprint());
    }
  }

  @Test
  void readOnlyTransactionsAreServed() throws Exception {
    db.run("BEGIN READ ONLY");
    String version = db.value("SELECT ai_worker.schema_version()");
    assertEquals(version, db.value("SELECT ai_worker.schema_version()"));
    db.run("COMMIT");
  }

  @Test
  void aTransactionSeesItsOwnDdlAndItsRollbackUndoesIt() throws Exception {
    String before = db.fingerprint();
    db.run("BEGIN; ALTER TABLE users ADD COLUMN more int");
    assertNotEquals(before, db.fingerprint());
    db.run("ROLLBACK");
    assertEquals(before, db.fingerprint());
  }

  @Test
  void whatItReadsIsNotLeftLocked() throws Exception {
    db.run("CREATE VIEW v AS SELECT * FROM users");
    db.run("ALTER TABLE users ADD CHECK (id > 0)");
    db.run("BEGIN");
    db.value("SELECT ai_worker.schema_fingerprint('{public}')");
    assertEquals(
        "0",
        db.value(
            "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation IN"
                + " ('v'::regclass, 'users'::regclass)"));
    assertEquals("0", db.value("SHOW lock_timeout"));
    db.run("COMMIT");
  }

  /** A table under a view, rewritten by VACUUM FULL or changed by a long migration. */
  @Test
  void anotherSessionsLockDelaysNobodyForLong() throws Exception {
    db.run("CREATE VIEW v AS SELECT * FROM users");
    String version = db.value("SELECT ai_worker.schema_version()");
    try (Connection locker = db.connect();
        Connection fresh = db.connect()) {
      locker.setAutoCommit(false);
      SchemaFixture.run(locker, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
      db.value(LOOK_AGAIN_IN.formatted(0));
      long start = System.nanoTime();
      assertEquals(version, db.value("SELECT ai_worker.schema_version()"));
      String partial = SchemaFixture.value(fresh, "SELECT ai_worker.schema_version()");
      assertTrue(partial.matches("locked-[0-9a-f]{13}"), partial);
      assertEquals(partial, db.value("SELECT ai_worker.schema_fingerprint('{public}')"));
      assertTrue(System.nanoTime() - start < Full.atMost(2_000_000_000L));
      locker.rollback();
      SchemaFixture.value(fresh, LOOK_AGAIN_IN.formatted(0));
      assertEquals(version, SchemaFixture.value(fresh, "SELECT ai_worker.schema_version()"));
    }
  }

  /** Other tables may have changed since: a lock held for hours must not freeze the version. */
  @Test
  void versionFromBeforeALockServesForAWhileOnly() throws Exception {
    db.run("CREATE VIEW v AS SELECT * FROM users");
    try (Connection locker = db.connect()) {
      locker.setAutoCommit(false);
      SchemaFixture.run(locker, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
      for (int seconds : new int[] {15, 25}) {
        db.run(
            "SET ai_worker.schema_memory = '0000000000000 "
                + (System.currentTimeMillis() - seconds * 1_000L)
                + " 00000000000000000000 {public}'");
        String version = db.value("SELECT ai_worker.schema_version()");
        assertEquals(seconds == 15, version.equals("00000000000000000000"), version);
        assertEquals(version, db.value("SELECT ai_worker.schema_version()"));
      }
      locker.rollback();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "garbage that is long enough to be cut into pieces",
        "9999999999999 0000000000000 00000000000000000000 {public}",
        "0000000000000 9999999999999 00000000000000000000 {public}"
      })
  void aForgedMemoryThatIsNotFreshIsIgnored(String forged) throws Exception {
    String version = db.value("SELECT ai_worker.schema_fingerprint('{public}')");
    db.run("SET ai_worker.schema_memory = '" + forged + "'");
    assertEquals(version, db.value("SELECT ai_worker.schema_version()"));
  }

  @Test
  void aForgedMemoryCannotPutABarIntoTheVersion() throws Exception {
    String version = db.value("SELECT ai_worker.schema_fingerprint('{public}')");
    String soon = Long.toString(System.currentTimeMillis() + 5_000);
    db.run(
        "SET ai_worker.schema_memory = '" + soon + " 0000000000000 00000|00000000000000 {public}'");
    assertEquals(version, db.value("SELECT ai_worker.schema_version()"));
    db.run(
        "SET ai_worker.schema_memory = '" + soon + " 0000000000000 00000000000000000000 {public}'");
    assertEquals("00000000000000000000", db.value("SELECT ai_worker.schema_version()"));
  }

  @Test
  void nothingIsGrantedToPublic() throws Exception {
    assertEquals(
        "0",
        db.value(
            "SELECT count(*) FROM pg_proc p WHERE p.proname LIKE 'ai_worker_schema_%' AND"
                + " (obj_description(p.oid) IS NULL OR EXISTS (SELECT FROM aclexplode(coalesce("
                + "p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0))"));
  }
}
