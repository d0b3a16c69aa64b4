package aiworker.config;

import aiworker.chat.ApiKey;
import aiworker.chat.ChatSettings;
import aiworker.chat.Network;
import aiworker.chat.Sampling;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.json.Json;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The settings of {@code ai_worker_config} that Java needs; the table's own CHECKs have judged the
 * values.
 *
 * @param apiKeyFile null if the key comes from the environment
 * @param apiKeyHeader the header that carries the key, null for the endpoint's usual one
 * @param headers sent along, organization and project among them
 * @param network how to reach the endpoint
 * @param sampling what else is asked of the model
 * @param schemas in search-path order
 * @param allowedFunctions names with or without schema
 * @param rowLimit most rows that a statement may return
 * @param systemCatalogs whether the harmless system catalogs are in scope
 * @param requestTimeout for one question, retries included
 * @param contextTokens budget of the schema context, in tokens of about four characters
 */
public record Config(
    String model,
    URI baseUrl,
    Path apiKeyFile,
    String apiKeyHeader,
    Map<String, String> headers,
    Network network,
    Sampling sampling,
    List<String> schemas,
    List<String> allowedFunctions,
    int rowLimit,
    boolean systemCatalogs,
    Duration requestTimeout,
    int maxRetries,
    int repairRounds,
    int contextTokens,
    int notesTokens) {
  public Config {
    headers = Map.copyOf(headers);
    schemas = List.copyOf(schemas);
    allowedFunctions = List.copyOf(allowedFunctions);
  }

  /** From the row of {@code ai_worker_config} as a JSON object, keys being the column names. */
  public static Config of(String json) {
    try {
      JsonNode row = Json.read(json);
      JsonNode maxCompletionTokens = row.required("max_completion_tokens");
      JsonNode proxy = row.required("proxy");
      JsonNode seed = row.required("seed");
      return new Config(
          row.required("model").asText(),
          url(row.required("base_url").asText(), row.required("api_version").textValue()),
          path(row.required("api_key_file")),
          row.required("api_key_header").textValue(),
          headers(row),
          new Network(
              row.required("allow_plain_http").booleanValue(),
              proxy.isNull() ? null : uri("proxy", proxy.textValue()),
              path(row.required("ca_file"))),
          new Sampling(
              seed.isNull() ? null : seed.longValue(),
              maxCompletionTokens.isNull() ? null : maxCompletionTokens.intValue()),
          texts(row.required("schemas")),
          texts(row.required("allowed_functions")),
          row.required("row_limit").intValue(),
          row.required("system_catalogs").booleanValue(),
          Duration.ofMillis(row.required("request_timeout_ms").longValue()),
          row.required("max_retries").intValue(),
          row.required("repair_rounds").intValue(),
          row.required("context_tokens").intValue(),
          row.required("notes_tokens").intValue());
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new AiWorkerException(
          Failure.NOT_INSTALLED, "ai_worker_config cannot be read", e.getMessage(), e);
    }
  }

  /**
   * How to reach the model, with the key.
   *
   * @throws AiWorkerException if there is no key or the URL is not safe to use
   */
  public ChatSettings chatSettings() {
    return chatSettings(ApiKey.find(apiKeyFile, System::getenv));
  }

  /**
   * The same with a key that is given.
   *
   * @throws AiWorkerException as without
   */
  public ChatSettings chatSettings(ApiKey key) {
    return new ChatSettings(
        baseUrl, model, key, apiKeyHeader, requestTimeout, maxRetries, headers, network, sampling);
  }

  private static URI url(String baseUrl, String apiVersion) {
    return uri(
        "base_url",
        apiVersion == null
            ? baseUrl
            : baseUrl + (baseUrl.contains("?") ? "&" : "?") + "api-version=" + apiVersion);
  }

  /** Java's own error would show the URL, which may hold secrets. */
  @SuppressWarnings("UnusedException")
  private static URI uri(String setting, String text) {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      throw new AiWorkerException(
          Failure.REQUEST_REFUSED, setting + " in ai_worker_config is not a URL");
    }
  }

  private static Path path(JsonNode text) {
    return text.isNull() ? null : Path.of(text.textValue());
  }

  private static Map<String, String> headers(JsonNode row) {
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    row.required("headers")
        .properties()
        .forEach(h -> headers.put(h.getKey(), h.getValue().asText()));
    JsonNode organization = row.required("organization");
    if (!organization.isNull()) {
      headers.put("OpenAI-Organization", organization.textValue());
    }
    JsonNode project = row.required("project");
    if (!project.isNull()) {
      headers.put("OpenAI-Project", project.textValue());
    }
    return headers;
  }

  /** Header values may be secrets, so the settings do not print. */
  @Override
  public String toString() {
    return "Config[model " + model + "]";
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(element -> texts.add(element.asText()));
    return texts;
  }
}
