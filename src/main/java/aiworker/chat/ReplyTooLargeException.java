package aiworker.chat;

import java.io.IOException;

/** A reply over {@link BoundedBody#MOST} bytes. */
final class ReplyTooLargeException extends IOException {
  ReplyTooLargeException() {
    super("it is larger than " + BoundedBody.MOST + " bytes");
  }
}
