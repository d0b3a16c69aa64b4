package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Keeps {@code base_url} from reaching what only this machine should reach (server-side request
 * forgery): plain http stays on this machine unless it is allowed, and link-local and metadata
 * addresses are refused always, by name and by what the name resolves to.
 *
 * <p>Stateless, so any thread may use it.
 */
final class EndpointGuard {
  /**
   * Metadata services outside the link-local ranges: AWS, Google, Alibaba, Azure, Oracle, Scaleway.
   */
  private static final Set<InetAddress> METADATA =
      Stream.of(
              "fd00:ec2::254",
              "fd00:ec2::23",
              "fd20:ce::254",
              "100.100.100.200",
              "168.63.129.16",
              "192.0.0.192",
              "fd00:42::42")
          .map(EndpointGuard::address)
          .collect(Collectors.toUnmodifiableSet());

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
    return METADATA.contains(address)
        || address.isLinkLocalAddress()
        || (address instanceof Inet6Address six
            && translated(six).anyMatch(EndpointGuard::isMetadata));
  }

  /** The IPv4 addresses that an IPv6 address may be translated to, or tunnelled to, on its way. */
  private static Stream<InetAddress> translated(Inet6Address address) {
    byte[] bytes = address.getAddress();
    List<byte[]> inner = new ArrayList<>();
    // IPv4-compatible, NAT64 (RFC 6052, RFC 8215), ISATAP (RFC 5214)
    if (begins(bytes, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        || begins(bytes, 0, 0x64, 0xff, 0x9b)
        || (bytes[10] == 0x5e && bytes[11] == (byte) 0xfe)) {
      inner.add(Arrays.copyOfRange(bytes, 12, 16));
    }
    // 6to4 (RFC 3056)
    if (begins(bytes, 0x20, 0x02)) {
      inner.add(Arrays.copyOfRange(bytes, 2, 6));
    }
    // Teredo (RFC 4380): the client's address with its bits flipped
    if (begins(bytes, 0x20, 0x01, 0, 0)) {
      byte[] client = Arrays.copyOfRange(bytes, 12, 16);
      for (int i = 0; i < client.length; i++) {
        client[i] = (byte) ~client[i];
      }
      inner.add(client);
    }
    return inner.stream().map(EndpointGuard::address);
  }

  private static boolean begins(byte[] bytes, int... prefix) {
    for (int i = 0; i < prefix.length; i++) {
      if (bytes[i] != (byte) prefix[i]) {
        return false;
      }
    }
    return true;
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Looks up no name. */
  private static InetAddress address(String literal) {
    try {
      return InetAddress.getByName(literal);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static void require(boolean condition, URI url, String reason) {
    if (!condition) {
      throw new AiWorkerException(
          Failure.REQUEST_REFUSED, "base_url " + shown(url) + " is not allowed", reason);
    }
  }
}
