package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.db.Row;
import aiworker.error.AiWorkerException;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Every function that the server brings is judged, by a rule or by being immutable. */
class BuiltinFunctionsIT {
  /** That have a form which takes a number or a name of an object, and why that tells nothing. */
  private static final Set<String> OF_NUMBERS =
      Set.of(
          // how many transactions ago
          "age",
          // numbers as numbers, or as bytes
          "int8",
          "max",
          "min",
          "xid",
          "format",
          "oidlarger",
          "oidsmaller",
          "oidvectorin",
          "tidlarger",
          "tidsmaller",
          "nameconcatoid",
          "xid8_larger",
          "xid8_smaller",
          // text search configurations and dictionaries, which everybody may use
          "to_tsvector",
          "to_tsquery",
          "plainto_tsquery",
          "phraseto_tsquery",
          "websearch_to_tsquery",
          "json_to_tsvector",
          "jsonb_to_tsvector",
          "ts_debug",
          "ts_headline",
          "ts_lexize",
          "ts_parse",
          "ts_token_type",
          // input of one fixed type, whose element or modifier the server gives as numbers
          "bit_in",
          "varbit_in",
          "bpcharin",
          "varcharin",
          "numeric_in",
          "time_in",
          "timetz_in",
          "timestamp_in",
          "timestamptz_in",
          // of indexes
          "btequalimage",
          "btoidcmp",
          "btvarstrequalimage");

  private static CheckDatabase database;
  private static List<Row> functions;

  @BeforeAll
  static void read() throws SQLException {
    database = CheckDatabase.create();
    functions =
        database
            .database()
            .query(
                """
                SELECT p.proname AS name, p.provolatile::text AS volatility,
                       EXISTS (SELECT FROM unnest(p.proargtypes) AS a (oid) JOIN pg_type AS t ON t.oid = a.oid
                                WHERE t.typname IN ('oid', 'aclitem', '_aclitem', 'xid', 'pg_snapshot')
                                   OR t.typname LIKE 'reg%') AS of_numbers
                  FROM pg_proc AS p
                 WHERE p.oid < 16384 AND p.pronamespace = 'pg_catalog'::regnamespace
                   AND p.oid NOT IN (SELECT o.oprcode FROM pg_operator AS o)
                   AND p.proname !~ '(send|recv|out|^hash.*|^in_range)$'
                   AND 'internal'::regtype <> ALL (p.proargtypes)
                """);
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
  }

  @Test
  void noneIsAllowedThatNoRuleNamesUnlessItIsImmutable() {
    Set<String> volatileOnes = new TreeSet<>();
    int allowed = 0;
    for (Row function : functions) {
      String name = function.text("name");
      if (isAllowed(function, false)) {
        allowed++;
        assertTrue(
            function.text("volatility").equals("i") || Rules.isHarmlessFunction(name, false), name);
        if (function.text("volatility").equals("v")) {
          volatileOnes.add(name);
        }
      }
    }
    System.out.printf("built-in functions: %d allowed of %d%n", allowed, functions.size());
    volatileOnes.removeAll(
        Set.of(
            "array_sample",
            "array_shuffle",
            "bernoulli",
            "clock_timestamp",
            "gen_random_uuid",
            "random",
            "random_normal",
            "system",
            "timeofday",
            "timezone",
            "uuidv4",
            "uuidv7"));
    assertEquals(Set.of(), volatileOnes);
  }

  @Test
  void noneIsAllowedThatLooksUpObjectsByTheirNumbersOrNames() {
    Set<String> lookups = new TreeSet<>();
    for (Row function : functions) {
      if (function.text("of_numbers").equals("t") && isAllowed(function, false)) {
        lookups.add(function.text("name"));
      }
    }
    lookups.removeAll(OF_NUMBERS);
    assertEquals(Set.of(), lookups);
  }

  @Test
  void whatTellsOfTheDatabaseIsOpenWithItsCatalogs() {
    for (String name : List.of("pg_total_relation_size", "format_type", "version")) {
      assertEquals(List.of(false), judged(name, false), name);
      assertEquals(List.of(true), judged(name, true), name);
    }
    assertEquals(List.of(false), judged("pg_ls_waldir", true));
  }

  private static List<Boolean> judged(String name, boolean systemCatalogs) {
    return functions.stream()
        .filter(function -> function.text("name").equals(name))
        .map(function -> isAllowed(function, systemCatalogs))
        .distinct()
        .toList();
  }

  private static boolean isAllowed(Row function, boolean systemCatalogs) {
    String name = function.text("name");
    try {
      new Policy(CheckDatabase.config(1_000, List.of(), List.of("public"), systemCatalogs))
          .judge(
              List.of(
                  new CatalogFact(
                      "function",
                      "pg_catalog",
                      name,
                      name,
                      function.text("volatility"),
                      false,
                      false,
                      true)));
      return true;
    } catch (AiWorkerException e) {
      return false;
    }
  }
}
