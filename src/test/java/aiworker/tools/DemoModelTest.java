package aiworker.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The model that quick start and evaluation show when there is no other. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DemoModelTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client = HttpClient.newHttpClient();
  private Process model;
  private String url;

  /** With Jackson's own names, which it has in the jar alone others for. */
  @BeforeAll
  void start(@TempDir Path folder) throws IOException {
    Path source = folder.resolve("DemoModel.java");
    Files.writeString(
        source,
        Files.readString(Path.of("install/demo/DemoModel.java"))
            .replace("aiworker.library.jackson", "com.fasterxml.jackson"));
    model =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                source.toString(),
                "install/demo/replies.jsonl")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    url =
        new BufferedReader(new InputStreamReader(model.getInputStream(), StandardCharsets.UTF_8))
            .readLine();
    assertNotNull(url, "it ended");
  }

  @AfterAll
  void end() {
    model.destroy();
  }

  @Test
  void saysWhereItListens() {
    assertTrue(url.matches("http://127\\.0\\.0\\.1:[1-9]\\d+/v1"), url);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Get all users", "get  ALL\nusers?"})
  void answersAQuestionThatItKnows(String question) throws Exception {
    HttpResponse<String> response = ask(messages("system", "You write SQL.", "user", question));
    JsonNode completion = JSON.readTree(response.body());
    assertEquals(200, response.statusCode(), response.body());
    assertEquals("chat.completion", completion.get("object").asText());
    assertEquals("demo-recorded-replies", completion.get("model").asText());
    assertEquals(
        "recorded replies, not an AI", response.headers().firstValue("X-Demo-Model").orElse(null));
    assertEquals("stop", completion.at("/choices/0/finish_reason").asText());
    assertEquals("SELECT * FROM users", sql(completion));
    int prompt = completion.at("/usage/prompt_tokens").asInt();
    int answer = completion.at("/usage/completion_tokens").asInt();
    assertTrue(prompt > 0 && answer > 0, response.body());
    assertEquals(prompt + answer, completion.at("/usage/total_tokens").asInt());
  }

  @Test
  void answersARefusalWithTheNextReply() throws Exception {
    String question = "What is the average value of an order, to two decimals? All orders count.";
    String first = sql(completion(messages("user", question)));
    String second =
        sql(completion(messages("user", question, "assistant", first, "user", "it was refused")));
    assertTrue(first.contains("total_price"), first);
    assertTrue(second.contains("order_items"), second);
  }

  @Test
  void saysWhatItKnowsToAnyOtherQuestion() throws Exception {
    JsonNode content =
        JSON.readTree(
            completion(messages("user", "Who is it?"))
                .at("/choices/0/message/content")
                .textValue());
    assertTrue(content.get("sql").isNull(), content::toString);
    assertTrue(
        content.get("problem").asText().contains("only knows these questions: Get all users; "),
        content::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "garbage", "[]", "{}", "{\"messages\": \"x\"}", "{\"messages\": []}"})
  void refusesWhatIsNoRequest(String body) throws Exception {
    HttpResponse<String> response = ask(body);
    assertEquals(400, response.statusCode(), response.body());
    assertTrue(JSON.readTree(response.body()).at("/error/message").isTextual(), response.body());
  }

  private JsonNode completion(String body) throws Exception {
    return JSON.readTree(ask(body).body());
  }

  private static String sql(JsonNode completion) throws IOException {
    return JSON.readTree(completion.at("/choices/0/message/content").textValue())
        .get("sql")
        .asText();
  }

  private static String messages(String... rolesAndContents) throws IOException {
    List<String> texts = List.of(rolesAndContents);
    var request = JSON.createObjectNode().put("model", "any");
    var messages = request.putArray("messages");
    for (int i = 0; i < texts.size(); i += 2) {
      messages.addObject().put("role", texts.get(i)).put("content", texts.get(i + 1));
    }
    return request.toString();
  }

  private HttpResponse<String> ask(String body) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(url + "/chat/completions"))
            .POST(BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }
}
