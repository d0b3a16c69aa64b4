package aiworker.chat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Takes secrets out of text that comes from outside, such as an endpoint's error that echoes the
 * key. A piece of a secret counts too, for some endpoints shorten what they echo.
 *
 * <p>Immutable, so any thread may use it.
 */
final class Masker {
  private static final int PIECE = 8;

  /** Shorter ones, such as a local server's "x", are no secret and part of many words. */
  private static final int SHORTEST = 4;

  private final List<String> whole = new ArrayList<>();
  private final Set<String> pieces = new HashSet<>();

  Masker(Iterable<String> secrets) {
    for (String secret : secrets) {
      if (secret.length() >= PIECE) {
        for (int at = 0; at + PIECE <= secret.length(); at++) {
          pieces.add(secret.substring(at, at + PIECE));
        }
      } else if (secret.length() >= SHORTEST) {
        whole.add(secret);
      }
    }
  }

  /**
   * The text with every secret of four characters or more, and every run of eight characters of
   * one, masked.
   */
  String mask(String text) {
    String masked = text;
    for (String secret : whole) {
      masked = masked.replace(secret, ChatSettings.MASK);
    }
    BitSet hidden = new BitSet(masked.length());
    for (int at = 0; at + PIECE <= masked.length(); at++) {
      if (pieces.contains(masked.substring(at, at + PIECE))) {
        hidden.set(at, at + PIECE);
      }
    }
    if (hidden.isEmpty()) {
      return masked;
    }
    StringBuilder shown = new StringBuilder();
    for (int at = 0; at < masked.length(); at++) {
      if (!hidden.get(at)) {
        shown.append(masked.charAt(at));
      } else if (at == 0 || !hidden.get(at - 1)) {
        shown.append(ChatSettings.MASK);
      }
    }
    return shown.toString();
  }
}
