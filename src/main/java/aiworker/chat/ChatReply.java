package aiworker.chat;

import aiworker.usage.Usage;

/**
 * What the model answered; immutable.
 *
 * @param content its words as they came, never blank
 * @param usage what they cost, earlier attempts included
 */
public record ChatReply(String content, Usage usage) {}
