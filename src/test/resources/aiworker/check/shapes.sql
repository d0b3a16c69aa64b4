-- Shapes of statements, one a line. {k} stands for a name of names.txt as it is there, {q} for the same name in quotes, {s} for it as
-- a string. There is a table of that name with columns id (1 to 5), of that name (1, 1, 2, 3 and null) and note.

SELECT {k} FROM {k}
SELECT * FROM {k}
SELECT {k}.* FROM {k}
SELECT {k}.{k} FROM {k}
SELECT {q}.{k} FROM {q}
SELECT t.{k} FROM {k} t
SELECT t.{k} FROM {k} AS t
SELECT t.{k} FROM {q} t
SELECT "t".{k}, t.id FROM {q} AS "t"
SELECT * FROM public.{k}
SELECT public.{k}.{k} FROM public.{k}
SELECT p.{k} FROM public.{k} p WHERE p.{k} = 1
SELECT id AS {k} FROM {k}
SELECT id AS {k} FROM {q}
SELECT id {k} FROM {q}
SELECT {q} FROM {q}
SELECT t.{k} AS {k} FROM {q} t
SELECT t.{k}, t.{k} FROM {q} t
SELECT 1 AS {k}
SELECT 'x' AS {k}
SELECT 1 AS {k}, 2 AS {k}
SELECT 1 AS a, 2 AS {k}, 3 AS b
SELECT NULL AS {k}, true AS b
SELECT count(*) AS {k} FROM {q}
SELECT count({k}) FROM {q}
SELECT count(t.{k}) FROM {q} t
SELECT count(DISTINCT t.{k}) AS {k} FROM {q} t
SELECT sum(t.{k}) AS {k}, avg(t.{k}) AS a FROM {q} t
SELECT max({k}) FROM {k}
SELECT t.{k} + 1 AS {k} FROM {q} t
SELECT t.{k} * 2 - t.id / 2 FROM {q} t
SELECT - t.{k}, - -t.{k} FROM {q} t
SELECT t.{k}::text, t.{k}::numeric(10, 2) FROM {q} t
SELECT CAST(t.{k} AS text) AS {k} FROM {q} t
SELECT t.{k} || 'x' FROM {q} t
SELECT {k}.id FROM {q} AS {k}
SELECT {k}.id FROM {q} {k}
SELECT {k}.{k} FROM {q} AS {k}
SELECT * FROM (SELECT 1 AS {k}) AS x
SELECT x.{k} FROM (SELECT 1 AS {k}) AS x
SELECT {k} FROM (SELECT 1 AS {k}) AS x
SELECT {k}.a FROM (SELECT 1 AS a) AS {k}
SELECT x.{k} FROM (VALUES (1), (2)) AS x ({k}) ORDER BY 1
SELECT {k}.a FROM (VALUES (1), (2)) AS {k} (a) ORDER BY a
WITH {k} AS (SELECT 1 AS a) SELECT a FROM {k}
WITH x AS (SELECT 1 AS {k}) SELECT {k} FROM x
WITH x AS (SELECT 1 AS {k}) SELECT x.{k} FROM x
WITH x ({k}) AS (SELECT 1) SELECT x.{k} FROM x
WITH x AS (SELECT * FROM {q}), y AS (SELECT x.{k} AS a FROM x) SELECT count(*) FROM y
WITH RECURSIVE {k} AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM {k} WHERE a < 3) SELECT a FROM {k} ORDER BY a
WITH RECURSIVE x AS (SELECT 1 AS {k} UNION ALL SELECT x.{k} + 1 FROM x WHERE x.{k} < 3) SELECT x.{k} FROM x ORDER BY 1
SELECT id FROM {k} WHERE {k} = 2
SELECT id FROM {q} t WHERE t.{k} = 2
SELECT id FROM {q} t WHERE t.{k} > 0 AND t.{k} < 3 OR t.{k} IS NULL
SELECT id FROM {q} t WHERE t.{k} IN (1, 2)
SELECT id FROM {q} t WHERE t.{k} NOT IN (1, 2)
SELECT id FROM {q} t WHERE t.{k} BETWEEN 1 AND 2
SELECT id FROM {q} t WHERE t.{k} IS NOT NULL
SELECT id FROM {q} t WHERE t.{k} IS DISTINCT FROM 2
SELECT id FROM {q} t WHERE t.{k} = ANY (ARRAY[1, 3])
SELECT id FROM {q} t WHERE NOT t.{k} = 1
SELECT id FROM {q} t WHERE t.{k}::text LIKE '1%'
SELECT id FROM {k} ORDER BY {k}, id
SELECT id FROM {q} t ORDER BY t.{k} DESC NULLS LAST, id
SELECT id AS {k} FROM {q} ORDER BY {k}
SELECT id AS {k} FROM {q} t ORDER BY t.{k}, t.id LIMIT 2
SELECT id AS {k} FROM {q} t ORDER BY t.id OFFSET 1
SELECT id AS {k} FROM {q} t ORDER BY t.id LIMIT 2 OFFSET 1
SELECT {k}, count(*) FROM {k} GROUP BY {k} ORDER BY 1
SELECT t.{k}, count(*) FROM {q} t GROUP BY t.{k} ORDER BY 1
SELECT t.{k} FROM {q} t GROUP BY t.{k} HAVING count(t.{k}) > 1
SELECT t.{k}, count(*) FROM {q} t GROUP BY ROLLUP (t.{k}) ORDER BY 1, 2
SELECT t.{k}, t.note, count(*) FROM {q} t GROUP BY GROUPING SETS ((t.{k}), (t.note), ()) ORDER BY 1, 2, 3
SELECT DISTINCT t.{k} FROM {q} t ORDER BY 1
SELECT DISTINCT {k} FROM {k} ORDER BY 1
SELECT DISTINCT ON (t.{k}) t.{k}, t.id FROM {q} t ORDER BY t.{k}, t.id
SELECT a.id FROM {q} a JOIN {q} b ON a.{k} = b.{k} ORDER BY a.id
SELECT a.id FROM {k} a LEFT JOIN {k} b ON a.id = b.{k} ORDER BY a.id
SELECT id FROM {k} JOIN {q} AS b USING (id) ORDER BY id
SELECT a.id FROM {q} a JOIN {q} b USING ({k}) ORDER BY a.id
SELECT count(*) FROM {q} a NATURAL JOIN {q} b
SELECT count(*) FROM {q} AS {k} CROSS JOIN {q} AS b
SELECT {k}.id FROM {q} AS {k} JOIN {q} AS b ON {k}.id = b.id ORDER BY 1
SELECT a.id FROM {q} a WHERE EXISTS (SELECT FROM {q} b WHERE b.{k} = a.id)
SELECT (SELECT max(b.{k}) FROM {q} b) AS {k}
SELECT id FROM {q} WHERE id IN (SELECT t.{k} FROM {q} t) ORDER BY id
SELECT CASE WHEN t.{k} = 1 THEN 'one' ELSE 'more' END AS {k} FROM {q} t
SELECT CASE t.{k} WHEN 1 THEN t.{k} ELSE 0 END FROM {q} t
SELECT coalesce(t.{k}, 0), nullif(t.{k}, 1), greatest(t.{k}, t.id) FROM {q} t
SELECT sum(t.id) OVER (PARTITION BY t.{k} ORDER BY t.id) AS {k} FROM {q} t
SELECT row_number() OVER (ORDER BY t.{k}, t.id) FROM {q} t
SELECT sum(t.id) OVER {k} FROM {q} t WINDOW {k} AS (ORDER BY t.id)
SELECT sum(t.id) FILTER (WHERE t.{k} > 1) AS {k} FROM {q} t
SELECT string_agg(t.note, ',' ORDER BY t.{k}, t.id) FROM {q} t
SELECT array_agg(t.{k} ORDER BY t.id) AS {k} FROM {q} t
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t.{k}) AS {k} FROM {q} t
SELECT ARRAY[t.{k}, 1], ROW(t.{k}, 1) FROM {q} t
SELECT id FROM {q} t WHERE (t.{k}, t.id) = (1, 1)
SELECT id AS {k} FROM {q} UNION SELECT t.{k} FROM {q} t ORDER BY 1
SELECT t.{k} FROM {q} t UNION ALL SELECT 7 AS {k} ORDER BY 1
(SELECT t.{k} FROM {q} t ORDER BY t.id LIMIT 2) UNION ALL SELECT 9
SELECT jsonb_build_object({s}, t.{k}) FROM {q} t
SELECT to_jsonb(t) ->> {s} FROM {q} t
SELECT row_to_json({k}) FROM {q} AS {k}
SELECT (t).{k}, (t).* FROM {q} t
SELECT date '2024-01-01' + t.{k} AS {k} FROM {q} t
SELECT substring(t.note FROM t.{k}), substring(t.note FOR t.{k}) FROM {q} t
SELECT round(t.{k} / 2.0, 1) AS {k}, abs(t.{k}) FROM {q} t
SELECT t.id, l.x FROM {q} t, LATERAL (SELECT t.{k} AS x) AS l ORDER BY 1
SELECT {k} FROM generate_series(1, 3) AS {k} ORDER BY 1
SELECT x.{k} FROM generate_series(1, 3) AS x ({k}) ORDER BY 1
SELECT count(*) FROM unnest(ARRAY[1, 2]) WITH ORDINALITY AS x ({k}, n)
TABLE {k}
TABLE {q}
SELECT count(*) AS {k} FROM ONLY {k}
SELECT count(*) FROM {k} TABLESAMPLE bernoulli (100)
SELECT 1 AS {k} LIMIT 1
SELECT 1 AS {k} FETCH FIRST ROW ONLY
