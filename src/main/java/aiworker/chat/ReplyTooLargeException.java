package aiworker.chat;

import java.io.IOException;

/** A reply over {@link BoundedBody#MOST} bytes. */
final class ReplyTooLargeException extends IOException {
  ReplyTooLargeException() {
    super("the reply is larger than " + BoundedBody.MOST + " bytes");
  }
}
