package aiworker.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The console's files and the API's description, from the jar. */
final class StaticFiles {
  private static final String UPLOT = "/META-INF/resources/webjars/uplot/1.6.30/dist/";
  private static final List<String> CONSOLE =
      List.of(
          "api.js",
          "ask.js",
          "cache.js",
          "console.css",
          "dom.js",
          "icon.svg",
          "main.js",
          "overview.js");

  private StaticFiles() {}

  /** By path. */
  static Map<String, Response> all() {
    Map<String, Response> files = new LinkedHashMap<>();
    files.put("/", file("console/index.html"));
    CONSOLE.forEach(name -> files.put("/console/" + name, file("console/" + name)));
    files.put("/console/uPlot.js", file(UPLOT + "uPlot.esm.js"));
    files.put("/console/uPlot.css", file(UPLOT + "uPlot.min.css"));
    files.put("/openapi.json", file("openapi.json"));
    return files;
  }

  private static Response file(String name) {
    try (InputStream content = StaticFiles.class.getResourceAsStream(name)) {
      if (content == null) {
        throw new IllegalStateException("not in the jar: " + name);
      }
      return new Response(200, type(name), content.readAllBytes(), Map.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String type(String name) {
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "html" -> "text/html; charset=utf-8";
      case "js" -> "text/javascript; charset=utf-8";
      case "css" -> "text/css; charset=utf-8";
      case "svg" -> "image/svg+xml";
      case "json" -> "application/json";
      default -> throw new IllegalArgumentException(name);
    };
  }
}
