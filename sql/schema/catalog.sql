-- What the model is told of the database, and the version that keys cached answers to it. Neither needs a JVM.
--
-- All three functions run with the rights of their caller (the SECURITY DEFINER functions of this product), read catalogs
-- that everybody may read, and change nothing: they work on a hot standby and in a READ ONLY transaction. They begin a
-- subtransaction, which a parallel worker cannot: PARALLEL UNSAFE.

-- The settings of the SET clauses are those that change how the server prints types, names and constants; without them two
-- sessions with different time zones would see two versions of one schema.
-- Everything is named and ordered by name or live position, never by OID or attribute number: a schema that was dropped
-- and made again, or restored elsewhere, reads the same.
CREATE OR REPLACE FUNCTION ai_worker.schema_catalog(schemas text[], OUT catalog json, OUT version text)
LANGUAGE plpgsql
STABLE
PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
SET standard_conforming_strings = on
SET timezone = 'UTC'
SET datestyle = 'ISO, YMD'
SET intervalstyle = 'postgres'
SET extra_float_digits = 1
SET bytea_output = 'hex'
SET jit = off
SET max_parallel_workers_per_gather = 0
AS $$
DECLARE
  -- Characters of a comment that go in, which is more than the model is shown; what a longer one says counts by its digest.
  longest CONSTANT integer := 1000;
  -- Bytes that an expression may have in the catalogs. One of many megabytes would be printed for each version; it counts by its
  -- OID, as it can be replaced and not changed.
  largest CONSTANT integer := 100000;
  expressions boolean := true;
  code text;
BEGIN
  -- Printing a view, a CHECK or a generated column locks the relations in it against DDL until the transaction ends,
  -- which here may include seconds of waiting for the model. So the block always rolls back, which lets the locks go.
  LOOP
    BEGIN
      PERFORM set_config('lock_timeout', '100ms', true);
      WITH scope AS MATERIALIZED (
        SELECT n.oid, n.nspname, array_position(schemas, n.nspname::text) AS place
        FROM pg_namespace n
        WHERE n.nspname = ANY (schemas)
      ),
      relation AS MATERIALIZED (
        SELECT c.oid, s.nspname, s.place, c.relname, c.relkind, c.reltype
        FROM scope s
        JOIN pg_class c ON c.relnamespace = s.oid
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
          AND NOT c.relispartition
          AND NOT starts_with(c.relname, 'ai_worker_')
          AND NOT EXISTS (
            SELECT FROM pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      ),
      columns AS (
        SELECT r.oid AS attrelid, of_relation.*
        FROM relation r
        CROSS JOIN LATERAL (
          SELECT json_agg(
                   quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                   || CASE WHEN a.attcollation IN (0, 'pg_catalog."default"'::regcollation) THEN ''
                        ELSE ' COLLATE ' || (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation)
                      END
                   || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
                   ORDER BY a.attnum) AS list,
                 json_object_agg(
                   quote_ident(a.attname),
                   left(d.description, longest)
                   || CASE WHEN length(d.description) > longest THEN ' ' || md5(d.description) ELSE '' END
                   ORDER BY a.attnum)
                   FILTER (WHERE d.description IS NOT NULL) AS comments,
                 json_object_agg(
                   quote_ident(a.attname),
                   CASE WHEN NOT expressions THEN ''
                     WHEN pg_column_size(g.adbin) > largest THEN g.oid::text
                     ELSE pg_get_expr(g.adbin, g.adrelid)
                   END
                   ORDER BY a.attnum)
                   FILTER (WHERE a.attgenerated <> '') AS generated
          FROM pg_attribute a
          LEFT JOIN pg_description d
            ON d.objoid = a.attrelid AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum
          LEFT JOIN pg_attrdef g
            ON a.attgenerated <> '' AND g.adrelid = a.attrelid AND g.adnum = a.attnum
          WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped) of_relation
      ),
      constraints AS (
        SELECT k.conrelid, json_agg(k.definition ORDER BY k.contype, k.definition COLLATE "C") AS list
        FROM (
          SELECT DISTINCT k.conrelid, k.contype,
            CASE WHEN pg_column_size(k.conbin) > largest THEN k.oid::text ELSE pg_get_constraintdef(k.oid) END AS definition
          FROM relation r
          JOIN pg_constraint k ON k.conrelid = r.oid
          WHERE k.contype IN ('p', 'u', 'f') AND k.conparentid = 0 OR k.contype = 'c' AND expressions) k
        GROUP BY k.conrelid
      ),
      -- Types that columns in scope have, themselves, as elements of arrays or under a domain, wherever they are; and
      -- what is in scope without a column.
      column_type AS (
        SELECT DISTINCT a.atttypid AS oid
        FROM relation r
        JOIN pg_attribute a ON a.attrelid = r.oid
        WHERE a.attnum > 0 AND NOT a.attisdropped
      ),
      used_type AS (
        SELECT c.oid FROM column_type c
        UNION SELECT t.typelem FROM column_type c JOIN pg_type t ON t.oid = c.oid WHERE t.typelem <> 0
        UNION SELECT t.typbasetype FROM column_type c JOIN pg_type t ON t.oid = c.oid WHERE t.typbasetype <> 0
      ),
      user_type AS (
        SELECT t.oid, n.nspname, t.typname, t.typtype, t.typbasetype, t.typtypmod, t.typnotnull
        FROM pg_type t
        JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE t.typtype IN ('e', 'd', 'r')
          AND n.nspname NOT IN ('pg_catalog', 'information_schema')
          AND NOT starts_with(t.typname, 'ai_worker_')
          AND (t.oid IN (SELECT u.oid FROM used_type u)
            OR t.typnamespace IN (SELECT s.oid FROM scope s) AND NOT EXISTS (
              SELECT FROM pg_depend d
              WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'))
      )
      SELECT json_build_object(
        'schemas', (
          SELECT json_agg(
            json_build_array(
              quote_ident(s.nspname),
              left(d.description, longest)
              || CASE WHEN length(d.description) > longest THEN ' ' || md5(d.description) ELSE '' END)
            ORDER BY s.place)
          FROM scope s
          LEFT JOIN pg_description d ON d.objoid = s.oid AND d.classoid = 'pg_namespace'::regclass),
        'types', (
          SELECT json_agg(
            json_build_array(
              quote_ident(t.nspname),
              quote_ident(t.typname),
              t.typtype,
              (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
              CASE t.typtype
                WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod)
                WHEN 'r' THEN (SELECT format_type(g.rngsubtype, NULL) FROM pg_range g WHERE g.rngtypid = t.oid)
              END,
              t.typnotnull,
              (SELECT json_agg(k.definition ORDER BY k.definition COLLATE "C")
               FROM (
                 SELECT CASE WHEN pg_column_size(k.conbin) > largest THEN k.oid::text ELSE pg_get_constraintdef(k.oid) END
                 FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c') k (definition)),
              left(d.description, longest)
              || CASE WHEN length(d.description) > longest THEN ' ' || md5(d.description) ELSE '' END)
            ORDER BY t.nspname, t.typname)
          FROM user_type t
          LEFT JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_type'::regclass),
        'notes', (
          SELECT json_agg(
            json_build_object('scope', n.scope, 'text', n.note, 'synonyms', n.synonyms, 'about', n.about)
            ORDER BY n.scope, n.object COLLATE "C", n.note COLLATE "C", n.synonyms::text COLLATE "C")
          FROM ai_worker.notes(schemas) n
          WHERE n.scope = 'all' OR n.about IS NOT NULL),
        'relations', (
          SELECT json_agg(
            json_build_object(
              'schema', quote_ident(r.nspname),
              'name', quote_ident(r.relname),
              'kind', CASE r.relkind WHEN 'p' THEN 'r' ELSE r.relkind END,
              'hidden', EXISTS (
                SELECT FROM pg_class o WHERE o.relname = r.relname AND o.relnamespace = 'pg_catalog'::regnamespace),
              'comment', left(d.description, longest)
                || CASE WHEN length(d.description) > longest THEN ' ' || md5(d.description) ELSE '' END,
              'columns', columns.list,
              'comments', columns.comments,
              'generated', columns.generated,
              'constraints', constraints.list,
              'body', CASE WHEN r.relkind IN ('v', 'm') AND expressions THEN (
                SELECT CASE WHEN pg_column_size(w.ev_action) > 10 * largest THEN w.oid::text ELSE md5(pg_get_viewdef(r.oid)) END
                FROM pg_rewrite w WHERE w.ev_class = r.oid AND w.rulename = '_RETURN') END)
            ORDER BY r.place, r.relname)
          FROM relation r
          LEFT JOIN pg_description d
            ON d.objoid = CASE r.relkind WHEN 'c' THEN r.reltype ELSE r.oid END
            AND d.classoid = CASE r.relkind WHEN 'c' THEN 'pg_type'::regclass ELSE 'pg_class'::regclass END
            AND d.objsubid = 0
          LEFT JOIN columns ON columns.attrelid = r.oid
          LEFT JOIN constraints ON constraints.conrelid = r.oid))
      INTO catalog;
      -- What else a name or symbol in a statement can mean, extensions' included, with the functions behind operators and
      -- casts wherever they are. The model is not told, so this goes into the version alone. A cast belongs to no schema:
      -- it counts if both types can occur. Built-in objects have OIDs below 16384.
      WITH scope AS MATERIALIZED (
        SELECT n.oid, n.nspname FROM pg_namespace n WHERE n.nspname = ANY (schemas)
      ),
      operator AS MATERIALIZED (
        SELECT s.nspname, o.oprname, o.oprleft, o.oprright, o.oprresult, o.oprcode
        FROM scope s
        JOIN pg_operator o ON o.oprnamespace = s.oid
        WHERE o.oprcode <> 0 AND o.oid >= 16384
      ),
      user_cast AS MATERIALIZED (
        SELECT k.castsource, k.casttarget, k.castfunc, k.castcontext, k.castmethod
        FROM pg_cast k
        WHERE k.oid >= 16384 AND NOT EXISTS (
          SELECT FROM pg_type t
          WHERE t.oid IN (k.castsource, k.casttarget)
            AND t.typnamespace <> 'pg_catalog'::regnamespace
            AND t.typnamespace NOT IN (SELECT s.oid FROM scope s)
            AND NOT EXISTS (
              SELECT FROM pg_depend d
              JOIN pg_class c ON c.oid = d.objid
              WHERE d.refclassid = 'pg_type'::regclass AND d.refobjid = t.oid AND d.classid = 'pg_class'::regclass
                AND c.relnamespace IN (SELECT s.oid FROM scope s)))
      ),
      namesake AS MATERIALIZED (
        SELECT 'relation' AS kind, r.relname AS name, t.relnamespace AS schema
        FROM scope s
        JOIN pg_class r ON r.relnamespace = s.oid AND r.relkind IN ('r', 'p', 'v', 'm', 'f')
        JOIN pg_class t ON t.relname = r.relname
        UNION
        SELECT 'function', p.proname, p.pronamespace
        FROM pg_proc p
        WHERE p.oid >= 16384 AND EXISTS (
          SELECT FROM pg_proc b WHERE b.proname = p.proname AND b.pronamespace = 'pg_catalog'::regnamespace
          UNION ALL
          SELECT FROM pg_type b WHERE b.typname = p.proname AND b.typnamespace = 'pg_catalog'::regnamespace)
          -- As f(t) reads a column too.
          OR p.oid >= 16384 AND p.proname IN (
          SELECT a.attname FROM scope s JOIN pg_class r ON r.relnamespace = s.oid JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0)
        UNION
        SELECT 'operator', o.oprname, o.oprnamespace
        FROM pg_operator o
        WHERE o.oid >= 16384 AND EXISTS (
          SELECT FROM pg_operator b WHERE b.oprname = o.oprname AND b.oprnamespace = 'pg_catalog'::regnamespace)
        UNION
        SELECT 'type', t.typname, t.typnamespace
        FROM pg_type t
        WHERE t.oid >= 16384 AND EXISTS (
          SELECT FROM pg_type b WHERE b.typname = t.typname AND b.typnamespace = 'pg_catalog'::regnamespace
          UNION ALL
          SELECT FROM pg_proc b WHERE t.typrelid = 0 AND b.proname = t.typname AND b.pronamespace = 'pg_catalog'::regnamespace)
        UNION
        SELECT 'collation', c.collname, c.collnamespace
        FROM pg_collation c
        WHERE c.oid >= 16384 AND EXISTS (
          SELECT FROM pg_collation b WHERE b.collname = c.collname AND b.collnamespace = 'pg_catalog'::regnamespace)
        UNION
        SELECT 'configuration', c.cfgname, c.cfgnamespace
        FROM pg_ts_config c
        WHERE c.oid >= 16384 AND EXISTS (
          SELECT FROM pg_ts_config b WHERE b.cfgname = c.cfgname AND b.cfgnamespace = 'pg_catalog'::regnamespace)),
      shared AS MATERIALIZED (
        SELECT m.schema FROM (SELECT DISTINCT schema FROM namesake) m WHERE ai_worker.is_shared(m.schema)),
      definition AS (
        SELECT json_build_array(
                 'function', n.nspname, p.proname, p.prokind, pg_get_function_arguments(p.oid),
                 pg_get_function_result(p.oid), p.provolatile, p.proisstrict, p.prosecdef, p.proconfig, l.lanname, p.probin,
                 md5(p.prosrc),
                 -- Of a body that is not text but parsed, which PostgreSQL 13 does not have; it locks what it names.
                 CASE WHEN p.prosrc = '' AND l.lanname = 'sql' AND expressions THEN md5(pg_get_functiondef(p.oid)) END,
                 (SELECT json_build_array(
                           a.aggkind, a.aggnumdirectargs, a.aggtransfn::regprocedure, a.aggfinalfn::regprocedure,
                           a.aggfinalextra, a.aggmtransfn::regprocedure, a.aggminvtransfn::regprocedure,
                           a.aggmfinalfn::regprocedure, a.aggmfinalextra, a.aggsortop::regoperator,
                           format_type(a.aggtranstype, NULL), a.agginitval, a.aggminitval)
                  FROM pg_aggregate a WHERE a.aggfnoid = p.oid))::text AS line
        FROM pg_proc p
        JOIN pg_namespace n ON n.oid = p.pronamespace
        JOIN pg_language l ON l.oid = p.prolang
        WHERE (n.nspname = ANY (schemas)
            OR p.oid IN (SELECT o.oprcode FROM operator o UNION SELECT k.castfunc FROM user_cast k))
          AND p.oid >= 16384
          AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
          AND NOT (n.nspname = 'public'
            AND (starts_with(p.proname, 'ai_worker_')
              OR p.proname IN ('ai_generate_sql', 'ai_cached_sql', 'ai_sql', 'ai_run_sql', 'ai_explain_sql')))
        UNION ALL
        SELECT json_build_array(
                 'operator', o.nspname, o.oprname, format_type(o.oprleft, NULL), format_type(o.oprright, NULL),
                 format_type(o.oprresult, NULL), o.oprcode::regprocedure)::text
        FROM operator o
        UNION ALL
        SELECT json_build_array(
                 'cast', format_type(k.castsource, NULL), format_type(k.casttarget, NULL), k.castfunc::regprocedure,
                 k.castcontext, k.castmethod)::text
        FROM user_cast k
        UNION ALL
        -- What has a namesake elsewhere is qualified in answers; that there is one counts, not how many or where.
        SELECT DISTINCT json_build_array('namesake', m.kind, m.name)::text
        FROM namesake m
        WHERE m.schema IN (SELECT h.schema FROM shared h) AND m.schema NOT IN (SELECT s.oid FROM scope s)
      )
      SELECT string_agg(d.line, chr(10) ORDER BY d.line COLLATE "C") INTO code FROM definition d;
      RAISE EXCEPTION USING ERRCODE = 'IA099', MESSAGE = 'catalog read';
    EXCEPTION
      WHEN SQLSTATE 'IA099' THEN
        EXIT;
      -- Another session changes or rewrites a table at this moment, or has dropped one between our look and our printing
      -- (which the server reports as an internal error). A cached answer must not wait for that.
      WHEN lock_not_available OR internal_error THEN
        IF NOT expressions THEN
          RAISE;
        END IF;
        expressions := false;
    END;
  END LOOP;
  -- Converted to the database's own encoding, which is no conversion: the bytes as they are, valid elsewhere or not.
  version := encode(sha256(convert_to(concat(catalog, code), getdatabaseencoding())), 'hex');
  version := CASE WHEN expressions THEN left(version, 20) ELSE 'locked-' || left(version, 13) END;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.schema_catalog(text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.schema_catalog(text[]) IS
  'What the model may know of these schemas, as JSON: relations, columns, keys, checks, types, comments and administrators'' notes, without the product''s own and without extensions'' relations; with a fingerprint of that and of functions, operators and casts, extensions'' included. Leaves no lock behind. What takes a lock to be printed (checks, generated columns, view definitions) is left out, and the version begins with locked-, if another session holds one for more than 100 ms';
