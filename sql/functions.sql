-- What DBAs call, over what the runtime's own file defines.

COMMENT ON FUNCTION ai_worker.generate(text, text) IS
    'AI Worker: what of ai_generate_sql follows a miss: asks the model, proves its statement, stores it';
COMMENT ON FUNCTION ai_worker.regenerate(text, text) IS
    'AI Worker: asks the model whatever the cache holds, and stores nothing';
COMMENT ON FUNCTION ai_worker.cache_stats() IS 'AI Worker: see ai_worker_cache_stats()';
COMMENT ON FUNCTION ai_worker.cleanup_cache() IS 'AI Worker: see ai_worker_cleanup_cache()';
COMMENT ON FUNCTION ai_worker.health() IS 'AI Worker: see ai_worker_health()';

CREATE OR REPLACE FUNCTION public.ai_worker_cache_stats() RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_worker_cache_stats()'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_worker_cache_stats()');
    END IF;
    RETURN ai_worker.cache_stats();
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_cache_stats() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_cache_stats() IS 'AI Worker: the row of view ai_worker_cache_stats as JSON';

CREATE OR REPLACE FUNCTION public.ai_worker_show_prompt(prompt text, schema_version text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_worker_show_prompt(text,text)'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_worker_show_prompt(text,text)');
    END IF;
    RETURN ai_worker.call('show_prompt'::text, VARIADIC ARRAY[prompt, schema_version]);
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_show_prompt(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_show_prompt(text, text) IS
    'AI Worker: the very request that a miss would send to the model: url, headers and body, secrets masked; sends and stores nothing';

CREATE OR REPLACE FUNCTION public.ai_worker_cleanup_cache() RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_worker_cleanup_cache()'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_worker_cleanup_cache()');
    END IF;
    RETURN ai_worker.cleanup_cache();
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_cleanup_cache() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_cleanup_cache() IS
    'AI Worker: one bounded clean-up of the cache; how many entries it deleted. Call it again while that is 10000 or more';

CREATE OR REPLACE FUNCTION public.ai_worker_health() RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    detail text;
    hint text;
    problem text;
    state jsonb;
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_worker_health()'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_worker_health()');
    END IF;
    -- It is needed most where something that it needs is gone.
    BEGIN
        RETURN ai_worker.health();
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        problem := concat_ws(' ', SQLERRM || '.', NULLIF(detail, ''),
                             CASE SQLSTATE WHEN '42883' THEN 'Run install/install.sh again on this database.' ELSE hint END);
    END;
    BEGIN
        state := ai_worker.state();
    EXCEPTION WHEN OTHERS THEN
        BEGIN
            SELECT jsonb_build_object('problems', d.missing || d.altered) INTO state FROM ai_worker.damages() AS d;
        EXCEPTION WHEN OTHERS THEN
            state := '{"problems": []}';
        END;
    END;
    RETURN state || jsonb_build_object('healthy', false, 'problems', jsonb_build_array(problem) || (state -> 'problems'));
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_health() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_health() IS
    'AI Worker: runtime, versions, settings that need attention and the last failure of the endpoint; never a secret';
