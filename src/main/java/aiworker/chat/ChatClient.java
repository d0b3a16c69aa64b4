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
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
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
   * Asks one question once, trying several times if need be, until the settings' timeout.
   *
   * @param waiting run while waiting; what it throws ends the request and goes through as it is
   * @throws AiWorkerException if there is no answer, or only a refusal
   */
  public ChatReply complete(ChatSettings settings, List<Message> messages, Waiting waiting) {
    ChatReply reply = complete(settings, messages, 1, false, waiting).get(0);
    if (reply.problem() != null) {
      throw reply.problem().costing(reply.usage());
    }
    return reply;
  }

  /**
   * Asks one question for as many replies as {@link Sampling#candidates} says, at the same time.
   * They share the timeout and the retries. The first that fails for good ends all of them, but for
   * a refusal of the model's, which is a reply with a problem.
   *
   * @param carefully whether the first is to be answered before the others are asked for
   * @param waiting run while waiting; what it throws ends all requests and goes through as it is
   * @return one for each candidate, in their order
   * @throws AiWorkerException if one has no answer
   */
  public List<ChatReply> completeAll(
      ChatSettings settings, List<Message> messages, boolean carefully, Waiting waiting) {
    return complete(settings, messages, settings.sampling().candidates(), carefully, waiting);
  }

  private List<ChatReply> complete(
      ChatSettings settings,
      List<Message> messages,
      int count,
      boolean carefully,
      Waiting waiting) {
    Deadline deadline = new Deadline(settings.timeout(), waiting, clock);
    Attempt[] attempts = new Attempt[count];
    ChatReply[] replies = new ChatReply[count];
    Dialect dialect = dialects.of(settings);
    boolean learnt = false;
    AttemptFailure failure = null;
    int failures = 0;
    Usage spent = Usage.NONE;
    try {
      while (!Arrays.stream(replies).allMatch(Objects::nonNull)) {
        int candidate = 0;
        try {
          int most = carefully && replies[0] == null ? 1 : count;
          for (candidate = 0; candidate < most; candidate++) {
            if (replies[candidate] == null && attempts[candidate] == null) {
              byte[] body = RequestBody.of(settings, messages, dialect, candidate);
              attempts[candidate] = new Attempt(dialect, transport.send(settings, body, deadline));
            }
          }
          candidate = -1;
          candidate = firstDone(attempts, deadline);
          Attempt attempt = attempts[candidate];
          HttpResponse<byte[]> response = transport.response(attempt.answer, deadline);
          byte[] body = Decompression.body(response, settings);
          int status = response.statusCode();
          if (isSuccess(status)) {
            JsonNode root = ReplyReader.root(body, settings);
            status = ReplyReader.status(status, root);
            if (isSuccess(status)) {
              if (learnt) {
                dialects.remember(settings, attempt.dialect);
              }
              replies[candidate] = ReplyReader.read(root, body, settings);
              attempts[candidate] = null;
              continue;
            }
          }
          EndpointError error = EndpointError.of(body, settings);
          Dialect simpler = attempt.dialect.after(status, error, settings.sampling());
          if (simpler != null) {
            // perhaps another one's refusal has taught it already
            dialect = attempt.dialect.equals(dialect) ? simpler : dialect;
            learnt = true;
            attempts[candidate] = null;
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
        if (candidate >= 0) {
          attempts[candidate] = null;
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
      Usage all = spent;
      for (ChatReply reply : replies) {
        all = reply == null ? all : all.plus(reply.usage());
      }
      throw e.costing(all);
    } finally {
      for (Attempt attempt : attempts) {
        if (attempt != null) {
          attempt.answer.cancel(true);
        }
      }
    }
    replies[0] =
        new ChatReply(replies[0].content(), spent.plus(replies[0].usage()), replies[0].problem());
    return List.of(replies);
  }

  /** A request under way, and what was spoken. */
  private record Attempt(Dialect dialect, CompletableFuture<HttpResponse<byte[]>> answer) {}

  /** Waits until one of those under way has an answer or has failed; returns which. */
  private static int firstDone(Attempt[] attempts, Deadline deadline) throws TimeoutException {
    CompletableFuture<?>[] open =
        Arrays.stream(attempts)
            .filter(Objects::nonNull)
            .map(Attempt::answer)
            .toArray(CompletableFuture<?>[]::new);
    deadline.awaitAny(open);
    int done = 0;
    while (attempts[done] == null || !attempts[done].answer.isDone()) {
      done++;
    }
    return done;
  }

  /**
   * What {@link #complete} would send first: {@code {"url", "headers", "body"}}, without the values
   * of headers and parameters that may be secrets.
   */
  public ObjectNode shown(ChatSettings settings, List<Message> messages) {
    ObjectNode request = Json.object().put("url", settings.shownCompletionsUrl());
    ObjectNode headers = request.putObject("headers");
    settings.shownHeaders().forEach(headers::put);
    byte[] body = RequestBody.of(settings, messages, dialects.of(settings), 0);
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
