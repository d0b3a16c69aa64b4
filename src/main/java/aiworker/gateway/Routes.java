package aiworker.gateway;

import aiworker.gateway.Route.Lane;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** What is answered. Immutable. */
final class Routes {
  private final Map<String, Map<String, Route>> byPath = new TreeMap<>();

  Routes(List<Route> routes) {
    for (Route route : routes) {
      byPath
          .computeIfAbsent(route.path(), path -> new LinkedHashMap<>())
          .put(route.method(), route);
    }
  }

  static Routes of(Api api, Route.Handler metrics) {
    List<Route> routes = new ArrayList<>();
    routes.add(new Route("POST", "/generate", Lane.WORK, api::generate));
    routes.add(new Route("GET", "/cache/stats", Lane.WORK, api::cacheStatistics));
    routes.add(new Route("POST", "/cache/cleanup", Lane.WORK, api::cleanUp));
    routes.add(new Route("GET", "/cache/entries", Lane.WORK, api::entries));
    routes.add(new Route("POST", "/cache/verify", Lane.WORK, api::verify));
    routes.add(new Route("POST", "/cache/delete", Lane.WORK, api::delete));
    routes.add(new Route("POST", "/cache/invalidate", Lane.WORK, api::invalidate));
    routes.add(new Route("GET", "/usage", Lane.WORK, api::usage));
    routes.add(new Route("GET", "/quotas", Lane.WORK, api::quotas));
    routes.add(new Route("GET", "/session", Lane.WORK, api::session));
    routes.add(new Route("GET", "/health", Lane.WATCH, api::health));
    routes.add(new Route("GET", "/metrics", Lane.WATCH, metrics));
    StaticFiles.all()
        .forEach(
            (path, file) ->
                routes.add(new Route("GET", path, Lane.AT_ONCE, (request, job) -> file)));
    return new Routes(routes);
  }

  /** The route of a request; a HEAD is a GET whose body is not sent. */
  Route find(String method, String path) {
    Map<String, Route> methods = byPath.get(path);
    if (methods == null) {
      throw Problem.of(404, "there is no " + path, "GET /openapi.json lists what there is.");
    }
    Route route = methods.get(method.equals("HEAD") ? "GET" : method);
    if (route == null) {
      TreeSet<String> allowed = new TreeSet<>(methods.keySet());
      if (allowed.contains("GET")) {
        allowed.add("HEAD");
      }
      String list = String.join(", ", allowed);
      throw Problem.of(
          405, method + " is not for " + path, "Use " + list + ".", Map.of("Allow", list));
    }
    return route;
  }

  /** Whether there is such a path, for counting. */
  boolean has(String path) {
    return byPath.containsKey(path);
  }
}
