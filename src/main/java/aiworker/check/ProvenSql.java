package aiworker.check;

/** A statement that passed both layers of the proof. Only {@link Prover} makes one. */
public final class ProvenSql {
  private final String text;

  ProvenSql(String text) {
    this.text = text;
  }

  public String text() {
    return text;
  }

  @Override
  public String toString() {
    return text;
  }
}
