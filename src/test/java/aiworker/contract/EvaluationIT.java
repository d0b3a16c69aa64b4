package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The evaluation on recorded replies, whose figures are known. */
class EvaluationIT {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(BackendRuntime.class)
  void reportOnRecordedRepliesIsAsRecordedAndLowAccuracyFails(BackendRuntime runtime)
      throws Exception {
    runtime.require();
    Path report = folder.resolve("report.json");
    // one runtime's limit is reached, the other's is not
    boolean low = runtime == BackendRuntime.PLPYTHON;
    Installation.Outcome outcome =
        demo(runtime, "--json", report.toString(), "--min-accuracy", low ? "80.1" : "80");
    assertEquals(low ? 1 : 0, outcome.exitCode(), outcome.output());
    assertEquals(
        low,
        outcome.output().contains("execution accuracy 80.0 % is under 80.1 %"),
        outcome.output());
    JsonNode json = RuntimeContract.json(Files.readString(report));
    Map<String, String> notRight = new TreeMap<>();
    Map<String, Integer> tokens = new TreeMap<>();
    for (JsonNode question : json.get("questions")) {
      String verdict = question.get("verdict").asText();
      if (!verdict.equals("right")) {
        notRight.put(
            question.get("id").asText(), verdict + " " + question.get("sqlstate").asText());
      }
      assertTrue(question.get("ms").asDouble() > 0, question::toString);
      if (!question.get("tokens").isNull()) {
        tokens.put(question.get("id").asText(), question.get("tokens").asInt());
      }
    }
    assertEquals(
        Map.of(
            "total-revenue", "wrong null",
            "cheapest-first", "wrong null",
            "revenue-per-piece", "fails 22012",
            "suppliers", "none IA020",
            "reset-stock", "none IA021"),
        notRight);
    JsonNode summary = json.get("summary");
    assertEquals(25, summary.get("questions").asInt());
    assertEquals(23, summary.get("valid").asInt());
    assertEquals(92.0, summary.get("valid_rate").asDouble());
    assertEquals(20, summary.get("right").asInt());
    assertEquals(80.0, summary.get("execution_accuracy").asDouble());
    assertEquals(2, summary.get("repaired").asInt());
    assertEquals(1, summary.get("repaired_and_valid").asInt());
    assertEquals(2, summary.get("repair_rounds").asInt());
    assertEquals(23, tokens.size());
    assertEquals(
        tokens.values().stream().mapToInt(Integer::intValue).sum(), summary.get("tokens").asInt());
    assertTrue(
        tokens.get("average-basket") > 3 * tokens.get("count-users") / 2,
        () -> "two rounds cost more: " + tokens);
    assertEquals(
        RuntimeContract.json("{\"22012\":1,\"IA020\":1,\"IA021\":1}"), summary.get("errors"));
    assertTrue(
        summary.get("latency_p50_ms").asDouble() <= summary.get("latency_p95_ms").asDouble());
    assertEquals("demo-recorded-replies", json.get("models").get(0).get("model").asText());
    String url = json.get("models").get(0).get("base_url").asText();
    assertTrue(url.matches("http://127\\.0\\.0\\.1:\\d+/v1"), "without its query: " + url);
    assertFalse(outcome.output().contains("?demo"), outcome.output());
    assertTrue(outcome.output().contains("RECORDED REPLIES"), outcome.output());
    assertTrue(
        outcome.output().contains("execution accuracy    80.0 %   20 of 25"), outcome.output());
    System.out.println(runtime.title() + ":\n" + outcome.output());
  }

  @Test
  void goldStatementsThatAreNoQueryFailAndDoNotCount() throws Exception {
    Path questions = folder.resolve("questions.jsonl");
    Files.writeString(
        questions,
        """
        {"id": "write", "question": "a", "gold_sql": "DELETE FROM reviews RETURNING id"}
        {"id": "two", "question": "b", "gold_sql": "SELECT 1; COMMIT; DROP TABLE reviews"}
        {"id": "reviews", "question": "How many reviews have no comment?", "gold_sql": "SELECT count(*) FROM reviews WHERE comment IS NULL;"}
        """);
    Installation.Outcome outcome =
        demo(BackendRuntime.PLPYTHON, "--questions", questions.toString());
    assertEquals(3, outcome.exitCode(), outcome.output());
    for (String expected :
        List.of(
            "100.0 %   1 of 1",
            "write: 25006 ERROR:  cannot execute DELETE in a read-only transaction",
            "two: 42P11 ERROR:  cannot open multi-query plan as cursor")) {
      assertTrue(outcome.output().contains(expected), outcome.output());
    }
  }

  /** The options in another order, in another folder, where the report belongs. */
  @Test
  void nothingValidIsSaidInWords() throws Exception {
    Path questions = folder.resolve("questions.jsonl");
    Files.writeString(questions, "{\"question\": \"not recorded\", \"gold_sql\": \"SELECT 1\"}\n");
    Installation.Outcome outcome =
        run(
            "eval/demo.sh",
            "--questions=questions.jsonl",
            "--json",
            "report.json",
            "--runtime=plpython");
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertTrue(outcome.output().contains("0.0 %   0 of 1"), outcome.output());
    assertFalse(outcome.output().contains("None"), outcome.output());
    assertTrue(Files.exists(folder.resolve("report.json")));
    assertFalse(Files.exists(Path.of("report.json")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"--runtime", "--runtime=java", "--nonsense", "--min-accuracy=101", "--json"})
  void wrongOptionsOfTheDemoAreToldAtOnce(String option) throws Exception {
    Installation.Outcome outcome = run("eval/demo.sh", option);
    assertEquals(2, outcome.exitCode(), outcome.output());
    assertTrue(outcome.output().contains("--"), outcome.output());
    assertEquals(0, run("eval/demo.sh", "--runtime", "pljava", "--help").exitCode());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--json=no/such/folder/report.json",
        "--statement-timeout=-1",
        "--statement-timeout=x",
        "--min-accuracy=100.1",
        "--min-accuracy=nan",
        "--questions=no-such-file"
      })
  void wrongOptionsOfTheEvaluationAreToldBeforeAnyQuestion(String option) throws Exception {
    Files.writeString(
        folder.resolve("questions.jsonl"), "{\"question\": \"q\", \"gold_sql\": \"SELECT 1\"}\n");
    requireWrong(run("eval/evaluate.py", "--host=/nowhere", "--questions=questions.jsonl", option));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"database\": 5",
        "\"database\": 0",
        "\"database\": {}",
        "\"question\": \"\\ud800\"",
        "\"gold_sql\": \"\\u0000\"",
        "\"id\": \"\\udfff\""
      })
  void textThatPostgresqlCannotTakeIsAWrongFile(String field) throws Exception {
    Files.writeString(
        folder.resolve("questions.jsonl"),
        "{\"question\": \"q\", \"gold_sql\": \"SELECT 1\", " + field + "}\n");
    requireWrong(run("eval/evaluate.py", "--host=/nowhere", "--questions=questions.jsonl"));
  }

  private static void requireWrong(Installation.Outcome outcome) {
    assertEquals(2, outcome.exitCode(), outcome.output());
    assertFalse(outcome.output().contains("Traceback"), outcome.output());
  }

  private Installation.Outcome demo(BackendRuntime runtime, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("eval/demo.sh", "--runtime", runtime.option()));
    command.addAll(List.of(options));
    return run(command.toArray(String[]::new));
  }

  /** Runs a script of the repository in the test's folder. */
  private Installation.Outcome run(String... command) throws IOException, InterruptedException {
    command[0] = Path.of(command[0]).toAbsolutePath().toString();
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(300, TimeUnit.SECONDS);
    process.destroy();
    assertTrue(ended, () -> "the evaluation hangs");
    return new Installation.Outcome(process.exitValue(), Files.readString(output));
  }
}
