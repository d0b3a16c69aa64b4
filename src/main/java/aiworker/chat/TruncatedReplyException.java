package aiworker.chat;

/** A reply that ends in the middle; another attempt may bring all of it. */
final class TruncatedReplyException extends Exception {
  TruncatedReplyException(String message) {
    super(message);
  }
}
