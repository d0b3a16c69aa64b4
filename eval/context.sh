#!/usr/bin/env bash
# How much of what right statements need is in what the model is told: for each budget, of how many questions every table and
# column of the gold statement is in the context. Asks no model and changes nothing.
set -euo pipefail

if [ $# -lt 1 ] || [ "$1" = --help ]; then
  cat <<HELP
Usage: context.sh QUESTIONS [BUDGETS [PSQL-OPTION]...]

QUESTIONS  a file as evaluate.py takes it: one JSON object a line with question and gold_sql
BUDGETS    values of context_tokens (default: 8000,4000,2000,1000)

Connects as psql does, to a database with AI Worker, as a superuser or an owner of the settings.
HELP
  [ "${1:-}" = --help ] && exit 0
  exit 2
fi
questions=$1
budgets=${2:-8000,4000,2000,1000}
shift
[ $# -gt 0 ] && shift

psql -X -q -v ON_ERROR_STOP=1 -v budgets="{$budgets}" "$@" \
  --file <(
    cat <<'SQL'
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE TEMPORARY TABLE line (text text) ON COMMIT DROP;
SQL
    printf "\\\\copy line FROM '%s' WITH (FORMAT csv, QUOTE E'\\\\x01', DELIMITER E'\\\\x02')\n" "${questions//\'/\'\'}"
    cat <<'SQL'
CREATE FUNCTION pg_temp.needs(gold text) RETURNS TABLE (schema text, relation text, col text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', ai_worker.search_path() || ', pg_temp', true);
    EXECUTE concat('CREATE TEMPORARY VIEW ai_worker_gold AS SELECT count(*) FROM (', rtrim(gold, E'; \n'), E'\n) AS q');
    RETURN QUERY
        SELECT n.nspname::text, c.relname::text, a.attname::text
          FROM pg_rewrite AS w
          JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
          JOIN pg_class AS c ON c.oid = d.refobjid AND c.oid <> w.ev_class
          JOIN pg_namespace AS n ON n.oid = c.relnamespace
          LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
         WHERE w.ev_class = 'pg_temp.ai_worker_gold'::regclass;
    DROP VIEW pg_temp.ai_worker_gold;
END
$$;
CREATE FUNCTION pg_temp.is_shown(told text, schema text, relation text, col text) RETURNS boolean LANGUAGE sql AS $$
    SELECT COALESCE(bool_or(col IS NULL OR strpos(split_part(substr(told, b.start), E'\n);', 1), E'\n  ' || quote_ident(col) || ' ') > 0), false)
      FROM (SELECT strpos(told, k.kind || ' ' || s.prefix || quote_ident(relation) || ' (') AS start
              FROM (VALUES (E'\nTABLE'), (E'\nVIEW'), (E'\nMATERIALIZED VIEW'), (E'\nFOREIGN TABLE')) AS k (kind)
             CROSS JOIN (VALUES (''), (quote_ident(schema) || '.')) AS s (prefix)) AS b
     WHERE b.start > 0
$$;
CREATE TEMPORARY TABLE question ON COMMIT DROP AS
    SELECT row_number() OVER () AS id, l.text::jsonb ->> 'question' AS question, l.text::jsonb ->> 'gold_sql' AS gold
      FROM line AS l WHERE l.text <> '';
CREATE TEMPORARY TABLE need ON COMMIT DROP AS
    SELECT q.id, n.* FROM question AS q CROSS JOIN LATERAL pg_temp.needs(q.gold) AS n;
CREATE TEMPORARY TABLE result (budget integer, id bigint, complete boolean, tokens integer) ON COMMIT DROP;
SELECT set_config('ai_worker_eval.budgets', :'budgets', true) \g /dev/null
DO $$
DECLARE
    size integer;
BEGIN
    FOREACH size IN ARRAY current_setting('ai_worker_eval.budgets')::integer[] LOOP
        UPDATE public.ai_worker_config SET context_tokens = size;
        INSERT INTO result
        SELECT size, p.id,
               COALESCE((SELECT bool_and(pg_temp.is_shown(p.told, n.schema, n.relation, n.col)) FROM need AS n WHERE n.id = p.id), true),
               length(p.told) / 4
          FROM (SELECT q.id, jsonb_path_query_first(public.ai_worker_show_prompt(q.question), '$.**.messages[0].content') #>> '{}' AS told
                  FROM question AS q) AS p;
    END LOOP;
END
$$;
SELECT r.budget, count(*) AS questions, count(*) FILTER (WHERE r.complete) AS complete,
       round(100.0 * count(*) FILTER (WHERE r.complete) / count(*), 1) AS percent, round(avg(r.tokens)) AS tokens
  FROM result AS r GROUP BY r.budget ORDER BY r.budget DESC;
ROLLBACK;
SQL
  )
