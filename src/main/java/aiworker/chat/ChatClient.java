package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.usage.Usage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.http.HttpResponse;
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
 * runs {@code interrupts}.
 */
public final class ChatClient {
  private final Transport transport;
  private final Dialects dialects = new Dialects();
  private final Time time;
  private final Backoff backoff;

  public ChatClient() {
    this(Time.SYSTEM, () -> ThreadLocalRandom.current().nextDouble(), InetAddress::getAllByName);
  }

  ChatClient(Time time, DoubleSupplier random, Transport.Resolver resolver) {
    this.transport = new Transport(resolver);
    this.time = time;
    this.backoff = new Backoff(random);
  }

  /**
   * Asks one question, several times if need be, until the settings' timeout.
   *
   * @param interrupts run at least every 50 ms while waiting; what it throws ends the request and
   *     goes through as it is
   * @throws AiWorkerException if there is no answer, or none that holds a statement
   */
  public ChatReply complete(ChatSettings settings, List<Message> messages, Runnable interrupts) {
    Patience patience = new Patience(settings.timeout(), interrupts, time);
    Dialect dialect = dialects.of(settings);
    boolean learnt = false;
    Trouble trouble = null;
    int failures = 0;
    Usage spent = Usage.NONE;
    try {
      while (true) {
        try {
          HttpResponse<byte[]> response =
              transport.post(settings, RequestBody.of(settings, messages, dialect), patience);
          byte[] body = Decompression.body(response, settings);
          int status = response.statusCode();
          if (isSuccess(status)) {
            Json root = ReplyReader.root(body, settings);
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
          trouble = Refusals.of(status, response.headers(), error, settings, time.now());
        } catch (TimeoutException e) {
          throw timedOut(settings, trouble, e);
        } catch (PassingException e) {
          trouble = new Trouble(e.error(), true, null);
        } catch (IOException e) {
          trouble = Faults.of(e, settings);
        }
        failures++;
        Duration delay = backoff.delay(failures, trouble);
        if (!trouble.retriable()
            || failures > settings.maxRetries()
            || delay.compareTo(patience.left()) >= 0) {
          throw trouble.error();
        }
        spent = spent.plus(trouble.error().usage());
        patience.pause(delay);
      }
    } catch (AiWorkerException e) {
      throw e.costing(spent);
    }
  }

  private static boolean isSuccess(int status) {
    return status >= 200 && status < 300;
  }

  private static AiWorkerException timedOut(
      ChatSettings settings, Trouble earlier, TimeoutException cause) {
    return new AiWorkerException(
        Failure.ENDPOINT_TIMEOUT,
        settings.shownUrl() + " did not answer within " + settings.timeout().toMillis() + " ms",
        earlier == null ? null : "before that: " + earlier.words(),
        cause);
  }
}
