package aiworker.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.util.RawValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  private static final ObjectMapper JACKSON = new ObjectMapper();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "null",
        "\"\"",
        "  true false",
        "{\"a\": [1, -2, 3000000000, 123456789012345678901234567890, 0.1, 1e300, -0.0, 5E-7]}",
        "{\"b\": {\"c\": [[], {}, [null, false]]}, \"a\": \"\\u00e9\\ud83d\\ude00\\\"\\\\\\n\\u0001/\"}",
        "{\"twice\": 1, \"other\": 2, \"twice\": 3}"
      })
  void readsAndWritesAsJacksonsMapperDoes(String text) throws Exception {
    JsonNode read = Json.read(text);
    assertEquals(JACKSON.readTree(text), read);
    assertEquals(JACKSON.writeValueAsString(JACKSON.readTree(text)), Json.write(read));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[1",
        "{\"a\"}",
        "{\"a\": }",
        "[1,]",
        "}",
        "nul",
        "\"a",
        "{\"a\": NaN}"
      })
  void refusesWhatIsNoValue(String text) {
    assertThrows(JsonProcessingException.class, () -> Json.read(text));
  }

  @Test
  void refusesWhatNestsTooDeep() throws Exception {
    assertEquals(1, Json.read("[".repeat(100) + "]".repeat(100)).size());
    assertThrows(JsonProcessingException.class, () -> Json.read("[".repeat(101) + "]".repeat(101)));
  }

  @Test
  void writesRawValuesAsTheyAre() {
    assertEquals(
        "{\"value\":{\"a\" : 1},\"b\":true}",
        Json.write(Json.object().putRawValue("value", new RawValue("{\"a\" : 1}")).put("b", true)));
  }

  @Test
  void strictReadingRefusesAKeyThatIsTwice() throws Exception {
    JsonFactory factory = new JsonFactory();
    assertThrows(
        JsonTree.RepeatedKeyException.class,
        () -> JsonTree.read(factory.createParser("[{\"a\": 1, \"b\": {\"a\": 2}, \"a\": 3"), true));
    assertEquals(
        2, JsonTree.read(factory.createParser("{\"a\": 1, \"b\": {\"a\": 2}}"), true).size());
  }
}
