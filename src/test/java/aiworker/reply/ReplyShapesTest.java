package aiworker.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import aiworker.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * What models write, shape by shape, and what is taken from it: a statement with not a character of
 * it changed, or a failure. A draft is never taken.
 */
class ReplyShapesTest {
  @Test
  void eachShapeGivesItsStatementOrItsFailure() throws IOException {
    List<JsonNode> shapes = shapes();
    List<String> wrong = new ArrayList<>();
    for (JsonNode shape : shapes) {
      String expected = shape.path("sqlstate").asText(shape.path("statement").asText());
      String taken = taken(shape.path("reply").asText());
      if (!expected.equals(taken)) {
        wrong.add(shape.path("group").asText() + ": " + shape.path("reply") + " => " + taken);
      }
    }
    assertEquals("", String.join("\n", wrong));
    assertTrue(shapes.size() >= 2_300);
    assertTrue(shapes.stream().map(shape -> shape.path("source").asText()).distinct().count() > 20);
  }

  @Test
  void aTextThatTheQuestionHoldsStandsForItself() {
    String statement = "SELECT id FROM attributes WHERE name = 'LAST_NAME'";
    assertEquals(statement, Reply.of(statement, "LAST_NAME"::equals).sql());
    String pattern = "SELECT id FROM tickets WHERE subject ILIKE '%[urgent]%'";
    assertEquals(pattern, Reply.of(pattern, "[urgent]"::equals).sql());
    assertEquals("IA021", taken(pattern));
    for (String sign : List.of("...", "?", "…")) {
      String signs = "SELECT id FROM posts WHERE body LIKE '%" + sign + "%'";
      assertEquals(signs, taken(signs));
    }
  }

  private static String taken(String reply) {
    try {
      return Reply.of(reply, text -> false).sql();
    } catch (AiWorkerException e) {
      return e.failure().sqlState();
    }
  }

  private static List<JsonNode> shapes() throws IOException {
    try (InputStream stream = ReplyShapesTest.class.getResourceAsStream("replies.jsonl")) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(Json::ours)
          .collect(Collectors.toList());
    }
  }
}
