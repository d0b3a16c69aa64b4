package aiworker.check;

import aiworker.config.Config;
import aiworker.error.Refusal;
import java.util.List;
import java.util.Set;

/**
 * Judges what a statement names by the rules and by what the catalog holds under these names.
 *
 * <ul>
 *   <li>Relations: in the configured schemas, not ours, not temporary; those of the system only if
 *       {@code system_catalogs} is on and {@link SystemCatalogs} lists them.
 *   <li>Functions, in any notation: every overload that the name can mean must pass. Built-in ones
 *       pass if immutable, by a rule, or by {@code allowed_functions} unless a rule is against it;
 *       others by {@code allowed_functions}, or if an extension adds a form to a built-in name that
 *       is not volatile (citext's {@code replace(citext, …)}).
 *   <li>Operators: built in, or an extension's that are not volatile, or by allowing their
 *       function.
 *   <li>Types: built in, or in the configured schemas if using them runs no code but built-in code
 *       or an extension's.
 * </ul>
 */
final class Policy {
  private static final String IMMUTABLE = "i";
  private static final String VOLATILE = "v";

  /** What holds rows, and types that rows of their own are of. */
  private static final Set<String> READABLE_KINDS = Set.of("r", "v", "m", "f", "p", "c");

  /** Enums, rows and domains; other types bring functions of their own. */
  private static final Set<String> QUIET_TYPE_KINDS = Set.of("e", "c", "d");

  private final List<String> schemas;
  private final List<String> allowedFunctions;
  private final boolean systemCatalogs;

  Policy(Config config) {
    this.schemas = config.schemas();
    this.allowedFunctions = config.allowedFunctions();
    this.systemCatalogs = config.systemCatalogs();
  }

  /** What can be refused without asking the server. */
  void judge(Names names) {
    for (String name : names.systemNames()) {
      if (!systemCatalogs || !SystemCatalogs.isListed(name)) {
        throw Refusal.of("\"%s\" is a name of the system and not in scope", name);
      }
    }
    for (QualifiedName function : names.functions()) {
      if (!"pg_catalog".equals(function.schema())) {
        requireInScope("function", function);
      }
      requireNotListed(function.name());
    }
    names.types().forEach(this::requireTypeInScope);
    names.definitions().forEach(this::requireTypeInScope);
  }

  /** What the parser takes for relations. */
  void judgeRelations(Set<QualifiedName> relations) {
    relations.forEach(this::judgeRelation);
  }

  /** What the catalog says of the names. */
  void judge(List<CatalogFact> facts) {
    facts.forEach(this::judge);
  }

  private void judge(CatalogFact fact) {
    switch (fact.kind()) {
      case "relation" -> judgeRelation(fact);
      case "type", "definition" -> judgeType(fact);
      case "function", "attribute", "field" -> judgeFunction(fact);
      case "operator", "cast" -> judgeOperatorOrCast(fact);
      default -> throw new IllegalArgumentException(fact.kind());
    }
  }

  private void judgeRelation(QualifiedName relation) {
    boolean implicit = relation.schema() == null && relation.name().startsWith("pg_");
    String schema = implicit ? SystemCatalogs.PG_CATALOG : relation.schema();
    if (SystemCatalogs.isSchema(schema)) {
      requireReadable(schema, relation.name());
      return;
    }
    requireInScope("relation", relation);
    requireNotOurs(relation.toString(), relation.name());
  }

  private static void requireNotOurs(String shown, String relation) {
    if (Rules.isSystemName(relation)) {
      throw Refusal.of("relation %s has a name of the system", shown);
    }
    if (Rules.isOurs(relation)) {
      throw Refusal.of("relation %s is AI Worker's own", shown);
    }
  }

  /** A system catalog is never in scope by its schema alone. */
  private void requireReadable(String schema, String relation) {
    if (!systemCatalogs || !SystemCatalogs.isReadable(schema, relation)) {
      throw Refusal.of("relation %s.%s is a system catalog and not in scope", schema, relation);
    }
  }

  private void judgeRelation(CatalogFact fact) {
    if (SystemCatalogs.isSchema(fact.schema())) {
      requireReadable(fact.schema(), fact.name());
      return;
    }
    if (!schemas.contains(fact.schema())) {
      throw Refusal.of(
          "relation %s.%s is not in scope, the schemas setting allows %s",
          fact.schema(), fact.name(), schemas);
    }
    requireNotOurs(fact.qualifiedName(), fact.name());
    if (!READABLE_KINDS.contains(fact.trait())) {
      throw Refusal.of("%s.%s is no table or view", fact.schema(), fact.name());
    }
  }

  private void judgeType(CatalogFact fact) {
    boolean rowOfCatalog = fact.isBuiltin() && fact.trait().equals("c");
    if (rowOfCatalog || (!fact.isBuiltin() && !schemas.contains(fact.schema()))) {
      throw Refusal.of("type %s is not in scope", fact.qualifiedName());
    }
    // who may read the catalogs may have their numbers printed as names
    boolean ofCatalog = systemCatalogs && fact.isBuiltin() && fact.name().startsWith("reg");
    Rules.forbiddenName(fact.name())
        .filter(reason -> !ofCatalog)
        .ifPresent(
            reason -> {
              throw Refusal.of("type %s %s", fact.name(), reason);
            });
    boolean ownCode =
        fact.runsCode()
            || (!fact.isBuiltin() && !fact.extension() && !QUIET_TYPE_KINDS.contains(fact.trait()));
    if (ownCode && !isAllowed(fact)) {
      throw Refusal.of(
          "casting to type %s runs functions that allowed_functions does not list",
          fact.qualifiedName());
    }
  }

  private void judgeFunction(CatalogFact fact) {
    requireNotListed(fact.name());
    if (fact.isBuiltin()) {
      if (!fact.trait().equals(IMMUTABLE)
          && !Rules.isHarmlessFunction(fact.name(), systemCatalogs)
          && !isAllowed(fact)) {
        throw Refusal.of(
            "function %s is not known to be harmless, and allowed_functions does not list it",
            fact.name());
      }
    } else if (!isAllowed(fact) && !(fact.shadowsBuiltin() && isQuietExtension(fact))) {
      throw Refusal.of("function %s is not listed in allowed_functions", fact.qualifiedName());
    }
  }

  private void judgeOperatorOrCast(CatalogFact fact) {
    if (!fact.isBuiltin() && !isAllowed(fact) && !isQuietExtension(fact)) {
      throw Refusal.of(
          "%s %s calls function %s, which is not listed in allowed_functions",
          fact.kind(), fact.symbol(), fact.qualifiedName());
    }
  }

  private static void requireNotListed(String function) {
    Rules.refusedFunction(function)
        .ifPresent(
            reason -> {
              throw Refusal.of("function %s is not allowed: it %s", function, reason);
            });
  }

  private void requireTypeInScope(QualifiedName type) {
    if (!"pg_catalog".equals(type.schema())) {
      requireInScope("type", type);
    }
  }

  private void requireInScope(String what, QualifiedName name) {
    if (name.schema() != null
        && (SystemCatalogs.isSchema(name.schema()) || !schemas.contains(name.schema()))) {
      throw Refusal.of("%s %s is not in scope, the schemas setting allows %s", what, name, schemas);
    }
  }

  private static boolean isQuietExtension(CatalogFact fact) {
    return fact.extension() && !fact.trait().equals(VOLATILE);
  }

  private boolean isAllowed(CatalogFact fact) {
    return allowedFunctions.contains(fact.name())
        || allowedFunctions.contains(fact.qualifiedName());
  }
}
