package aiworker.error;

/**
 * Everything that can go wrong, each with the SQLSTATE a caller can test for and what to do about
 * it.
 *
 * <p>Bad requests (IA001 to IA003) are refused in {@code ai_worker.check_request}, before any Java
 * runs, and a missing JVM (IA005) where it would start. Class {@code IA} is ours: ISO/IEC 9075-2
 * leaves classes that begin with I to Z to implementations.
 */
public enum Failure {
  NOT_INSTALLED(
      "IA004",
      "run install/install.sh again on this database: it repairs what is missing and keeps the cache"),
  GUARD_MISSING(
      "IA005",
      "run install/install.sh again on this database, or on a standby copy the file from its primary; then connect again"),
  SIGNALS_REPLACED(
      "IA005",
      "run install/install.sh again on this database and connect again; if that does not help, allow_unsafe_signals in"
          + " ai_worker_config permits calls after which a session that waits cannot be ended"),
  API_KEY_MISSING(
      "IA010",
      "set api_key_file in ai_worker_config to a file that the server's OS user can read, or OPENAI_API_KEY in the"
          + " server's environment"),
  ENDPOINT_UNREACHABLE(
      "IA011", "check base_url, proxy and ca_file in ai_worker_config, and the server's network"),
  ENDPOINT_PAUSED(
      "IA011",
      "ask again later, or check base_url, proxy and ca_file in ai_worker_config and the server's network; SELECT"
          + " ai_worker_health() says more, and cached questions are answered all the time"),
  ENDPOINT_TIMEOUT("IA012", "try again, or raise request_timeout_ms in ai_worker_config"),
  AUTHENTICATION_FAILED(
      "IA013",
      "check the API key that api_key_file or OPENAI_API_KEY holds, and api_key_header, organization and project in"
          + " ai_worker_config"),
  RATE_LIMITED("IA014", "wait, or raise the account's limits at the provider"),
  REQUEST_REFUSED("IA015", "check model, base_url and api_version in ai_worker_config"),
  ENDPOINT_FAILED("IA016", "try again later; the provider's status page may say more"),
  REPLY_UNREADABLE(
      "IA017", "check that base_url in ai_worker_config speaks the Chat Completions API"),
  REPLY_CUT(
      "IA017",
      "raise max_completion_tokens in ai_worker_config, or lower context_tokens if the model's context is small"),
  NO_STATEMENT("IA020", "ask for data that the schema holds, or reword the question"),
  STATEMENT_REFUSED("IA021", "reword the question so that one read-only query answers it"),
  STATEMENT_INVALID(
      "IA022", "reword the question, or check the schemas setting in ai_worker_config"),
  NO_AGREEMENT(
      "IA023",
      "reword the question so that it can be read in one way only, or lower min_agreement in ai_worker_config"),
  OUT_OF_MEMORY(
      "53200",
      "raise -Xmx in jvm_options of ai_worker_config, lower context_tokens there, or name fewer schemas; a shorter"
          + " question may help too"),
  TOO_DEEP("54001", "reword the question so that a simpler query answers it"),
  INTERNAL("XX000", "report this as a bug, with the server's log");

  private final String sqlState;
  private final String hint;

  Failure(String sqlState, String hint) {
    this.sqlState = sqlState;
    this.hint = hint;
  }

  public String sqlState() {
    return sqlState;
  }

  public String hint() {
    return hint;
  }

  /** Whether the model may be asked again with the reason. */
  public boolean isRepairable() {
    return this == STATEMENT_REFUSED || this == STATEMENT_INVALID;
  }
}
