package aiworker.gateway;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.timeout.IdleStateEvent;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * The requests of one connection, answered in their order, one at a time. Reading goes on
 * meanwhile, so that a caller who hangs up is noticed at once. Runs on the connection's event loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // there is nobody to tell
final class Exchanges extends SimpleChannelInboundHandler<FullHttpRequest> {
  /** With as many waiting on a connection no more are read from it, nor is a hang-up noticed. */
  private static final int MOST_PIPELINED = 16;

  private static final int LARGE_BYTES = 64 << 10;
  private static final long LONGEST_READING_S = 30;

  /** On every response: nothing is kept, framed, guessed or loaded from elsewhere. */
  private static final Map<String, String> HEADERS =
      Map.of(
          "Cache-Control", "no-store",
          "Content-Security-Policy",
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                  + " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
                  + " require-trusted-types-for 'script'",
          "Cross-Origin-Opener-Policy", "same-origin",
          "Cross-Origin-Resource-Policy", "same-origin",
          "Referrer-Policy", "no-referrer",
          "X-Content-Type-Options", "nosniff",
          "X-Frame-Options", "DENY");

  private final Gateway gateway;
  private final Deque<FullHttpRequest> waiting = new ArrayDeque<>();
  private Exchange current;

  Exchanges(Gateway gateway) {
    this.gateway = gateway;
  }

  /** One request on its way to its answer. */
  private static final class Exchange {
    final FullHttpRequest request;
    final long began = System.nanoTime();
    final Job job = new Job();
    final String path;
    final Map<String, List<String>> query;
    boolean counted;
    boolean answered;
    Runnable task;

    Exchange(FullHttpRequest request) {
      this.request = request;
      String ofPath = "";
      Map<String, List<String>> ofQuery = null;
      try {
        QueryStringDecoder decoder = new QueryStringDecoder(request.uri());
        ofPath = decoder.path();
        ofQuery = decoder.parameters();
      } catch (IllegalArgumentException e) {
        // refused as not well-formed
      }
      path = ofPath;
      query = ofQuery;
    }
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
    if (current == null) {
      begin(context, request.retain());
    } else {
      waiting.add(request.retain());
      if (waiting.size() >= MOST_PIPELINED) {
        context.channel().config().setAutoRead(false);
      }
    }
  }

  private void begin(ChannelHandlerContext context, FullHttpRequest request) {
    Exchange exchange = new Exchange(request);
    current = exchange;
    try {
      answer(context, exchange);
    } catch (Problem e) {
      respond(context, exchange, e.response());
    } catch (RuntimeException e) {
      respond(context, exchange, unexpected(exchange, e));
    }
  }

  private void answer(ChannelHandlerContext context, Exchange exchange) {
    FullHttpRequest message = exchange.request;
    requireWellFormed(exchange);
    String method = message.method().name();
    gateway.access().requireOurSite(method, message.headers());
    if (gateway.access().isPreflight(method, message.headers())) {
      respond(
          context,
          exchange,
          new Response(
              204,
              "text/plain",
              new byte[0],
              Map.of(
                  "Access-Control-Allow-Methods", "GET, HEAD, POST",
                  "Access-Control-Allow-Headers", "Authorization, Content-Type")));
      return;
    }
    Route route = gateway.routes().find(method, exchange.path);
    Request request =
        new Request(
            method,
            exchange.path,
            exchange.query,
            message.headers(),
            ByteBufUtil.getBytes(message.content()));
    exchange.counted = gateway.inFlight().begin();
    if (!exchange.counted) {
      throw Problem.of(
          503, "the gateway is stopping", "Ask again in a moment.", Map.of("Retry-After", "5"));
    }
    if (route.lane() == Route.Lane.AT_ONCE) {
      respond(context, exchange, work(exchange, route, request));
      return;
    }
    gateway.access().requireToken(message.headers());
    exchange.task =
        () -> {
          Response response = work(exchange, route, request);
          if (response == null) {
            // nobody is there any more
            abandon(exchange);
            return;
          }
          ChannelPromise written = context.newPromise();
          context.executor().execute(() -> respond(context, exchange, response, written));
          // so that only so many are in memory for callers who are slow to read
          if (response.body().length > LARGE_BYTES
              && !written.awaitUninterruptibly(LONGEST_READING_S, TimeUnit.SECONDS)) {
            context.close();
          }
        };
    try {
      gateway.lanes().submit(route.lane(), exchange.task);
    } catch (RejectedExecutionException e) {
      throw Problem.of(
          429,
          "too many requests wait already",
          "Ask again in a moment, or raise AI_WORKER_HTTP_QUEUE.",
          Map.of("Retry-After", "1"));
    }
  }

  private static void requireWellFormed(Exchange exchange) {
    FullHttpRequest message = exchange.request;
    Throwable fault = message.decoderResult().cause();
    if (fault instanceof TooLongHttpLineException) {
      throw Problem.of(414, "the URL is too long", "Send less in it.");
    }
    if (fault instanceof TooLongHttpHeaderException) {
      throw Problem.of(431, "the headers are too long", "Send less in them.");
    }
    String coding = message.headers().get("Transfer-Encoding", "chunked");
    if (fault != null
        || exchange.query == null
        || !message.uri().startsWith("/")
        || !coding.equalsIgnoreCase("chunked")) {
      throw Problem.badRequest("this is not HTTP as it should be", "Send a well-formed request.");
    }
  }

  /** Null when the caller is gone. */
  private Response work(Exchange exchange, Route route, Request request) {
    try {
      return route.handler().answer(request, exchange.job);
    } catch (Problem e) {
      return exchange.job.isCancelled() ? null : e.response();
    } catch (CancellationException e) {
      return null;
    } catch (Throwable e) {
      // also where memory did not suffice: nobody is left without an answer
      return unexpected(exchange, e);
    }
  }

  private static Response unexpected(Exchange exchange, Throwable e) {
    Log.error("an error of the gateway's own at " + exchange.path, e);
    return Problem.of(500, "the gateway has failed", "Report this as a bug, with its log.")
        .response();
  }

  /** A response after which nothing more is read. */
  static FullHttpResponse last(Response response) {
    FullHttpResponse answer =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(response.status()),
            Unpooled.wrappedBuffer(response.body()));
    HEADERS.forEach(answer.headers()::set);
    answer
        .headers()
        .set("Content-Type", response.contentType())
        .set("Content-Length", response.body().length)
        .set("Connection", "close");
    return answer;
  }

  private void respond(ChannelHandlerContext context, Exchange exchange, Response response) {
    respond(context, exchange, response, context.newPromise());
  }

  /** On the event loop. */
  private void respond(
      ChannelHandlerContext context, Exchange exchange, Response response, ChannelPromise written) {
    exchange.answered = true;
    FullHttpRequest message = exchange.request;
    boolean broken = message.decoderResult().isFailure();
    boolean keep = !broken && HttpUtil.isKeepAlive(message) && !gateway.isStopping();
    boolean bodiless = response.status() == 204 || "HEAD".equals(message.method().name());
    FullHttpResponse answer =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(response.status()),
            bodiless ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(response.body()),
            DefaultHttpHeadersFactory.headersFactory(),
            DefaultHttpHeadersFactory.trailersFactory());
    HEADERS.forEach(answer.headers()::set);
    response.headers().forEach(answer.headers()::set);
    gateway.access().crossOriginHeaders(message.headers()).forEach(answer.headers()::set);
    if (response.status() != 204) {
      answer.headers().set("Content-Type", response.contentType());
      answer.headers().set("Content-Length", response.body().length);
    }
    if (!keep) {
      answer.headers().set("Connection", "close");
    } else if (!message.protocolVersion().isKeepAliveDefault()) {
      answer.headers().set("Connection", "keep-alive");
    }
    gateway
        .metrics()
        .answered(
            gateway.routes().has(exchange.path) ? exchange.path : "other",
            known(message.method().name()),
            response.status(),
            System.nanoTime() - exchange.began);
    message.release();
    written.addListener(
        done -> {
          if (exchange.counted) {
            gateway.inFlight().end();
          }
          if (keep && done.isSuccess()) {
            next(context);
          } else {
            context.close();
          }
        });
    context.writeAndFlush(answer, written);
  }

  private void next(ChannelHandlerContext context) {
    current = null;
    FullHttpRequest next = waiting.poll();
    if (next != null) {
      begin(context, next);
    } else if (!context.channel().config().isAutoRead()) {
      context.channel().config().setAutoRead(true);
    }
  }

  private static String known(String method) {
    return switch (method) {
      case "GET", "HEAD", "POST", "OPTIONS" -> method;
      default -> "other";
    };
  }

  /** The caller has hung up. */
  @Override
  public void channelInactive(ChannelHandlerContext context) {
    waiting.forEach(FullHttpRequest::release);
    waiting.clear();
    if (current != null
        && current.task != null
        && gateway.lanes().cancel(current.job, current.task)) {
      abandon(current);
    }
  }

  /** Of an exchange that nobody will answer. */
  private void abandon(Exchange exchange) {
    exchange.request.release();
    gateway.inFlight().end();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof IdleStateEvent && (current == null || current.answered)) {
      context.close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!(cause instanceof IOException || cause instanceof PrematureChannelClosureException)) {
      Log.error("an error of the gateway's own on a connection", cause);
    }
    context.close();
  }
}
