
-- A procedure that commits can neither be SECURITY DEFINER nor pin its search path, so it qualifies everything instead and
-- needs the caller's EXECUTE on what it calls.
CREATE OR REPLACE PROCEDURE public.ai_worker_cleanup_all()
LANGUAGE plpgsql
AS $$
BEGIN
    WHILE public.ai_worker_cleanup_cache() OPERATOR(pg_catalog.>=) 10000 LOOP
        COMMIT;
    END LOOP;
END
$$;
REVOKE ALL ON PROCEDURE public.ai_worker_cleanup_all() FROM PUBLIC;
COMMENT ON PROCEDURE public.ai_worker_cleanup_all() IS
    'AI Worker: ai_worker_cleanup_cache() until nothing is left to do, committing after each';

CREATE OR REPLACE FUNCTION public.ai_worker_warm_cache(
    prompts text[], schema_version text DEFAULT NULL,
    OUT prompt text, OUT ok boolean, OUT cache_hit boolean, OUT error text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    FOREACH prompt IN ARRAY COALESCE(prompts, '{}') LOOP
        BEGIN
            cache_hit := (public.ai_generate_sql(prompt, schema_version) ->> 'cache_hit')::boolean;
            ok := true;
            error := NULL;
        EXCEPTION WHEN OTHERS THEN
            IF SQLSTATE LIKE '57%' THEN
                RAISE;
            END IF;
            ok := false;
            cache_hit := NULL;
            error := SQLSTATE || ': ' || SQLERRM;
        END;
        RETURN NEXT;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_warm_cache(text[], text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_warm_cache(text[], text) IS
    'AI Worker: asks every prompt so that it is cached; a prompt that fails has ok = false and the reason';

CREATE OR REPLACE FUNCTION public.ai_worker_refresh_popular(min_hits bigint, expiring_within interval) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
    current_version CONSTANT text := public.ai_worker_schema_fingerprint((SELECT c.schemas FROM public.ai_worker_config AS c));
    entry record;
    fresh jsonb;
    renewed bigint := 0;
BEGIN
    IF min_hits IS NULL OR min_hits < 0 OR expiring_within IS NULL OR expiring_within < interval '0' THEN
        RAISE EXCEPTION 'min_hits % and expiring_within % cannot be used', min_hits, expiring_within
            USING ERRCODE = 'invalid_parameter_value', DETAIL = 'Both must be zero or more.',
                  HINT = 'For example: SELECT ai_worker_refresh_popular(10, ''1 hour'').';
    END IF;
    -- Entries of an automatic version that is no longer the schema's would be asked about the wrong schema.
    FOR entry IN
        SELECT c.cache_key, c.prompt_text, c.schema_version, c.created_at
          FROM public.ai_worker_cache AS c
          JOIN public.ai_worker_config AS s ON s.model = c.model
          LEFT JOIN LATERAL (SELECT sum(h.hits) AS hits FROM public.ai_worker_cache_hits AS h
                              WHERE h.cache_key = c.cache_key AND h.created_at = c.created_at) AS unfolded ON true
         WHERE c.expires_at > moment AND c.expires_at <= moment + expiring_within
           AND c.hit_count + COALESCE(unfolded.hits, 0) >= min_hits
           AND (c.schema_version = current_version OR c.schema_version !~ '^[0-9a-f]{20}$')
         ORDER BY c.hit_count + COALESCE(unfolded.hits, 0) DESC
    LOOP
        BEGIN
            fresh := public.ai_worker_regenerate(entry.prompt_text, entry.schema_version);
            -- created_at stays: it says which entry a hit belongs to.
            UPDATE public.ai_worker_cache AS c
               SET generated_sql = fresh ->> 'sql', tokens_used = (fresh ->> 'tokens_used')::integer,
                   expires_at = clock_timestamp() + s.default_ttl
              FROM public.ai_worker_config AS s
             WHERE c.cache_key = entry.cache_key AND c.created_at = entry.created_at;
            renewed := renewed + FOUND::integer;
        EXCEPTION WHEN OTHERS THEN
            IF SQLSTATE LIKE '57%' THEN
                RAISE;
            END IF;
            RAISE WARNING 'entry % was not renewed: %', entry.cache_key, SQLERRM;
        END;
    END LOOP;
    RETURN renewed;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_refresh_popular(bigint, interval) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_refresh_popular(bigint, interval) IS
    'AI Worker: asks anew for entries with at least min_hits hits that expire within the interval, keeping their hits; how many it renewed';
