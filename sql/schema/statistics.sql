-- What the model is told and the schema version does not count: no statement becomes wrong by it. Statistics are the planner's, at no scan.

-- A partitioned table has no estimate of its own until somebody analyses it. On PostgreSQL 13 one of zero rows may be a table
-- that was never analysed; from 14 on that is -1.
CREATE OR REPLACE FUNCTION ai_worker.table_facts(schemas text[]) RETURNS json
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
    SELECT json_agg(json_build_array(
               n.nspname, c.relname, t.rows::bigint,
               (SELECT concat(CASE p.partstrat WHEN 'r' THEN 'RANGE' WHEN 'l' THEN 'LIST' ELSE 'HASH' END,
                              ' (', string_agg(quote_ident(a.attname), ', ' ORDER BY k.place), ')')
                  FROM pg_partitioned_table AS p
                 CROSS JOIN LATERAL unnest(p.partattrs::smallint[]) WITH ORDINALITY AS k (number, place)
                  LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.number AND k.number > 0
                 WHERE p.partrelid = c.oid
                 GROUP BY p.partstrat
                HAVING count(a.attname) = count(*)),
               (SELECT json_agg(quote_ident(u.nspname) || '.' || quote_ident(o.relname) ORDER BY i.inhseqno)
                  FROM pg_inherits AS i
                  JOIN pg_class AS o ON o.oid = i.inhparent
                  JOIN pg_namespace AS u ON u.oid = o.relnamespace
                 WHERE i.inhrelid = c.oid AND u.nspname = ANY (schemas)),
               (SELECT json_agg(x.columns ORDER BY x.columns::text)
                  FROM (SELECT (SELECT json_agg(quote_ident(a.attname) ORDER BY k.place)
                                  FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (number, place)
                                  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.number
                                 WHERE k.place <= i.indnkeyatts) AS columns
                          FROM pg_index AS i
                         WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
                           AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid)) AS x),
               (SELECT json_object_agg(quote_ident(a.attname), d.expression ORDER BY a.attnum)
                  FROM pg_attribute AS a
                  JOIN pg_attrdef AS e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
                 CROSS JOIN LATERAL (
                     SELECT CASE WHEN a.attgenerated = '' AND pg_column_size(e.adbin) < 1000
                                 THEN pg_get_expr(e.adbin, 0) END) AS d (expression)
                 WHERE a.attrelid = c.oid AND a.atthasdef
                   AND d.expression ~ '^(''([^'']|'''')*''|-?[0-9.]+|true|false)(::[a-z ".]+([(][0-9,]+[)])?)?$')))
      FROM pg_namespace AS n
      JOIN pg_class AS c ON c.relnamespace = n.oid
      LEFT JOIN total AS t ON t.schema = n.nspname AND t.name = c.relname
     WHERE n.nspname = ANY (schemas) AND c.relkind IN ('r', 'p', 'm', 'f', 'v') AND NOT c.relispartition
$$;
REVOKE ALL ON FUNCTION ai_worker.table_facts(text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.table_facts(text[]) IS
    'AI Worker: [schema, relation, estimated rows if it was ever analysed, partition key, parents, columns of unique indexes without a constraint, constant defaults] of each relation in these schemas: what the model is told and the schema version does not count';

-- The view pg_stats shows only columns that the current role may read, and none under row security. What it says of a table
-- with all that inherit from it holds their values, and they are rows of all that they inherit from: one of them under row
-- security, or one of them hidden, closes it.
CREATE OR REPLACE FUNCTION ai_worker.common_values(schemas text[], hidden text[], prompt text) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
-- In which the statistics are printed, so that they can be read.
SET datestyle = 'ISO, YMD'
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
         GROUP BY k.root, k.inherited),
    -- Parts of the question's words, by which a value can be like one of them; signs that patterns know are in no word.
    word AS (
        SELECT string_agg(DISTINCT p.part, '|') AS parts, array_agg(DISTINCT p.part) AS each
          FROM (SELECT DISTINCT r.word, char_length(r.word)
                  FROM regexp_split_to_table(lower(left(prompt, 2000)), '[^[:alnum:]]+') AS r (word)
                 WHERE char_length(r.word) >= 3
                 ORDER BY char_length(r.word) DESC, r.word
                 LIMIT 40) AS w (word)
         CROSS JOIN LATERAL (VALUES (left(w.word, 4)), (right(w.word, 4))) AS p (part)),
    stored AS (
        SELECT DISTINCT ON (s.schemaname, s.tablename, s.attname)
               ARRAY[s.schemaname, s.tablename, s.attname] AS path, f.prefixes,
               t.typcategory = 'S' AS is_text, t.typcategory = 'A' AS is_array, t.typname = 'jsonb' AS is_json,
               -- How many there are; more than are listed if nobody knows.
               CASE WHEN s.n_distinct >= 0 THEN s.n_distinct
                    WHEN c.reltuples > 0 THEN -s.n_distinct * c.reltuples
                    ELSE 0 END AS different,
               CASE WHEN t.typcategory = 'A' THEN s.most_common_elems::text::text[]
                    ELSE s.most_common_vals::text::text[] || s.histogram_bounds::text::text[] END AS listed,
               t.typname
          FROM pg_stats AS s
          JOIN pg_namespace AS n ON n.nspname = s.schemaname
          JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.tablename
          JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = s.attname
          JOIN pg_type AS t ON t.oid = a.atttypid
          JOIN family AS f ON f.root = c.oid AND f.inherited = s.inherited AND NOT f.secured
         WHERE t.typcategory IN ('S', 'A', 'N', 'D') OR t.typname = 'jsonb' AND t.typnamespace = 'pg_catalog'::regnamespace
         ORDER BY s.schemaname, s.tablename, s.attname, s.inherited DESC),
    told AS (
        SELECT v.path,
               CASE WHEN v.is_text AND cardinality(v.listed) <= 30 AND v.different < 30.5 OR v.is_array
                    THEN ARRAY(SELECT c.value FROM unnest(v.listed) WITH ORDINALITY AS c (value, place)
                                WHERE c.value ~ '[^[:space:]]' AND char_length(c.value) <= 40
                                ORDER BY c.place LIMIT 30) END AS few,
               CASE WHEN v.is_json
                    THEN ARRAY(SELECT k.key
                                 FROM unnest(v.listed) AS d (document)
                                CROSS JOIN LATERAL jsonb_object_keys(
                                    CASE WHEN jsonb_typeof(d.document::jsonb) = 'object' THEN d.document::jsonb ELSE '{}' END) AS k (key)
                                WHERE char_length(k.key) <= 40
                                GROUP BY k.key ORDER BY count(*) DESC, k.key LIMIT 20) END AS keys,
               CASE WHEN v.typname IN ('int2', 'int4', 'int8', 'numeric', 'float4', 'float8')
                    THEN (SELECT ARRAY[min(r.n)::text, max(r.n)::text]
                            FROM (SELECT x.value::numeric AS n FROM unnest(v.listed) AS x (value)
                                   WHERE x.value !~ '[aIN]') AS r)
                    WHEN v.typname IN ('date', 'timestamp', 'timestamptz')
                    THEN (SELECT ARRAY[to_char(min(r.t), 'YYYY-MM-DD'), to_char(max(r.t), 'YYYY-MM-DD')]
                            FROM (SELECT x.value::timestamp AS t FROM unnest(v.listed) AS x (value)
                                   WHERE x.value !~ 'infinity|BC') AS r) END AS span,
               CASE WHEN v.is_text AND NOT (cardinality(v.listed) <= 30 AND v.different < 30.5) AND w.parts <> ''
                         AND v.listed::text ~* w.parts
                    THEN ARRAY(SELECT c.value FROM unnest(v.listed) AS c (value)
                                WHERE c.value ~* w.parts AND char_length(c.value) <= 60
                                ORDER BY (SELECT count(*) FROM unnest(w.each) AS e (part) WHERE strpos(lower(c.value), e.part) > 0) DESC,
                                         c.value COLLATE "C"
                                LIMIT 20) END AS alike
          FROM stored AS v
         CROSS JOIN word AS w
         WHERE NOT EXISTS (SELECT FROM unnest(v.prefixes) AS p (prefix) WHERE p.prefix || v.path[3] = ANY (hidden)))
    SELECT json_agg(json_build_array(t.path, t.few, t.alike, t.keys, t.span))
      FROM told AS t
     WHERE cardinality(t.few) > 0 OR cardinality(t.alike) > 0 OR cardinality(t.keys) > 0 OR t.span[1] IS NOT NULL
$$;
REVOKE ALL ON FUNCTION ai_worker.common_values(text[], text[], text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.common_values(text[], text[], text) IS
    'AI Worker: [[schema, relation, column], all values of a text column that has at most 30 and common elements of an array, values that are like words of the question, keys of a jsonb object, least and greatest number or date] of columns that this role may read, from the statistics; none of a column that is hidden as column, table.column or schema.table.column there or in a table that shares its rows';
