package aiworker.chat;

import aiworker.usage.Usage;

/**
 * What the model answered; immutable.
 *
 * @param content the statement alone if the endpoint keeps to structured output, else the model's
 *     text, with or without prose and code fences
 */
public record ChatReply(String content, Usage usage) {}
