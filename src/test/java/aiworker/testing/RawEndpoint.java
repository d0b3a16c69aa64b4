package aiworker.testing;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;

/**
 * A server that does with each connection whatever the test says, for faults that no proper HTTP
 * server can be brought to.
 *
 * <p>Any thread may use it.
 */
public final class RawEndpoint implements AutoCloseable {
  private final ServerSocket server;
  private final String scheme;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger connections = new AtomicInteger();

  /** What to do with one connection; it is closed afterwards. */
  public interface Handler {
    /**
     * Serves one connection, and may fail as it likes.
     *
     * @param number of the connection, the first being 1
     */
    void handle(Connection connection, int number) throws Exception;
  }

  /** One connection. */
  public record Connection(Socket socket, InputStream in, OutputStream out) {
    /** Reads one HTTP/1.1 request and returns its first line; null at the end of the stream. */
    public String readRequest() throws IOException {
      StringBuilder head = new StringBuilder();
      while (head.indexOf("\r\n\r\n") < 0) {
        int c = in.read();
        if (c < 0) {
          return null;
        }
        head.append((char) c);
      }
      int length = 0;
      for (String line : head.toString().split("\r\n", -1)) {
        if (line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
          length = Integer.parseInt(line.substring(15).strip());
        }
      }
      in.readNBytes(length);
      return head.substring(0, head.indexOf("\r\n"));
    }

    public void write(String text) throws IOException {
      write(text.getBytes(StandardCharsets.UTF_8));
    }

    public void write(byte[] bytes) throws IOException {
      out.write(bytes);
      out.flush();
    }

    /** Closes with a TCP reset instead of a FIN. */
    public void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }

    /** Holds the connection open until the other side or the test ends it. */
    public void hang() throws IOException {
      while (in.read() >= 0) {
        // whatever comes is of no interest
      }
    }
  }

  private RawEndpoint(ServerSocket server, String scheme, Handler handler) {
    this.server = server;
    this.scheme = scheme;
    daemon(() -> accept(handler));
  }

  public static RawEndpoint start(Handler handler) {
    try {
      return new RawEndpoint(
          new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), "http", handler);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The same over TLS.
   *
   * @param protocols for ALPN, such as h2
   */
  public static RawEndpoint start(SSLContext tls, Handler handler, String... protocols) {
    try {
      SSLServerSocket server =
          (SSLServerSocket)
              tls.getServerSocketFactory()
                  .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
      SSLParameters parameters = server.getSSLParameters();
      parameters.setApplicationProtocols(protocols);
      server.setSSLParameters(parameters);
      return new RawEndpoint(server, "https", handler);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public URI url() {
    return URI.create(scheme + "://127.0.0.1:" + port() + "/v1");
  }

  public int port() {
    return server.getLocalPort();
  }

  /** How many connections have come in so far. */
  public int connections() {
    return connections.get();
  }

  /** How many of them are still open. */
  public int openConnections() {
    return open.size();
  }

  @Override
  public void close() {
    try {
      server.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void accept(Handler handler) {
    try {
      while (true) {
        Socket socket = server.accept();
        int number = connections.incrementAndGet();
        open.add(socket);
        daemon(() -> serve(handler, socket, number));
      }
    } catch (IOException e) {
      // closed
    }
  }

  private void serve(Handler handler, Socket socket, int number) {
    try (socket) {
      socket.setTcpNoDelay(true);
      handler.handle(
          new Connection(
              socket, new BufferedInputStream(socket.getInputStream()), socket.getOutputStream()),
          number);
    } catch (Exception e) {
      // a fault of the test's own making, or the client has gone
    } finally {
      open.remove(socket);
    }
  }

  private static void daemon(Runnable work) {
    Thread thread = new Thread(work, "raw-endpoint");
    thread.setDaemon(true);
    thread.start();
  }
}
