package aiworker.meaning;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InvisibleTextTest {
  private static List<String> warnings(String statement) {
    return InvisibleText.warnings(statement, "how many are \u200Bnew?");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 'pa\u200Bid'",
        "SELECT $$pa\u200Cid$$",
        "SELECT E'pa\\u200Did'",
        "SELECT U&'pa\\2060id'",
        "SELECT 'paid\uFEFF'"
      })
  void textIsTold(String statement) {
    String warning = String.join("", warnings(statement));
    assertEquals(
        "the text \"paid\" in the statement holds a character that is not seen, U+",
        warning.substring(0, warning.length() - 4));
  }

  @Test
  void nameIsTold() {
    assertEquals(
        List.of("the name \"total\" in the statement holds a character that is not seen, U+200B"),
        warnings("SELECT 1 AS \"to\u200Btal\""));
  }

  @Test
  void whatTheQuestionHoldsIsNot() {
    assertEquals(List.of(), warnings("SELECT '\u200Bnew', 'paid', \"total\""));
  }
}
