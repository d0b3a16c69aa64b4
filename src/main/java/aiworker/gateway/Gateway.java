package aiworker.gateway;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.IdleStateHandler;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A gateway that runs. Any thread may use it. */
public final class Gateway implements AutoCloseable {
  private static final int MOST_BACKLOG = 1024;
  private static final int LONGEST_LINE = 8 << 10;
  private static final int LONGEST_HEADERS = 16 << 10;
  private static final long IDLE_S = 75;
  private static final long LONGEST_STOP_MS = 60_000;

  private final Settings settings;
  private final Database database;
  private final Lanes lanes;
  private final Access access;
  private final Metrics metrics = new Metrics();
  private final InFlight inFlight = new InFlight();
  private final Routes routes;
  private final EventLoopGroup loops;
  private final Channel server;
  private volatile boolean stopping;

  private Gateway(Settings settings) {
    this.settings = settings;
    // one more for who watches
    database = new Database(settings, settings.pool() + 1);
    lanes = new Lanes(settings.pool(), settings.queue());
    access = new Access(settings);
    Api api = new Api(settings, database);
    routes = Routes.of(api, (request, job) -> metrics(api, job));
    loops =
        new MultiThreadIoEventLoopGroup(
            Math.min(4, Runtime.getRuntime().availableProcessors()), NioIoHandler.newFactory());
    server = listen();
  }

  /**
   * Starts one, whether or not the database is there.
   *
   * @param environment as {@code --help} describes it
   */
  public static Gateway start(Map<String, String> environment) {
    return new Gateway(Settings.of(environment));
  }

  private Channel listen() {
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, MOST_BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            new HttpServerCodec(
                                new HttpDecoderConfig()
                                    .setMaxInitialLineLength(LONGEST_LINE)
                                    .setMaxHeaderSize(LONGEST_HEADERS)),
                            new IdleStateHandler(0, 0, IDLE_S, TimeUnit.SECONDS),
                            new Aggregator(metrics),
                            new Exchanges(Gateway.this));
                  }
                });
    var bound = bootstrap.bind(settings.listen(), settings.port()).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      closeAll();
      throw new SettingException(
          "AI_WORKER_HTTP: cannot listen at "
              + settings.listen().getHostAddress()
              + ":"
              + settings.port()
              + ": "
              + bound.cause().getMessage(),
          "choose another port, or end what listens there");
    }
    return bound.channel();
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return (InetSocketAddress) server.localAddress();
  }

  private Response metrics(Api api, Job job) {
    Metrics.Page page = new Metrics.Page();
    metrics.write(page);
    page.metric("ai_worker_http_requests_in_flight", "gauge", "Requests that are being answered");
    page.sample("", "", inFlight.count());
    page.metric("ai_worker_http_requests_waiting", "gauge", "Of these, waiting for a connection");
    page.sample("", "", lanes.waiting());
    boolean up = true;
    try {
      Metrics.write(page, api.counters(job));
    } catch (Problem e) {
      up = false;
    }
    page.metric("ai_worker_pool_connections", "gauge", "Connections to the database, by state");
    page.sample("", Metrics.Page.labels("state", "active"), database.active());
    page.sample("", Metrics.Page.labels("state", "idle"), database.idle());
    page.metric("ai_worker_pool_max_connections", "gauge", "Most connections to the database");
    page.sample("", "", database.size());
    page.metric("ai_worker_database_up", "gauge", "Whether the database could be asked");
    page.sample("", "", up ? 1 : 0);
    return new Response(
        200, "text/plain; version=0.0.4; charset=utf-8", Response.utf8(page.toString()), Map.of());
  }

  Access access() {
    return access;
  }

  Routes routes() {
    return routes;
  }

  Lanes lanes() {
    return lanes;
  }

  Metrics metrics() {
    return metrics;
  }

  InFlight inFlight() {
    return inFlight;
  }

  boolean isStopping() {
    return stopping;
  }

  /** Answers what has come, and to what comes meanwhile that it stops. Takes a minute at most. */
  @Override
  public void close() {
    stopping = true;
    try {
      inFlight.drain(LONGEST_STOP_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server.close().awaitUninterruptibly();
    closeAll();
  }

  private void closeAll() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    lanes.close();
    database.close();
  }
}
