package aiworker.check;

import java.util.List;
import java.util.Set;

/** A statement that passed both layers of the proof. Only {@link Prover} makes one. */
public final class ProvenSql {
  private final String text;
  private final boolean storable;
  private final Set<String> relations;
  private final Facts facts;

  /**
   * What the server knows of it.
   *
   * @param columns that it reads, {@code schema.relation.column}, quoted, in order
   * @param functions that it calls by name, quoted, with their schemas unless they are built in
   * @param dividesIntegers whether it divides whole numbers out of the data by such
   */
  public record Facts(List<String> columns, List<String> functions, boolean dividesIntegers) {
    static final Facts NONE = new Facts(List.of(), List.of(), false);

    public Facts {
      columns = List.copyOf(columns);
      functions = List.copyOf(functions);
    }
  }

  ProvenSql(String text, boolean storable, Set<String> relations, Facts facts) {
    this.text = text;
    this.storable = storable;
    this.relations = Set.copyOf(relations);
    this.facts = facts;
  }

  /** Whether it may be kept for others: it was proven by what the server resolved. */
  public boolean storable() {
    return storable;
  }

  /** What it reads, or may read if it is not storable: {@code schema.name} without quotes. */
  public Set<String> relations() {
    return relations;
  }

  /** What else is known of it. */
  public Facts facts() {
    return facts;
  }

  /** Most rows that it can return; null if only the server can tell. */
  public Long rowLimit() {
    return RowLimit.of(Query.of(text));
  }

  public String text() {
    return text;
  }

  @Override
  public String toString() {
    return text;
  }
}
