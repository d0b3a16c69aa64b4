package aiworker.chat;

import static aiworker.error.Failure.ENDPOINT_FAILED;
import static aiworker.error.Failure.ENDPOINT_UNREACHABLE;
import static aiworker.error.Failure.REPLY_UNREADABLE;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.ProtocolException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLHandshakeException;

/**
 * What a fault of the connection means for the caller, and whether to try again.
 *
 * <p>Stateless, so any thread may use it.
 */
final class TransportErrors {
  private TransportErrors() {}

  static AttemptFailure of(IOException fault, ChatSettings settings) {
    String url = settings.shownUrl();
    String words = EndpointError.shown(words(fault), settings);
    if (has(fault, ReplyTooLargeException.class)) {
      return last(REPLY_UNREADABLE, "the reply of " + url + " is too large", words, fault);
    }
    if (has(fault, SecurityException.class)) {
      String message = "the security policy of this server's Java forbids a connection to " + url;
      return last(ENDPOINT_UNREACHABLE, message, words, fault);
    }
    if (has(fault, UnknownHostException.class)) {
      // Java remembers a failed look-up for ten seconds, so that trying again would tell nothing
      return last(ENDPOINT_UNREACHABLE, "the host of " + url + " is unknown", words, fault);
    }
    if (has(fault, GeneralSecurityException.class) || words.contains("SSL message")) {
      return last(ENDPOINT_UNREACHABLE, "no trusted connection to " + url, words, fault);
    }
    if (has(fault, HttpConnectTimeoutException.class)) {
      String within = " within " + Transport.CONNECT_TIMEOUT.toMillis() + " ms";
      return passing(ENDPOINT_UNREACHABLE, "no connection to " + url + within, null, fault);
    }
    if (has(fault, ConnectException.class)
        || has(fault, NoRouteToHostException.class)
        || has(fault, SSLHandshakeException.class)
        || words.startsWith("Tunnel failed")) {
      return passing(ENDPOINT_UNREACHABLE, "no connection to " + url, words, fault);
    }
    if (has(fault, ProtocolException.class) || has(fault, IllegalArgumentException.class)) {
      return last(REPLY_UNREADABLE, url + " does not speak HTTP", words, fault);
    }
    return passing(
        ENDPOINT_FAILED, "the connection to " + url + " broke before its reply", words, fault);
  }

  private static AttemptFailure last(
      Failure failure, String message, String detail, IOException fault) {
    return new AttemptFailure(new AiWorkerException(failure, message, detail, fault), false, null);
  }

  private static AttemptFailure passing(
      Failure failure, String message, String detail, IOException fault) {
    return new AttemptFailure(new AiWorkerException(failure, message, detail, fault), true, null);
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
  private static String words(Throwable fault) {
    // the HTTP client of Java 17 has no words for a refused connection
    String words =
        fault instanceof ConnectException
            ? "the connection was refused"
            : fault.getClass().getSimpleName();
    for (Throwable t = fault; t != null; t = t.getCause()) {
      if (t.getMessage() != null && !t.getMessage().isBlank()) {
        words = t.getMessage();
      }
    }
    return words;
  }
}
