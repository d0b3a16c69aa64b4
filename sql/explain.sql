-- What there is to know of an answer.

CREATE OR REPLACE FUNCTION ai_worker.explain(prompt text, schema_version text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    response jsonb;
    key text;
    stored_at timestamptz;
    expires_at timestamptz;
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'ai_worker.explain(text,text)'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('ai_worker.explain(text,text)');
    END IF;
    response := public.ai_generate_sql(prompt, schema_version);
    BEGIN
        SELECT c.cache_key, c.created_at, c.expires_at INTO key, stored_at, expires_at
          FROM public.ai_worker_cache AS c
         WHERE c.cache_key = ai_worker.cache_key(prompt, (SELECT s.model FROM public.ai_worker_config AS s), response ->> 'schema_version')
           AND c.generated_sql = response ->> 'sql';
    EXCEPTION WHEN undefined_table OR undefined_column OR lock_not_available THEN
        -- Answers do not depend on the cache.
        NULL;
    END;
    RETURN jsonb_strip_nulls(jsonb_build_object(
        'sql', response -> 'sql', 'schema_version', response -> 'schema_version', 'cache_hit', response -> 'cache_hit',
        'cache_key', key, 'created_at', stored_at,
        'age_seconds', floor(date_part('epoch', clock_timestamp() - stored_at)),
        'expires_at', CASE WHEN expires_at < 'infinity' THEN expires_at END,
        'verified', COALESCE(expires_at = 'infinity', false)))
        || jsonb_strip_nulls(ai_worker.call('explain'::text, VARIADIC ARRAY[prompt, schema_version, response ->> 'sql']));
END
$$;
REVOKE ALL ON FUNCTION ai_worker.explain(text, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.explain(text, text) IS
    'AI Worker: what of ai_explain_sql does not depend on who asks';

-- SECURITY INVOKER on purpose: what it costs is for the caller to know, as far as he may read the tables.
CREATE OR REPLACE FUNCTION public.ai_explain_sql(prompt text, schema_version text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    explained jsonb := ai_worker.explain(prompt, schema_version);
    cost double precision;
    ceiling double precision;
    warning text;
BEGIN
    BEGIN
        cost := ai_worker.estimate_cost(explained ->> 'sql', ai_worker.search_path());
        SELECT r.max_cost INTO ceiling FROM ai_worker.run_ceilings() AS r;
        warning := CASE WHEN cost IS NULL THEN 'your role may not read all that it reads'
                        WHEN cost > ceiling THEN format('ai_run_sql refuses it: max_cost is %s', ceiling) END;
    EXCEPTION WHEN OTHERS THEN
        warning := 'the server cannot plan it: ' || SQLERRM;
    END;
    IF warning IS NOT NULL THEN
        explained := jsonb_set(explained, '{warnings}', (explained -> 'warnings') || to_jsonb(warning));
    END IF;
    RETURN explained || jsonb_strip_nulls(jsonb_build_object('estimated_cost', cost));
END
$$;
REVOKE ALL ON FUNCTION public.ai_explain_sql(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_explain_sql(text, text) IS
    'AI Worker: the statement of ai_generate_sql with the relations and columns that it reads, the functions that it calls, its row limit, its estimated cost for the caller, whether it is verified, its age and expiry, and warnings';
