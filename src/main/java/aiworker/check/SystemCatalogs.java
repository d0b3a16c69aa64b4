package aiworker.check;

import java.util.Arrays;
import java.util.List;

/**
 * The system's relations that queries may read where the {@code system_catalogs} setting is on,
 * each with what it tells. Whatever is not listed stays closed: passwords and attributes of roles,
 * user mappings and options of foreign servers, configuration, statistics that hold values of
 * columns, texts of other sessions' queries, large objects, bodies of functions, values of
 * sequences.
 *
 * <p>Immutable.
 */
public final class SystemCatalogs {
  static final String PG_CATALOG = "pg_catalog";
  private static final String INFORMATION_SCHEMA = "information_schema";

  private static final String TABLE =
      """
      information_schema.tables                      relations by name
      information_schema.columns                     columns, types and defaults
      information_schema.views                       views; their text for owners only
      information_schema.schemata                    schemas by name
      information_schema.sequences                   bounds of sequences, never their values
      information_schema.table_constraints           constraints by name
      information_schema.constraint_table_usage      what constraints refer to
      information_schema.constraint_column_usage     what constraints refer to
      information_schema.check_constraints           conditions of constraints
      information_schema.referential_constraints     foreign keys
      information_schema.key_column_usage            columns of keys
      information_schema.view_table_usage            what views read
      information_schema.view_column_usage           what views read
      information_schema.domains                     domains by name
      information_schema.domain_constraints          constraints of domains
      information_schema.element_types               element types of arrays
      information_schema.attributes                  attributes of composite types
      information_schema.user_defined_types          composite types by name
      information_schema.triggers                    triggers by name, with what they call
      pg_catalog.pg_tables                           tables by name
      pg_catalog.pg_views                            views and their text
      pg_catalog.pg_matviews                         materialized views and their text
      pg_catalog.pg_indexes                          indexes and their text
      pg_catalog.pg_class                            relations, estimates of rows and pages, grants
      pg_catalog.pg_attribute                        columns; of data at most the default of a column added later
      pg_catalog.pg_namespace                        schemas by name
      pg_catalog.pg_type                             types
      pg_catalog.pg_enum                             labels of enums
      pg_catalog.pg_constraint                       constraints
      pg_catalog.pg_index                            what indexes cover
      pg_catalog.pg_inherits                         partitions and children
      pg_catalog.pg_partitioned_table                keys of partitioned tables
      pg_catalog.pg_am                               access methods by name
      pg_catalog.pg_description                      comments
      pg_catalog.pg_extension                        extensions and their versions
      pg_catalog.pg_stat_user_tables                 counts of scans and rows, times of vacuum
      pg_catalog.pg_stat_user_indexes                counts of scans
      pg_catalog.pg_statio_user_tables               counts of blocks
      pg_catalog.pg_statio_user_indexes              counts of blocks
      """;

  private static final List<String> NAMES =
      TABLE.lines().map(line -> line.substring(0, line.indexOf(' '))).toList();

  private SystemCatalogs() {}

  /** Schema and name of each, joined by a dot. */
  public static List<String> names() {
    return NAMES;
  }

  static boolean isReadable(String schema, String relation) {
    return NAMES.contains(schema + "." + relation);
  }

  /** Null is none. */
  static boolean isSchema(String schema) {
    return PG_CATALOG.equals(schema) || INFORMATION_SCHEMA.equals(schema);
  }

  /** Whether a part of a name is one of these schemas or relations. */
  static boolean isListed(String part) {
    return NAMES.stream().anyMatch(name -> Arrays.asList(name.split("\\.")).contains(part));
  }
}
