-- Asking. What callers may reach is SECURITY DEFINER, so that they need EXECUTE and nothing else.

-- A hit ends here and starts no JVM, in either runtime.
CREATE OR REPLACE FUNCTION public.ai_generate_sql(prompt text, schema_version text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    response jsonb;
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_generate_sql(text,text)'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_generate_sql(text,text)');
    END IF;
    response := ai_worker.hit(prompt, schema_version);
    IF response IS NULL THEN
        RETURN ai_worker.generate(prompt, schema_version);
    END IF;
    RETURN response;
END
$$;
REVOKE ALL ON FUNCTION public.ai_generate_sql(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_generate_sql(text, text) IS
    'AI Worker: turns a question into one proven, read-only statement, from the cache or from the model';

CREATE OR REPLACE FUNCTION public.ai_sql(prompt text, schema_version text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_sql(text,text)'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_sql(text,text)');
    END IF;
    RETURN public.ai_generate_sql(prompt, schema_version) ->> 'sql';
END
$$;
REVOKE ALL ON FUNCTION public.ai_sql(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_sql(text, text) IS
    'AI Worker: the statement alone of ai_generate_sql';
