package aiworker.check;

/**
 * A name as the server looks it up.
 *
 * @param schema null if unqualified
 */
record QualifiedName(String schema, String name) {
  @Override
  public String toString() {
    return schema == null ? name : schema + "." + name;
  }
}
