package aiworker.chat;

/**
 * What the model answered; immutable.
 *
 * @param content the statement alone if the endpoint keeps to structured output, else the model's
 *     text, with or without prose and code fences
 * @param totalTokens as the endpoint counts them; 0 if it does not say
 * @param cachedTokens how many of the prompt's came from the provider's prompt cache; 0 if it does
 *     not say
 */
public record ChatReply(String content, int totalTokens, int cachedTokens) {}
