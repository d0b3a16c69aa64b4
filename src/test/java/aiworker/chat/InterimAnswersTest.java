package aiworker.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.Failure;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InterimAnswersTest {
  @ParameterizedTest
  @ValueSource(strings = {"17", "17.0.12+7", "18.0.2.1+1", "19.0.2+7"})
  void olderJavaIsNamedWithWhatCuresIt(String version) {
    String problem = InterimAnswers.problem(Runtime.Version.parse(version));
    assertTrue(problem.startsWith("Java " + version + " takes"), problem);
    assertTrue(problem.endsWith("update it to 17.0.13 or later"), problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"17.0.13+11", "17.0.15+6-Debian-1deb12u1", "21", "25.0.3+9-LTS"})
  void newerJavaIsRight(String version) {
    assertNull(InterimAnswers.problem(Runtime.Version.parse(version)));
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 102, 103, 199})
  void oneThatArrivesAsTheAnswerIsNotTriedAgain(int status) {
    ChatSettings settings = TestSettings.of(URI.create("http://127.0.0.1:1/v1"), "m", ApiKey.NONE);
    AttemptFailure failed =
        StatusErrors.of(
            status,
            HttpHeaders.of(Map.of(), (name, value) -> true),
            EndpointError.of(new byte[0], settings),
            settings,
            Instant.EPOCH);
    assertFalse(failed.retriable());
    assertEquals(Failure.REPLY_UNREADABLE, failed.error().failure());
    assertEquals(
        "an interim answer of http://127.0.0.1:1/v1 was taken for its answer (status "
            + status
            + ")",
        failed.error().getMessage());
  }
}
