package aiworker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import aiworker.schema.SchemaContext;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConversationTest {
  @ParameterizedTest
  @CsvSource({
    "Last_Name, true",
    "@bob, true",
    "TBD, true",
    "NO_NAME, true",
    "TB, false",
    "CITY_NAME, false",
    "city, false"
  })
  void aTextIsMentionedInTheQuestionOrAsAValueOfTheSchema(String text, boolean mentioned) {
    Conversation conversation =
        new Conversation(
            "15",
            List.of(),
            new SchemaContext.Told(
                "orders (status text CHECK (status IN ('TBD')), city_name text)", ""),
            List.of(),
            List.of("orders.place = 'NO_NAME'"),
            "2026-11-28",
            "UTC",
            "how many have LAST_NAME, and who is @bob?");
    conversation.repair(
        "SELECT 1 WHERE a = 'CITY_NAME'", "'CITY_NAME' stands for something", null, "");
    assertEquals(mentioned, conversation.mentions(text));
  }
}
