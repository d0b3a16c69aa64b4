package aiworker.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.AiWorkerException;
import aiworker.reply.Reply;
import aiworker.testing.FakeEndpoint;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The replies of the servers that people use, in their own dialects, one file each. */
class DialectTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ApiKey KEY = ApiKey.of("sk-dialect-0123456789abcdef", "test");

  record Case(String dialect, String model, JsonNode script) {
    @Override
    public String toString() {
      return dialect + ": " + script.path("name").asText();
    }
  }

  static Stream<Case> cases() throws IOException {
    List<Case> cases = new ArrayList<>();
    for (String dialect : List.of("openai", "azure", "ollama", "vllm", "llamacpp", "gateways")) {
      try (InputStream in = DialectTest.class.getResourceAsStream(dialect + ".json")) {
        JsonNode root = JSON.readTree(in);
        for (JsonNode script : root.path("cases")) {
          cases.add(new Case(dialect, root.path("model").asText(), script));
        }
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isUnderstood(Case test) {
    JsonNode script = test.script;
    try (FakeEndpoint endpoint = FakeEndpoint.start()) {
      script.path("replies").forEach(reply -> endpoint.reply(reply(reply)));
      ChatSettings settings =
          TestSettings.with(
              TestSettings.of(endpoint.url(), test.model, KEY), sampling(script.path("sampling")));
      ChatClient client = new ChatClient(new TestClock(), () -> 0.5, InetAddress::getAllByName);
      List<Message> question = List.of(Message.user("Get all users"));
      if (script.has("failure")) {
        AiWorkerException e =
            assertThrows(
                AiWorkerException.class,
                () -> statement(client.complete(settings, question, (attempt, pausing) -> {})));
        assertEquals(script.path("failure").asText(), e.failure().name());
        assertTrue(e.getMessage().contains(script.path("message").asText("")), e.getMessage());
        if (script.has("detail")) {
          assertEquals(script.path("detail").textValue(), e.detail());
        }
        assertEquals(script.path("total").intValue(), e.usage().total());
      } else {
        ChatReply reply = client.complete(settings, question, (attempt, pausing) -> {});
        assertEquals(script.path("content").asText(), statement(reply));
        assertEquals(script.path("total").intValue(), reply.usage().total());
        assertEquals(script.path("cached").intValue(), reply.usage().cached());
      }
      assertEquals(script.path("replies").size(), endpoint.requests().size());
    }
  }

  private static String statement(ChatReply reply) {
    try {
      return Reply.of(reply.content(), text -> false).sql();
    } catch (AiWorkerException e) {
      throw e.costing(reply.usage());
    }
  }

  private static Sampling sampling(JsonNode node) {
    return node.isMissingNode()
        ? TestSettings.SAMPLING
        : new Sampling(node.path("seed").longValue(), node.path("max").intValue(), 1);
  }

  private static FakeEndpoint.Reply reply(JsonNode node) {
    Map<String, String> headers = new LinkedHashMap<>();
    node.path("headers")
        .properties()
        .forEach(header -> headers.put(header.getKey(), header.getValue().asText()));
    return new FakeEndpoint.Reply(
        node.path("status").intValue(), headers, node.path("body").toString());
  }
}
