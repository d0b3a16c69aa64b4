package aiworker.reply;

import aiworker.error.Refusal;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.util.LinkedHashSet;
import java.util.Locale;
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
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .build();

  /** Braces and fences that may hold something else; bounds the work on hostile text. */
  private static final int MOST_FAILED = 200;

  /** What models write for null. */
  private static final Set<String> NOTHING = Set.of("null", "none", "none.", "no", "n/a");

  private StructuredAnswer() {}

  /**
   * A value with the index after it.
   *
   * @param json a missing node if there is none, null if a key is twice in it
   */
  private record Value(JsonNode json, int end) {}

  /**
   * The one answer in a text.
   *
   * @param json an object
   * @param after what is said after it
   */
  record Answer(JsonNode json, String after) {}

  /**
   * The one answer in a text; null if there is none, or the text is a statement.
   *
   * @throws aiworker.error.AiWorkerException STATEMENT_REFUSED if there are several, or a key is
   *     twice in one
   */
  static Answer in(String said) {
    if (StatementSearch.startsStatement(said, 0, true)) {
      return null;
    }
    Set<JsonNode> answers = new LinkedHashSet<>();
    int end = collect(said, answers);
    if (answers.size() > 1) {
      throw Refusal.of("the model's reply holds %d answers, allowed is 1", answers.size());
    }
    return answers.isEmpty() ? null : new Answer(answers.iterator().next(), said.substring(end));
  }

  static boolean isNothing(String problem) {
    return problem.isBlank() || NOTHING.contains(problem.strip().toLowerCase(Locale.ROOT));
  }

  /** The index after an answer that the text begins with, -1 if it begins with none. */
  static int endOfFirst(String text) {
    Value first = value(text, 0);
    Set<JsonNode> answers = new LinkedHashSet<>();
    if (first.json != null) {
      add(first.json, answers);
    }
    return answers.isEmpty() ? -1 : first.end;
  }

  /** The index after a JSON value that begins there, or that index if none does. */
  static int end(String text, int at) {
    return value(text, at).end;
  }

  /** Gives the index after the last one. */
  private static int collect(String said, Set<JsonNode> answers) {
    int end = 0;
    int failed = 0;
    for (int at = 0; at < said.length(); ) {
      if (failed > MOST_FAILED) {
        throw Refusal.of("the model's reply holds more than %d braces or fences", MOST_FAILED);
      }
      char c = said.charAt(at);
      Value value = null;
      if (Markdown.isFence(said, at)) {
        Markdown.Fence fence = Markdown.fence(said, at);
        String body = fence.body().strip();
        if (!StatementSearch.startsStatement(body, 0, true)) {
          value = value(body, 0);
        }
        at = fence.end();
      } else if (c == '{' || (at == 0 && c != '}')) {
        value = value(said, at);
        at = Math.max(at + 1, value.end);
      } else {
        at++;
      }
      if (value != null) {
        end = addAll(value, answers) ? at : end;
        failed += value.json.isMissingNode() ? 1 : 0;
      }
    }
    return end;
  }

  private static boolean addAll(Value value, Set<JsonNode> answers) {
    if (value.json == null) {
      throw Refusal.of("the model's answer holds a key twice");
    }
    return add(value.json, answers);
  }

  /** Whether there is an answer in it. */
  private static boolean add(JsonNode json, Set<JsonNode> answers) {
    boolean found = false;
    if (json.isArray()) {
      for (JsonNode element : json) {
        found |= add(element, answers);
      }
    } else if (json.isTextual()) {
      Value inner = value(json.textValue().strip(), 0);
      found = (inner.json == null || inner.json.isObject()) && addAll(inner, answers);
    } else if (json.has("sql") || json.has("problem")) {
      answers.add(json);
      found = true;
    }
    return found;
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
    } catch (MismatchedInputException e) {
      return new Value(null, at);
    } catch (IOException e) {
      return new Value(MissingNode.getInstance(), at);
    }
  }
}
