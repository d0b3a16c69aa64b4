package aiworker;

import aiworker.chat.ApiKey;
import aiworker.chat.ChatSettings;
import aiworker.chat.InterimAnswers;
import aiworker.config.Config;
import aiworker.db.Database;
import aiworker.error.AiWorkerException;
import aiworker.json.Json;
import aiworker.limits.Upstream;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * What {@code ai_worker_health()} reports: the server's own findings and those of this JVM. Never a
 * secret.
 */
final class Health {
  private Health() {}

  /**
   * Returns the report as JSON.
   *
   * @param runtime pljava or plpython
   * @param runtimeProblem why the runtime refuses questions; null if it does not
   */
  static String report(
      Database database,
      String runtime,
      AiWorkerException runtimeProblem,
      LastFailure lastFailure,
      Upstream upstream) {
    ObjectNode report =
        (ObjectNode)
            Json.ours(database.query("SELECT ai_worker.state() AS state").get(0).text("state"));
    ArrayNode problems = report.withArray("problems");
    report.put("runtime", runtime);
    report.put("version", version());
    report.put("jvm", System.getProperty("java.vm.name") + " " + Runtime.version());
    report.put("java_home", System.getProperty("java.home"));
    JvmOptions options = JvmOptions.inUse();
    report.put("jvm_options", options.text());
    report.put("class_archive", options.archive());
    String stackProblem = options.stackProblem(database);
    if (stackProblem != null) {
      problems.add(stackProblem);
    }
    if (InterimAnswers.problem() != null) {
      problems.add(InterimAnswers.problem());
    }
    if (runtimeProblem != null) {
      problems.add(text(runtimeProblem));
    }
    // where there are no settings the server's own findings say so
    report.put("api_key", report.path("model").isNull() ? "none" : key(database, upstream, report));
    if (lastFailure.happened()) {
      lastFailure.describe(report.putObject("last_error"));
    }
    report.put("healthy", problems.isEmpty());
    return Json.write(report);
  }

  /** Where the key comes from; adds the endpoint's state, and what is wrong with either. */
  private static String key(Database database, Upstream upstream, ObjectNode report) {
    String key = "none";
    ArrayNode problems = report.withArray("problems");
    try {
      Config config =
          Config.of(
              database.query("SELECT ai_worker.settings() AS settings").get(0).text("settings"));
      ChatSettings settings = config.chatSettings();
      if (settings.key() != ApiKey.NONE) {
        key = config.apiKeyFile() == null ? "environment" : "file";
      }
      settings.network().requireUsable();
      String trouble = upstream.describe(database, settings, report.putObject("endpoint"));
      if (trouble != null) {
        problems.add(trouble);
      }
    } catch (AiWorkerException e) {
      problems.add(text(e));
    }
    return key;
  }

  private static String text(AiWorkerException e) {
    return e.getMessage()
        + (e.detail() == null ? "" : ": " + e.detail())
        + "; "
        + e.failure().hint();
  }

  /** From a resource, because PL/Java's class loader knows no manifest. */
  private static String version() {
    try (InputStream version = Health.class.getResourceAsStream("version.txt")) {
      return new String(version.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
