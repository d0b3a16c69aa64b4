package aiworker.gateway;

/** A setting that cannot be used. The message names it and the value seen; never a secret. */
public final class SettingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String hint;

  SettingException(String message, String hint) {
    super(message);
    this.hint = hint;
  }

  /** What to set instead. */
  public String hint() {
    return hint;
  }
}
