package aiworker.meaning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.schema.SchemaContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnknownValueTest {
  private static final SchemaContext SCHEMA =
      SchemaContext.of(
          """
          {"schemas": [["public", null], ["sales", null]], "types": [["public", "mood", "e", ["fine", "so so"], null, false, [], null]], "relations": [
            {"schema": "public", "name": "orders", "kind": "r",
             "columns": ["id integer NOT NULL", "status text", "grade integer", "city text", "\\"Mode\\" text", "note text", "code character(3)", "kind text COLLATE ci", "old text", "mood public.mood", "moods public.mood[]"],
             "constraints": ["CHECK ((status = ANY (ARRAY['new'::text, 'it''s'::text])))",
                             "CHECK ((code = ANY (ARRAY['a  '::bpchar, 'bcd'::bpchar])))",
                             "CHECK ((kind = ANY (ARRAY['a'::text, 'b'::text])))",
                             "CHECK ((old = ANY (ARRAY['a'::text, 'b'::text]))) NOT VALID",
                             "CHECK ((grade = ANY (ARRAY[1, 2])))",
                             "CHECK ((\\"Mode\\" = 'a'::text) OR (\\"Mode\\" = 'b'::text))"]},
            {"schema": "public", "name": "parcels", "kind": "r", "columns": ["id integer", "status text"],
             "constraints": ["CHECK ((status = ANY (ARRAY['sent'::text])))"]},
            {"schema": "public", "name": "notes", "kind": "r", "columns": ["id integer", "status text"]},
            {"schema": "sales", "name": "leads", "kind": "r", "columns": ["source public.citext"],
             "constraints": ["CHECK ((source = ANY (ARRAY['Web'::public.citext])))"]}]}
          """,
          null,
          """
          [[["public", "orders", "city"], ["Rome", "Oslo"]],
           [["public", "orders", "note"], ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o",
             "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "aa", "bb", "cc", "dd", "ee"]]]
          """);

  private static List<String> warnings(String statement, String... relations) {
    return UnknownValue.warnings(statement, Set.of(relations), SCHEMA);
  }

  /** What each says is unknown. */
  private static String unknown(String statement, String... relations) {
    List<String> unknown = new ArrayList<>();
    for (String warning : warnings(statement, relations)) {
      int from = warning.lastIndexOf(", and ") + 6;
      unknown.add(warning.substring(from, warning.indexOf(" is none of them", from)));
    }
    return String.join(" ", unknown);
  }

  @Test
  void warningTellsTheColumnItsValuesAndTheText() {
    assertEquals(
        List.of("known values of orders.status are 'new', 'it''s', and 'shipped' is none of them"),
        warnings("SELECT * FROM orders WHERE status = 'shipped'", "public.orders"));
    assertEquals(
        List.of("known values of orders.city are 'Rome', 'Oslo', and 'Paris' is none of them"),
        warnings("SELECT * FROM orders WHERE city = 'Paris'", "public.orders"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          status = 'x' | 'x'
          o.status <> 'x' | 'x'
          public.orders.status != 'x' | 'x'
          "status" = 'x' | 'x'
          "Mode" = 'c' | 'c'
          'x' = status | 'x'
          'x'::text = status | 'x'
          status = E'x' | 'x'
          status = $$x$$ | 'x'
          status = U&'\\0078' | 'x'
          status = E'ne\\x77' | ``
          status = $a$it's$a$ | ``
          status = U&'ne\\0077' | ``
          status <> '' | ``
          code = 'a' | ``
          code = 'z' | 'z'
          'x' = o.status AND true | 'x'
          id = 1 AND (status = 'x' OR NOT status = 'y') | 'x' 'y'
          status IN ('new', 'x', 'y') | 'x' 'y'
          status NOT IN ('x') | 'x'
          status IN ('new'::text, 'x'::character varying) | 'x'
          status = ANY (ARRAY['new', 'x']) | 'x'
          status <> ALL (ARRAY['new'::text, 'x'::text]) | 'x'
          (orders.status)::text = 'x'::text | 'x'
          ((o.status)::character varying = ANY (ARRAY['x'::text, 'new'::text])) | 'x'
          status::text = 'x' | 'x'
          status::character varying(10) = 'x' | ``
          status = 'it''s' | ``
          status = 'New' | 'New'
          status = 'x' AND status = 'x' | 'x'
          CASE WHEN status = 'x' THEN 1 END = 1 | 'x'
          count(*) FILTER (WHERE status = 'x') > 0 | 'x'
          id IN (SELECT id FROM orders WHERE status = 'x') | 'x'
          status LIKE 'x' | 'x'
          status NOT LIKE 'x' | 'x'
          status ILIKE 'x' | 'x'
          lower(status) = 'NEW' | 'NEW'
          lower(o.status) = 'x' | 'x'
          upper(city) = 'Rome' | 'Rome'
          upper(city::text) IN ('ROME', 'PARIS') | 'PARIS'
          status = ANY ('{x}') | 'x'
          status = ANY ('{new,x,"y z"}'::text[]) | 'x' 'y z'
          mood::text = 'sad' | 'sad'
          mood::text IN ('fine', 'sad') | 'sad'
          mood = 'sad' | 'sad'
          CASE status WHEN 'x' THEN 1 WHEN 'new' THEN 2 WHEN 'y' THEN 3 END = 1 | 'x' 'y'
          CASE o.status WHEN 'x' THEN CASE WHEN true THEN 1 END END = 1 | 'x'
          """)
  void textsThatNoKnownValueEqualsAreFound(String condition, String expected) {
    assertEquals(
        expected, unknown("SELECT o.id FROM orders AS o WHERE " + condition, "public.orders"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "status = 'new'",
        "grade = '7'",
        "kind = 'A'",
        "old = 'x'",
        "status::citext = 'NEW'",
        "note = 'z'",
        "lower(status) = 'new'",
        "lower(city) = 'rome'",
        "upper(o.city::text) = 'OSLO'",
        "initcap(status) = 'New'",
        "status LIKE 'x%'",
        "status LIKE 'ne_'",
        "status ILIKE 'NEW'",
        "lower(status) LIKE 'x%'",
        "mood::text = 'fine'",
        "moods::text = '{x}'",
        "CASE status WHEN 'new' THEN 'x' END = 'x'",
        "CASE WHEN true THEN 'x' END = 'x'",
        "CASE id WHEN 1 THEN CASE WHEN true THEN 'y' END END = 'x'",
        "status = ANY ('{new,\"it''s\"}')",
        "status = ANY ('{\"a\\\"b\"}')",
        "status || 'x' = 'newx'",
        "note || status = 'x'",
        "status = 'n' || 'ew'",
        "status > 'x'",
        "status IN (SELECT 'x')",
        "status = ANY (SELECT 'x')",
        "status IN ('x', lower('Y'))",
        "status = (SELECT 'x')",
        "status COLLATE \"C\" = 'x'",
        "status = ANY (string_to_array('x', ','))",
        "id = length('x')",
        "unheard_of = 'x'",
        "'x' = status || 'y'",
        "'x' = status(1)"
      })
  void nothingElseIs(String condition) {
    assertEquals("", unknown("SELECT o.id FROM orders AS o WHERE " + condition, "public.orders"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM (SELECT upper(note) AS status FROM orders) t WHERE status = 'X'",
        "SELECT * FROM (SELECT upper(note) status FROM orders) t WHERE status = 'X'",
        "SELECT * FROM (SELECT note status FROM orders) t WHERE status = 'X'",
        "WITH t(status) AS (SELECT note FROM orders) SELECT * FROM t WHERE status = 'X'",
        "WITH a AS (SELECT 1), t(id, status) AS (SELECT id, note FROM orders) SELECT * FROM t WHERE status = 'X'",
        "SELECT * FROM (SELECT id, note FROM orders) AS t(id, status) WHERE status = 'X'",
        "SELECT * FROM (SELECT id, note FROM orders) t(id, status) WHERE status = 'X'",
        "SELECT * FROM orders o(id, status) WHERE status = 'X'",
        "SELECT x.* FROM orders, jsonb_to_recordset('[]') AS x(status text) WHERE x.status = 'X'",
        "SELECT x.* FROM orders, jsonb_to_recordset('[]') AS (id int, status text) WHERE status = 'X'"
      })
  void whatElseHasTheNameIsNoColumn(String statement) {
    assertEquals("", unknown(statement, "public.orders"));
  }

  @Test
  void aQueryThatIsNamedPassesItsColumnsOn() {
    String named = "WITH t AS (SELECT id, status FROM orders) SELECT * FROM t WHERE t.status = 'X'";
    assertEquals("'X'", unknown(named, "public.orders"));
  }

  @Test
  void everyRelationWithSuchAColumnMustBeKnown() {
    String join = "SELECT 1 FROM orders o JOIN %s p ON p.id = o.id WHERE p.status = '%s'";
    String parcels = join.formatted("parcels", "lost");
    assertEquals("'lost'", unknown(parcels, "public.orders", "public.parcels"));
    assertEquals("", unknown(join.formatted("parcels", "sent"), "public.orders", "public.parcels"));
    assertEquals("", unknown(join.formatted("notes", "lost"), "public.orders", "public.notes"));
    assertEquals("", unknown(parcels, "public.orders", "public.elsewhere"));
    assertEquals("", unknown("SELECT status = 'x'"));
  }

  @Test
  void aTypeThatTakesNoNoticeOfCaseIsCompared() {
    String leads = "SELECT 1 FROM sales.leads WHERE source = '%s'";
    assertEquals("", unknown(leads.formatted("WEB"), "sales.leads"));
    assertEquals("'fax'", unknown(leads.formatted("fax"), "sales.leads"));
  }

  @Test
  void whatIsToldIsShort() {
    String statement = "SELECT 1 FROM orders WHERE status = '%s'".formatted("x".repeat(10_000));
    assertTrue(warnings(statement, "public.orders").get(0).length() < 600);
  }
}
