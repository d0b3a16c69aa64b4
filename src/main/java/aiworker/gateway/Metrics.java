package aiworker.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * What the gateway counts of its own requests, and how all is written for Prometheus. Any thread.
 */
final class Metrics {
  /** Upper bounds of the latency histogram's buckets, s. */
  private static final double[] BOUNDS = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60
  };

  private record Answered(String route, String method, int status) {}

  private final Map<Answered, LongAdder> requests = new ConcurrentHashMap<>();
  private final Map<String, Histogram> durations = new ConcurrentHashMap<>();

  private static final class Histogram {
    final LongAdder[] buckets = new LongAdder[BOUNDS.length + 1];
    final LongAdder nanos = new LongAdder();

    Histogram() {
      for (int i = 0; i < buckets.length; i++) {
        buckets[i] = new LongAdder();
      }
    }

    void add(long duration) {
      int bucket = 0;
      while (bucket < BOUNDS.length && duration > BOUNDS[bucket] * 1e9) {
        bucket++;
      }
      buckets[bucket].increment();
      nanos.add(duration);
    }
  }

  /** Counts a request that was answered, and how long that took in nanoseconds. */
  void answered(String route, String method, int status, long nanos) {
    requests
        .computeIfAbsent(new Answered(route, method, status), key -> new LongAdder())
        .increment();
    durations.computeIfAbsent(route, key -> new Histogram()).add(nanos);
  }

  /** The gateway's own. */
  void write(Page page) {
    page.metric(
        "ai_worker_http_requests", "counter", "Requests answered, by route, method and status");
    Map<String, Long> counts = new TreeMap<>();
    requests.forEach(
        (key, count) ->
            counts.put(
                Page.labels(
                    "route",
                    key.route,
                    "method",
                    key.method,
                    "status",
                    Integer.toString(key.status)),
                count.sum()));
    counts.forEach((labels, count) -> page.sample("_total", labels, count));
    page.metric(
        "ai_worker_http_request_duration_seconds",
        "histogram",
        "Time from a request's arrival to its answer, by route");
    new TreeMap<>(durations).forEach((route, histogram) -> write(page, route, histogram));
  }

  private static void write(Page page, String route, Histogram histogram) {
    long count = 0;
    for (int i = 0; i < histogram.buckets.length; i++) {
      count += histogram.buckets[i].sum();
      String bound = i == BOUNDS.length ? "+Inf" : Double.toString(BOUNDS[i]);
      page.sample("_bucket", Page.labels("route", route, "le", bound), count);
    }
    page.sample("_sum", Page.labels("route", route), histogram.nanos.sum() / 1e9);
    page.sample("_count", Page.labels("route", route), count);
  }

  /** The database's own, as far as the role may see them. */
  static void write(Page page, Map<String, JsonNode> counters) {
    JsonNode stats = counters.get("stats");
    if (!stats.isMissingNode()) {
      page.gauge("ai_worker_cache_entries", "Entries in the cache", stats.get("total_entries"));
      page.gauge(
          "ai_worker_cache_valid_entries", "Of these, not expired", stats.get("valid_entries"));
      page.gauge(
          "ai_worker_cache_tokens_saved",
          "Tokens that hits of the entries now in the cache have saved",
          stats.get("total_tokens_saved"));
    }
    JsonNode requests = counters.get("requests");
    if (!requests.isMissingNode()) {
      page.metric(
          "ai_worker_cache_hits",
          "counter",
          "Questions answered from the cache since the last reset");
      page.sample("_total", "", requests.get("hits").asLong());
      page.metric(
          "ai_worker_cache_misses",
          "counter",
          "Questions answered by the model since the last reset");
      page.sample("_total", "", requests.get("misses").asLong());
    }
    JsonNode health = counters.get("health");
    if (!health.isMissingNode()) {
      page.metric("ai_worker_healthy", "gauge", "Whether ai_worker_health() finds nothing to do");
      page.sample("", "", health.path("healthy").asBoolean() ? 1 : 0);
      page.metric("ai_worker_endpoint_state", "gauge", "State of the breaker before the endpoint");
      for (String state : new String[] {"closed", "open", "half-open"}) {
        page.sample(
            "",
            Page.labels("state", state),
            state.equals(health.path("endpoint").path("state").asText()) ? 1 : 0);
      }
      page.gauge(
          "ai_worker_endpoint_consecutive_failures",
          "Calls in a row to which the endpoint did not answer",
          health.path("endpoint").path("failures"));
    }
    JsonNode quotas = counters.get("quotas");
    if (!quotas.isMissingNode()) {
      writeQuotas(page, quotas);
    }
  }

  private static void writeQuotas(Page page, JsonNode quotas) {
    for (String kind : new String[] {"calls", "tokens"}) {
      page.metric(
          "ai_worker_quota_" + kind + "_used", "gauge", "Used " + kind + " of the present window");
      for (JsonNode quota : quotas) {
        page.sample("", labels(quota), quota.get(kind).asLong());
      }
      page.metric("ai_worker_quota_" + kind + "_limit", "gauge", "Most " + kind + " of a window");
      for (JsonNode quota : quotas) {
        if (!quota.get("max_" + kind).isNull()) {
          page.sample("", labels(quota), quota.get("max_" + kind).asLong());
        }
      }
    }
  }

  private static String labels(JsonNode quota) {
    return Page.labels(
        "quota", quota.get("quota_id").asText(),
        "role", quota.get("role").isNull() ? "" : quota.get("role").asText(),
        "per", quota.get("per").asText());
  }

  /** Text in Prometheus' exposition format 0.0.4. Not for several threads. */
  static final class Page {
    private final StringBuilder text = new StringBuilder();
    private String name;

    /** Begins a metric; counters are named without {@code _total}. */
    void metric(String newName, String type, String help) {
      name = newName;
      String full = type.equals("counter") ? name + "_total" : name;
      text.append("# HELP ").append(full).append(' ').append(help).append('\n');
      text.append("# TYPE ").append(full).append(' ').append(type).append('\n');
    }

    void gauge(String newName, String help, JsonNode value) {
      metric(newName, "gauge", help);
      sample("", "", value.asLong());
    }

    void sample(String suffix, String labels, long value) {
      text.append(name).append(suffix).append(labels).append(' ').append(value).append('\n');
    }

    void sample(String suffix, String labels, double value) {
      text.append(name).append(suffix).append(labels).append(' ').append(value).append('\n');
    }

    /** Names and values in turn. */
    static String labels(String... pairs) {
      StringBuilder labels = new StringBuilder("{");
      for (int i = 0; i < pairs.length; i += 2) {
        String value =
            pairs[i + 1].replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
        labels.append(i == 0 ? "" : ",").append(pairs[i]).append("=\"").append(value).append('"');
      }
      return labels.append('}').toString();
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
