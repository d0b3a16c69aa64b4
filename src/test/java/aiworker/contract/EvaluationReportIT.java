package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.chrome.ChromeDriver;

/** An evaluation whose answers are known: verdicts, reports, and how it goes on. */
class EvaluationReportIT extends RuntimeContract {
  private static final String QUESTIONS =
      """
      {"id": "count", "question": "How many cities?", "gold_sql": "SELECT count(*) FROM city"}
      {"id": "tie", "question": "Cities, the smallest first", "gold_sql": "SELECT name FROM city ORDER BY inhabitants"}
      {"id": "cut", "question": "One of the smallest cities", "gold_sql": "SELECT name FROM city ORDER BY inhabitants LIMIT 1"}
      {"id": "order", "question": "Cities, the largest first", "gold_sql": "SELECT name FROM city ORDER BY inhabitants DESC"}
      {"id": "several", "question": "Capitals", "gold_sql": ["SELECT name, founded FROM city WHERE capital", "SELECT name FROM city WHERE capital"]}
      {"id": "evidence", "question": "Old cities", "evidence": "old means founded before 1000", "gold_sql": "SELECT name FROM city WHERE founded < '1000-01-01'"}
      {"id": "repeated", "question": "Countries", "gold_sql": "SELECT DISTINCT country FROM city"}
      {"id": "script", "question": "Is <script>document.title = 'run'</script> a city?", "gold_sql": "SELECT '<script>document.title = ''run''</script>' AS \\"<b>\\", NULL AS nothing"}
      {"id": "words", "question": "What is it like there?", "gold_sql": "SELECT 1 FROM city LIMIT 0"}
      {"id": "division", "question": "Inhabitants for each capital letter", "gold_sql": "SELECT 1"}
      """;

  private static final Map<String, String> ANSWERS =
      Map.of(
          "How many cities?", "SELECT count(*)::numeric(9, 2) AS n FROM city",
          "Cities, the smallest first",
              "SELECT name FROM city ORDER BY inhabitants NULLS LAST, name DESC",
          "One of the smallest cities",
              "SELECT name FROM city ORDER BY inhabitants, name DESC LIMIT 1",
          "Cities, the largest first", "SELECT name FROM city ORDER BY name",
          "Capitals", "SELECT name FROM city WHERE capital",
          "old means founded before 1000",
              "SELECT name FROM city WHERE founded < date '1000-01-01'",
          "Countries", "SELECT country FROM city",
          "Is <script>", "SELECT '<i>no</i>' AS answer, 2 AS nothing",
          "Inhabitants for each", "SELECT inhabitants / (length(name) - length(name)) FROM city");

  @TempDir Path folder;

  EvaluationReportIT() {
    super(BackendRuntime.PLPYTHON);
  }

  @BeforeEach
  void makeCities() throws Exception {
    admin(
        "DROP TABLE IF EXISTS city",
        "CREATE TABLE city (name text, country text, inhabitants int, founded date, capital boolean)",
        "INSERT INTO city VALUES ('Aa', 'X', 1, '0500-01-01', true), ('Bb', 'X', 1, '1500-01-01', false),"
            + " ('Cc', 'Y', 2, 'infinity', true), ('Dd', 'Y', 3, NULL, false)",
        "GRANT SELECT ON city, ai_worker_config TO asker");
    endpoint.otherwise(EvaluationReportIT::answer);
    Files.writeString(folder.resolve("questions.jsonl"), QUESTIONS);
  }

  private static FakeEndpoint.Reply answer(FakeEndpoint.Request request) {
    JsonNode messages = json(request.body()).get("messages");
    String asked = messages.get(messages.size() - 1).get("content").asText();
    return ANSWERS.entrySet().stream()
        .filter(entry -> asked.contains(entry.getKey()))
        .findFirst()
        .map(
            entry ->
                FakeEndpoint.completion("{\"sql\": " + JSON.valueToTree(entry.getValue()) + "}"))
        .orElseGet(
            () -> FakeEndpoint.completion("{\"sql\": null, \"problem\": \"nobody can say\"}"));
  }

  @Test
  void verdictsCostAndPage() throws Exception {
    Files.writeString(
        folder.resolve("prices.json"), "{\"test-model\": {\"read\": 10, \"written\": 100}}");
    Installation.Outcome outcome =
        evaluate(
            "--questions=questions.jsonl",
            "--prices=prices.json",
            "--json=report.json",
            "--csv=report.csv",
            "--html=report.html",
            "--min-accuracy=61");
    assertEquals(1, outcome.exitCode(), outcome.output());
    JsonNode report = json(Files.readString(folder.resolve("report.json")));
    assertEquals(
        new TreeMap<>(
            Map.of(
                "count", "right, same set",
                "tie", "right, same set",
                "cut", "right, other set",
                "order", "wrong, same set",
                "several", "right, same set",
                "evidence", "right, same set",
                "repeated", "wrong, same set",
                "script", "wrong, other set",
                "words", "none, other set",
                "division", "fails, other set")),
        verdicts(report));
    JsonNode summary = report.get("summary");
    assertEquals(50.0, summary.get("execution_accuracy").asDouble());
    assertEquals(json("[23.7, 76.3]"), summary.get("execution_accuracy_95"));
    assertEquals(60.0, summary.get("set_accuracy").asDouble());
    // ten questions, and once more about whole numbers that are divided
    assertEquals(1100, summary.get("tokens_read").asInt());
    assertEquals(220, summary.get("tokens_written").asInt());
    assertEquals(0.033, summary.get("cost").asDouble());
    assertTrue(
        outcome.output().contains("95 % confidence: 23.7 to 76.3 %")
            && outcome.output().contains("cost                 0.0330"),
        outcome.output());
    assertEquals(
        "0", adminValue("SELECT count(*) FROM ai_worker_cache"), "nothing of it is stored");
    List<String> lines = Files.readAllLines(folder.resolve("report.csv"));
    assertTrue(
        lines.get(0).startsWith("id,question,evidence,gold_sql,database,verdict"), lines.get(0));
    assertTrue(
        lines.stream().anyMatch(line -> line.startsWith("evidence,Old cities,old means")),
        lines::toString);
    assertPage(folder.resolve("report.html"));
  }

  private static Map<String, String> verdicts(JsonNode report) {
    Map<String, String> verdicts = new TreeMap<>();
    for (JsonNode question : report.get("questions")) {
      verdicts.put(
          question.get("id").asText(),
          question.get("verdict").asText()
              + (question.get("same_sets").asBoolean() ? ", same set" : ", other set"));
    }
    return verdicts;
  }

  private void assertPage(Path page) throws IOException {
    ChromeDriver browser = Browser.start(folder);
    try {
      for (String scheme : List.of("light", "dark")) {
        for (Dimension size : List.of(new Dimension(1200, 900), new Dimension(400, 800))) {
          Browser.media(browser, scheme);
          browser.manage().window().setSize(size);
          browser.get(page.toUri().toString());
          assertEquals("AI Worker evaluation", browser.getTitle());
          Browser.assertAccessible(browser, scheme + " at " + size);
          if (scheme.equals("light") && size.getWidth() == 1200) {
            Browser.picture(browser, "evaluation");
          }
        }
      }
      List<String> misses =
          browser.findElements(By.cssSelector("section h3")).stream()
              .map(heading -> heading.getText().replaceAll(":.*", ""))
              .toList();
      assertEquals(List.of("order", "repeated", "script", "words", "division"), misses);
      String text = browser.findElement(By.tagName("main")).getText();
      for (String part :
          List.of(
              "SELECT '<i>no</i>' AS answer, 2 AS nothing",
              "Is <script>document.title = 'run'</script> a city?",
              "22012 ERROR:  division by zero",
              "nobody can say",
              "NULL")) {
        assertTrue(text.contains(part), () -> part + " in " + text);
      }
      assertEquals(
          0L,
          browser.executeScript("return performance.getEntriesByType('resource').length"),
          "the page needs nothing else");
      assertEquals(
          List.of(),
          browser.manage().logs().get("browser").getAll().stream().map(Object::toString).toList());
    } finally {
      browser.quit();
    }
  }

  /** What failed for want of the model is asked again, and what was cut off in the middle. */
  @Test
  void resumesWithWhatIsOpenAndComparesTheReports() throws Exception {
    endpoint.otherwise(
        request ->
            request.body().contains("Countries")
                ? new FakeEndpoint.Reply(503, Map.of(), "busy")
                : answer(request));
    String[] options = {
      "--questions=questions.jsonl", "--json=report.json", "--parallel=2", "--resume"
    };
    assertEquals(0, evaluate(options).exitCode());
    Path report = folder.resolve("report.json");
    String first = Files.readString(report);
    assertEquals("none, other set", verdicts(json(first)).get("repeated"));
    Files.copy(report, folder.resolve("first.json"));

    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT DISTINCT country FROM city"));
    int asked = endpoint.requests().size();
    Installation.Outcome outcome = evaluate(options);
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertEquals(asked + 1, endpoint.requests().size());
    JsonNode second = json(Files.readString(report));
    assertEquals("right, same set", verdicts(second).get("repeated"));
    assertFalse(Files.exists(folder.resolve("report.json.part")));

    // as it is left behind when the power goes while a line is written
    StringBuilder part = new StringBuilder("{\"models\": []}\n");
    for (int i = 0; i < 8; i++) {
      part.append(second.get("questions").get(i)).append('\n');
    }
    Files.writeString(
        folder.resolve("report.json.part"),
        part + second.get("questions").get(8).toString().substring(0, 50));
    asked = endpoint.requests().size();
    assertEquals(0, evaluate(options).exitCode());
    assertEquals(asked + 2, endpoint.requests().size());

    admin("UPDATE ai_worker_config SET model = 'another'");
    outcome = evaluate(options);
    assertEquals(3, outcome.exitCode(), outcome.output());
    assertTrue(outcome.output().contains("is about another model"), outcome.output());

    outcome = evaluate("--compare", "first.json", "report.json");
    assertEquals(0, outcome.exitCode(), outcome.output());
    for (String expected :
        List.of(
            "10 questions that both have counted",
            "first.json: 50.0 %, 5 right",
            "report.json: 60.0 %, 6 right",
            "right here alone: 1\n  repeated\n",
            "p = 1.0000")) {
      assertTrue(outcome.output().contains(expected), expected + " in " + outcome.output());
    }
  }

  /** The command of docs/evaluation.md. */
  @Test
  void verifiedAnswersAreAQuestionFile() throws Exception {
    generate("How many cities?", null);
    admin("SELECT ai_worker_verify(cache_key) FROM ai_worker_cache");
    generate("Capitals", null);
    String command =
        Files.readAllLines(Path.of("docs", "evaluation.md")).stream()
            .filter(line -> line.startsWith("psql -AtX"))
            .collect(Collectors.joining());
    Installation.Outcome outcome = run("sh", "-c", command.replace("mydb", database) + "\n");
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertEquals(1, Files.readAllLines(folder.resolve("mine.jsonl")).size());
    outcome = evaluate("--questions=mine.jsonl");
    assertEquals(0, outcome.exitCode(), outcome.output());
    assertTrue(outcome.output().contains("100.0 %   1 of 1"), outcome.output());
  }

  private Installation.Outcome evaluate(String... options) throws Exception {
    List<String> command =
        new ArrayList<>(List.of(Path.of("eval", "evaluate.py").toAbsolutePath().toString()));
    command.addAll(List.of("--dbname", database, "--username", "asker"));
    command.addAll(List.of(options));
    return run(command.toArray(String[]::new));
  }

  private Installation.Outcome run(String... command) throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "PGHOST", "127.0.0.1",
                "PGPORT", Integer.toString(cluster.port()),
                "PGUSER", "postgres"));
    Process process = builder.start();
    boolean ended = process.waitFor(300, TimeUnit.SECONDS);
    process.destroy();
    assertTrue(ended, () -> "the evaluation hangs");
    return new Installation.Outcome(process.exitValue(), Files.readString(output));
  }
}
