-- Types and what they are made of run code of their own when a literal becomes one of them, so that they are asked for alone, before
-- the server sees the statement.
CREATE OR REPLACE FUNCTION ai_worker.named_types(schemas text[], names jsonb)
RETURNS TABLE (kind text, schema text, name text, symbol text, trait text, extension boolean, runs_code boolean,
               shadows_builtin boolean)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT w.kind, n.nspname::text, t.typname::text, w.name, t.typtype::text,
           EXISTS (SELECT FROM pg_depend AS d
                    WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'),
           t.oid >= 16384 AND ai_worker.runs_code(t.oid),
           false
      FROM jsonb_to_recordset(names) AS w (kind text, schema text, name text)
      JOIN pg_type AS named ON w.kind IN ('type', 'definition') AND named.typname = w.name
      JOIN pg_type AS t ON t.oid = CASE WHEN named.typcategory = 'A' THEN named.typelem ELSE named.oid END
      JOIN pg_namespace AS n ON n.oid = named.typnamespace
     WHERE n.nspname = w.schema
        OR w.schema IS NULL AND (n.nspname = 'pg_catalog' OR n.nspname = ANY (schemas) OR n.oid = pg_my_temp_schema());
END
$$;
REVOKE ALL ON FUNCTION ai_worker.named_types(text[], jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.named_types(text[], jsonb) IS
    'AI Worker: the types among ai_worker.named_objects';

CREATE OR REPLACE FUNCTION ai_worker.named_objects(schemas text[], names jsonb)
RETURNS TABLE (kind text, schema text, name text, symbol text, trait text, extension boolean, runs_code boolean,
               shadows_builtin boolean)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    WITH path AS MATERIALIZED (
        SELECT n.oid, n.nspname FROM pg_namespace AS n
         WHERE n.nspname = 'pg_catalog' OR n.nspname = ANY (schemas)),
    wanted AS (
        SELECT w.kind, w.schema, w.name
          FROM jsonb_to_recordset(names) AS w (kind text, schema text, name text)),
    functions AS (
        SELECT w.kind, n.nspname, p.proname, p.oid, p.provolatile, w.name AS symbol
          FROM wanted AS w
          JOIN pg_proc AS p ON p.proname = w.name
          JOIN path AS n ON n.oid = p.pronamespace
         WHERE (w.kind = 'function' AND (w.schema IS NULL OR w.schema = n.nspname))
            OR (w.kind IN ('attribute', 'field')
                AND p.pronargs >= 1
                AND (p.pronargs - p.pronargdefaults <= 1 OR p.provariadic <> 0)
                AND (w.kind = 'field'
                     OR EXISTS (SELECT FROM pg_type AS t
                                 WHERE t.oid = p.proargtypes[0] AND t.typtype IN ('c', 'p', 'd'))))
         UNION ALL
        SELECT w.kind, n.nspname, p.proname, p.oid, p.provolatile, w.name
          FROM wanted AS w
          JOIN pg_operator AS o ON w.kind = 'operator' AND o.oprname = w.name
          JOIN path AS s ON s.oid = o.oprnamespace
          JOIN pg_proc AS p ON p.oid = o.oprcode
          JOIN pg_namespace AS n ON n.oid = p.pronamespace
         UNION ALL
        SELECT 'cast', n.nspname, p.proname, p.oid, p.provolatile,
               format_type(c.castsource, NULL) || ' to ' || format_type(c.casttarget, NULL)
          FROM pg_cast AS c
          JOIN pg_proc AS p ON p.oid = c.castfunc
          JOIN pg_namespace AS n ON n.oid = p.pronamespace
          JOIN pg_type AS source ON source.oid = c.castsource
          JOIN pg_type AS target ON target.oid = c.casttarget
         WHERE c.oid >= 16384 AND c.castcontext = 'i'
           AND source.typnamespace IN (SELECT s.oid FROM path AS s)
           AND target.typnamespace IN (SELECT s.oid FROM path AS s))
    SELECT f.kind, f.nspname::text, f.proname::text, f.symbol, f.provolatile::text,
           ai_worker.is_of_extension(f.oid),
           false,
           CASE WHEN f.kind = 'operator'
                THEN EXISTS (SELECT FROM pg_operator AS b
                              WHERE b.oprname = f.symbol AND b.oprnamespace = 'pg_catalog'::regnamespace)
                ELSE EXISTS (SELECT FROM pg_proc AS b
                              WHERE b.proname = f.proname AND b.pronamespace = 'pg_catalog'::regnamespace) END
      FROM functions AS f
     UNION ALL
    -- Numbers that become such values where the server cannot be asked are printed as names. Operators of the server's own make
    -- none but out of another.
    SELECT DISTINCT 'type', 'pg_catalog', t.typname::text, t.typname::text, t.typtype::text, false, false, false
      FROM (SELECT u.oid FROM functions AS f JOIN pg_proc AS p ON p.oid = f.oid CROSS JOIN unnest(p.proallargtypes || p.prorettype) AS u (oid)
             WHERE f.kind <> 'operator' OR f.oid >= 16384
             UNION
            SELECT a.atttypid
              FROM wanted AS w
              JOIN pg_class AS c ON w.kind = 'relation' AND c.relname = w.name
              JOIN path AS n ON n.oid = c.relnamespace AND (n.nspname = w.schema OR w.schema IS NULL)
              JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS v
     CROSS JOIN LATERAL ai_worker.contained_types(v.oid) AS e (oid)
      JOIN pg_type AS t ON t.oid = e.oid AND t.oid < 16384 AND (starts_with(t.typname, 'reg') OR t.typname = 'aclitem')
     UNION ALL
    SELECT w.kind, n.nspname, c.relname, w.name, c.relkind::text, false, false, false
      FROM wanted AS w
      JOIN pg_class AS c ON w.kind = 'relation' AND c.relname = w.name
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = w.schema
        OR w.schema IS NULL AND (n.oid IN (SELECT s.oid FROM path AS s) OR n.oid = pg_my_temp_schema())
     UNION ALL
    SELECT * FROM ai_worker.named_types(schemas, names);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.named_objects(text[], jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.named_objects(text[], jsonb) IS
    'AI Worker: every object that the names of a statement can mean under pg_catalog and these schemas; names are objects with kind (relation, function, attribute, field, type, definition, operator), schema and name. symbol is the name as given, or the types of a cast; schema and name are those of the function behind an operator or a cast; trait is relkind, typtype or provolatile';
