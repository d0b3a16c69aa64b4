package aiworker.chat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Posts bodies over one {@link HttpClient}, which is kept, with its connections, until proxy or
 * certificates change. Follows no redirect and uses no proxy but the one it is told.
 *
 * <p>Speaks HTTP/1.1 alone. A backend has few requests at a time, so that HTTP/2 would save little;
 * but an HTTP/2 connection outlives the requests that are cancelled or time out on it, and one that
 * has silently died would swallow all that follow.
 *
 * <p>Thread rule: only the thread on which the backend called us may use it. The work is done on
 * daemon threads that end after a second without any; between calls only the client's own selector
 * is left.
 */
final class Transport {
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  static {
    // Java 17 keeps idle connections for twenty minutes, far longer than what lies on their way
    String property = "jdk.httpclient.keepalive.timeout";
    try {
      if (System.getProperty(property) == null) {
        System.setProperty(property, "60");
      }
    } catch (SecurityException e) {
      // then Java's own value it is
    }
  }

  /** A name service. */
  interface Resolver {
    InetAddress[] resolve(String host) throws UnknownHostException;
  }

  private final ThreadPoolExecutor workers = workers();
  private final Resolver resolver;
  private String route;
  private HttpClient client;

  Transport(Resolver resolver) {
    this.resolver = resolver;
  }

  /**
   * Sends one request; others may be under way.
   *
   * @return the whole reply, for {@link #response}; to be cancelled by whoever gives it up
   * @throws IOException if nothing could be sent
   * @throws TimeoutException at the deadline
   */
  CompletableFuture<HttpResponse<byte[]>> send(
      ChatSettings settings, byte[] body, Deadline deadline) throws IOException, TimeoutException {
    URI url = settings.completionsUrl();
    Network network = settings.network();
    URI proxy = EndpointGuard.isLoopback(url) ? null : network.proxy();
    try {
      String next = (proxy == null ? url : proxy).getHost();
      Future<InetAddress[]> lookup = workers.submit(() -> resolver.resolve(next));
      InetAddress[] addresses = deadline.await(lookup);
      EndpointGuard.requireSafe(url, addresses, network.allowInsecure() || proxy != null);
      if (proxy != null) {
        // a name is for the proxy to look up
        EndpointGuard.requireSafe(url, EndpointGuard.literal(url), true);
      }
      HttpRequest.Builder request =
          HttpRequest.newBuilder(url)
              .POST(BodyPublishers.ofByteArray(body))
              .timeout(beyond(deadline.left()));
      settings.requestHeaders().forEach(request::header);
      return client("http".equalsIgnoreCase(url.getScheme()), proxy, network.caFile())
          .sendAsync(request.build(), head -> new BoundedBody());
    } catch (ExecutionException e) {
      throw fault(e);
    } catch (SecurityException e) {
      throw new IOException(e);
    }
  }

  /**
   * Waits for the whole reply.
   *
   * @throws IOException any fault between here and the end of the reply
   * @throws TimeoutException at the deadline
   */
  HttpResponse<byte[]> response(CompletableFuture<HttpResponse<byte[]>> sent, Deadline deadline)
      throws IOException, TimeoutException {
    try {
      HttpResponse<byte[]> response = deadline.await(sent);
      if (response.statusCode() < 200) {
        // the answer itself is still to come on that connection, which must serve no other question
        client = null;
        route = null;
      }
      return response;
    } catch (ExecutionException e) {
      throw fault(e);
    } catch (SecurityException e) {
      throw new IOException(e);
    }
  }

  private static IOException fault(ExecutionException e) {
    return e.getCause() instanceof IOException fault ? fault : new IOException(e.getCause());
  }

  /** A backstop after our own deadline, for work that outlives its cancellation. */
  private static Duration beyond(Duration left) {
    return (left.isNegative() ? Duration.ZERO : left).plusSeconds(1);
  }

  private HttpClient client(boolean plain, URI proxy, Path caFile) {
    String wanted = plain + " " + proxy + " " + caFile;
    if (!wanted.equals(route)) {
      HttpClient.Builder builder =
          HttpClient.newBuilder()
              .executor(workers)
              .followRedirects(HttpClient.Redirect.NEVER)
              .connectTimeout(CONNECT_TIMEOUT)
              .version(HttpClient.Version.HTTP_1_1)
              .proxy(
                  proxy == null
                      ? HttpClient.Builder.NO_PROXY
                      // unresolved, so that every connection looks its address up again
                      : ProxySelector.of(
                          InetSocketAddress.createUnresolved(proxy.getHost(), proxy.getPort())));
      if (plain) {
        builder.sslContext(Tls.none());
      } else if (caFile != null) {
        builder.sslContext(Tls.trusting(caFile));
      }
      client = builder.build();
      route = wanted;
    }
    return client;
  }

  /** Few, because they never wait but for a name server; daemons, so that the backend can end. */
  private static ThreadPoolExecutor workers() {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            4,
            4,
            1,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread thread = new Thread(work, "ai-worker-http");
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }
}
