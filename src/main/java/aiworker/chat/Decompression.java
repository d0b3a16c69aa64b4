package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

/**
 * Bodies as they were before an endpoint compressed them, which it was not asked to do. Stateless,
 * so any thread may use it.
 */
final class Decompression {
  private Decompression() {}

  /**
   * The reply's plain body, bounded like what comes over the wire.
   *
   * @throws AiWorkerException {@link Failure#REPLY_UNREADABLE}
   */
  static byte[] body(HttpResponse<byte[]> response, ChatSettings settings)
      throws RetryableException, ReplyTooLargeException {
    if (response.body() == null) {
      // what Java 17 makes of a proxy's refusal of a tunnel
      return new byte[0];
    }
    String encoding =
        response
            .headers()
            .firstValue("Content-Encoding")
            .orElse("")
            .strip()
            .toLowerCase(Locale.ROOT);
    if (encoding.isEmpty() || encoding.equals("identity")) {
      return response.body();
    }
    try (GZIPInputStream gzip = new GZIPInputStream(new ByteArrayInputStream(response.body()))) {
      byte[] plain = gzip.readNBytes(BoundedBody.MOST + 1);
      if (plain.length > BoundedBody.MOST) {
        throw new ReplyTooLargeException();
      }
      return plain;
    } catch (ReplyTooLargeException e) {
      throw e;
    } catch (EOFException e) {
      throw RetryableException.truncated("the compressed body ends early", settings, e);
    } catch (IOException e) {
      throw new AiWorkerException(
          Failure.REPLY_UNREADABLE,
          "the reply of " + settings.shownUrl() + " is compressed and cannot be read",
          "Content-Encoding: " + EndpointError.shown(encoding, settings),
          e);
    }
  }
}
