package aiworker.gateway;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Makes requests whole, if they are short enough and come soon enough. */
@SuppressWarnings("FutureReturnValueIgnored") // there is nobody to tell
final class Aggregator extends HttpObjectAggregator {
  /** Longer than any prompt that {@code max_prompt_chars} allows by default, however escaped. */
  static final int MOST_BYTES = 256 << 10;

  private static final long LONGEST_ARRIVAL_S = 30;

  private final Metrics metrics;
  private ScheduledFuture<?> deadline;
  private boolean refused;

  Aggregator(Metrics metrics) {
    super(MOST_BYTES);
    this.metrics = metrics;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    if (message instanceof HttpRequest && deadline == null) {
      deadline =
          context
              .executor()
              .schedule(
                  () -> {
                    context.close();
                  },
                  LONGEST_ARRIVAL_S,
                  TimeUnit.SECONDS);
    }
    if (message instanceof LastHttpContent) {
      stopClock();
      if (refused) {
        context.close();
      }
    }
    super.channelRead(context, message);
  }

  private void stopClock() {
    if (deadline != null) {
      deadline.cancel(false);
      deadline = null;
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) throws Exception {
    stopClock();
    super.channelInactive(context);
  }

  @Override
  protected void handleOversizedMessage(ChannelHandlerContext context, HttpMessage oversized) {
    Response response =
        Problem.of(413, "the body is too long", "Send " + MOST_BYTES + " bytes at most.")
            .response();
    DefaultFullHttpResponse answer =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
            Unpooled.wrappedBuffer(response.body()));
    answer
        .headers()
        .set("Content-Type", response.contentType())
        .set("Content-Length", response.body().length)
        .set("Connection", "close");
    Exchanges.guard(answer.headers());
    metrics.answered("other", "other", response.status(), 0);
    // a close before all has been read would take the answer with it
    refused = true;
    context.writeAndFlush(answer);
  }
}
