package aiworker.reply;

import aiworker.error.Refusal;
import aiworker.json.JsonTree;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The answer in the shape that is asked for, {@code {"sql": …, "problem": …}}: alone, in a fence or
 * among prose, and in JSON as models write it, with a comma too many or encoded twice. Stateless.
 */
final class StructuredAnswer {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(20).build())
          .enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
          .enable(JsonReadFeature.ALLOW_UNESCAPED_CONTROL_CHARS)
          .build();

  /** Braces and fences that may hold something else; bounds the work on hostile text. */
  private static final int MOST_FAILED = 200;

  private static final Pattern SMART_QUOTES = Pattern.compile("[“”„‟＂«»]");

  /** Keys that say whether the statement is right, so that "false" speaks against it. */
  private static final Pattern GOOD_KEY =
      Pattern.compile(
          "^(?:(?:is|can|was|looks|sql|query)_?)*(?:correct|valid|ok|okay|right|success\\w*|succeeded|answerable|possible|executable|answered?|complete"
              + "|final|safe|verified|works|runnable|sufficient|usable|supported|feasible|accepted|approved|relevant|passed|validated)"
              + "(?:_?(?:sql|query|syntax|answer))?$",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern BAD_KEY =
      Pattern.compile(
          "error|issue|incorrect|invalid|wrong|fail|refus|clarif|ambigu|missing|is_?draft|incomplete|needs_|requires_(?:input|user)|placeholder|unanswerable"
              + "|cannot|mistake|correction|retract|discard|supersed|problems?$|reject|^retry"
              + "|^next_?(?:step|action|quer|iteration)|explorat|^to_?do|^(?:is_?)?(?:partial|preliminary|intermediate|interim|tentative|unfinished|pending)|^continue",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern VERDICT_KEY =
      Pattern.compile(
          "status|verdict|state|result|check|review|assessment|validation|quality|outcome|evaluation|correctness|validity|"
              + GOOD_KEY.pattern(),
          Pattern.CASE_INSENSITIVE);

  private static final Pattern THOUGHT_KEY =
      Pattern.compile("th(?:ought|ink)|reason|analysis|(?<!ex)plan|scratch|reflect|step|cot|draft");

  /** Keys of SQL; others are of prose, which may begin with the name of a clause. */
  private static final Pattern PART_KEY =
      Pattern.compile(
          "sql|quer|where|filter|condition|clause|join|group|order|having|limit|append|add|extra|rest|suffix|part|continu|statement",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern QUESTION_KEY =
      Pattern.compile("^(?:question|prompt|input|user|request|title|follow|suggest)");

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
   * @param lead what is said right before it
   * @param after what is said after it
   */
  record Answer(JsonNode json, String lead, String after) {}

  /** The first and the last index of answers. */
  private static final class Span {
    private int begin = -1;
    private int end;
  }

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
    Span span = collect(said, answers, new ArrayList<>());
    if (answers.size() > 1) {
      throw Refusal.of("the model's reply holds %d answers, allowed is 1", answers.size());
    }
    if (answers.isEmpty()) {
      String plain = SMART_QUOTES.matcher(said).replaceAll("\"");
      boolean smart = said.indexOf('"') < 0 && !plain.equals(said) && said.indexOf('{') >= 0;
      return smart ? in(plain) : null;
    }
    String before = said.substring(0, span.begin).stripTrailing();
    // "`SELECT 1` would be wrong." speaks of the other one
    boolean ofAnother = before.endsWith(".") && before.indexOf('`') >= 0;
    int line =
        ofAnother
            ? before.length() - 1
            : Math.max(before.lastIndexOf('\n'), before.lastIndexOf(". "));
    return new Answer(
        answers.iterator().next(),
        before.substring(Math.max(line, before.lastIndexOf('`')) + 1),
        said.substring(span.end));
  }

  /**
   * Fails if an object, be it an answer or not, holds another statement.
   *
   * @throws aiworker.error.AiWorkerException STATEMENT_REFUSED
   */
  static void requireNoOther(String said, String statement) {
    if (StatementSearch.startsStatement(said, 0, true)) {
      return;
    }
    List<JsonNode> values = new ArrayList<>();
    collect(said, new LinkedHashSet<>(), values);
    for (JsonNode value : values) {
      requireNoOther(value, statement);
    }
  }

  private static void requireNoOther(JsonNode value, String statement) {
    for (JsonNode element : value) {
      requireNoOther(element, statement);
    }
    String code = value.isTextual() ? Markdown.unfenced(value.textValue().strip()) : "";
    if (StatementSearch.startsStatement(code, 0, true)
        && !StatementSearch.whole(code).equals(statement)) {
      throw Refusal.of("another statement stands beside the model's answer");
    }
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

  /** The index after an answer that begins there, or that index if none does. */
  static int endOfAnswer(String text, int at) {
    Value value = value(text, at);
    return value.json == null || add(value.json, new LinkedHashSet<>()) ? value.end : at;
  }

  /** The answer that an answer's own {@code sql} holds once more as JSON; null if none does. */
  static Answer inside(Answer answer) {
    String sql = answer.json.path("sql").asText("").strip();
    Value value = value(Markdown.unfenced(sql), 0);
    Set<JsonNode> inner = new LinkedHashSet<>();
    boolean whole = value.json != null && add(value.json, inner) && inner.size() == 1;
    return whole && value.end == Markdown.unfenced(sql).length() && isOnly(answer.json)
        ? new Answer(inner.iterator().next(), answer.lead, answer.after)
        : null;
  }

  /** Whether nothing but a statement is said. */
  private static boolean isOnly(JsonNode json) {
    return isNothing(json.path("problem").asText(""))
        && json.size() == (json.has("problem") ? 2 : 1);
  }

  /**
   * Whether what else stands in the answer asks something back.
   *
   * @throws aiworker.error.AiWorkerException STATEMENT_REFUSED if it speaks against the statement
   *     or holds another
   */
  static boolean asksBack(JsonNode json, String statement) {
    boolean asks = false;
    boolean after = false;
    for (Map.Entry<String, JsonNode> entry : json.properties()) {
      String key = entry.getKey();
      if (key.equals("sql")) {
        after = true;
      } else if (!key.equals("problem")) {
        asks |= asksBack(key, entry.getValue(), statement, after);
      }
    }
    return asks;
  }

  private static boolean asksBack(String key, JsonNode value, String statement, boolean after) {
    if (value.isContainerNode()) {
      boolean asks = false;
      if (value.isObject()) {
        for (Map.Entry<String, JsonNode> entry : value.properties()) {
          asks |= asksBack(entry.getKey(), entry.getValue(), statement, after);
        }
      } else {
        for (JsonNode element : value) {
          asks |= asksBack(key, element, statement, after);
        }
      }
      return asks;
    }
    String text = value.isTextual() ? value.textValue().strip() : value.asText("").strip();
    boolean nothing = isNothing(text) || text.equalsIgnoreCase("false") || text.equals("0");
    boolean says = value.isBoolean() || text.equalsIgnoreCase("true") || nothing;
    if ((GOOD_KEY.matcher(key).find() && nothing && !value.isNull())
        || (BAD_KEY.matcher(key).find() && !nothing)
        || (VERDICT_KEY.matcher(key).find() && !says && Verdict.isBad(text))
        || Verdict.isUnfinished(text)) {
      throw Refusal.of("the model's answer speaks against its own statement, in \"%s\"", key);
    }
    if (says || !value.isTextual()) {
      return false;
    }
    Value inner = value(text, 0);
    if (inner.json == null || inner.json.isContainerNode()) {
      return asksBack(
          key, inner.json == null ? MissingNode.getInstance() : inner.json, statement, after);
    }
    String code = Markdown.unfenced(text);
    if (StatementSearch.startsStatement(code, 0, true)
        && !StatementSearch.whole(code).equals(statement)) {
      throw Refusal.of("the model's answer holds another statement, in \"%s\"", key);
    }
    boolean thought = !after && THOUGHT_KEY.matcher(key).find();
    if (!thought) {
      Leftover.requireNoOther(text, statement);
    }
    if (PART_KEY.matcher(key).find() && Leftover.isClause(code)) {
      Leftover.requireParts(List.of(code), statement);
    }
    return !thought && Verdict.asksBack(text, after && !QUESTION_KEY.matcher(key).find());
  }

  /** The index after a JSON value that begins there, or that index if none does. */
  static int end(String text, int at) {
    return value(text, at).end;
  }

  private static Span collect(String said, Set<JsonNode> answers, List<JsonNode> others) {
    Span span = new Span();
    int failed = 0;
    for (int at = 0; at < said.length(); ) {
      if (failed > MOST_FAILED) {
        throw Refusal.of("the model's reply holds more than %d braces or fences", MOST_FAILED);
      }
      char c = said.charAt(at);
      Value value = null;
      int begin = at;
      if (Markdown.isFence(said, at)) {
        Markdown.Fence fence = Markdown.fence(said, at);
        String body = Markdown.unfenced(fence.body());
        if (!Markdown.isOfThoughts(fence) && !StatementSearch.startsStatement(body, 0, true)) {
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
        if (addAll(value, answers)) {
          span.begin = span.begin < 0 ? begin : span.begin;
          span.end = at;
        }
        others.add(value.json);
        failed += value.json.isMissingNode() ? 1 : 0;
      }
    }
    return span;
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
      found = (inner.json == null || !inner.json.isArray()) && addAll(inner, answers);
    } else if (json.has("sql") || json.has("problem")) {
      answers.add(json);
      found = true;
    }
    return found;
  }

  private static Value value(String text, int at) {
    if (at < text.length() && text.charAt(at) == '\uFEFF') {
      return value(text, at + 1);
    }
    if (at >= text.length() || "{[\"".indexOf(text.charAt(at)) < 0) {
      return new Value(MissingNode.getInstance(), at);
    }
    try (Reader rest = new StringReader(text);
        JsonParser parser = FACTORY.createParser(rest)) {
      long start = rest.skip(at);
      JsonNode json = JsonTree.read(parser, true);
      return new Value(json, (int) (start + parser.currentLocation().getCharOffset()));
    } catch (JsonTree.RepeatedKeyException e) {
      return new Value(null, at);
    } catch (IOException e) {
      return new Value(MissingNode.getInstance(), at);
    }
  }
}
