-- What the planner's statistics tell the model, at no scan.

-- A partitioned table has no estimate of its own until somebody analyses it. On PostgreSQL 13 one of zero rows may be a table
-- that was never analysed; from 14 on that is -1.
CREATE OR REPLACE FUNCTION ai_worker.row_estimates(schemas text[]) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE leaf(schema, name, oid, kind, rows) AS (
        SELECT n.nspname, c.relname, c.oid, c.relkind, c.reltuples
          FROM pg_namespace AS n
          JOIN pg_class AS c ON c.relnamespace = n.oid
         WHERE n.nspname = ANY (schemas) AND c.relkind IN ('r', 'p', 'm', 'f') AND NOT c.relispartition
         UNION ALL
        SELECT l.schema, l.name, c.oid, c.relkind, c.reltuples
          FROM leaf AS l
          JOIN pg_inherits AS i ON i.inhparent = l.oid
          JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relispartition),
    total AS (
        SELECT l.schema, l.name, sum(l.rows) AS rows
          FROM leaf AS l
         WHERE l.kind <> 'p'
           AND l.rows >= CASE WHEN current_setting('server_version_num')::integer < 140000 THEN 1 ELSE 0 END
         GROUP BY l.schema, l.name)
    SELECT json_agg(json_build_array(t.schema, t.name, t.rows::bigint)) FROM total AS t
$$;
REVOKE ALL ON FUNCTION ai_worker.row_estimates(text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.row_estimates(text[]) IS
    'AI Worker: [schema, relation, estimated rows] of each relation in these schemas that was ever analysed';

-- The view pg_stats shows only columns that the current role may read, and none under row security. What it says of a table
-- with all that inherit from it holds their values, and they are rows of all that they inherit from: one of them under row
-- security, or one of them hidden, closes it.
CREATE OR REPLACE FUNCTION ai_worker.common_values(schemas text[], hidden text[]) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE below(root, inherited, oid) AS (
        SELECT c.oid, i.inherited, c.oid
          FROM pg_namespace AS n
          JOIN pg_class AS c ON c.relnamespace = n.oid
         CROSS JOIN (VALUES (false), (true)) AS i (inherited)
         WHERE n.nspname = ANY (schemas) AND c.relkind IN ('r', 'p', 'm', 'f')
         UNION
        SELECT b.root, true, i.inhrelid
          FROM below AS b
          JOIN pg_inherits AS i ON i.inhparent = b.oid
         WHERE b.inherited),
    kin(root, inherited, oid) AS (
        SELECT b.root, b.inherited, b.oid FROM below AS b
         UNION
        SELECT k.root, k.inherited, i.inhparent
          FROM kin AS k
          JOIN pg_inherits AS i ON i.inhrelid = k.oid),
    family AS (
        SELECT k.root, k.inherited, bool_or(c.relrowsecurity) AS secured,
               array_agg(c.relname || '.') || array_agg(n.nspname || '.' || c.relname || '.') || ''::text AS prefixes
          FROM kin AS k
          JOIN pg_class AS c ON c.oid = k.oid
          JOIN pg_namespace AS n ON n.oid = c.relnamespace
         GROUP BY k.root, k.inherited)
    SELECT json_agg(json_build_array(
               v.path,
               ARRAY(SELECT c.value FROM unnest(v.common) WITH ORDINALITY AS c (value, place)
                      WHERE c.value ~ '[^[:space:]]' AND char_length(c.value) <= 40
                      ORDER BY c.place LIMIT 12)))
      FROM (SELECT DISTINCT ON (s.schemaname, s.tablename, s.attname)
                   ARRAY[s.schemaname, s.tablename, s.attname] AS path,
                   s.most_common_vals::text::text[] AS common, f.prefixes
              FROM pg_stats AS s
              JOIN pg_namespace AS n ON n.nspname = s.schemaname
              JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.tablename
              JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = s.attname
              JOIN pg_type AS t ON t.oid = a.atttypid
              JOIN family AS f ON f.root = c.oid AND f.inherited = s.inherited AND NOT f.secured
             WHERE t.typcategory = 'S' AND s.most_common_vals IS NOT NULL
               AND s.n_distinct BETWEEN 1 AND 30
             ORDER BY s.schemaname, s.tablename, s.attname, s.inherited DESC) AS v
     WHERE NOT EXISTS (SELECT FROM unnest(v.prefixes) AS p (prefix) WHERE p.prefix || v.path[3] = ANY (hidden))
$$;
REVOKE ALL ON FUNCTION ai_worker.common_values(text[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.common_values(text[], text[]) IS
    'AI Worker: [[schema, relation, column], most common values] of text columns with few values that this role may read; none of a column that is hidden as column, table.column or schema.table.column there or in a table that shares its rows';
