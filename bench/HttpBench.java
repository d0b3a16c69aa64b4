import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/** The caller of bench/http.sh: GATEWAY JDBC-URL POOL ROUNDS SECONDS. */
public final class HttpBench {
  private static final int[] CLIENTS = {1, 8, 32};
  private static final int KEYS = 10_000;
  private static final long WARM_UP_S = 20;
  private static final AtomicLong MADE = new AtomicLong();

  /** One client's way to ask. */
  private interface Caller extends AutoCloseable {
    void ask(int key) throws Exception;
  }

  private record Result(double perSecond, double mean, double p50, double p99) {}

  public static void main(String[] args) throws Exception {
    URI gateway = URI.create(args[0]);
    int rounds = Integer.parseInt(args[3]);
    long seconds = Long.parseLong(args[4]);
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(args[1]);
    config.setMaximumPoolSize(Integer.parseInt(args[2]));
    System.out.printf(
        "%7s %13s %8s %8s %8s %11s %8s %8s %8s %7s %7s%n",
        "clients", "pgjdbc hits/s", "mean us", "p50 us", "p99 us", "HTTP hits/s", "mean us", "p50 us", "p99 us", "x mean", "x p50");
    try (HikariDataSource pool = new HikariDataSource(config)) {
      // until the compilers of both programs have seen what is measured
      round(CLIENTS[1], WARM_UP_S, () -> new Jdbc(pool));
      round(CLIENTS[1], WARM_UP_S, () -> new Http(gateway));
      for (int clients : CLIENTS) {
        List<Result> jdbc = new ArrayList<>();
        List<Result> http = new ArrayList<>();
        for (int i = 0; i < rounds; i++) {
          jdbc.add(round(clients, seconds, () -> new Jdbc(pool)));
          http.add(round(clients, seconds, () -> new Http(gateway)));
        }
        Result one = median(jdbc);
        Result other = median(http);
        System.out.printf(
            "%7d %13.0f %8.0f %8.0f %8.0f %11.0f %8.0f %8.0f %8.0f %7.2f %7.2f%n",
            clients, one.perSecond, one.mean, one.p50, one.p99, other.perSecond, other.mean, other.p50, other.p99,
            other.mean / one.mean, other.p50 / one.p50);
      }
    }
    System.out.print(MADE + " hits made, ");
  }

  private static Result median(List<Result> results) {
    return new Result(
        results.stream().mapToDouble(Result::perSecond).sorted().toArray()[results.size() / 2],
        results.stream().mapToDouble(Result::mean).sorted().toArray()[results.size() / 2],
        results.stream().mapToDouble(Result::p50).sorted().toArray()[results.size() / 2],
        results.stream().mapToDouble(Result::p99).sorted().toArray()[results.size() / 2]);
  }

  private static Result round(int clients, long seconds, Callable<Caller> make) throws Exception {
    long counts = System.nanoTime() + 1_000_000_000;
    long end = counts + seconds * 1_000_000_000;
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    List<Future<long[]>> all = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      all.add(threads.submit(() -> client(make, counts, end)));
    }
    long[] times = new long[0];
    for (Future<long[]> one : all) {
      long[] more = one.get();
      int before = times.length;
      times = Arrays.copyOf(times, before + more.length);
      System.arraycopy(more, 0, times, before, more.length);
    }
    threads.shutdown();
    Arrays.sort(times);
    return new Result(
        (double) times.length / seconds, Arrays.stream(times).average().orElseThrow() / 1e3, times[times.length / 2] / 1e3, times[times.length * 99 / 100] / 1e3);
  }

  private static long[] client(Callable<Caller> make, long counts, long end) throws Exception {
    long[] times = new long[1 << 20];
    int count = 0;
    try (Caller caller = make.call()) {
      for (long began = System.nanoTime(); began < end && count < times.length; began = System.nanoTime()) {
        caller.ask(1 + ThreadLocalRandom.current().nextInt(KEYS));
        MADE.incrementAndGet();
        if (began >= counts) {
          times[count++] = System.nanoTime() - began;
        }
      }
    }
    return Arrays.copyOf(times, count);
  }

  private static void require(String answer) {
    if (!answer.contains("\"cache_hit\"") || !answer.contains("true")) {
      throw new IllegalStateException(answer);
    }
  }

  private static final class Jdbc implements Caller {
    private final HikariDataSource pool;

    Jdbc(HikariDataSource pool) {
      this.pool = pool;
    }

    @Override
    public void ask(int key) throws Exception {
      try (Connection connection = pool.getConnection();
          PreparedStatement statement = connection.prepareStatement("SELECT public.ai_generate_sql(?, ?)")) {
        statement.setString(1, "question " + key);
        statement.setString(2, "v1");
        try (ResultSet rows = statement.executeQuery()) {
          rows.next();
          require(rows.getString(1));
        }
      }
    }

    @Override
    public void close() {}
  }

  /** As little of HTTP as a kept connection needs. */
  private static final class Http implements Caller {
    private final Socket socket;
    private final InputStream in;
    private final String host;

    Http(URI gateway) throws IOException {
      socket = new Socket(gateway.getHost(), gateway.getPort());
      socket.setTcpNoDelay(true);
      in = new BufferedInputStream(socket.getInputStream());
      host = gateway.getAuthority();
    }

    @Override
    public void ask(int key) throws IOException {
      String body = "{\"prompt\":\"question " + key + "\",\"schema_version\":\"v1\"}";
      socket
          .getOutputStream()
          .write(
              ("POST /generate HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/json\r\nContent-Length: "
                      + body.length() + "\r\n\r\n" + body)
                  .getBytes(StandardCharsets.US_ASCII));
      int length = -1;
      for (String line = line(); !line.isEmpty(); line = line()) {
        if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
          length = Integer.parseInt(line.substring(15).strip());
        }
      }
      require(new String(in.readNBytes(length), StandardCharsets.UTF_8));
    }

    private String line() throws IOException {
      StringBuilder line = new StringBuilder();
      for (int c = in.read(); c != '\n'; c = in.read()) {
        if (c < 0) {
          throw new IOException("closed");
        }
        if (c != '\r') {
          line.append((char) c);
        }
      }
      return line.toString();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
