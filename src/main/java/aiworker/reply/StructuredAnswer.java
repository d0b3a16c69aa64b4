package aiworker.reply;

import aiworker.error.Refusal;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The answer in the shape that is asked for, {@code {"sql": …, "problem": …}}: alone, in a fence or
 * among prose, and in JSON as models write it, with a comma too many or encoded twice. Stateless.
 */
final class StructuredAnswer {
  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(20).build())
                  .build())
          .enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
          .enable(JsonReadFeature.ALLOW_UNESCAPED_CONTROL_CHARS)
          .build();

  /** Braces and fences that may hold something else; bounds the work on hostile text. */
  private static final int MOST_FAILED = 200;

  private StructuredAnswer() {}

  /** A value with the index after it. */
  private record Value(JsonNode json, int end) {}

  /**
   * The one answer in a text; a missing node if there is none, or the text is a statement.
   *
   * @throws aiworker.error.AiWorkerException STATEMENT_REFUSED if there are several
   */
  static JsonNode in(String said) {
    Set<JsonNode> answers = new LinkedHashSet<>();
    if (!StatementSearch.startsStatement(said, 0, true)) {
      collect(said, answers);
    }
    if (answers.size() > 1) {
      throw Refusal.of("the model's reply holds %d answers, allowed is 1", answers.size());
    }
    return answers.isEmpty() ? MissingNode.getInstance() : answers.iterator().next();
  }

  /** The index after an answer that the text begins with, -1 if it begins with none. */
  static int endOfFirst(String text) {
    Value first = value(text, 0);
    Set<JsonNode> answers = new LinkedHashSet<>();
    add(first.json, answers);
    return answers.isEmpty() ? -1 : first.end;
  }

  /** The index after a JSON value that begins there, or that index if none does. */
  static int end(String text, int at) {
    return value(text, at).end;
  }

  private static void collect(String said, Set<JsonNode> answers) {
    int failed = 0;
    for (int at = 0; at < said.length(); ) {
      if (failed > MOST_FAILED) {
        throw Refusal.of("the model's reply holds more than %d braces or fences", MOST_FAILED);
      }
      char c = said.charAt(at);
      if (c == '`' && Markdown.nextFence(said, at) == at) {
        Markdown.Fence fence = Markdown.fence(said, at);
        String body = fence.body().strip();
        if (!StatementSearch.startsStatement(body, 0, true)) {
          Value value = value(body, 0);
          add(value.json, answers);
          failed += value.json.isMissingNode() ? 1 : 0;
        }
        at = fence.end();
      } else if (c == '{' || (at == 0 && c != '}')) {
        Value value = value(said, at);
        add(value.json, answers);
        failed += value.json.isMissingNode() ? 1 : 0;
        at = Math.max(at + 1, value.end);
      } else {
        at++;
      }
    }
  }

  private static void add(JsonNode json, Set<JsonNode> answers) {
    if (json.isArray()) {
      json.forEach(element -> add(element, answers));
    } else if (json.isTextual()) {
      Value inner = value(json.textValue().strip(), 0);
      if (inner.json.isObject()) {
        add(inner.json, answers);
      }
    } else if (json.has("sql") || json.has("problem")) {
      answers.add(json);
    }
  }

  private static Value value(String text, int at) {
    if (at >= text.length() || "{[\"".indexOf(text.charAt(at)) < 0) {
      return new Value(MissingNode.getInstance(), at);
    }
    try (Reader rest = new StringReader(text);
        JsonParser parser = MAPPER.createParser(rest)) {
      long start = rest.skip(at);
      JsonNode json = MAPPER.readTree(parser);
      return new Value(json, (int) (start + parser.currentLocation().getCharOffset()));
    } catch (IOException e) {
      return new Value(MissingNode.getInstance(), at);
    }
  }
}
