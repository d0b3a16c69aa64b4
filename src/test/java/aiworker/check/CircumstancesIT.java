package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.db.DatabaseException;
import aiworker.testing.Full;
import aiworker.testing.TestCluster;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a server may be set to, and what may happen to it, while statements are proven. */
class CircumstancesIT {
  private static final String STATEMENT =
      "SELECT u.name, count(*) FROM users u JOIN orders o ON o.user_id = u.id GROUP BY 1";

  private static TestCluster cluster;
  private static CheckDatabase database;

  @BeforeAll
  static void create() {
    cluster =
        TestCluster.start(
            Map.of(
                "wal_level", "logical",
                "max_prepared_transactions", "2",
                "log_statement", "all",
                "logging_collector", "off"));
    database = CheckDatabase.create(cluster);
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
    cluster.close();
  }

  @AfterEach
  void rollBack() throws SQLException {
    database.connection().rollback();
  }

  private static void prove() {
    assertTrue(database.prover().prove(STATEMENT).storable());
  }

  private static String value(String query) {
    return database.database().query("SELECT (" + query + ")::text AS v").get(0).text("v");
  }

  @Test
  void logicalDecodingSeesNothingOfIt() throws SQLException {
    value("SELECT count(*) FROM pg_create_logical_replication_slot('watch', 'test_decoding')");
    database.connection().commit();
    prove();
    database.execute("INSERT INTO executed DEFAULT VALUES");
    database.connection().commit();
    assertEquals(
        "1",
        value(
            "SELECT count(*) FROM pg_logical_slot_get_changes('watch', NULL, NULL) AS c"
                + " WHERE c.data !~ '^(BEGIN|COMMIT)'"));
    value("SELECT count(*) FROM (SELECT pg_drop_replication_slot('watch')) AS d");
    database.execute("DELETE FROM executed");
    database.connection().commit();
  }

  @Test
  void transactionCanBePreparedAfterwards() throws SQLException {
    database.execute("INSERT INTO executed DEFAULT VALUES");
    prove();
    database.execute("PREPARE TRANSACTION 'proven'");
    assertEquals("1", value("SELECT count(*) FROM pg_prepared_xacts"));
    database.connection().rollback();
    database.connection().setAutoCommit(true);
    database.execute("ROLLBACK PREPARED 'proven'");
    database.connection().setAutoCommit(false);
    assertEquals("0", value("SELECT count(*) FROM executed"));
  }

  /** The model is not asked to mend what it has not broken. */
  @Test
  void tableThatIsLockedForLongIsTheServersErrorAndNotTheStatements() throws SQLException {
    try (Connection other = cluster.connect(value("SELECT current_database()"), "postgres");
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
      database.execute("SET LOCAL lock_timeout = '50ms'");
      DatabaseException e =
          assertThrows(DatabaseException.class, () -> database.prover().prove(STATEMENT));
      assertEquals("55P03", e.error().sqlState());
      other.rollback();
    }
    database.connection().rollback();
    prove();
  }

  @Test
  void proverNeedsNoRightToCreateAnywhereElse() throws SQLException {
    database.execute(
        "REVOKE TEMPORARY, CREATE ON DATABASE "
            + value("SELECT current_database()")
            + " FROM PUBLIC; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    prove();
  }

  @Test
  void aParallelPlanIsNotMadeAroundIt() throws SQLException {
    database.execute(
        "DO $$BEGIN PERFORM set_config(name, 'on', true) FROM pg_settings"
            + " WHERE name IN ('force_parallel_mode', 'debug_parallel_query'); END$$");
    prove();
  }

  @Test
  void catalogsDoNotGrowForGood() throws SQLException {
    String size =
        "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c"
            + " WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r'";
    vacuum();
    long before = Long.parseLong(value(size));
    database.connection().commit();
    for (int i = 0; i < Full.or(1_000, 100); i++) {
      prove();
      database.connection().commit();
    }
    vacuum();
    long grown = Long.parseLong(value(size)) - before;
    System.out.printf("catalogs grew by %d bytes%n", grown);
    assertTrue(grown <= 1_048_576, () -> "catalogs grew by " + grown + " bytes");
  }

  private static void vacuum() throws SQLException {
    database.connection().rollback();
    database.connection().setAutoCommit(true);
    database.execute("VACUUM");
    database.connection().setAutoCommit(false);
  }
}
