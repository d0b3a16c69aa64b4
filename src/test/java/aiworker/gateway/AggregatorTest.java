package aiworker.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AggregatorTest {
  private final EmbeddedChannel channel =
      new EmbeddedChannel(new HttpServerCodec(), new Aggregator(new Metrics()));

  private void send(String text) {
    channel.writeInbound(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
  }

  private String answer() {
    StringBuilder answer = new StringBuilder();
    for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
      answer.append(part.toString(StandardCharsets.US_ASCII));
      part.release();
    }
    return answer.toString();
  }

  /** A byte now and then is no reason to wait for the next. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /sess",
        "GET /session HTTP/1.1\r\nHost: loc",
        "POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
      })
  void requestThatTakesTooLongToArriveIsCutOff(String start) {
    channel.freezeTime();
    send(start);
    for (int i = 0; i < 29; i++) {
      channel.advanceTimeBy(1, TimeUnit.SECONDS);
      send("a");
    }
    assertTrue(channel.isOpen());
    channel.advanceTimeBy(2, TimeUnit.SECONDS);
    channel.runScheduledPendingTasks();
    assertFalse(channel.isOpen());
  }

  @Test
  void connectionBetweenTwoRequestsIsLeftAlone() {
    channel.freezeTime();
    send("GET /session HTTP/1.1\r\nHost: localhost\r\n\r\n");
    channel.advanceTimeBy(60, TimeUnit.SECONDS);
    channel.runScheduledPendingTasks();
    assertTrue(channel.isOpen());
    channel.finishAndReleaseAll();
  }

  /** With its reason and our headers; and what comes then is not taken for a request. */
  @ParameterizedTest
  @CsvSource({"100-continue, 300000, 413", "200-ok, 5, 417"})
  void expectationThatIsNotMetIsAProblemLikeOthers(String expected, int length, int status) {
    send(
        "POST /generate HTTP/1.1\r\nHost: localhost\r\nExpect: "
            + expected
            + "\r\nContent-Length: "
            + length
            + "\r\n\r\n");
    String answer = answer();
    assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
    assertTrue(answer.contains("\"status\":" + status), answer);
    assertTrue(answer.contains("nosniff") && answer.contains("frame-ancestors 'none'"), answer);
    assertFalse(channel.isOpen());
    assertEquals(0, channel.inboundMessages().size());
  }
}
