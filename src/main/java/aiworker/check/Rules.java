package aiworker.check;

import java.util.List;
import java.util.Optional;

/**
 * The lists of the policy, each rule with its reason. What no rule names is decided by the server's
 * catalog: see {@link Policy}.
 *
 * <p>{@code refuse} holds for functions whatever else allows them, {@code allow} makes an exception
 * for harmless functions of pg_catalog, {@code name} forbids a name wherever it stands. A star
 * matches any characters; the first {@code allow} or {@code refuse} that matches decides.
 */
final class Rules {
  private static final String TABLE =
      """
      allow   pg_typeof                      names the type of its argument
      allow   pg_collation_for               names the collation of its argument
      allow   pg_column_size                 size of a value
      allow   pg_column_compression          compression of a value
      allow   pg_size_pretty                 formats a number
      allow   pg_size_bytes                  parses a number
      allow   pg_relation_size               size of a relation
      allow   pg_table_size                  size of a relation
      allow   pg_indexes_size                size of a relation's indexes
      allow   pg_total_relation_size         size of a relation
      allow   pg_database_size               size of a database
      allow   random                         volatile by its nature, changes nothing that is stored
      allow   random_normal                  as random
      allow   gen_random_uuid                volatile by its nature, changes nothing
      allow   uuidv4                         as gen_random_uuid
      allow   uuidv7                         as gen_random_uuid
      allow   clock_timestamp                reads the clock
      allow   timeofday                      reads the clock
      allow   bernoulli                      sampling method of TABLESAMPLE, cannot be called
      allow   system                         sampling method of TABLESAMPLE, cannot be called
      refuse  pg_*                           reads or changes the server's own state
      refuse  binary_upgrade_*               changes the catalogs
      refuse  brin_*                         changes indexes
      refuse  gin_*                          changes indexes
      refuse  dblink*                        opens connections and runs SQL text elsewhere
      refuse  postgres_fdw_*                 changes connections
      refuse  query_to_xml*                  runs SQL text
      refuse  cursor_to_xml*                 reads from a cursor
      refuse  table_to_xml*                  reads a relation by its name as text
      refuse  schema_to_xml*                 reads a schema by its name as text
      refuse  database_to_xml*               reads the whole database
      refuse  ts_stat                        runs SQL text
      refuse  ts_rewrite                     runs SQL text in one of its forms
      refuse  xpath_table                    runs SQL text
      refuse  xslt_process                   reads files and addresses
      refuse  crosstab*                      runs SQL text
      refuse  connectby                      runs SQL text
      refuse  lo_*                           reads and writes large objects and files
      refuse  loread                         reads large objects
      refuse  lowrite                        writes large objects
      refuse  set_config                     changes settings
      refuse  current_setting                reads settings, secrets among them
      refuse  setseed                        changes the session's random sequence
      refuse  nextval                        changes a sequence
      refuse  setval                         changes a sequence
      refuse  currval                        reads a sequence's state of the session
      refuse  lastval                        reads a sequence's state of the session
      refuse  txid_*                         assigns or reveals transaction numbers
      refuse  has_*_privilege                tells of objects out of scope
      refuse  row_security_active            tells of objects out of scope
      refuse  obj_description                reads comments of objects out of scope
      refuse  col_description                reads comments of objects out of scope
      refuse  shobj_description              reads comments of shared objects
      refuse  to_reg*                        tells of objects out of scope
      refuse  regclass*                      tells of objects out of scope
      refuse  regprocedure*                  tells of objects out of scope
      refuse  regproc*                       tells of objects out of scope
      refuse  regoper*                       tells of objects out of scope
      refuse  regtype*                       tells of objects out of scope
      refuse  regrole*                       tells of roles
      refuse  regnamespace*                  tells of schemas out of scope
      refuse  regconfig*                     tells of objects out of scope
      refuse  regdictionary*                 tells of objects out of scope
      refuse  regcollation*                  tells of objects out of scope
      refuse  inet_client_*                  tells of the connection
      refuse  inet_server_*                  tells of the server's address
      refuse  current_query                  reads the text of the running call
      refuse  currtid*                       reads rows by their place
      refuse  makeaclitem                    tells of roles
      refuse  aclexplode                     tells of privileges
      refuse  acldefault                     tells of privileges
      refuse  aclcontains                    tells of privileges
      refuse  aclitemin                      tells of roles
      refuse  dsnowball_*                    internal to text search
      refuse  array_in                       makes a value of any type, by its number
      refuse  domain_in                      makes a value of any type, by its number
      refuse  record_in                      makes a value of any type, by its number
      refuse  range_in                       makes a value of any type, by its number
      refuse  multirange_in                  makes a value of any type, by its number
      refuse  ts_debug                       reads the catalogs of text search
      refuse  ts_token_type                  reads the catalogs of text search
      refuse  ai_worker_*                    is ours, and not for generated queries
      refuse  ai_generate_sql                is ours, and not for generated queries
      refuse  ai_cached_sql                  is ours, and not for generated queries
      refuse  ai_sql                         is ours, and not for generated queries
      refuse  ai_run_sql                     is ours, and not for generated queries
      name    pg_toast*                      is a schema that is not in scope
      name    pg_temp*                       is a schema that is not in scope
      name    regclass                       tells of objects out of scope
      name    regproc                        tells of objects out of scope
      name    regprocedure                   tells of objects out of scope
      name    regoper                        tells of objects out of scope
      name    regoperator                    tells of objects out of scope
      name    regtype                        tells of objects out of scope
      name    regrole                        tells of roles
      name    regnamespace                   tells of schemas out of scope
      name    regconfig                      tells of objects out of scope
      name    regdictionary                  tells of objects out of scope
      name    regcollation                   tells of objects out of scope
      name    aclitem                        tells of roles
      """;

  private static final List<Rule> RULES = TABLE.lines().map(Rule::parse).toList();

  private Rules() {}

  /** Why a function is refused whatever its catalog entry says; empty if no rule refuses it. */
  static Optional<String> refusedFunction(String name) {
    return firstFor(name).filter(rule -> rule.verdict.equals("refuse")).map(Rule::reason);
  }

  /** Whether a function of pg_catalog is allowed though it is volatile. */
  static boolean isHarmlessFunction(String name) {
    return firstFor(name).filter(rule -> rule.verdict.equals("allow")).isPresent();
  }

  /** Why a name is forbidden wherever it stands; empty if it is not. */
  static Optional<String> forbiddenName(String name) {
    return RULES.stream()
        .filter(rule -> rule.verdict.equals("name") && rule.matches(name))
        .findFirst()
        .map(Rule::reason);
  }

  /** The server keeps this prefix for itself. */
  static boolean isSystemName(String name) {
    return name.startsWith("pg_") || name.equals("information_schema");
  }

  /** Our own tables and views. */
  static boolean isOurs(String relation) {
    return relation.startsWith("ai_worker_");
  }

  private static Optional<Rule> firstFor(String name) {
    return RULES.stream()
        .filter(rule -> !rule.verdict.equals("name") && rule.matches(name))
        .findFirst();
  }

  /**
   * One line of the table.
   *
   * @param pattern with at most one star
   */
  private record Rule(String verdict, String pattern, String reason) {
    private static Rule parse(String line) {
      String[] columns = line.split(" +", 3);
      return new Rule(columns[0], columns[1], columns[2]);
    }

    private boolean matches(String name) {
      int star = pattern.indexOf('*');
      if (star < 0) {
        return name.equals(pattern);
      }
      String head = pattern.substring(0, star);
      String tail = pattern.substring(star + 1);
      return name.length() >= head.length() + tail.length()
          && name.startsWith(head)
          && name.endsWith(tail);
    }
  }
}
