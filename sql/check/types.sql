-- Of an extension are the functions that its script made, and scripts run as a superuser. The owner of a trusted extension can
-- add functions of his own to it.
CREATE OR REPLACE FUNCTION ai_worker.is_of_extension(function_oid oid) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM pg_depend AS d
                     JOIN pg_proc AS p ON p.oid = d.objid
                     JOIN pg_roles AS r ON r.oid = p.proowner
                    WHERE d.classid = 'pg_proc'::regclass AND d.objid = function_oid AND d.deptype = 'e' AND r.rolsuper);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.is_of_extension(oid) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.is_of_extension(oid) IS
    'AI Worker: whether an extension brought this function, and not somebody who added it later';

CREATE OR REPLACE FUNCTION ai_worker.contained_types(type_oid oid) RETURNS SETOF oid
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE contained(oid) AS (
        SELECT type_oid
         UNION
        SELECT p.oid
          FROM contained AS c
          JOIN pg_type AS t ON t.oid = c.oid
         CROSS JOIN LATERAL (
               SELECT t.typelem WHERE t.typcategory = 'A'
                UNION ALL
               SELECT t.typbasetype
                UNION ALL
               SELECT a.atttypid FROM pg_attribute AS a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
                UNION ALL
               -- Where there are multiranges, pg_range lists each beside its range.
               SELECT r.rngsubtype FROM pg_range AS r WHERE t.typtype = 'r' AND r.rngtypid = t.oid
                UNION ALL
               SELECT r.rngsubtype FROM pg_range AS r
                WHERE t.typtype = 'm' AND (to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid) AS p (oid)
         WHERE p.oid <> 0)
    SELECT c.oid FROM contained AS c;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.contained_types(oid) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.contained_types(oid) IS
    'AI Worker: a type with all that it is made of, at any depth: elements, attributes, what domains and ranges are over';

CREATE OR REPLACE FUNCTION ai_worker.runs_code(type_oid oid) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- What is built in is made of nothing else.
    IF type_oid < 16384 THEN
        RETURN false;
    END IF;
    RETURN (
        WITH type AS MATERIALIZED (
            SELECT c.oid FROM ai_worker.contained_types(type_oid) AS c (oid) WHERE c.oid >= 16384),
        condition AS MATERIALIZED (
            SELECT k.conbin::text AS tree FROM type AS t JOIN pg_constraint AS k ON k.contypid = t.oid)
        SELECT EXISTS (SELECT FROM condition AS k
                        CROSS JOIN regexp_matches(k.tree, ':(funcid|opfuncid|aggfnoid|winfnoid) ([0-9]+)', 'g') AS f (ids)
                         JOIN pg_proc AS p ON p.oid = f.ids[2]::oid
                        WHERE p.provolatile = 'v' OR p.oid >= 16384 AND NOT ai_worker.is_of_extension(p.oid))
            OR EXISTS (SELECT FROM condition AS k
                        CROSS JOIN regexp_matches(k.tree, ':opno ([0-9]+)', 'g') AS f (ids)
                         JOIN pg_operator AS o ON o.oid = f.ids[1]::oid
                        WHERE o.oid >= 16384 AND NOT ai_worker.is_of_extension(o.oprcode))
            OR EXISTS (SELECT FROM type AS t
                         JOIN pg_cast AS k ON k.casttarget = t.oid
                         -- The server makes the cast from a range to its multirange, in its own language.
                         JOIN pg_proc AS p ON p.oid = k.castfunc AND p.prolang <> (SELECT l.oid FROM pg_language AS l WHERE l.lanname = 'internal')
                        WHERE k.castfunc >= 16384 AND NOT ai_worker.is_of_extension(k.castfunc)));
END
$$;
REVOKE ALL ON FUNCTION ai_worker.runs_code(oid) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.runs_code(oid) IS
    'AI Worker: whether a cast to this type, or to any that it contains, runs functions that are neither built in nor an extension''s: domains at any depth, casts';

-- Where values are compared, sorted, hashed or estimated, the server calls these without naming them anywhere.
CREATE OR REPLACE FUNCTION ai_worker.comparing_functions(types oid[]) RETURNS SETOF oid
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    WITH compared AS MATERIALIZED (
        SELECT DISTINCT c.oid FROM unnest(types) AS t (oid) CROSS JOIN ai_worker.contained_types(t.oid) AS c (oid)
         WHERE t.oid >= 16384 AND c.oid >= 16384),
    ranges AS MATERIALIZED (
        SELECT r.* FROM pg_range AS r
         WHERE r.rngtypid IN (SELECT c.oid FROM compared AS c)
            OR (to_jsonb(r) ->> 'rngmultitypid')::oid IN (SELECT c.oid FROM compared AS c)),
    code AS (
        SELECT r.rngsubdiff::oid AS oid FROM ranges AS r
         UNION
        SELECT r.rngcanonical::oid FROM ranges AS r
         UNION
        SELECT p.amproc::oid FROM ranges AS r JOIN pg_opclass AS k ON k.oid = r.rngsubopc JOIN pg_amproc AS p ON p.amprocfamily = k.opcfamily
         UNION
        SELECT p.amproc::oid FROM compared AS c JOIN pg_amproc AS p ON c.oid IN (p.amproclefttype, p.amprocrighttype)
         UNION
        SELECT o.oprcode::oid FROM compared AS c JOIN pg_amop AS a ON c.oid IN (a.amoplefttype, a.amoprighttype)
          JOIN pg_operator AS o ON o.oid = a.amopopr)
    SELECT f.oid FROM code AS f WHERE f.oid >= 16384;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.comparing_functions(oid[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.comparing_functions(oid[]) IS
    'AI Worker: functions that are not built in and that the server calls on its own where it compares or estimates values of these types, or what they contain: of operator classes and ranges';

CREATE OR REPLACE FUNCTION ai_worker.extension_schemas(schemas text[]) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE types(schema, oid) AS (
        SELECT n.nspname::text, d.objid
          FROM pg_extension AS e
          JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
                             AND d.classid = 'pg_type'::regclass
          JOIN pg_type AS t ON t.oid = d.objid
          JOIN pg_namespace AS n ON n.oid = t.typnamespace
         WHERE n.nspname <> 'pg_catalog' AND n.nspname <> ALL (schemas)
         UNION
        -- Arrays of them, domains over them, rows with them.
        SELECT u.schema, d.objid
          FROM types AS u
          JOIN pg_depend AS d ON d.refclassid = 'pg_type'::regclass AND d.refobjid = u.oid AND d.classid = 'pg_type'::regclass)
    SELECT DISTINCT u.schema
      FROM types AS u
     WHERE EXISTS (SELECT FROM pg_depend AS d
                     JOIN pg_class AS c ON c.oid = d.objid
                     JOIN pg_namespace AS n ON n.oid = c.relnamespace
                    WHERE d.refclassid = 'pg_type'::regclass AND d.refobjid = u.oid AND d.classid = 'pg_class'::regclass
                      AND n.nspname = ANY (schemas))
     ORDER BY u.schema;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.extension_schemas(text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.extension_schemas(text[]) IS
    'AI Worker: schemas of extensions whose types columns in these schemas have, so that a search path needs them for the operators of these types';

CREATE OR REPLACE FUNCTION ai_worker.query_path(schemas text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT string_agg(quote_ident(s.name), ', ' ORDER BY s.place)
          FROM unnest(schemas || ARRAY(SELECT ai_worker.extension_schemas(schemas)) || 'pg_temp'::text)
          WITH ORDINALITY AS s (name, place));
END
$$;
REVOKE ALL ON FUNCTION ai_worker.query_path(text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.query_path(text[]) IS
    'AI Worker: the search path under which queries of these schemas are proven and run';
