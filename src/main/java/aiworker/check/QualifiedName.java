package aiworker.check;

import java.util.Objects;

/**
 * A name as the server looks it up.
 *
 * @param schema null if unqualified
 */
record QualifiedName(String schema, String name) {
  // a record's own would have Java write classes for them first, at 10 ms of the first question

  @Override
  public boolean equals(Object other) {
    return other instanceof QualifiedName that
        && name.equals(that.name)
        && Objects.equals(schema, that.schema);
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Objects.hashCode(schema);
  }

  @Override
  public String toString() {
    return schema == null ? name : schema + "." + name;
  }
}
