package aiworker.check;

import aiworker.db.Database;
import aiworker.json.Json;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.List;

/**
 * What the server's catalogs hold under the names of a statement, in one round trip.
 *
 * <p>Thread rule: that of the {@link Database}.
 */
final class CatalogLookup {
  private static final String FACTS =
      """
      WITH path AS (
        SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n
        WHERE n.nspname = 'pg_catalog'
          OR n.nspname IN (SELECT pg_catalog.jsonb_array_elements_text(?::jsonb))
      ), wanted AS (
        SELECT w.kind, w.schema, w.name
        FROM pg_catalog.jsonb_to_recordset(?::jsonb) AS w(kind text, schema text, name text)
      ), owned AS (
        SELECT d.classid, d.objid FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
      ), functions AS (
        SELECT w.kind, n.nspname, p.proname, p.oid, p.provolatile, w.name AS symbol
        FROM wanted w
        JOIN pg_catalog.pg_proc p ON p.proname = w.name
        JOIN path n ON n.oid = p.pronamespace
        WHERE (w.kind = 'function' AND (w.schema IS NULL OR w.schema = n.nspname))
          OR (w.kind IN ('attribute', 'field')
            AND p.pronargs >= 1
            AND (p.pronargs - p.pronargdefaults <= 1 OR p.provariadic <> 0)
            AND (w.kind = 'field' OR EXISTS (
              SELECT FROM pg_catalog.pg_type t
              WHERE t.oid = p.proargtypes[0] AND t.typtype IN ('c', 'p', 'd'))))
        UNION ALL
        SELECT w.kind, n.nspname, p.proname, p.oid, p.provolatile, w.name
        FROM wanted w
        JOIN pg_catalog.pg_operator o ON w.kind = 'operator' AND o.oprname = w.name
        JOIN path s ON s.oid = o.oprnamespace
        JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        UNION ALL
        SELECT 'cast', n.nspname, p.proname, p.oid, p.provolatile,
          pg_catalog.format_type(c.castsource, NULL) || ' to '
          || pg_catalog.format_type(c.casttarget, NULL)
        FROM pg_catalog.pg_cast c
        JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        JOIN pg_catalog.pg_type source ON source.oid = c.castsource
        JOIN pg_catalog.pg_type target ON target.oid = c.casttarget
        WHERE c.oid >= 16384 AND c.castcontext = 'i'
          AND source.typnamespace IN (SELECT oid FROM path)
          AND target.typnamespace IN (SELECT oid FROM path)
      )
      SELECT f.kind, f.nspname AS schema, f.proname AS name, f.symbol,
        f.provolatile::text AS trait,
        EXISTS (SELECT FROM owned d
          WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = f.oid) AS extension,
        false AS runs_code,
        CASE WHEN f.kind = 'operator' THEN EXISTS (SELECT FROM pg_catalog.pg_operator b
            WHERE b.oprname = f.symbol AND b.oprnamespace = 'pg_catalog'::regnamespace)
          ELSE EXISTS (SELECT FROM pg_catalog.pg_proc b
            WHERE b.proname = f.proname AND b.pronamespace = 'pg_catalog'::regnamespace)
        END AS shadows_builtin
      FROM functions f
      UNION ALL
      SELECT w.kind, n.nspname, c.relname, w.name, c.relkind::text, false, false, false
      FROM wanted w
      JOIN pg_catalog.pg_class c ON w.kind = 'relation' AND c.relname = w.name
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = w.schema
        OR (w.schema IS NULL
          AND (n.oid IN (SELECT oid FROM path) OR n.oid = pg_catalog.pg_my_temp_schema()))
      UNION ALL
      SELECT w.kind, n.nspname, t.typname, w.name, t.typtype::text,
        EXISTS (SELECT FROM owned d
          WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid),
        EXISTS (SELECT FROM pg_catalog.pg_cast c
          JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
          WHERE c.casttarget = t.oid AND c.oid >= 16384
            AND p.pronamespace <> 'pg_catalog'::regnamespace
            AND NOT EXISTS (SELECT FROM owned d
              WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid))
        OR EXISTS (SELECT FROM pg_catalog.pg_type base
          WHERE base.oid = t.typbasetype AND base.typtype = 'd')
        OR EXISTS (SELECT FROM pg_catalog.pg_constraint k
          CROSS JOIN pg_catalog.regexp_matches(k.conbin::text, 'funcid ([0-9]+)', 'g') AS f(ids)
          JOIN pg_catalog.pg_proc p ON p.oid = f.ids[1]::oid
          WHERE k.contypid = t.oid
            AND (p.provolatile = 'v' OR p.pronamespace <> 'pg_catalog'::regnamespace)),
        false
      FROM wanted w
      JOIN pg_catalog.pg_type named ON w.kind = 'type' AND named.typname = w.name
      JOIN pg_catalog.pg_type t
        ON t.oid = CASE WHEN named.typcategory = 'A' THEN named.typelem ELSE named.oid END
      JOIN pg_catalog.pg_namespace n ON n.oid = named.typnamespace
      WHERE n.nspname = w.schema
        OR (w.schema IS NULL
          AND (n.oid IN (SELECT oid FROM path) OR n.oid = pg_catalog.pg_my_temp_schema()))
      """;

  private final Database database;

  CatalogLookup(Database database) {
    this.database = database;
  }

  /** Everything that the names can mean under pg_catalog and the schemas in scope. */
  List<CatalogFact> facts(Names names, List<String> schemas) {
    ArrayNode wanted = Json.array(List.of());
    names.relations().forEach(name -> add(wanted, "relation", name));
    names.functions().forEach(name -> add(wanted, "function", name));
    // f(x) is a cast too where f is a type
    names.functions().forEach(name -> add(wanted, "type", name));
    names.types().forEach(name -> add(wanted, "type", name));
    addAll(wanted, "attribute", names.attributes());
    addAll(wanted, "field", names.fields());
    addAll(wanted, "operator", names.operators());
    return database.query(FACTS, Json.array(schemas).toString(), wanted.toString()).stream()
        .map(CatalogFact::of)
        .toList();
  }

  private static void addAll(ArrayNode wanted, String kind, Collection<String> names) {
    names.forEach(name -> add(wanted, kind, new QualifiedName(null, name)));
  }

  private static void add(ArrayNode wanted, String kind, QualifiedName name) {
    ObjectNode entry = wanted.addObject();
    entry.put("kind", kind);
    entry.put("schema", name.schema());
    entry.put("name", name.name());
  }
}
