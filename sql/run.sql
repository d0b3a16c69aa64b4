CREATE OR REPLACE FUNCTION ai_worker.search_path() RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'ai_worker.search_path()'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('ai_worker.search_path()');
    END IF;
    RETURN (SELECT ai_worker.query_path(c.schemas) FROM public.ai_worker_config AS c);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.search_path() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.search_path() IS
    'AI Worker: the search path under which statements are proven and run';

-- SECURITY INVOKER on purpose, as is its caller: the statement runs with the rights of who asked.
CREATE OR REPLACE FUNCTION ai_worker.execute(statement text, schemas text) RETURNS SETOF jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ceilings record;
    cost double precision;
    shape json;
    name text;
    unique_name text;
    names text[] := ARRAY[]::text[];
BEGIN
    SELECT r.* INTO ceilings FROM ai_worker.run_ceilings() AS r;
    -- A function cannot make up for it: the server starts that clock when it gets a statement, and ours is one already.
    IF ceilings.require_statement_timeout AND current_setting('statement_timeout') = '0' THEN
        RAISE EXCEPTION 'statement refused: this session has no statement_timeout'
            USING ERRCODE = 'IA021', DETAIL = 'require_statement_timeout is on in ai_worker_config.',
                  HINT = format('Set one for the role, as by ALTER ROLE %I SET statement_timeout = ''1min'', or for the session.', session_user);
    END IF;
    IF ceilings.max_cost IS NOT NULL THEN
        cost := ai_worker.estimate_cost(statement, schemas);
        IF cost > ceilings.max_cost THEN
            RAISE EXCEPTION 'statement refused: it is expected to cost too much'
                USING ERRCODE = 'IA021',
                      DETAIL = format('Its estimated cost is %s, max_cost allows %s; statement: %s',
                                      cost, ceilings.max_cost, left(statement, 1000)),
                      HINT = 'Ask for less, add what the query lacks, such as an index, or raise max_cost in ai_worker_config.';
        END IF;
    END IF;
    -- The handler makes this block a subtransaction. Read-only mode ends with it and cannot be left within it.
    -- A SET clause of the function would be refused from PostgreSQL 16 on.
    BEGIN
        PERFORM set_config('transaction_read_only', 'on', true);
        PERFORM set_config('search_path', schemas, true);
        -- An object has each key once, so that the second column of a name becomes name_2. The join runs nothing. The star keeps
        -- a column of that name from being taken for the row.
        EXECUTE concat('SELECT row_to_json(named.*) FROM (SELECT answer.* FROM (SELECT) AS nothing LEFT JOIN (', statement, chr(10),
                       ') AS answer ON false) AS named') INTO shape;
        FOR name IN SELECT json_object_keys(shape) LOOP
            unique_name := name;
            FOR suffix IN 2 .. 2000 LOOP
                EXIT WHEN unique_name <> ALL (names);
                unique_name := name;
                -- An identifier has room for 63 bytes.
                WHILE octet_length(unique_name) > 58 LOOP
                    unique_name := left(unique_name, -1);
                END LOOP;
                unique_name := concat(unique_name, '_', suffix);
            END LOOP;
            names := names || unique_name;
        END LOOP;
        RETURN QUERY EXECUTE concat('SELECT to_jsonb(answer.*) FROM (', statement, chr(10), ') AS answer',
                                    (SELECT ' (' || string_agg(quote_ident(n), ', ') || ')' FROM unnest(names) AS n));
    EXCEPTION
        WHEN query_canceled THEN
            RAISE;
    END;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.execute(text, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.execute(text, text) IS
    'AI Worker: runs a proven statement as the caller, held read-only by the server, unless it is over a ceiling';

CREATE OR REPLACE FUNCTION public.ai_run_sql(prompt text, schema_version text DEFAULT NULL) RETURNS SETOF jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT * FROM ai_worker.execute(
        public.ai_sql(prompt, schema_version), ai_worker.search_path());
END
$$;
REVOKE ALL ON FUNCTION public.ai_run_sql(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_run_sql(text, text) IS
    'AI Worker: answers a question with rows, running the statement read-only with the caller''s own rights';
