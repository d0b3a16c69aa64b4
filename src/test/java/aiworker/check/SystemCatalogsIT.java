package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SystemCatalogsIT {
  private static final List<String> SCOPE = List.of("public", "sales");
  @AutoClose private static final CheckDatabase database = CheckDatabase.create();

  @AfterEach
  void rollBack() throws SQLException {
    database.connection().rollback();
  }

  private static String prove(boolean open, List<String> schemas, String statement) {
    return new Prover(database.database(), CheckDatabase.config(1_000, List.of(), schemas, open))
        .prove(statement)
        .text();
  }

  private static void refused(boolean open, List<String> schemas, String statement) {
    AiWorkerException e =
        assertThrows(
            AiWorkerException.class, () -> prove(open, schemas, statement), () -> statement);
    assertEquals(Failure.STATEMENT_REFUSED, e.failure(), e.getMessage());
  }

  static List<String> names() {
    return SystemCatalogs.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void whatIsListedIsReadableByAnyRoleAndOnlyIfOpen(String relation) throws SQLException {
    String statement = "SELECT * FROM " + relation;
    database.execute(prove(true, SCOPE, statement));
    refused(false, SCOPE, statement);
    assertEquals(
        "t",
        database
            .database()
            .query("SELECT has_table_privilege('public', ?, 'SELECT') AS readable", relation)
            .get(0)
            .text("readable"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT relname FROM pg_class",
        "SELECT pg_class.relname, reltuples::bigint FROM PG_CATALOG.Pg_Class ORDER BY pg_class.relname",
        "SELECT \"pg_class\".relname FROM \"pg_catalog\".\"pg_class\"",
        "SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class",
        "SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n"
            + " ON n.oid = c.relnamespace WHERE n.nspname = 'public'",
        "SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
        "SELECT t.table_name, count(*) FROM information_schema.tables AS t"
            + " JOIN INFORMATION_SCHEMA.COLUMNS c USING (table_schema, table_name) GROUP BY 1",
        "SELECT information_schema.tables.table_name FROM information_schema.tables",
        "SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a",
        "SELECT u.name FROM users u WHERE EXISTS (SELECT 1 FROM pg_stat_user_tables s WHERE s.n_dead_tup > 0)"
      })
  void queriesOnTheListAreAcceptedOnlyIfOpen(String statement) throws SQLException {
    database.execute(prove(true, SCOPE, statement));
    refused(false, SCOPE, statement);
    refused(false, List.of("public", "pg_catalog", "information_schema"), statement);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pg_authid",
        "pg_shadow",
        "pg_roles",
        "pg_user",
        "pg_auth_members",
        "pg_user_mapping",
        "pg_user_mappings",
        "pg_foreign_server",
        "pg_foreign_data_wrapper",
        "pg_foreign_table",
        "pg_hba_file_rules",
        "pg_ident_file_mappings",
        "pg_file_settings",
        "pg_settings",
        "pg_db_role_setting",
        "pg_statistic",
        "pg_statistic_ext_data",
        "pg_stats",
        "pg_stats_ext",
        "pg_stats_ext_exprs",
        "pg_stat_activity",
        "pg_stat_statements",
        "pg_stat_replication",
        "pg_stat_ssl",
        "pg_locks",
        "pg_cursors",
        "pg_prepared_statements",
        "pg_prepared_xacts",
        "pg_largeobject",
        "pg_largeobject_metadata",
        "pg_subscription",
        "pg_sequences",
        "pg_sequence",
        "pg_proc",
        "pg_trigger",
        "pg_policies",
        "pg_seclabel",
        "pg_config",
        "pg_replication_slots",
        "pg_backend_memory_contexts"
      })
  void theRestOfPgCatalogStaysClosed(String relation) {
    for (String statement :
        List.of(
            "SELECT * FROM " + relation,
            "SELECT * FROM pg_catalog." + relation,
            "SELECT * FROM \"pg_catalog\".\"" + relation + "\"",
            "SELECT * FROM public." + relation,
            "SELECT (SELECT count(*) FROM PG_CATALOG." + relation + ") FROM pg_class",
            "WITH x AS (SELECT * FROM " + relation + ") SELECT * FROM x")) {
      refused(true, SCOPE, statement);
      refused(true, List.of("public", "pg_catalog"), statement);
      refused(false, SCOPE, statement);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "user_mappings",
        "user_mapping_options",
        "foreign_servers",
        "foreign_server_options",
        "foreign_table_options",
        "foreign_data_wrapper_options",
        "column_options",
        "routines",
        "parameters",
        "enabled_roles",
        "applicable_roles",
        "administrable_role_authorizations",
        "role_table_grants",
        "table_privileges",
        "_pg_user_mappings",
        "sql_features"
      })
  void theRestOfTheInformationSchemaStaysClosed(String view) {
    for (List<String> schemas : List.of(SCOPE, List.of("public", "information_schema"))) {
      refused(true, schemas, "SELECT * FROM information_schema." + view);
      refused(true, schemas, "SELECT * FROM \"information_schema\".\"" + view + "\"");
      refused(false, schemas, "SELECT * FROM information_schema." + view);
    }
    refused(true, List.of("public", "information_schema"), "SELECT * FROM " + view);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT '(1)'::pg_class",
        "SELECT CAST('(1)' AS pg_catalog.pg_class) FROM pg_class",
        "SELECT * FROM json_to_record('{}') AS t(a pg_type)",
        "SELECT * FROM json_to_record('{}') AS t(a pg_catalog.pg_type)",
        "SELECT 'x'::information_schema.sql_identifier",
        "SELECT information_schema._pg_truetypid(a, t) FROM pg_attribute a, pg_type t",
        "SELECT 'users'::regclass FROM pg_class",
        "SELECT relacl::text, aclexplode(relacl) FROM pg_class",
        "SELECT pg_get_viewdef(oid) FROM pg_class",
        "SELECT c.pg_relation_filepath FROM pg_class c",
        "SELECT obj_description(oid, 'pg_class') FROM pg_class",
        "SELECT current_setting('config_file') FROM pg_class",
        "SELECT * FROM pg_toast.pg_toast_1255",
        "SELECT * FROM pg_temp.pg_class",
        "SELECT * FROM secret.salaries, pg_class",
        "SELECT * FROM pg_class FOR SHARE"
      })
  void openingOpensNothingElse(String statement) {
    refused(true, SCOPE, statement);
  }

  @Test
  void aTableThatOnlyLooksLikeTheSystemsIsNotOneOfTheList() throws SQLException {
    database.execute("CREATE TABLE public.pg_mine (id int)");
    refused(true, SCOPE, "SELECT * FROM pg_mine");
    refused(true, SCOPE, "SELECT * FROM public.pg_mine");
  }

  @Test
  void unqualifiedViewsOfTheInformationSchemaNeedBothSettings() {
    List<String> schemas = List.of("public", "information_schema");
    assertEquals(
        "SELECT table_name FROM information_schema.tables LIMIT 1000",
        prove(true, schemas, "SELECT table_name FROM tables"));
    refused(false, schemas, "SELECT table_name FROM tables");
  }
}
