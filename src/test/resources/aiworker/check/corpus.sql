-- Analytical queries over the sample schema, one a line. {{a||b}} stands for each of its
-- alternatives in turn, so a line with two of them is four queries and more. Every query orders its
-- rows or returns one, or is compared as a multiset. A pilcrow is the end of a line.

-- plain reading
SELECT * FROM {{users||products||orders||order_items||"Event Log"||sales.targets||active_users}}
SELECT id, name AS "Full Name", email FROM users WHERE {{is_active||NOT is_active||email IS NULL||email IS NOT NULL||is_active IS TRUE||is_active IS NOT FALSE||birthday IS NULL OR birthday > date '1980-01-01'}} ORDER BY id
SELECT u.name, o.id FROM users u {{JOIN||INNER JOIN||LEFT JOIN||LEFT OUTER JOIN||RIGHT JOIN||FULL JOIN||FULL OUTER JOIN}} orders AS o ON o.user_id = u.id ORDER BY 2, 1
SELECT count(*) FROM users {{CROSS JOIN products||, products||NATURAL JOIN active_users}}
SELECT id FROM users WHERE country {{= 'DE'||<> 'DE'||!= 'DE'||IN ('DE', 'FR')||NOT IN ('DE', 'FR')||LIKE 'D%'||NOT LIKE 'D%'||ILIKE 'd_'||SIMILAR TO '(D|F)%'||~ '^[DF]'||~* '^d'||!~ '^D'||!~* '^d'||IS DISTINCT FROM 'DE'||IS NOT DISTINCT FROM 'DE'||> 'E'||BETWEEN 'A' AND 'E'||NOT BETWEEN 'A' AND 'E'}} ORDER BY id
SELECT id, price FROM products WHERE price {{> 50||>= 50.99||< 10.5||<= 1e1||BETWEEN 10 AND 20||BETWEEN SYMMETRIC 20 AND 10||= ANY (ARRAY[7.99, 14.99])||> ALL (SELECT price FROM products WHERE category = 'toys' AND id < 8)||= SOME (SELECT max(price) FROM products)}} ORDER BY id
SELECT DISTINCT {{country||country, is_active||left(name, 3)||date_trunc('year', created_at)}} FROM users ORDER BY 1
SELECT DISTINCT ON ({{country||country, is_active}}) country, is_active, name, created_at FROM users ORDER BY country, is_active, created_at DESC
SELECT DISTINCT ON (user_id) user_id, id, ordered_at FROM orders ORDER BY user_id, ordered_at DESC, id
SELECT name FROM users ORDER BY {{birthday NULLS FIRST||birthday DESC NULLS LAST||lower(name)||name COLLATE "C" DESC||length(name), 1||CASE WHEN is_active THEN 0 ELSE 1 END, name}}, id LIMIT {{10||10 OFFSET 5||5 + 5||(SELECT 7)||ALL||NULL||'3'}}
SELECT id FROM users ORDER BY id {{OFFSET 190||OFFSET 3 ROWS FETCH NEXT 4 ROWS ONLY||FETCH FIRST 3 ROWS ONLY||FETCH FIRST ROW ONLY||OFFSET 2 LIMIT 3||LIMIT 3 OFFSET 1 + 1||FETCH FIRST (1 + 1) ROWS ONLY}}
SELECT country, count FROM users ORDER BY count FETCH FIRST {{1||5||20}} ROWS WITH TIES
SELECT ALL id FROM users WHERE id < 5 ORDER BY id
SELECT /* all; of 'them */ id, /* nested /* comment */ */ name FROM users WHERE id < 3 ORDER BY id -- the key
SELECT u.*, o.* FROM users u JOIN orders o ON u.id = o.user_id WHERE u.id < 10 ORDER BY o.id
SELECT u FROM users AS u WHERE u.id = 3

-- aggregates, grouping
SELECT {{count(*)||count(email)||count(DISTINCT country)||sum(count)||avg(count)||min(created_at)||max(birthday)||bool_and(is_active)||bool_or(is_active)||every(is_active)||stddev(count)||variance(count)||stddev_pop(id)||var_samp(id)||bit_or(id)||corr(id, count)||regr_slope(id, count)||covar_pop(id, count)}} AS value FROM users
SELECT country, count(*) AS n FROM users GROUP BY country HAVING count(*) {{> 10||> 50||BETWEEN 40 AND 60||= (SELECT max(c) FROM (SELECT count(*) AS c FROM users GROUP BY country) AS x)}} ORDER BY n DESC, country
SELECT country, is_active, count(*) FROM users GROUP BY {{country, is_active||GROUPING SETS ((country, is_active), (country), ())||ROLLUP (country, is_active)||CUBE (country, is_active)||GROUPING SETS ((country), (is_active), (country, is_active))}} ORDER BY 1, 2, 3
SELECT country, is_active, grouping(country, is_active) AS g, sum(count) FROM users GROUP BY {{CUBE (country, is_active)||ROLLUP (country, is_active)||ROLLUP (is_active, country)}} ORDER BY g, 1, 2
SELECT category, string_agg(name, {{', '||'; '||E'\n'||$$ / $$}} ORDER BY name) FROM products GROUP BY category ORDER BY category
SELECT category, {{array_agg(id ORDER BY id DESC)||array_agg(DISTINCT price ORDER BY price)||json_agg(name ORDER BY id)||jsonb_agg(attributes ORDER BY id)||jsonb_object_agg(name, price)||string_agg(DISTINCT category, '')||array_agg(name ORDER BY price, id DESC)}} FROM products GROUP BY 1 ORDER BY 1
SELECT country, count(*) FILTER (WHERE {{is_active||count > 3||birthday IS NULL||email LIKE '%1%'||tags @> ARRAY['vip']}}) AS some, count(*) AS all_of_them FROM users GROUP BY country ORDER BY country
SELECT category, {{percentile_cont(0.5)||percentile_disc(0.9)||mode()||percentile_cont(ARRAY[0.25, 0.75])||rank(20)||dense_rank(20)||percent_rank(20)||cume_dist(20)}} WITHIN GROUP (ORDER BY {{price::float8||price::float8 DESC}}) FROM products GROUP BY category ORDER BY category
SELECT date_trunc('{{month||week||quarter||day}}', ordered_at) AS period, count(*), sum(i.quantity * i.unit_price) AS revenue FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY period ORDER BY period
SELECT extract({{year||month||dow||doy||hour||epoch||week||quarter}} FROM ordered_at) AS part, count(*) FROM orders GROUP BY 1 ORDER BY 1
SELECT state, count(*) * 100.0 / sum(count(*)) OVER () AS share FROM orders GROUP BY state ORDER BY state
SELECT (price / 10)::int AS bucket, width_bucket(price, 0, 100, 5) AS w, count(*) FROM products GROUP BY 1, 2 ORDER BY 1, 2

-- windows
SELECT id, country, {{row_number()||rank()||dense_rank()||percent_rank()||cume_dist()||ntile(4)||lag(id)||lead(id, 2)||lag(id, 1, 0)||first_value(id)||last_value(id)||nth_value(id, 3)||sum(count)||avg(count)||count(*)||max(id)}} OVER (PARTITION BY country ORDER BY created_at) AS w FROM users ORDER BY id
SELECT id, sum(count) OVER (ORDER BY id {{ROWS BETWEEN 2 PRECEDING AND CURRENT ROW||ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING||ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING||RANGE BETWEEN 5 PRECEDING AND 5 FOLLOWING||ROWS UNBOUNDED PRECEDING||GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING||ROWS BETWEEN 3 PRECEDING AND 3 FOLLOWING EXCLUDE CURRENT ROW||ROWS BETWEEN 3 PRECEDING AND 3 FOLLOWING EXCLUDE TIES}}) AS s FROM users ORDER BY id
SELECT created_at::date AS d, count(*) OVER (ORDER BY created_at RANGE BETWEEN interval '{{7 days||1 month||36 hours}}' PRECEDING AND CURRENT ROW) FROM users ORDER BY created_at
SELECT id, sum(count) OVER w, avg(count) OVER w, rank() OVER (w ORDER BY id) FROM users WINDOW w AS (PARTITION BY country) ORDER BY id
SELECT id, sum(count) OVER a, sum(count) OVER b FROM users WINDOW a AS (PARTITION BY country ORDER BY id), b AS (ORDER BY id DESC) ORDER BY id
SELECT * FROM (SELECT o.*, row_number() OVER (PARTITION BY user_id ORDER BY ordered_at DESC) AS rn FROM orders o) AS ranked WHERE rn = 1 ORDER BY id
SELECT id, count(*) FILTER (WHERE is_active) OVER (ORDER BY id ROWS 10 PRECEDING) FROM users ORDER BY id
SELECT category, price - lag(price) OVER (PARTITION BY category ORDER BY id) AS change FROM products ORDER BY category, id

-- subqueries, set operations, common table expressions
SELECT name FROM users u WHERE {{EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND o.state = 'paid')||NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)||id IN (SELECT user_id FROM orders WHERE note = 'urgent')||id NOT IN (SELECT user_id FROM orders)||(SELECT count(*) FROM orders o WHERE o.user_id = u.id) > 4||(id, country) IN (SELECT id, 'DE' FROM users)||id = (SELECT max(user_id) FROM orders)||(country, is_active) = ('DE', true)}} ORDER BY name
SELECT id, (SELECT count(*) FROM orders o WHERE o.user_id = u.id) AS orders FROM users u ORDER BY orders DESC, id LIMIT 20
SELECT (SELECT count(*) FROM users)::float / (SELECT count(*) FROM orders) AS ratio
SELECT id FROM users WHERE id < 9 {{UNION||UNION ALL||INTERSECT||EXCEPT||INTERSECT ALL||EXCEPT ALL}} SELECT user_id FROM orders WHERE id < 40 ORDER BY 1
(SELECT id FROM users ORDER BY id LIMIT 3) UNION ALL (SELECT id FROM products ORDER BY id DESC LIMIT 3) ORDER BY id {{LIMIT 5||LIMIT 5 OFFSET 1||DESC}}
SELECT 1 AS x UNION SELECT 2 UNION ALL SELECT 2 EXCEPT SELECT 1 ORDER BY x
SELECT 1 AS x INTERSECT SELECT 1 UNION SELECT 3 ORDER BY x
SELECT 1 AS x UNION (SELECT 2 INTERSECT SELECT 2) ORDER BY x
((SELECT 1 AS x))
(SELECT id FROM users ORDER BY id LIMIT 2)
(SELECT id FROM users) ORDER BY id LIMIT 2
VALUES (1, 'a'), (2, 'b'), (3, NULL)
VALUES (1, 'a'), (2, 'b') ORDER BY 1 DESC LIMIT 1
TABLE sales.targets
SELECT * FROM (VALUES (1, 'one'), (2, 'two')) AS v(n, word) ORDER BY n
SELECT * FROM (TABLE active_users) AS a ORDER BY id LIMIT 4
WITH big AS (SELECT user_id, count(*) AS n FROM orders GROUP BY user_id) SELECT u.name, b.n FROM big b JOIN users u ON u.id = b.user_id WHERE b.n > {{3||4||5}} ORDER BY b.n DESC, u.name
WITH a AS {{MATERIALIZED||NOT MATERIALIZED}} (SELECT id FROM users WHERE is_active), b(x) AS (SELECT id + 1 FROM a) SELECT count(*), min(x), max(x) FROM b
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {{5||10||50}}) SELECT i, i * i AS square FROM n ORDER BY i
WITH RECURSIVE chain AS (SELECT id, name, manager_id, 1 AS level, ARRAY[id] AS path FROM users WHERE manager_id IS NULL UNION ALL SELECT u.id, u.name, u.manager_id, c.level + 1, c.path || u.id FROM users u JOIN chain c ON u.manager_id = c.id) SELECT level, count(*), max(array_length(path, 1)) FROM chain GROUP BY level ORDER BY level
WITH RECURSIVE t(id, m) AS (SELECT id, manager_id FROM users WHERE id = 55 UNION SELECT u.id, u.manager_id FROM users u, t WHERE u.id = t.m) {{SEARCH DEPTH FIRST BY id SET o||SEARCH BREADTH FIRST BY id SET o||CYCLE id SET c USING p}} SELECT id, m FROM t ORDER BY id
WITH RECURSIVE fib(a, b) AS (VALUES (0, 1) UNION ALL SELECT b, a + b FROM fib WHERE b < 1000) SELECT a FROM fib
WITH x AS (WITH y AS (SELECT 1 AS a) SELECT a + 1 AS b FROM y) SELECT b FROM x
WITH days AS (SELECT generate_series(date '2024-01-01', date '2024-01-10', interval '1 day')::date AS d) SELECT d, (SELECT count(*) FROM orders WHERE ordered_at::date = d) AS n FROM days ORDER BY d
SELECT x.name, y.total FROM users x, LATERAL (SELECT sum(quantity) AS total FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.user_id = x.id) AS y WHERE x.id < 20 ORDER BY x.id
SELECT u.id, t.tag, t.place FROM users u {{CROSS JOIN LATERAL||, LATERAL||,}} unnest(u.tags) WITH ORDINALITY AS t(tag, place) WHERE u.id < 9 ORDER BY u.id, t.place
SELECT u.id, o.id AS newest FROM users u LEFT JOIN LATERAL (SELECT id FROM orders WHERE user_id = u.id ORDER BY ordered_at DESC LIMIT 1) AS o ON true ORDER BY u.id
SELECT a.id, b.id FROM users a JOIN users b USING (country, is_active) WHERE a.id < b.id AND b.id < 12 ORDER BY 1, 2
SELECT count(*) FROM (users u JOIN orders o ON u.id = o.user_id) LEFT JOIN order_items i ON i.order_id = o.id
SELECT count(*) FROM users u JOIN (orders o JOIN order_items i ON i.order_id = o.id) ON u.id = o.user_id
SELECT * FROM generate_series(1, {{5||10}}) AS g(n), generate_series(1, g.n) AS h(m) ORDER BY n, m
SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['a', 'b'])) AS r(n, s)
SELECT * FROM unnest(ARRAY[1, 2, 3], ARRAY['a', 'b', 'c']) AS u(n, s) ORDER BY n DESC
SELECT count(*) FROM users TABLESAMPLE {{bernoulli||system}} (100) REPEATABLE (1)
SELECT count(*) FROM ONLY users

-- arrays
SELECT id FROM users WHERE tags {{@> ARRAY['vip']||&& ARRAY['beta', 'old']||<@ ARRAY['new', 'none']||= ARRAY['vip', 'beta']||<> '{}'}} ORDER BY id
SELECT id, tags[1], tags[1:1], array_length(tags, 1), cardinality(tags), array_to_string(tags, ',') FROM users WHERE 'vip' = ANY (tags) ORDER BY id
SELECT {{ARRAY[1, 2] || 3||ARRAY[1] || ARRAY[2, 3]||ARRAY[[1, 2], [3, 4]]||(ARRAY[[1, 2], [3, 4]])[2][1]||'{1,2,3}'::int[]||array_append(ARRAY[1], 2)||ARRAY(SELECT id FROM users WHERE id < 4 ORDER BY id)||(ARRAY[5, 6, 7])[2:3]||array_position(ARRAY['a', 'b'], 'b')||CAST(ARRAY['1', '2'] AS int[])||array_remove(ARRAY[1, 2, 1], 1)}} AS a
SELECT id, dimensions[1] * dimensions[2] AS area, (SELECT sum(d) FROM unnest(dimensions) AS d) FROM products ORDER BY area DESC LIMIT 5

-- JSON
SELECT id, profile {{-> 'city'||->> 'city'||-> 'prefs' ->> 'lang'||#> '{prefs,lang}'||#>> '{scores,0}'||-> 'scores' -> 1||- 'city'||#- '{prefs,news}'||-> 'prefs' -> 'news'}} AS j FROM users ORDER BY id LIMIT 10
SELECT id FROM users WHERE profile {{@> '{"city": "Paris"}'||? 'city'||?| ARRAY['x', 'city']||?& ARRAY['age', 'city']||->> 'city' = 'Berlin'||@? '$.scores[*] ? (@ > 8)'||@@ '$.age > 40'||#>> '{prefs,lang}' = 'de'}} ORDER BY id
SELECT (profile ->> 'age')::int AS age, count(*) FROM users GROUP BY 1 HAVING count(*) > 3 ORDER BY 1
SELECT avg((profile ->> 'age')::numeric) FILTER (WHERE (profile -> 'prefs' ->> 'news')::boolean) FROM users
SELECT {{'{"a": {"b": 1} }'::jsonb #> '{a,b}'||'{"a": {"b": 1} }'::jsonb #>> '{a,b}'||('{"a": [1, 2]}'::jsonb)['a'][1]||'[1, 2]'::jsonb - 0||'{"a": 1}'::jsonb || '{"b": 2}'::jsonb||jsonb_set('{"a": 1}', '{a}', '2')||jsonb_path_query_array('[1, 2, 3]', '$[*] ? (@ > 1)')||to_jsonb(ROW(1, 'a'))||jsonb_build_object('a', 1, 'b', ARRAY[1, 2])||jsonb_typeof('[]')||json_build_array(1, 'x', NULL)||'{"a": 1}'::jsonb #- '{a}'||jsonb_strip_nulls('{"a": null}')||jsonb_pretty('{"a": 1}')}} AS j
SELECT key, value FROM jsonb_each((SELECT profile FROM users WHERE id = 1)) ORDER BY key
SELECT u.id, e.key, e.value FROM users u, jsonb_each_text(u.profile -> 'prefs') AS e WHERE u.id < 4 ORDER BY 1, 2
SELECT p.id, t FROM products p, jsonb_array_elements_text(p.attributes -> 'tags') AS t WHERE p.id < 10 ORDER BY 1, 2
SELECT x.a, x.b FROM jsonb_to_record('{"a": 1, "b": "x"}') AS x(a int, b text)
SELECT * FROM jsonb_to_recordset('[{"a": 1}, {"a": 2, "b": "z"}]') AS x(a int, b text) ORDER BY a
SELECT "data" ->> 'n', "data" -> 'deep' ->> 'x' FROM "Event Log" ORDER BY "Id" LIMIT 5
SELECT row_to_json(u) FROM (SELECT id, name FROM users ORDER BY id LIMIT 2) AS u

-- ranges
SELECT id FROM products WHERE available {{@> date '2024-03-01'||&& daterange('2024-02-01', '2024-02-10')||<@ daterange('2024-01-01', '2024-12-31')||-|- daterange('2024-01-01', '2024-01-05')||<< daterange('2025-01-01', NULL)||&< daterange('2024-01-01', '2024-07-01')||>> daterange(NULL, '2024-01-20')}} ORDER BY id
SELECT {{lower(available)||upper(available)||upper(available) - lower(available)||isempty(available)||available * daterange('2024-02-01', '2024-03-01')||range_merge(available, daterange('2024-01-01', '2024-01-02'))}} AS r FROM products WHERE id = 20
SELECT int4range(1, 5) {{@> 3||+ int4range(5, 8)||- int4range(3, 9)||= '[1,5)'}} AS r
SELECT numrange(1.5, 2.5, '[]'), tsrange('2024-01-01', '2024-01-02') @> timestamp '2024-01-01 10:00'

-- dates and times
SELECT {{date '2024-01-31' + 1||date '2024-01-31' + interval '1 month'||timestamp '2024-01-01 10:00' - timestamp '2023-12-31'||date '2024-03-01' - date '2024-02-01'||timestamptz '2024-01-01 00:00+00' AT TIME ZONE 'Europe/Berlin'||interval '1 year 2 months' * 2||age(date '2024-01-01', date '2000-02-03')||to_char(date '2024-05-06', 'YYYY-MM Mon')||to_date('06.05.2024', 'DD.MM.YYYY')||make_date(2024, 2, 29)||date_part('year', date '2024-01-01')||justify_hours(interval '30 hours')||extract(epoch FROM interval '1 hour')||'2024-01-01'::date + '10:00'::time||interval '90' minute||time '10:00' + interval '5 min'||date_bin('15 minutes', timestamp '2024-01-01 10:07', timestamp '2001-01-01')||(date '2024-01-01', date '2024-02-01') OVERLAPS (date '2024-01-15', interval '1 month')||isfinite('infinity'::date)||EXTRACT(isodow FROM DATE '2024-01-01')||to_timestamp(0) AT TIME ZONE 'UTC'||CAST('2024-01-01 10:00' AS timestamp(0) without time zone)||'10:00+02'::time with time zone||timestamp with time zone '2024-01-01 00:00+00' AT TIME ZONE 'UTC'}} AS d
SELECT count(*) FROM orders WHERE ordered_at {{>= date '2024-02-01' AND ordered_at < date '2024-02-01' + interval '1 month'||BETWEEN '2024-01-01' AND '2024-01-31'||> (SELECT max(ordered_at) FROM orders) - interval '7 days'||::date = '2024-01-15'||::time > '12:00'||>= date_trunc('month', timestamp '2024-03-15')}}
SELECT o.id, shipped_on - ordered_at::date AS days FROM orders o WHERE shipped_on IS NOT NULL ORDER BY days DESC, id LIMIT 10
SELECT count(*) FROM users WHERE created_at < now() AND created_at < current_date AND created_at < CURRENT_TIMESTAMP AND created_at < localtimestamp

-- text
SELECT {{upper(name)||initcap(lower(name))||length(name)||char_length(name)||substring(name from 1 for 3)||substring(name, 2)||substring(name from '[0-9]+')||position(' ' in name)||strpos(name, ' ')||left(name, 2) || right(name, 2)||split_part(name, ' ', 2)||replace(name, 'A', 'B')||overlay(name placing 'XX' from 2 for 1)||trim(both 'A' from name)||trim(name)||trim(leading 'A' from name)||lpad(id::text, 5, '0')||regexp_replace(name, '[aeiou]', '*', 'g')||concat(id, '-', name)||concat_ws(', ', name, email)||format('%s <%s>', name, email)||md5(name)||reverse(name)||translate(name, 'an', 'xy')||repeat('x', 3)||name || ' ' || coalesce(email, 'none')||ascii(name)||quote_literal(name)||to_char(id, 'FM0000')||starts_with(name, 'A')||regexp_match(name, '(\w+) (\d+)')||encode(name::bytea, 'hex')||normalize(name)||name ^@ 'Ann'}} AS t FROM users ORDER BY id LIMIT 12
SELECT {{'it''s'||E'tab\there'||E'it\'s'||$$dollar 'quoted'$$||$x$a $$ b$x$||'back\slash'||B'101'::text||'a;b -- c'||'/* no comment */'||'  two  spaces  '||E'\\'||E'\u00e9'||'é ü 漢字'||''||'?'||':x'||'$1'}} AS literal
SELECT name FROM products WHERE description {{LIKE '%100\%%'||LIKE '%100!%%' ESCAPE '!'||ILIKE '%FINE%'||~ E'thing\nfor'||NOT LIKE '%big%'}} ORDER BY id
SELECT to_tsvector('simple', name) @@ to_tsquery('simple', '{{ann||bob||cem & 8}}') AS found FROM users ORDER BY id LIMIT 9
SELECT ts_rank(to_tsvector('english', description), plainto_tsquery('english', 'fine thing')) FROM products WHERE description IS NOT NULL ORDER BY id

-- conditionals, casts, arithmetic
SELECT id, CASE {{WHEN price > 50 THEN 'high' WHEN price > 20 THEN 'mid' ELSE 'low' END||category WHEN 'books' THEN 1 WHEN 'toys' THEN 2 END||WHEN discount IS NULL THEN NULL ELSE price * (1 - discount / 100) END}} AS c FROM products ORDER BY id
SELECT {{coalesce(NULL, 1)||nullif(1, 1)||greatest(1, 2, NULL)||least(3, 2)||7 / 2||7 / 2.0||7 % 4||- 5||+5||-(-5)||2 ^ 10||@ -5||5 & 3||5 | 3||5 # 3||~5||1 << 4||16 >> 2||round(2.567, 2)||trunc(2.567)||ceil(1.2)||floor(-1.2)||abs(-3)||mod(7, 3)||power(2, 3)||sqrt(16)||sign(-2)||div(7, 2)||pi()||1 + 2 * 3 - 4 / 2||(1 + 2) * 3||1 - -1||NOT true AND false OR true||NOT (true AND false)||1 = 1||.5 + 1.||1e3||123456789012345678901234567890||num_nulls(1, NULL)||random() < 2||gcd(12, 18)||5 <> 4||log(100)||exp(0)||width_bucket(5, 0, 10, 5)}} AS n
SELECT {{'5'::int||CAST('5' AS integer)||'5'::numeric(10, 2)||5::text||'t'::boolean||'1.5'::double precision||5::real||'a'::varchar(3)||'abc'::character varying(2)||'x'::char(3)||'{"a": 1}'::json ->> 'a'||5::bit(4)::text||'paid'::order_state||'paid'::public.order_state||CAST('12.5' AS decimal(5, 1))||'10'::percentage||'abc'::bytea||'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid||'192.168.1.0/24'::inet||int '5'||'5'::int::text::numeric||'(1,2)'::point||'1 day'::interval||'{1,2}'::int[]||'12.34'::money::numeric||'<a/>'::xml::text||NULL::int||'a'::name||5::smallint + 1::bigint}} AS c
SELECT state, state::text, state < 'shipped' AS open FROM orders ORDER BY id LIMIT 8
SELECT ROW(1, 'a'), (1, 2) = (1, 2), ROW(1, NULL) IS NULL, (1, 2) < (1, 3)
SELECT true IS TRUE, NULL IS UNKNOWN, 1 IS NULL, NULL IS NOT NULL, (1 = 1) IS NOT FALSE
SELECT current_database() IS NOT NULL, current_user = current_user, session_user = session_user, pg_typeof(1)::text
SELECT point(1, 2) <-> point(4, 6) AS distance, box '((0,0),(2,2))' @> point '(1,1)', circle '((0,0),2)' && circle '((1,1),1)'
SELECT xmlelement(name a, xmlattributes(id AS b), name)::text, xpath('/a/text()', '<a>x</a>')::text FROM users WHERE id = 1
SELECT u.id IN (1, 2, 3) AS few, u.id = ANY ('{1,2}'::int[]) AS any_of FROM users u ORDER BY id LIMIT 4
SELECT pg_size_pretty(1048576::bigint), gen_random_uuid() IS NOT NULL, clock_timestamp() > now() - interval '1 day'

SELECT |/ 25.0 AS root, ||/ 27.0 AS cube, 5 + |/ 4.0 AS sum, !!'a'::tsquery AS negated

-- names
SELECT "Id", "at", "type", "value", "key", "user", "Größe", "order" FROM "Event Log" ORDER BY "Id" LIMIT 5
SELECT e."Größe", count(*), sum(e."value")::numeric(10, 2) FROM "Event Log" AS e GROUP BY e."Größe" ORDER BY 1
SELECT {{number||number + 1||max(number)||number * 2 AS number||e.number||"number"}} FROM "Event Log" e {{WHERE number > 5||}} GROUP BY number ORDER BY 1
SELECT {{level||type||value||key||data ->> 'n' AS data||at}} FROM (SELECT level, "type", "value", "key", "data", "at" FROM "Event Log" WHERE "Id" < 10) AS type ORDER BY 1
SELECT version, count, u.version + u.count AS total FROM users u ORDER BY id LIMIT 3
SELECT year, month, region, amount FROM sales.targets AS t WHERE t.year = 2024 AND region = 'north' ORDER BY month
SELECT year, sum(amount) AS "sum of amounts" FROM sales.targets GROUP BY year ORDER BY "sum of amounts" DESC
SELECT NaMe FROM USERS WHERE ID = 1
SELECT größe FROM (SELECT "Größe" AS größe FROM "Event Log") AS straße ORDER BY 1 LIMIT 3
SELECT 1 AS "a""b", 2 AS "select", 3 AS "with space", 4 AS "UPPER"
SELECT public.users.name FROM public.users WHERE public.users.id < 3 ORDER BY 1
SELECT pg_catalog.upper('x'), "pg_catalog"."lower"('X')

-- larger questions
SELECT u.country, date_trunc('month', o.ordered_at) AS month, count(DISTINCT o.id) AS orders, round(sum(i.quantity * i.unit_price), 2) AS revenue, rank() OVER (PARTITION BY date_trunc('month', o.ordered_at) ORDER BY sum(i.quantity * i.unit_price) DESC) AS place FROM users u JOIN orders o ON o.user_id = u.id JOIN order_items i ON i.order_id = o.id WHERE o.state <> 'cancelled' GROUP BY u.country, month ORDER BY month, place
WITH monthly AS (SELECT date_trunc('month', ordered_at) AS m, sum(quantity * unit_price) AS revenue FROM orders JOIN order_items ON order_id = id GROUP BY 1) SELECT m, revenue, revenue - lag(revenue) OVER (ORDER BY m) AS change, sum(revenue) OVER (ORDER BY m) AS running FROM monthly ORDER BY m
WITH firsts AS (SELECT user_id, min(ordered_at) AS first FROM orders GROUP BY user_id) SELECT date_trunc('month', first) AS cohort, count(*) AS users, count(*) FILTER (WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = f.user_id AND o.ordered_at > f.first + interval '30 days')) AS returned FROM firsts f GROUP BY 1 ORDER BY 1
SELECT p.category, p.name, s.sold FROM products p JOIN (SELECT product_id, sum(quantity) AS sold FROM order_items GROUP BY product_id) AS s ON s.product_id = p.id WHERE s.sold > (SELECT avg(sold2) FROM (SELECT sum(quantity) AS sold2 FROM order_items GROUP BY product_id) AS x) ORDER BY s.sold DESC, p.id LIMIT 10
SELECT a.product_id, b.product_id AS bought_with, count(*) AS times FROM order_items a JOIN order_items b ON a.order_id = b.order_id AND a.product_id < b.product_id GROUP BY 1, 2 HAVING count(*) > 2 ORDER BY times DESC, 1, 2 LIMIT 15
SELECT t.year, t.month, t.amount AS target, coalesce(r.revenue, 0) AS revenue, CASE WHEN r.revenue >= t.amount THEN 'met' ELSE 'missed' END AS result FROM sales.targets t LEFT JOIN (SELECT extract(year FROM ordered_at)::int AS y, extract(month FROM ordered_at)::int AS m, sum(quantity * unit_price) AS revenue FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY 1, 2) AS r ON r.y = t.year AND r.m = t.month WHERE t.region = 'north' ORDER BY 1, 2
SELECT name, email FROM users WHERE id IN (SELECT user_id FROM orders GROUP BY user_id HAVING count(*) >= ALL (SELECT count(*) FROM orders GROUP BY user_id)) ORDER BY name
SELECT country, sum(CASE WHEN is_active THEN 1 ELSE 0 END) AS active, sum(CASE WHEN NOT is_active THEN 1 ELSE 0 END) AS inactive FROM users GROUP BY country ORDER BY country

-- what PostgreSQL's grammar has and other parsers have not
SELECT percentile_{{cont||disc}}({{0.5||0.25||ARRAY[0.5, 0.9]}}) WITHIN GROUP (ORDER BY price{{|| DESC}}) FILTER (WHERE category {{= 'books'||<> 'toys'||IS NOT NULL}}) AS p FROM products
SELECT mode() WITHIN GROUP (ORDER BY country) {{FILTER (WHERE is_active)||FILTER (WHERE country > 'D') AS m||AS m}} FROM users
SELECT {{rank(50)||dense_rank(50)||percent_rank(50)||cume_dist(50)}} WITHIN GROUP (ORDER BY price{{|| DESC NULLS LAST}}){{|| FILTER (WHERE discount IS NULL)}} FROM products
SELECT id, tags{{[2:]||[:1]||[:]||[1:2]||[2]||[1:1][:]||[array_length(tags, 1):]||[- -1]}} AS part FROM users ORDER BY id LIMIT 9
SELECT id, {{dimensions[2:]||dimensions[:2]||(dimensions || 4)[3:]||(ARRAY(SELECT unnest(dimensions)))[2:]||('{1,2,3}'::int[])[:2]||(ARRAY[[1, 2], [3, 4]])[:][2:]}} AS d FROM products ORDER BY id LIMIT 5
SELECT json{{_object(ARRAY['a', 'b'], ARRAY['1', '2'])||_object(ARRAY['a', '1'])||_object('{a,1,b,2}')||_object(ARRAY[['a', '1'], ['b', '2']])||b_object(ARRAY['a', 'b'], ARRAY['1', '2'])||b_object('{a,1}')||_object_agg(id, name)||b_object_agg(name, id)}} AS o FROM users WHERE id = 1 {{GROUP BY id||GROUP BY id, name}}
SELECT name FROM users u WHERE {{EXISTS (SELECT FROM orders o WHERE o.user_id = u.id)||NOT EXISTS (SELECT FROM orders o WHERE o.user_id = u.id)||EXISTS (SELECT FROM orders) AND id < 4||EXISTS (TABLE orders) AND id < 4||EXISTS (VALUES (1)) AND id < 4||EXISTS (SELECT WHERE u.id = 3)}} ORDER BY id
SELECT id, {{sum(id)||count(*)||avg(count)||max(name)||array_agg(id)}} OVER (w {{ROWS BETWEEN 1 PRECEDING AND CURRENT ROW||RANGE UNBOUNDED PRECEDING||RANGE BETWEEN 5 PRECEDING AND 5 FOLLOWING||GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING||ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW||ROWS 2 PRECEDING EXCLUDE TIES}}) AS v FROM users WHERE id < 20 WINDOW w AS (PARTITION BY country ORDER BY id) ORDER BY id
SELECT id, {{rank()||row_number()||lag(id)||first_value(id)||ntile(3)}} OVER (w ORDER BY {{id||count DESC, id}}) AS v FROM users WHERE id < 20 WINDOW w AS (PARTITION BY country) ORDER BY id
SELECT id, sum(id) OVER (b) AS s, count(*) OVER b AS c FROM users WHERE id < 9 WINDOW a AS (PARTITION BY is_active), b AS (a ORDER BY id) ORDER BY id
SELECT {{substring(name for 2)||substring(name from 2)||substring(name from 2 for 3)||substring(name for 3 from 2)||substring(name similar '%#"[0-9]+#"%' escape '#')||overlay(name placing '*' from 1)||trim(from name)||trim(leading from name)||trim('A' from name)||trim(trailing '0123456789' from name)||position('n' in name)||collation for (name)||normalize(name, NFC)||name IS NORMALIZED||name IS NFD NORMALIZED||extract('year' from created_at)||extract(day from created_at - birthday)}} AS t FROM users ORDER BY id LIMIT 6
SELECT k.id, a.name, b.note FROM users a JOIN orders b USING (id) AS k WHERE k.id < {{4||5}} ORDER BY k.id
SELECT a.id FROM users a {{JOIN||LEFT JOIN||FULL JOIN}} orders b USING (id) AS k ORDER BY 1 LIMIT 5
SELECT {{- -1||+ + 1||- (-1)||1 - - 1||- - - 1||2 * - 3||2 ^ - 1||@ - 5||@ -5||- @ 5||~ -1|||/ @ -4||1 + + 1||'1' :: int - -1}} AS n
SELECT country, is_active, count > 4 AS many, count(*) FROM users GROUP BY {{GROUPING SETS (country, is_active, (country, count > 4), ())||GROUPING SETS (country, ROLLUP (is_active, count > 4))||GROUPING SETS (GROUPING SETS (country), CUBE (is_active, count > 4))||country, ROLLUP (is_active), CUBE (count > 4)||DISTINCT ROLLUP (country, is_active), ROLLUP (country, count > 4)||ALL ROLLUP (country, is_active, count > 4)||CUBE ((country, is_active), count > 4)||GROUPING SETS ((country, is_active), country, 3), 3||GROUPING SETS ((country), (is_active, count > 4))}} ORDER BY 1, 2, 3, 4
SELECT {{(u).*||(u).id, (u).name||(u.profile) ->> 'city'||((u)).id||(u).tags[1]}} FROM users u ORDER BY (u).id LIMIT 3
SELECT (x.r).* FROM (SELECT u AS r FROM users u WHERE u.id < 4) AS x ORDER BY (x.r).id
SELECT (jsonb_each(profile)).* FROM users WHERE id = 1 ORDER BY 1
SELECT (SELECT u FROM users u WHERE u.id = 2).name
SELECT {{U&'\0041bc'||U&'d!0061t!+000061' UESCAPE '!'||u&'\00e9'||U&'it''s'||U&'\\'||U&'plain'}} AS s
SELECT name FROM users WHERE name = U&'Ann\0020' || '{{6||12||18}}'
SELECT id FROM users WHERE id {{OPERATOR(pg_catalog.=) 3||OPERATOR(pg_catalog.<) 4||OPERATOR (<) 4||OPERATOR(pg_catalog.=) ANY (ARRAY[1, 2])||OPERATOR(pg_catalog.+) 1 = 5||OPERATOR(pg_catalog.>=) 198}} ORDER BY id {{|| USING >||USING <||USING OPERATOR(pg_catalog.>)}}
SELECT 1 OPERATOR(pg_catalog.+) 2 AS sum, 'a' OPERATOR(pg_catalog.||) 'b' AS text
SELECT {{box '((0,0),(2,2))' @> point '(1,1)'||box '(0,0),(1,1)' && box '(1,1),(2,2)'||point '(1,1)' <@ circle '((0,0),2)'||lseg '[(0,0),(1,1)]' ?# lseg '[(0,1),(1,0)]'||# path '((0,0),(1,1))'||@@ box '((0,0),(2,2))'||?- lseg '[(0,0),(1,0)]'||point '(0,0)' <^ point '(0,1)'||'{[1,3),[5,7)}'::int4multirange @> 2||int4multirange(int4range(1, 3)) -|- int4range(3, 5)||range_agg(int4range(1, 2))||daterange('2024-01-01', '2024-02-01') << daterange('2024-03-01', NULL)}} AS g
SELECT {{xmlelement(name a, xmlattributes(1 AS b, 'x' AS "c d"))||xmlelement(name "Größe", 'x')||xmlforest(1 AS a, 2 AS "b")||xmlpi(name php, 'echo')||xmlroot(xml '<a/>', version '1.0', standalone yes)||xmlserialize(content xml '<a/>' AS text)||xmlparse(document '<a/>')||xmlconcat(xml '<a/>', xml '<b/>')||xml '<a/>' IS DOCUMENT||xmlexists('/a' PASSING BY VALUE xml '<a/>')||xmlagg(xml '<a/>' ORDER BY 1)}}::text AS x
SELECT * FROM xmltable('/r/i' PASSING xml '<r><i a="1">x</i><i a="2"/></r>' COLUMNS n FOR ORDINALITY, a int PATH '@a', t text PATH 'text()' DEFAULT 'none') AS x
SELECT x.* FROM json_to_recordset('[{"from": 1, "table": "a"}]') AS x("from" int, "table" text)
SELECT {{'2024-01-01' :: date AT TIME ZONE 'UTC'||interval '1' day||interval '1-2' year to month||interval(0) '1.7 seconds'||timestamp(0) '2024-01-01 10:00:00.6'||time with time zone '10:00+01'||bit '101'||X'1F'::int||b'101' | b'010'||national character varying(3) 'abcdef'||dec '1.5'||float(24) '1.5'||character(3) 'a'}} IS NOT NULL AS literal
SELECT * FROM (SELECT id FROM users ORDER BY id LIMIT 3) AS x {{NATURAL JOIN (SELECT id, name FROM users) AS y||CROSS JOIN (VALUES (1)) AS y||, LATERAL (SELECT x.id * 2) AS y||LEFT JOIN LATERAL (SELECT x.id) AS y ON true||INNER JOIN users AS y USING (id)}} ORDER BY 1
SELECT x.a, y.b FROM (VALUES (1, 'a')) AS x (a, t), ROWS FROM (generate_series(1, 2), unnest(ARRAY['x', 'y', 'z'])) WITH ORDINALITY AS y (b, c, n) ORDER BY n
SELECT * FROM {{generate_series(1, 3) WITH ORDINALITY||unnest(ARRAY[1, 2]) AS x||json_each('{"a": 1}')||json_to_record('{"a": 1}') AS x(a int)||regexp_split_to_table('a,b', ',') AS x||generate_subscripts(ARRAY[1, 2], 1) AS x||ROWS FROM (json_to_record('{"a": 1}') AS (a int), generate_series(1, 2)) AS x||string_to_table('a b', ' ') AS x}}
SELECT u.id FROM users u WHERE (u.id, u.country) {{= (1, 'FR')||IN (VALUES (1, 'FR'), (2, 'TR'))||< (3, 'A')||IS DISTINCT FROM (1, 'FR') AND id < 4||= ANY (SELECT 1, 'FR'::char(2))||NOT IN ((1, 'FR')) AND id < 4}} ORDER BY 1
SELECT id FROM users WHERE name {{LIKE ANY (ARRAY['Ann%', 'Bob%'])||NOT LIKE ALL (ARRAY['A%', 'B%'])||ILIKE ANY ('{ann%,bob%}')||~ ANY (ARRAY['^A', '^B'])||LIKE 'A%' ESCAPE ''||NOT ILIKE 'a%' ESCAPE '!'||SIMILAR TO 'A%' ESCAPE '!'||BETWEEN SYMMETRIC 'C' AND 'A'||COLLATE "C" < 'B'||COLLATE "C" BETWEEN 'A' AND 'B'||ISNULL||NOTNULL||IS NOT NULL IS TRUE}} ORDER BY id LIMIT 20
WITH RECURSIVE t(n) AS ({{VALUES (1)||SELECT 1||(SELECT 1)}} {{UNION||UNION ALL}} SELECT n + 1 FROM t WHERE n < 5) SELECT {{n||sum(n)||t.n||count(*) FILTER (WHERE n > 2)}} FROM t {{GROUP BY n ORDER BY n||WHERE n > 1 GROUP BY n ORDER BY n}}
WITH a AS (TABLE active_users), b AS (VALUES (1), (2)) {{SELECT count(*) FROM a, b||(SELECT count(*) FROM a)||(SELECT id FROM a ORDER BY id LIMIT 2) UNION (SELECT * FROM b) ORDER BY 1||TABLE b||VALUES ((SELECT count(*) FROM a))||SELECT * FROM b AS from_b (x) ORDER BY x}}
{{((SELECT 1) UNION (SELECT 2)) ORDER BY 1||((SELECT id FROM users ORDER BY id LIMIT 2))||(VALUES (1), (2)) ORDER BY 1 LIMIT 1||(TABLE active_users) ORDER BY id LIMIT 2||(WITH a AS (SELECT 1 AS x) SELECT x FROM a)||((SELECT 1 AS x LIMIT 1) EXCEPT (SELECT 2)) LIMIT 5||(SELECT id FROM users ORDER BY id OFFSET 195)||VALUES (1), (2) EXCEPT VALUES (2)||VALUES (1) UNION ALL (SELECT 2) ORDER BY 1 OFFSET 1||TABLE active_users ORDER BY id LIMIT 3||SELECT FROM users WHERE id < 4}}
SELECT id FROM users ORDER BY id {{FETCH NEXT ROW ONLY||FETCH NEXT 2 ROWS ONLY OFFSET 1||FETCH FIRST (2 + 1) ROWS ONLY||OFFSET 1 ROW FETCH FIRST 2 ROW ONLY||LIMIT 2.4||LIMIT '2'::bigint||LIMIT CASE WHEN true THEN 2 END||LIMIT (SELECT count(*) FROM users WHERE id < 4) OFFSET (SELECT 2)||OFFSET 197 ROWS||LIMIT NULL OFFSET 198||FETCH FIRST 3 ROWS WITH TIES||LIMIT 1 + 1 OFFSET 1 + 1}}
SELECT id AS {{from||table||unique||limit||offset||fetch||order||group||having||into||for||union||where||select||with||all||user||end||when||case}}, name AS {{"a.b"||"x y"}} FROM users ORDER BY 1 LIMIT 3
SELECT x.{{from||limit||order||select||table||into||for}} FROM (SELECT id AS {{from, id AS limit, id AS order, id AS select, id AS table, id AS into, id AS for}} FROM users WHERE id < 4) AS x ORDER BY 1
SELECT count(*) AS {{"अलग-अलग देशों में रहने वाले ग्राहकों की संख्या"||"a label that is so long that the server cuts it where its names end, which is an honest label"||"每个国家在过去十二个月内至少下过一次订单的活跃客户数量统计"}} FROM users
SELECT country AS "a label that is so long that the server cuts it where its names end 1", count(*) FROM users GROUP BY 1 ORDER BY "a label that is so long that the server cuts it where its names end 1"
SELECT {{'first'¶'second'||'it''s' ¶ ¶  '''so'''||E'a\n'¶'b'||E'\1'¶'2'||U&'\00'¶'41'||N'x'¶'y'||'a\'¶'b'||''¶''||X'1'¶'F'||B'1'¶'0'}} AS s
SELECT count(*) FROM users WHERE name IN ('Ann '¶'6', 'Ann '¶'12')
SELECT {{U&"n\0061me"||U&"n!0061me" UESCAPE '!'||u&"name"||U&"\+00006eame"}} AS U&"\00e9 ""\\""" FROM users WHERE U&"\0069d" < 4 ORDER BY 1
WITH RECURSIVE t(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM t WHERE id < 9) {{SEARCH DEPTH FIRST BY id SET o||SEARCH BREADTH FIRST BY id SET "o"||CYCLE id SET c USING p||CYCLE id SET c TO 1 DEFAULT 0 USING p}} ({{SELECT id FROM t ORDER BY id LIMIT 4||SELECT id FROM t ORDER BY id||VALUES (1), (2) LIMIT 1}})
WITH RECURSIVE t(id) AS ((SELECT 1 LIMIT 1) UNION ALL SELECT id + (SELECT 1 LIMIT 1) FROM t WHERE id < 9) {{SEARCH DEPTH FIRST BY id SET o||CYCLE id SET c USING p}} SELECT id FROM t ORDER BY id {{LIMIT 3||FETCH FIRST 3 ROWS ONLY||OFFSET 2}}

-- names like the system's, text search, constants over several lines
SELECT {{name AS pg_name||name AS regclass||name regtype||name pg_code||id AS pg_class}} FROM users ORDER BY id
SELECT {{t.pg_code||t.regtype||t.regclass||t.aclitem||regconfig||pg_code AS code}} FROM (SELECT 1, 2, 3, 4, 5) AS t(pg_code, regtype, regclass, aclitem, regconfig)
WITH t AS (SELECT id AS pg_id, name AS regproc FROM users) SELECT {{max(pg_id)||min(t.regproc)||count(*) FILTER (WHERE pg_id > 3 AND regproc LIKE 'A%')||sum(pg_id) OVER (ORDER BY pg_id)}} FROM t ORDER BY 1
SELECT id FROM products WHERE {{to_tsvector('english'::regconfig, name)||to_tsvector(CAST('english' AS regconfig), name)||to_tsvector(regconfig 'english', name)||to_tsvector('english', name)||to_tsvector('pg_catalog.simple'::pg_catalog.regconfig, name)}} @@ to_tsquery('english', 'product') ORDER BY id
SELECT * FROM {{ts_debug('english', 'A fat cat')||ts_parse('default', 'a fat cat')||ts_token_type('default')}}
SELECT {{'a' -- one¶'b'||'a'¶-- it's two¶'b'||E'a\n' -- one¶'b\'c'||'it''s' -- x¶  --y¶ ' so'}} AS s
