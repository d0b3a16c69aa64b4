package aiworker.meaning;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LiteralsTest {
  static String[][] literals() {
    return new String[][] {
      {"'it''s'", "it's"},
      {"'one'\n  'two'", "onetwo"},
      {"'one' -- and\n 'two'", "onetwo"},
      // two quotes on either side of a line's end are quotes within, and join nothing
      {"'it''\n''s'", "it'\n's"},
      {"$$it's$$", "it's"},
      {"$a$b$a$", "b"},
      {"E'a\\tb\\x41\\'c'", "a\tbA'c"},
      // no escape reaches over the joint
      {"E'\\x4'\n'1'", "\u00041"},
      {"U&'d\\0061t\\+000061'", "data"},
    };
  }

  @ParameterizedTest
  @MethodSource("literals")
  void literalsStandForTheirTexts(String literal, String text) {
    assertEquals(text, Literals.text(literal));
  }
}
