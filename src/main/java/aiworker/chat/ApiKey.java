package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * The endpoint's key. Never prints: {@link #toString} is masked and the value stays inside this
 * package.
 *
 * <p>Immutable, so any thread may use it.
 */
public final class ApiKey {
  /** No key at all, which only an endpoint on this machine may do without. */
  public static final ApiKey NONE = new ApiKey("");

  /** Stands for one where it is to be shown that there is one. */
  public static final ApiKey MASKED = new ApiKey(ChatSettings.MASK);

  private static final String VARIABLE = "OPENAI_API_KEY";
  private static final int LONGEST = 4_096;

  /** In bytes; there may be comments below the key. */
  private static final int LARGEST = 65_536;

  private final String value;

  private ApiKey(String value) {
    this.value = value;
  }

  /**
   * The key in the file's first line or, without a file, in {@code OPENAI_API_KEY}.
   *
   * @param file null to look in the environment
   * @param environment such as {@code System::getenv}
   * @return {@link #NONE} if there is neither
   * @throws AiWorkerException {@link Failure#API_KEY_MISSING} if the file holds no key that can be
   *     read and sent
   */
  public static ApiKey find(Path file, UnaryOperator<String> environment) {
    if (file != null) {
      return of(firstLine(file), "api_key_file \"" + file + "\"");
    }
    String value;
    try {
      value = environment.apply(VARIABLE);
    } catch (SecurityException e) {
      throw missing(
          VARIABLE + " cannot be read", "the security policy of this server's Java forbids it", e);
    }
    return value == null || value.isBlank() ? NONE : of(value, VARIABLE);
  }

  /**
   * A key given as text.
   *
   * @param origin where it stood, for the error
   */
  static ApiKey of(String text, String origin) {
    String value = text.strip();
    if (value.isEmpty()) {
      throw missing(origin + " holds no key", "its first line is empty", null);
    }
    if (value.length() > LONGEST) {
      throw missing(origin + " holds no key", "it is longer than " + LONGEST + " characters", null);
    }
    if (!isVisibleAscii(value)) {
      throw missing(
          origin + " holds no key that a header can carry",
          "it has white space, a control character or a character outside ASCII in it",
          null);
    }
    return new ApiKey(value);
  }

  /** The key itself, for the request's header alone. */
  String value() {
    return value;
  }

  @Override
  public String toString() {
    return this == NONE ? "(none)" : "(hidden)";
  }

  // a loop, here and elsewhere on the way of a first call: a stream would load a hundred classes
  private static boolean isVisibleAscii(String text) {
    for (int at = 0; at < text.length(); at++) {
      if (text.charAt(at) <= ' ' || text.charAt(at) >= 0x7f) {
        return false;
      }
    }
    return true;
  }

  private static String firstLine(Path file) {
    String origin = "api_key_file \"" + file + "\"";
    try {
      String text = new String(SmallFile.read(file, LARGEST), StandardCharsets.ISO_8859_1);
      int end = text.indexOf('\n');
      return end < 0 ? text : text.substring(0, end);
    } catch (NoSuchFileException e) {
      throw missing(origin + " cannot be read", "there is no such file", e);
    } catch (AccessDeniedException e) {
      throw missing(origin + " cannot be read", "the server's OS user may not read it", e);
    } catch (SecurityException e) {
      throw missing(
          origin + " cannot be read", "the security policy of this server's Java forbids it", e);
    } catch (IOException e) {
      throw missing(origin + " cannot be read", e.getMessage(), e);
    }
  }

  private static AiWorkerException missing(String message, String detail, Exception cause) {
    return new AiWorkerException(Failure.API_KEY_MISSING, message, detail, cause);
  }
}
