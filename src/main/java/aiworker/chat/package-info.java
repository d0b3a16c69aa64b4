/**
 * The Chat Completions client: one question in, the model's words out, with retries inside a
 * deadline and nothing left behind when the session is cancelled.
 */
package aiworker.chat;
