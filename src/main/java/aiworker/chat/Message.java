package aiworker.chat;

import java.util.Objects;

/** One message of a conversation; immutable. */
public record Message(Role role, String content) {
  /** Who speaks; {@link #name} in lower case is the word on the wire. */
  public enum Role {
    SYSTEM,
    USER,
    ASSISTANT
  }

  public Message {
    Objects.requireNonNull(role);
    Objects.requireNonNull(content);
  }

  public static Message system(String content) {
    return new Message(Role.SYSTEM, content);
  }

  public static Message user(String content) {
    return new Message(Role.USER, content);
  }

  public static Message assistant(String content) {
    return new Message(Role.ASSISTANT, content);
  }
}
