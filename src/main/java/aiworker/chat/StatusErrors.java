package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.net.http.HttpHeaders;
import java.time.Instant;
import java.util.Locale;

/**
 * What a status other than 2xx means for the caller, and whether to try again.
 *
 * <p>Stateless, so any thread may use it.
 */
final class StatusErrors {
  private StatusErrors() {}

  static AttemptFailure of(
      int status, HttpHeaders headers, EndpointError error, ChatSettings settings, Instant now) {
    boolean passing =
        (status == 408 || status == 409 || status == 429 || status >= 500)
            && !error.code().equals("insufficient_quota")
            && !headers.firstValue("x-should-retry").orElse("").equalsIgnoreCase("false");
    return new AttemptFailure(
        new AiWorkerException(
            failure(status, error),
            message(status, headers, error, settings),
            status < 200 ? InterimAnswers.problem() : detail(error)),
        passing,
        passing ? Backoff.retryAfter(headers, now) : null);
  }

  private static Failure failure(int status, EndpointError error) {
    if (error.code().equals("content_filter")) {
      return Failure.NO_STATEMENT;
    }
    return switch (status) {
      case 401, 403 -> Failure.AUTHENTICATION_FAILED;
      case 429 -> Failure.RATE_LIMITED;
      case 408, 409 -> Failure.ENDPOINT_FAILED;
      default ->
          status < 200
              ? Failure.REPLY_UNREADABLE
              : status >= 500 ? Failure.ENDPOINT_FAILED : Failure.REQUEST_REFUSED;
    };
  }

  private static String message(
      int status, HttpHeaders headers, EndpointError error, ChatSettings settings) {
    String url = settings.shownUrl();
    String model = "model \"" + settings.model() + "\"";
    String code = " (status " + status + ")";
    if (status < 200) {
      return "an interim answer of " + url + " was taken for its answer" + code;
    }
    if (error.code().equals("content_filter")) {
      return url + " filtered the question" + code;
    }
    if (status >= 300 && status < 400) {
      String location = EndpointError.shown(headers.firstValue("Location").orElse("?"), settings);
      return url + " redirects to " + location + code + ", and redirects are not followed";
    }
    return switch (status) {
      case 401 ->
          settings.key() == ApiKey.NONE
              ? url + " asks for an API key" + code
              : url + " does not accept the API key" + code;
      case 403 -> url + " does not allow " + model + " to this API key" + code;
      case 404 ->
          isAboutModel(error, settings)
              ? model + " is not known to " + url + code
              : url + " has no chat/completions" + code;
      case 407 -> "the proxy to " + url + " asks for a password" + code;
      case 413 -> "the request is too large for " + url + code;
      case 429 ->
          error.code().equals("insufficient_quota")
              ? "the account's quota at " + url + " is used up" + code
              : url + " takes no more requests for now" + code;
      default ->
          failure(status, error) == Failure.ENDPOINT_FAILED
              ? url + " failed" + code
              : url + " refused the request to " + model + code;
    };
  }

  private static boolean isAboutModel(EndpointError error, ChatSettings settings) {
    String code = error.code().toLowerCase(Locale.ROOT);
    return code.equals("model_not_found")
        || code.equals("deploymentnotfound")
        || error.param().equals("model")
        || error.message().contains(settings.model());
  }

  private static String detail(EndpointError error) {
    return error.message().isEmpty() ? null : error.message();
  }
}
