package aiworker.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SchemaVersionIT {
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
    String version = db.value("SELECT public.ai_worker_schema_version()");
    assertTrue(version.matches("[0-9a-f]{20}"), version);
    assertEquals(db.value("SELECT public.ai_worker_schema_fingerprint('{public}')"), version);
  }

  @Test
  void versionIsRememberedForAboutASecond() throws Exception {
    String before = db.value("SELECT public.ai_worker_schema_version()");
    db.run("CREATE TABLE more (id int)");
    assertEquals(before, db.value("SELECT public.ai_worker_schema_version()"));
    Thread.sleep(1_300);
    String after = db.value("SELECT public.ai_worker_schema_version()");
    assertNotEquals(before, after);
    try (Connection other = db.connect()) {
      assertEquals(after, SchemaFixture.value(other, "SELECT public.ai_worker_schema_version()"));
    }
  }
}
