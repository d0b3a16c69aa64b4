package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;

import aiworker.error.AiWorkerException;
import aiworker.json.Json;
import aiworker.reply.Reply;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every query of the corpus is taken from each form of a reply with not a character changed. */
class CorpusReplyTest {
  @Test
  void eachFormGivesTheQuery() {
    List<String> wrong = new ArrayList<>();
    for (String query : Corpus.queries()) {
      String statement = query.strip().replaceFirst(";+$", "").strip();
      String json = Json.object().put("sql", statement).putNull("problem").toString();
      for (String reply :
          List.of(
              statement,
              statement + "\n;",
              "```sql\n" + statement + "\n```",
              "Here's the query:\n\n```\n" + statement + "\n```\n\nIt's what you asked for.",
              json,
              "<think>maybe SELECT 0</think>\n```json\n" + json + "\n```")) {
        String taken = taken(reply);
        if (!taken.equals(statement)) {
          wrong.add(reply + " => " + taken);
        }
      }
    }
    assertEquals("", String.join("\n", wrong));
  }

  private static String taken(String reply) {
    try {
      return Reply.of(reply, text -> false).sql();
    } catch (AiWorkerException e) {
      return e.getMessage();
    }
  }
}
