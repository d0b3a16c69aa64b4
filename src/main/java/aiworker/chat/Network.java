package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.net.URI;
import java.nio.file.Path;

/**
 * How the endpoint is reached; immutable.
 *
 * @param allowInsecure whether plain http may leave this machine
 * @param proxy such as {@code http://proxy.example:3128}, null for none
 * @param caFile PEM certificates to trust instead of Java's own, null for Java's own
 */
public record Network(boolean allowInsecure, URI proxy, Path caFile) {
  public Network {
    if (proxy != null
        && !("http".equalsIgnoreCase(proxy.getScheme())
            && proxy.getHost() != null
            && proxy.getPort() > 0
            && proxy.getRawUserInfo() == null)) {
      throw new AiWorkerException(
          Failure.REQUEST_REFUSED, "the proxy must be of the form http://host:port");
    }
  }

  /**
   * Reads the CA file, if there is one, for a report of what needs attention.
   *
   * @throws AiWorkerException {@link Failure#ENDPOINT_UNREACHABLE} if it cannot be used
   */
  public void requireUsable() {
    if (caFile != null) {
      Tls.trusting(caFile);
    }
  }

  /** Short of a record's own, for which Java would write classes first. */
  @Override
  public String toString() {
    return allowInsecure + " " + proxy + " " + caFile;
  }
}
