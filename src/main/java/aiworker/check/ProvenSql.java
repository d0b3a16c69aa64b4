package aiworker.check;

/** A statement that passed both layers of the proof. Only {@link Prover} makes one. */
public final class ProvenSql {
  private final String text;
  private final boolean storable;

  ProvenSql(String text, boolean storable) {
    this.text = text;
    this.storable = storable;
  }

  /** Whether it may be kept for others: it was proven by what the server resolved. */
  public boolean storable() {
    return storable;
  }

  public String text() {
    return text;
  }

  @Override
  public String toString() {
    return text;
  }
}
