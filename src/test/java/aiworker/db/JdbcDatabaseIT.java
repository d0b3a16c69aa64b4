package aiworker.db;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import aiworker.testing.TestCluster;
import aiworker.testing.TestDatabase;
import java.sql.Connection;
import org.junit.jupiter.api.Test;

class JdbcDatabaseIT {
  private final TestCluster cluster = TestCluster.shared();

  @Test
  void rowsComeBackAsTextByColumnName() throws Exception {
    try (Connection connection = cluster.connect("postgres", "postgres")) {
      connection.setAutoCommit(false);
      Row row =
          TestDatabase.of(connection)
              .query("SELECT ?::int + 1 AS sum, ?::text AS nothing", "41", null)
              .get(0);
      assertEquals(42, row.integer("sum"));
      assertNull(row.text("nothing"));
    }
  }

  @Test
  void refusalCarriesTheServersState() throws Exception {
    try (Connection connection = cluster.connect("postgres", "postgres")) {
      connection.setAutoCommit(false);
      Database database = TestDatabase.of(connection);
      DatabaseException e =
          assertThrows(DatabaseException.class, () -> database.query("SELECT * FROM nowhere"));
      assertEquals("42P01", e.error().sqlState());
    }
  }
}
