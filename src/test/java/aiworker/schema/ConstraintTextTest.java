package aiworker.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConstraintTextTest {
  @Test
  void keysAreRead() {
    assertEquals(
        new Key(Key.Kind.PRIMARY, List.of("a", "\"B (,)\""), null, List.of()),
        ConstraintText.key("PRIMARY KEY (a, \"B (,)\") INCLUDE (c) DEFERRABLE"));
    assertEquals(
        new Key(Key.Kind.UNIQUE, List.of("a"), null, List.of()),
        ConstraintText.key("UNIQUE NULLS NOT DISTINCT (a)"));
    assertEquals(
        new Key(Key.Kind.FOREIGN, List.of("a"), "app.\"My.\"\"T\"", List.of("id")),
        ConstraintText.key(
            "FOREIGN KEY (a) REFERENCES app.\"My.\"\"T\"(id) ON DELETE CASCADE NOT VALID"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CHECK ((a > 0))",
        "EXCLUDE USING gist (during WITH &&)",
        "PRIMARY KEY (",
        "FOREIGN KEY (PERIOD x) REFERENCES",
        ""
      })
  void otherConstraintsAreNoKeys(String definition) {
    assertNull(ConstraintText.key(definition));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          CHECK ((c = ANY (ARRAY['a'::text, 'b'::text]))) | 'a', 'b'
          CHECK (((c)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))) | 'a', 'b'
          CHECK (((c)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying(3))::text]))) | 'a', 'b'
          CHECK ((c = 'it''s'::text)) | 'it''s'
          CHECK (((c = 'a'::text) OR (c = 'b'::text))) | 'a', 'b'
          CHECK ((c = ANY (ARRAY[1, '-2'::integer, (3)::bigint]))) | 1, '-2', 3
          CHECK ((c = ANY (ARRAY['], '::text, '('::text]))) | '], ', '('
          CHECK ((c = 'x'::public.mood)) | 'x'
          """)
  void listedValuesAreRead(String definition, String values) {
    ConstraintText.AllowedValues allowed = ConstraintText.allowedValues(definition);
    assertEquals("c", allowed.column());
    assertEquals(values, String.join(", ", allowed.literals()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CHECK ((c > 0))",
        "CHECK (((c = 'a'::text) OR (d = 'b'::text)))",
        "CHECK (((c = 'a'::text) AND (d = 'b'::text)))",
        "CHECK (((c = 'a'::text) OR (c IS NULL)))",
        "CHECK ((c <> ALL (ARRAY['a'::text])))",
        "CHECK ((c = ANY (ARRAY['a'::text]))) NOT VALID",
        "CHECK ((lower(c) = 'a'::text))",
        "CHECK ((c = d))",
        "CHECK ((c = ANY (ARRAY['a'::text, NULL::text])))",
        "CHECK ((c = 'a",
        "PRIMARY KEY (c)"
      })
  void otherChecksAreLeftAlone(String definition) {
    assertNull(ConstraintText.allowedValues(definition));
  }
}
