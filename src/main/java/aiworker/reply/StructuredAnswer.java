package aiworker.reply;

import aiworker.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.List;

/**
 * The answer in the shape that is asked for, {@code {"sql": …, "problem": …}}, past a reasoning
 * model's thoughts.
 *
 * @param shape a missing node if there is none, or several to choose from
 * @param rest all that was said but thoughts
 */
record StructuredAnswer(JsonNode shape, String rest) {
  /** Of either closing tag, without its end. */
  private static final String THOUGHTS_END = "</think";

  static StructuredAnswer of(String content) {
    String said = stripped(content);
    StructuredAnswer answer = in(said);
    if (answer.shape.isObject() || !mayBeginWithThoughts(said)) {
      return answer;
    }
    // after the first closing tag if that is an answer, for it may hold a tag as text
    answer = in(after(said, said.indexOf(THOUGHTS_END)));
    return answer.shape.isObject() ? answer : in(after(said, said.lastIndexOf(THOUGHTS_END)));
  }

  /**
   * Whether a closing tag ends thoughts: some local servers leave them in front of the answer, and
   * where the chat template opens them, without the opening tag.
   */
  private static boolean mayBeginWithThoughts(String said) {
    return said.startsWith("<think>")
        || said.startsWith("<thinking>")
        || !(said.contains("<think>") || said.contains("<thinking>"));
  }

  /** What follows the closing tag there; everything if there is none. */
  private static String after(String said, int tag) {
    int end = tag + THOUGHTS_END.length();
    if (said.startsWith("ing>", end)) {
      end += "ing".length();
    }
    return tag < 0 || !said.startsWith(">", end) ? said : stripped(said.substring(end + 1));
  }

  /** The whole text, or the only such object in its fences. */
  private static StructuredAnswer in(String said) {
    JsonNode whole = object(said);
    if (whole.isObject() || !said.contains(Markdown.FENCE)) {
      return new StructuredAnswer(whole, said);
    }
    List<JsonNode> found =
        Markdown.fenced(said).stream()
            .map(StructuredAnswer::object)
            .filter(JsonNode::isObject)
            .toList();
    if (found.isEmpty() && said.startsWith(Markdown.FENCE)) {
      // the fence's end may be part of the statement
      return new StructuredAnswer(object(said.substring(Markdown.FENCE.length())), said);
    }
    JsonNode shape = found.size() == 1 ? found.get(0) : MissingNode.getInstance();
    return new StructuredAnswer(shape, said);
  }

  /** The text's object if it has the asked shape; a fence's tag may stand in front. */
  private static JsonNode object(String text) {
    int at = 0;
    while (at < text.length() && Character.isLetterOrDigit(text.charAt(at))) {
      at++;
    }
    String json = text.substring(at).strip();
    JsonNode answer = json.startsWith("{") ? Json.objectOrNothing(json) : MissingNode.getInstance();
    return answer.has("sql") || answer.has("problem") ? answer : MissingNode.getInstance();
  }

  /** Without the white space, and the byte order mark, around it. */
  private static String stripped(String text) {
    String stripped = text.strip();
    return stripped.startsWith("\uFEFF") ? stripped.substring(1).strip() : stripped;
  }
}
