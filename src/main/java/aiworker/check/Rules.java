package aiworker.check;

import java.util.List;
import java.util.Optional;

/**
 * The lists of the policy, each rule with its reason. What no rule names is decided by the server's
 * catalog: see {@link Policy}.
 *
 * <p>Functions of pg_catalog are harmless if they are immutable, as their result is made of their
 * arguments alone. Others are harmless if {@code allow} lists them, or {@code catalog} where {@code
 * system_catalogs} is on. {@code refuse} holds for functions whatever else allows them, {@code
 * name} forbids a name as a type, and wherever it stands if the server cannot be asked. A star
 * matches any characters; of the rules for functions the first that matches decides.
 */
final class Rules {
  private static final String TABLE =
      """
      allow    date*                          reads the time zone or DateStyle
      allow    time*                          reads the time zone, the clock or DateStyle
      allow    interval_pl_timestamptz        reads the time zone
      allow    make_timestamptz               reads the time zone
      allow    to_timestamp                   reads the time zone
      allow    to_date                        reads lc_time
      allow    to_char                        reads the time zone, lc_time and lc_numeric
      allow    to_number                      reads lc_numeric
      allow    extract                        reads the time zone
      allow    overlaps                       reads the time zone
      allow    in_range                       reads the time zone
      allow    generate_series                reads the time zone
      allow    age                            reads the time zone; of a transaction number, how old it is
      allow    now                            reads the clock
      allow    transaction_timestamp          reads the clock
      allow    statement_timestamp            reads the clock
      allow    clock_timestamp                reads the clock
      allow    money                          reads lc_monetary
      allow    numeric                        of money, reads lc_monetary
      allow    concat                         prints values
      allow    concat_ws                      prints values
      allow    textanycat                     prints a value
      allow    anytextcat                     prints a value
      allow    format                         prints values
      allow    quote_literal                  prints a value
      allow    quote_nullable                 prints a value
      allow    array_to_string                prints values
      allow    array_to_json                  prints values
      allow    row_to_json                    prints values
      allow    to_json                        prints a value
      allow    to_jsonb                       prints a value
      allow    json_*                         makes JSON of values, and values of JSON
      allow    jsonb_*                        makes JSON of values, and values of JSON
      allow    xml                            reads the option XMLOPTION
      allow    xml_is_well_formed             reads the option XMLOPTION
      allow    convert                        reads the conversions of encodings
      allow    convert_from                   reads the conversions of encodings
      allow    convert_to                     reads the conversions of encodings
      allow    length                         of bytes in an encoding
      allow    enum_first                     reads the labels of an enum
      allow    enum_last                      reads the labels of an enum
      allow    enum_range                     reads the labels of an enum
      allow    *to_tsquery                    reads a text search configuration
      allow    *to_tsvector                   reads a text search configuration
      allow    ts_headline                    reads a text search configuration
      allow    ts_match_t*                    reads a text search configuration
      allow    ts_debug                       reads a text search configuration
      allow    ts_parse                       reads a text search parser
      allow    ts_token_type                  reads a text search parser
      allow    get_current_ts_config          names the text search configuration
      allow    current_database               names the database
      allow    current_schema                 names the schema
      allow    current_schemas                names schemas of the path
      allow    current_user                   names the role that asks
      allow    session_user                   names the role that asks
      allow    system_user                    names who asks
      allow    getdatabaseencoding            names an encoding
      allow    pg_typeof                      names the type of its argument
      allow    pg_collation_for               names the collation of its argument
      allow    pg_column_size                 size of a value
      allow    pg_column_compression          compression of a value
      allow    pg_size_pretty                 formats a number
      allow    pg_size_bytes                  parses a number
      allow    random                         volatile by its nature, changes nothing that is stored
      allow    random_normal                  as random
      allow    array_sample                   as random
      allow    array_shuffle                  as random
      allow    gen_random_uuid                volatile by its nature, changes nothing
      allow    uuidv4                         as gen_random_uuid
      allow    uuidv7                         as gen_random_uuid
      allow    bernoulli                      sampling method of TABLESAMPLE, cannot be called
      allow    system                         sampling method of TABLESAMPLE, cannot be called
      catalog  pg_relation_size               size of a relation
      catalog  pg_table_size                  size of a relation
      catalog  pg_indexes_size                size of a relation's indexes
      catalog  pg_total_relation_size         size of a relation
      catalog  pg_database_size               size of a database
      catalog  format_type                    names a type by its number
      catalog  version                        tells what the server is
      refuse   pg_*                           reads or changes the server's own state
      refuse   binary_upgrade_*               changes the catalogs
      refuse   brin_*                         changes indexes
      refuse   gin_*                          changes indexes
      refuse   dblink*                        opens connections and runs SQL text elsewhere
      refuse   postgres_fdw_*                 changes connections
      refuse   postgresql_fdw_validator       reads options of connections
      refuse   query_to_xml*                  runs SQL text
      refuse   cursor_to_xml*                 reads from a cursor
      refuse   table_to_xml*                  reads a relation by its name as text
      refuse   schema_to_xml*                 reads a schema by its name as text
      refuse   database_to_xml*               reads the whole database
      refuse   ts_stat                        runs SQL text
      refuse   ts_rewrite                     runs SQL text in one of its forms
      refuse   xpath_table                    runs SQL text
      refuse   xslt_process                   reads files and addresses
      refuse   crosstab*                      runs SQL text
      refuse   connectby                      runs SQL text
      refuse   lo_*                           reads and writes large objects and files
      refuse   loread                         reads large objects
      refuse   lowrite                        writes large objects
      refuse   set_config                     changes settings
      refuse   current_setting                reads settings, secrets among them
      refuse   setseed                        changes the session's random sequence
      refuse   nextval                        changes a sequence
      refuse   setval                         changes a sequence
      refuse   currval                        reads a sequence's state of the session
      refuse   lastval                        reads a sequence's state of the session
      refuse   txid_*                         assigns or reveals transaction numbers
      refuse   has_*_privilege                tells of objects out of scope
      refuse   to_reg*                        tells of objects out of scope
      refuse   regclass*                      tells of objects out of scope
      refuse   regprocedure*                  tells of objects out of scope
      refuse   regproc*                       tells of objects out of scope
      refuse   regoper*                       tells of objects out of scope
      refuse   regtype*                       tells of objects out of scope
      refuse   regrole*                       tells of roles
      refuse   regnamespace*                  tells of schemas out of scope
      refuse   regconfig*                     tells of objects out of scope
      refuse   regdictionary*                 tells of objects out of scope
      refuse   regcollation*                  tells of objects out of scope
      refuse   satisfies_hash_partition       tells of objects out of scope
      refuse   makeaclitem                    tells of roles
      refuse   acl*                           tells of roles and privileges
      refuse   hash_aclitem*                  tells of roles
      refuse   dsnowball_*                    internal to text search
      refuse   array_in                       makes a value of any type, by its number
      refuse   domain_in                      makes a value of any type, by its number
      refuse   record_in                      makes a value of any type, by its number
      refuse   *range_in                      makes a value of any type, by its number
      refuse   ai_worker_*                    is ours, and not for generated queries
      refuse   ai_generate_sql                is ours, and not for generated queries
      refuse   ai_cached_sql                  is ours, and not for generated queries
      refuse   ai_sql                         is ours, and not for generated queries
      refuse   ai_run_sql                     is ours, and not for generated queries
      name     pg_toast*                      is a schema that is not in scope
      name     pg_temp*                       is a schema that is not in scope
      name     regclass                       tells of objects out of scope
      name     regproc                        tells of objects out of scope
      name     regprocedure                   tells of objects out of scope
      name     regoper                        tells of objects out of scope
      name     regoperator                    tells of objects out of scope
      name     regtype                        tells of objects out of scope
      name     regrole                        tells of roles
      name     regnamespace                   tells of schemas out of scope
      name     regconfig                      tells of objects out of scope
      name     regdictionary                  tells of objects out of scope
      name     regcollation                   tells of objects out of scope
      name     aclitem                        tells of roles
      """;

  private static final List<Rule> RULES = TABLE.lines().map(Rule::parse).toList();

  private Rules() {}

  /** Why a function is refused whatever its catalog entry says; empty if no rule refuses it. */
  static Optional<String> refusedFunction(String name) {
    return firstFor(name).filter(rule -> rule.verdict.equals("refuse")).map(Rule::reason);
  }

  /**
   * Whether a function of pg_catalog is harmless though it is not immutable.
   *
   * @param systemCatalogs whether what tells of the database is harmless too
   */
  static boolean isHarmlessFunction(String name, boolean systemCatalogs) {
    return firstFor(name)
        .filter(
            rule ->
                rule.verdict.equals("allow") || (systemCatalogs && rule.verdict.equals("catalog")))
        .isPresent();
  }

  /**
   * Why a name is forbidden as a type, and as anything else where the server cannot be asked; empty
   * if it is not.
   */
  static Optional<String> forbiddenName(String name) {
    return RULES.stream()
        .filter(rule -> rule.verdict.equals("name") && rule.matches(name))
        .findFirst()
        .map(Rule::reason);
  }

  /** A type whose constants are names that everybody may use, by their numbers they would tell. */
  static boolean isOfTextSearch(String type) {
    return type.equals("regconfig") || type.equals("regdictionary");
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
