package aiworker.chat;

import java.net.URI;
import java.time.Duration;
import java.util.Map;

/** Settings of the common kind. */
final class TestSettings {
  static final Network NETWORK = new Network(false, null, null);
  static final Sampling SAMPLING = new Sampling(null, null, 1);

  private TestSettings() {}

  /** One minute, two retries, nothing special. */
  static ChatSettings of(URI baseUrl, String model, ApiKey key) {
    return new ChatSettings(
        baseUrl, model, key, null, Duration.ofMinutes(1), 2, Map.of(), NETWORK, SAMPLING);
  }

  static ChatSettings with(ChatSettings s, Map<String, String> headers) {
    return with(s, headers, s.network(), s.sampling());
  }

  static ChatSettings with(ChatSettings s, Network network) {
    return with(s, s.headers(), network, s.sampling());
  }

  static ChatSettings with(ChatSettings s, Sampling sampling) {
    return with(s, s.headers(), s.network(), sampling);
  }

  private static ChatSettings with(
      ChatSettings s, Map<String, String> headers, Network network, Sampling sampling) {
    return new ChatSettings(
        s.baseUrl(),
        s.model(),
        s.key(),
        s.keyHeader(),
        s.timeout(),
        s.maxRetries(),
        headers,
        network,
        sampling);
  }
}
