package aiworker.gateway;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** What a caller must present; only its SHA-256 is kept, and it does not print. */
final class Token {
  private static final int SHORTEST = 16;

  private final byte[] digest;

  private Token(byte[] digest) {
    this.digest = digest;
  }

  static Token of(String text) {
    if (!text.matches("[\\x21-\\x7e]{" + SHORTEST + ",}")) {
      throw new SettingException(
          "the file of AI_WORKER_HTTP_TOKEN_FILE holds no usable token",
          "write one line of "
              + SHORTEST
              + " or more ASCII characters without blanks, for example: openssl rand -hex 32");
    }
    return new Token(sha256(text));
  }

  /** Takes as long whatever the difference is. */
  boolean is(String presented) {
    return MessageDigest.isEqual(digest, sha256(presented));
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public String toString() {
    return "(token)";
  }
}
