package aiworker.chat;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.function.DoubleSupplier;

/**
 * How long to wait before the next attempt: as long as the endpoint asks for, else exponential
 * back-off with full jitter, see <a
 * href="https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/">Exponential
 * Backoff And Jitter</a>.
 *
 * @param random from 0 to 1
 */
record Backoff(DoubleSupplier random) {
  private static final long FIRST_MS = 500;
  private static final long LONGEST_MS = 8_000;

  /**
   * The wait before the next attempt.
   *
   * @param failures attempts that have failed, 1 or more
   */
  Duration delay(int failures, AttemptFailure failure) {
    if (failure.retryAfter() != null) {
      return failure.retryAfter();
    }
    long ceiling = Math.min(LONGEST_MS, FIRST_MS << Math.min(failures - 1, 10));
    return Duration.ofMillis((long) (random.getAsDouble() * ceiling));
  }

  /**
   * What {@code retry-after-ms} or {@code Retry-After} (seconds or a date, RFC 9110 §10.2.3) asks
   * for; null if neither says anything sensible.
   */
  static Duration retryAfter(HttpHeaders headers, Instant now) {
    Duration exact = millis(headers.firstValue("retry-after-ms").orElse(""), 1);
    if (exact != null) {
      return exact;
    }
    String value = headers.firstValue("Retry-After").orElse("").strip();
    Duration seconds = millis(value, 1_000);
    if (seconds != null || value.isEmpty()) {
      return seconds;
    }
    try {
      Instant then = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      return then.isBefore(now) ? Duration.ZERO : Duration.between(now, then);
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  private static Duration millis(String number, int unit) {
    try {
      double value = Double.parseDouble(number.strip()) * unit;
      return value >= 0 && value < 1e12 ? Duration.ofMillis((long) Math.ceil(value)) : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }
}
