package aiworker.check;

import java.util.Set;

/** A statement that passed both layers of the proof. Only {@link Prover} makes one. */
public final class ProvenSql {
  private final String text;
  private final boolean storable;
  private final Set<String> relations;

  ProvenSql(String text, boolean storable, Set<String> relations) {
    this.text = text;
    this.storable = storable;
    this.relations = Set.copyOf(relations);
  }

  /** Whether it may be kept for others: it was proven by what the server resolved. */
  public boolean storable() {
    return storable;
  }

  /** What it reads, or may read if it is not storable: {@code schema.name} without quotes. */
  public Set<String> relations() {
    return relations;
  }

  public String text() {
    return text;
  }

  @Override
  public String toString() {
    return text;
  }
}
