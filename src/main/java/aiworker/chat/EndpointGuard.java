package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Keeps {@code base_url} from reaching what only this machine should reach (server-side request
 * forgery): plain http stays on this machine unless it is allowed, and link-local and metadata
 * addresses are refused always, by name and by what the name resolves to.
 *
 * <p>Stateless, so any thread may use it.
 */
final class EndpointGuard {
  /** Metadata services that live outside the link-local ranges: fd00:ec2::254, 100.100.100.200. */
  private static final List<byte[]> METADATA =
      List.of(
          new byte[] {(byte) 0xfd, 0, 0x0e, (byte) 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54},
          new byte[] {100, 100, 100, (byte) 200});

  private EndpointGuard() {}

  /**
   * Judges a URL by its text; looks up no name.
   *
   * @param allowInsecure whether plain http may leave this machine
   * @throws AiWorkerException {@link Failure#REQUEST_REFUSED} with the reason
   */
  static void requireSafe(URI url, boolean allowInsecure) {
    String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
    require(scheme.equals("https") || scheme.equals("http"), url, "it must begin with https://");
    require(url.getHost() != null, url, "it names no host");
    require(
        !isDotsAndDigits(url.getHost()) || !("." + url.getHost()).matches(".*\\.0[0-9].*"),
        url,
        "its address has a number that begins with 0, which some read as octal");
    require(url.getRawUserInfo() == null, url, "a user name or password does not belong in it");
    require(url.getRawFragment() == null, url, "a # does not belong in it");
    require(
        scheme.equals("https") || allowInsecure || isLoopback(url),
        url,
        "plain http is for endpoints on this machine; use https");
  }

  /**
   * Judges the addresses that the URL's host has resolved to.
   *
   * @throws AiWorkerException {@link Failure#REQUEST_REFUSED} if any of them is out of bounds
   */
  static void requireSafe(URI url, InetAddress[] addresses, boolean allowInsecure) {
    boolean plain = "http".equalsIgnoreCase(url.getScheme());
    for (InetAddress address : addresses) {
      require(
          !isMetadata(address),
          url,
          "its host is " + address.getHostAddress() + ", a link-local or metadata address");
      require(
          !plain || allowInsecure || address.isLoopbackAddress(),
          url,
          "plain http is for endpoints on this machine, and its host is "
              + address.getHostAddress());
    }
  }

  /** The URL's host if it is an address and no name, else nothing; looks up no name. */
  static InetAddress[] literal(URI url) throws UnknownHostException {
    String host = url.getHost();
    return host.startsWith("[") || isDotsAndDigits(host)
        ? InetAddress.getAllByName(host)
        : new InetAddress[0];
  }

  /** Whether the URL's host is this machine by its very name. */
  static boolean isLoopback(URI url) {
    String host = url.getHost();
    return host.equalsIgnoreCase("localhost")
        || host.equals("[::1]")
        || (host.startsWith("127.") && isDotsAndDigits(host));
  }

  /** The URL without its query and user name, which may hold secrets. */
  static String shown(URI url) {
    if (url.getHost() == null) {
      return url.getScheme() + ":…";
    }
    String port = url.getPort() < 0 ? "" : ":" + url.getPort();
    return url.getScheme() + "://" + url.getHost() + port + url.getRawPath();
  }

  private static boolean isDotsAndDigits(String host) {
    for (int at = 0; at < host.length(); at++) {
      char c = host.charAt(at);
      if (c != '.' && (c < '0' || c > '9')) {
        return false;
      }
    }
    return true;
  }

  private static boolean isMetadata(InetAddress address) {
    byte[] bytes = address.getAddress();
    for (byte[] known : METADATA) {
      if (Arrays.equals(known, bytes)) {
        return true;
      }
    }
    return address.isLinkLocalAddress() || isTranslated(bytes);
  }

  /** An IPv4 link-local address inside NAT64's prefix 64:ff9b::/96 (RFC 6052). */
  private static boolean isTranslated(byte[] bytes) {
    byte[] prefix = {
      0, 0x64, (byte) 0xff, (byte) 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 169, (byte) 254
    };
    return bytes.length == 16 && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
  }

  private static void require(boolean condition, URI url, String reason) {
    if (!condition) {
      throw new AiWorkerException(
          Failure.REQUEST_REFUSED, "base_url " + shown(url) + " is not allowed", reason);
    }
  }
}
