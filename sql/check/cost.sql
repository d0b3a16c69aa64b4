-- The ceilings of what ai_run_sql runs.

CREATE OR REPLACE FUNCTION ai_worker.run_ceilings(OUT max_cost double precision, OUT require_statement_timeout boolean)
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'ai_worker.run_ceilings()'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('ai_worker.run_ceilings()');
    END IF;
    SELECT c.max_cost, c.require_statement_timeout INTO max_cost, require_statement_timeout FROM public.ai_worker_config AS c;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.run_ceilings() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.run_ceilings() IS
    'AI Worker: the ceiling on the estimated cost of statements, NULL if there is none, and whether sessions must have a statement_timeout';

-- SECURITY INVOKER on purpose: EXPLAIN wants the privileges that running the statement would, so the estimate is there only
-- for who may read the tables.
CREATE OR REPLACE FUNCTION ai_worker.estimate_cost(statement text, schemas text)
RETURNS double precision
LANGUAGE plpgsql
VOLATILE PARALLEL UNSAFE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  plan json;
BEGIN
  -- Read-only mode ends with the subtransaction that the handler below makes of this block.
  PERFORM pg_catalog.set_config('transaction_read_only', 'on', true);
  PERFORM pg_catalog.set_config('search_path', schemas, true);
  -- EXPLAIN takes no parameter, so the text is put behind it. This makes sure first that it is one query: anything
  -- else is 42P11 or 0A000, raised before privileges are looked at.
  PERFORM pg_catalog.query_to_xmlschema(statement, true, false, '');
  EXECUTE pg_catalog.concat('EXPLAIN (FORMAT JSON) ', statement) INTO plan;
  RETURN pg_catalog.json_extract_path_text(plan, '0', 'Plan', 'Total Cost')::double precision;
EXCEPTION
  WHEN insufficient_privilege THEN
    RETURN NULL;
END
$body$;
REVOKE ALL ON FUNCTION ai_worker.estimate_cost(text, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.estimate_cost(text, text) IS
  'AI Worker: what the planner expects one query to cost under the given search path, without running it; NULL if the current role may not read what it reads';
