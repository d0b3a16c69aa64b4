package aiworker.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
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
  private boolean whole;
  private boolean refused;

  Aggregator(Metrics metrics) {
    super(MOST_BYTES);
    this.metrics = metrics;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    if (message instanceof LastHttpContent) {
      whole = true;
      stopClock();
      if (refused) {
        context.close();
      }
    }
    super.channelRead(context, message);
  }

  /** Bytes came. If they ended no request one is under way, be it its first line. */
  @Override
  public void channelReadComplete(ChannelHandlerContext context) throws Exception {
    if (!whole && deadline == null) {
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
    whole = false;
    super.channelReadComplete(context);
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
    // a close before all has been read would take the answer with it
    refused = true;
    context.writeAndFlush(refusal(tooLong()));
  }

  private static Problem tooLong() {
    return Problem.of(413, "the body is too long", "Send " + MOST_BYTES + " bytes at most.");
  }

  private FullHttpResponse refusal(Problem problem) {
    Response response = problem.response();
    metrics.answered("other", "other", response.status(), 0);
    return Exchanges.last(response);
  }

  /** To a caller who asks with {@code Expect} before he sends the body. */
  @Override
  protected Object newContinueResponse(
      HttpMessage start, int maxContentLength, ChannelPipeline pipeline) {
    Object response = super.newContinueResponse(start, maxContentLength, pipeline);
    if (response instanceof FullHttpResponse refusal
        && refusal.status().codeClass() == HttpStatusClass.CLIENT_ERROR) {
      boolean tooLong = refusal.status().equals(HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE);
      refusal.release();
      return refusal(
          tooLong
              ? tooLong()
              : Problem.of(
                  417, "Expect asks for what is not known", "Use 100-continue, or leave it out."));
    }
    return response;
  }

  /** What comes next may be a body all the same, and no request. */
  @Override
  protected boolean closeAfterContinueResponse(Object response) {
    return ignoreContentAfterContinueResponse(response);
  }
}
