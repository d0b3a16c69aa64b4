package aiworker.chat;

import aiworker.AiWorkerException;
import aiworker.Failure;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.ProtocolException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLException;

/**
 * What a fault of the connection means for the caller, and whether to try again.
 *
 * <p>Stateless, so any thread may use it.
 */
final class Faults {
  private Faults() {}

  static Trouble of(IOException fault, ChatSettings settings) {
    String url = settings.shownUrl();
    if (has(fault, ReplyTooLargeException.class)) {
      return Trouble.last(
          error(
              Failure.REPLY_UNREADABLE,
              "the reply of " + url + " is larger than " + BoundedBody.MOST + " bytes",
              null,
              fault));
    }
    if (has(fault, UnknownHostException.class)) {
      // Java remembers a failed look-up for ten seconds, so that trying again would tell nothing
      return Trouble.last(
          error(Failure.ENDPOINT_UNREACHABLE, "the host of " + url + " is unknown", fault));
    }
    if (has(fault, GeneralSecurityException.class)) {
      return Trouble.last(
          error(Failure.ENDPOINT_UNREACHABLE, "no trusted connection to " + url, fault));
    }
    if (has(fault, HttpConnectTimeoutException.class)) {
      return Trouble.passing(
          error(
              Failure.ENDPOINT_UNREACHABLE,
              "no connection to " + url + " within " + Transport.CONNECT_TIMEOUT.toMillis() + " ms",
              null,
              fault));
    }
    if (has(fault, ConnectException.class)
        || has(fault, NoRouteToHostException.class)
        || has(fault, SSLException.class)) {
      return Trouble.passing(error(Failure.ENDPOINT_UNREACHABLE, "no connection to " + url, fault));
    }
    if (has(fault, ProtocolException.class)) {
      return Trouble.last(error(Failure.REPLY_UNREADABLE, url + " does not speak HTTP", fault));
    }
    return Trouble.passing(
        error(Failure.ENDPOINT_FAILED, url + " dropped the connection before its reply", fault));
  }

  private static AiWorkerException error(Failure failure, String message, IOException fault) {
    return error(failure, message, innermost(fault), fault);
  }

  private static AiWorkerException error(
      Failure failure, String message, String detail, IOException fault) {
    return new AiWorkerException(failure, message, detail, fault);
  }

  private static boolean has(Throwable fault, Class<? extends Throwable> kind) {
    for (Throwable t = fault; t != null; t = t.getCause()) {
      if (kind.isInstance(t)) {
        return true;
      }
    }
    return false;
  }

  /** The words of the innermost cause that has any, which say the most. */
  private static String innermost(Throwable fault) {
    String words = fault.getClass().getSimpleName();
    for (Throwable t = fault; t != null; t = t.getCause()) {
      if (t.getMessage() != null && !t.getMessage().isBlank()) {
        words = t.getMessage();
      }
    }
    return words;
  }
}
