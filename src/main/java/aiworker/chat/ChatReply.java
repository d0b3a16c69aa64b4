package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.usage.Usage;

/**
 * What the model answered; immutable.
 *
 * @param content its words as they came, never blank; null if there is a problem
 * @param usage what they cost, earlier attempts included
 * @param problem why this one of several is no answer; null if it is one
 */
public record ChatReply(String content, Usage usage, AiWorkerException problem) {
  ChatReply(String content, Usage usage) {
    this(content, usage, null);
  }
}
