package aiworker;

import aiworker.chat.ApiKey;
import aiworker.chat.ChatSettings;
import aiworker.chat.Network;
import aiworker.chat.Sampling;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The settings of {@code ai_worker_config} that the pipeline needs; the table's own CHECKs have
 * judged the values.
 *
 * @param allowPlainHttp whether http may leave this host
 * @param apiKeyFile null if the key comes from the environment
 * @param schemas in search-path order
 * @param allowedFunctions names with or without schema
 * @param rowLimit most rows that a statement may return
 * @param systemCatalogs whether the harmless system catalogs are in scope
 * @param maxCost highest cost that the planner may expect, null for any
 * @param valueHints whether the model is told common values of columns
 * @param valueHintsHidden whose values are never told, as {@code column}, {@code table.column} or
 *     {@code schema.table.column}
 * @param requestTimeout for one question, retries included
 * @param contextTokens budget of the schema context, in tokens of about four characters
 * @param flightWait longest wait for another session that asks the same
 */
public record Config(
    String model,
    URI baseUrl,
    boolean allowPlainHttp,
    Path apiKeyFile,
    List<String> schemas,
    List<String> allowedFunctions,
    int rowLimit,
    boolean systemCatalogs,
    BigDecimal maxCost,
    boolean valueHints,
    Set<String> valueHintsHidden,
    Duration requestTimeout,
    int maxRetries,
    int repairRounds,
    int contextTokens,
    Duration flightWait) {
  private static final ObjectMapper JSON = new ObjectMapper();

  public Config {
    schemas = List.copyOf(schemas);
    allowedFunctions = List.copyOf(allowedFunctions);
    valueHintsHidden = Set.copyOf(valueHintsHidden);
  }

  /** From the row of {@code ai_worker_config} as a JSON object, keys being the column names. */
  public static Config of(String json) {
    try {
      JsonNode row = JSON.readTree(json);
      JsonNode maxCost = row.required("max_cost");
      String apiKeyFile = row.path("api_key_file").asText("");
      return new Config(
          row.required("model").asText(),
          URI.create(row.required("base_url").asText()),
          row.required("allow_plain_http").booleanValue(),
          apiKeyFile.isEmpty() ? null : Path.of(apiKeyFile),
          texts(row.required("schemas")),
          texts(row.required("allowed_functions")),
          row.required("row_limit").intValue(),
          row.required("system_catalogs").booleanValue(),
          maxCost.isNull() ? null : maxCost.decimalValue(),
          row.required("value_hints").booleanValue(),
          new HashSet<>(texts(row.required("value_hints_hidden"))),
          Duration.ofMillis(row.required("request_timeout_ms").longValue()),
          row.required("max_retries").intValue(),
          row.required("repair_rounds").intValue(),
          row.required("context_tokens").intValue(),
          Duration.ofMillis(row.required("flight_wait_ms").longValue()));
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
  ChatSettings chatSettings() {
    return new ChatSettings(
        baseUrl,
        model,
        ApiKey.find(apiKeyFile, System::getenv),
        requestTimeout,
        maxRetries,
        Map.of(),
        new Network(allowPlainHttp, null, null),
        Sampling.DEFAULT);
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(element -> texts.add(element.asText()));
    return texts;
  }
}
