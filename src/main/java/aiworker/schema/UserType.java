package aiworker.schema;

import java.util.List;

/**
 * An enum, domain, range or composite type.
 *
 * @param id {@code schema.name} as the catalog quotes it
 * @param uses ids of the types it is made of
 * @param ddl its definition, one line
 */
record UserType(String id, List<String> uses, String ddl) {
  UserType {
    uses = List.copyOf(uses);
  }
}
