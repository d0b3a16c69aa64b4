package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.json.Json;
import aiworker.usage.Usage;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.function.DoubleSupplier;

/**
 * Asks an endpoint that speaks OpenAI's <a
 * href="https://platform.openai.com/docs/api-reference/chat/create">Chat Completions API</a>. One
 * per backend: it keeps connections, and what it has learnt of the endpoint's dialect, between
 * calls.
 *
 * <p>Thread rule: only the thread on which the backend called us may use it, and only that thread
 * runs {@link Waiting}.
 */
public final class ChatClient {
  private final Transport transport;
  private final Dialects dialects = new Dialects();
  private final WaitingClock clock;
  private final Backoff backoff;

  public ChatClient() {
    this(
        WaitingClock.SYSTEM,
        () -> ThreadLocalRandom.current().nextDouble(),
        InetAddress::getAllByName);
  }

  ChatClient(WaitingClock clock, DoubleSupplier random, Transport.Resolver resolver) {
    this.transport = new Transport(resolver);
    this.clock = clock;
    this.backoff = new Backoff(random);
  }

  /**
   * Asks one question, several times if need be, until the settings' timeout.
   *
   * @param waiting run while waiting; what it throws ends the request and goes through as it is
   * @throws AiWorkerException if there is no answer, or only a refusal
   */
  public ChatReply complete(ChatSettings settings, List<Message> messages, Waiting waiting) {
    Deadline deadline = new Deadline(settings.timeout(), waiting, clock);
    Dialect dialect = dialects.of(settings);
    boolean learnt = false;
    AttemptFailure failure = null;
    int failures = 0;
    Usage spent = Usage.NONE;
    try {
      while (true) {
        try {
          HttpResponse<byte[]> response =
              transport.post(settings, RequestBody.of(settings, messages, dialect), deadline);
          byte[] body = Decompression.body(response, settings);
          int status = response.statusCode();
          if (isSuccess(status)) {
            JsonNode root = ReplyReader.root(body, settings);
            status = ReplyReader.status(status, root);
            if (isSuccess(status)) {
              if (learnt) {
                dialects.remember(settings, dialect);
              }
              ChatReply reply = ReplyReader.read(root, body, settings);
              return new ChatReply(reply.content(), spent.plus(reply.usage()));
            }
          }
          EndpointError error = EndpointError.of(body, settings);
          Dialect simpler = dialect.after(status, error, settings.sampling());
          if (simpler != null) {
            dialect = simpler;
            learnt = true;
            continue;
          }
          failure = StatusErrors.of(status, response.headers(), error, settings, clock.now());
        } catch (TimeoutException e) {
          throw timedOut(settings, failure, e);
        } catch (RetryableException e) {
          failure = new AttemptFailure(e.error(), true, null);
        } catch (IOException e) {
          failure = TransportErrors.of(e, settings);
        }
        failures++;
        Duration delay = backoff.delay(failures, failure);
        if (!failure.retriable()
            || failures > settings.maxRetries()
            || delay.compareTo(deadline.left()) >= 0) {
          throw failure.error();
        }
        spent = spent.plus(failure.error().usage());
        deadline.pause(delay);
      }
    } catch (AiWorkerException e) {
      throw e.costing(spent);
    }
  }

  /**
   * What {@link #complete} would send first: {@code {"url", "headers", "body"}}, without the values
   * of headers and parameters that may be secrets.
   */
  public ObjectNode shown(ChatSettings settings, List<Message> messages) {
    ObjectNode request = Json.object().put("url", settings.shownCompletionsUrl());
    ObjectNode headers = request.putObject("headers");
    settings.shownHeaders().forEach(headers::put);
    byte[] body = RequestBody.of(settings, messages, dialects.of(settings));
    request.set("body", Json.ours(new String(body, StandardCharsets.UTF_8)));
    return request;
  }

  private static boolean isSuccess(int status) {
    return status >= 200 && status < 300;
  }

  private static AiWorkerException timedOut(
      ChatSettings settings, AttemptFailure earlier, TimeoutException cause) {
    return new AiWorkerException(
        Failure.ENDPOINT_TIMEOUT,
        settings.shownUrl() + " did not answer within " + settings.timeout().toMillis() + " ms",
        earlier == null ? null : "before that: " + earlier.words(),
        cause);
  }
}
