-- What a DBA does with entries.

CREATE OR REPLACE FUNCTION public.ai_worker_invalidate(schema_version text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    deleted bigint;
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_worker_invalidate(text)'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_worker_invalidate(text)');
    END IF;
    DELETE FROM public.ai_worker_cache AS c WHERE c.schema_version = ai_worker_invalidate.schema_version;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    DELETE FROM ai_worker.cache_pending AS p WHERE p.schema_version = ai_worker_invalidate.schema_version;
    RETURN deleted;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_invalidate(text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_invalidate(text) IS
    'AI Worker: deletes every entry of one schema version; how many';

-- Verified is what never expires: one mark for every place that serves, cleans or evicts.
CREATE OR REPLACE FUNCTION public.ai_worker_verify(cache_key text, verified boolean DEFAULT true) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entry record;
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_worker_verify(text,boolean)'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_worker_verify(text,boolean)');
    END IF;
    IF verified IS NULL THEN
        RAISE EXCEPTION 'verified is NULL'
            USING ERRCODE = 'invalid_parameter_value', DETAIL = 'It says whether the entry is verified from now on.',
                  HINT = 'Use true, or false to undo it.';
    END IF;
    -- Undoing what is not verified changes nothing.
    UPDATE public.ai_worker_cache AS c
       SET expires_at = CASE WHEN ai_worker_verify.verified THEN 'infinity'
                             WHEN c.expires_at = 'infinity' THEN clock_timestamp() + s.default_ttl
                             ELSE c.expires_at END
      FROM public.ai_worker_config AS s
     WHERE c.cache_key = ai_worker_verify.cache_key
    RETURNING c.prompt_text, c.model, c.schema_version, c.generated_sql, c.expires_at INTO entry;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no entry has cache_key %', quote_nullable(left(cache_key, 100))
            USING ERRCODE = 'no_data_found',
                  DETAIL = 'It may have been deleted since, or belong to another database.',
                  HINT = 'Look it up: SELECT cache_key, prompt_text, generated_sql FROM ai_worker_cache.';
    END IF;
    RETURN to_jsonb(entry) || jsonb_build_object('verified', verified);
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_verify(text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_verify(text, boolean) IS
    'AI Worker: pins an entry whose statement a DBA found right, and returns it: no expiry, clean-up, eviction or renewal takes it, and it may serve as an example; one that has expired but is still there is served again. A change of the schema makes it miss like any other, and ai_worker_invalidate, DELETE and TRUNCATE delete it. With false it lives for default_ttl from now on';

-- Before the model is paid for what would not be kept.
CREATE OR REPLACE FUNCTION ai_worker.require_storable() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    reason text := ai_worker.no_view();
BEGIN
    IF NOT (ai_worker.settings() ->> 'cache_enabled')::boolean THEN
        reason := 'cache_enabled is off';
    END IF;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION 'no answer would be cached: %', reason
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'So the model was not asked.',
                  HINT = 'Run it in a read-write transaction on the primary; SELECT ai_worker_health() says more.';
    END IF;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.require_storable() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.require_storable() IS
    'AI Worker: an error where answers are not cached: in a read-only transaction, beside an event trigger on CREATE VIEW, or switched off';

CREATE OR REPLACE FUNCTION public.ai_worker_warm_cache(
    prompts text[], schema_version text DEFAULT NULL,
    OUT prompt text, OUT ok boolean, OUT cache_hit boolean, OUT error text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_worker_warm_cache(text[],text)'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_worker_warm_cache(text[],text)');
    END IF;
    PERFORM ai_worker.require_storable();
    FOREACH prompt IN ARRAY COALESCE(prompts, '{}') LOOP
        BEGIN
            cache_hit := (public.ai_generate_sql(prompt, schema_version) ->> 'cache_hit')::boolean;
            ok := true;
            error := NULL;
        EXCEPTION WHEN OTHERS THEN
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
    current_version text;
    entry record;
    fresh jsonb;
    renewed bigint := 0;
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_worker_refresh_popular(bigint,interval)'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_worker_refresh_popular(bigint,interval)');
    END IF;
    IF min_hits IS NULL OR min_hits < 0 OR expiring_within IS NULL OR expiring_within < interval '0' THEN
        RAISE EXCEPTION 'min_hits % and expiring_within % cannot be used', min_hits, expiring_within
            USING ERRCODE = 'invalid_parameter_value', DETAIL = 'Both must be zero or more.',
                  HINT = 'For example: SELECT ai_worker_refresh_popular(10, ''1 hour'').';
    END IF;
    PERFORM ai_worker.require_storable();
    current_version := ai_worker.schema_version();
    -- Entries of an automatic version that is no longer the schema's would be asked about the wrong schema.
    FOR entry IN
        SELECT c.cache_key, c.prompt_text, c.schema_version, c.created_at,
               c.schema_version ~ '^([0-9a-f]{20}|locked-[0-9a-f]{13})$' AS automatic
          FROM public.ai_worker_cache AS c
          JOIN public.ai_worker_config AS s ON s.model = c.model
          LEFT JOIN LATERAL (SELECT sum(h.hits) AS hits FROM ai_worker.cache_hits AS h
                              WHERE h.cache_key = c.cache_key AND h.created_at = c.created_at) AS unfolded ON true
         WHERE c.expires_at > moment AND c.expires_at <= moment + expiring_within AND c.expires_at < 'infinity'
           AND c.hit_count + COALESCE(unfolded.hits, 0) >= min_hits
           -- Without its prompt an entry cannot be asked anew: see store_prompts.
           AND c.cache_key = ai_worker.cache_key(c.prompt_text, c.model, c.schema_version)
           AND (c.schema_version = current_version OR c.schema_version !~ '^([0-9a-f]{20}|locked-[0-9a-f]{13})$')
         ORDER BY c.hit_count + COALESCE(unfolded.hits, 0) DESC
    LOOP
        BEGIN
            -- It may have become another schema's, or another model's, since the last entry was asked about.
            CONTINUE WHEN entry.automatic AND entry.schema_version <> ai_worker.schema_version()
                     OR entry.cache_key <> (SELECT ai_worker.cache_key(entry.prompt_text, s.model, entry.schema_version)
                                              FROM public.ai_worker_config AS s);
            fresh := ai_worker.regenerate(
                entry.prompt_text, CASE WHEN entry.automatic THEN NULL ELSE entry.schema_version::text END);
            -- A change while the model was asked: the statement was proven under what came after it.
            CONTINUE WHEN entry.automatic
                     AND ai_worker.schema_fingerprint((SELECT s.schemas FROM public.ai_worker_config AS s)) <> entry.schema_version
                     OR fresh -> 'warnings' IS NOT NULL;
            -- created_at stays: it says which entry a hit belongs to. What was verified meanwhile stays as it is, and so does
            -- what is another model's by now.
            UPDATE public.ai_worker_cache AS c
               SET generated_sql = fresh ->> 'sql', tokens_used = (fresh ->> 'tokens_used')::integer,
                   expires_at = clock_timestamp() + s.default_ttl
              FROM public.ai_worker_config AS s
             WHERE c.cache_key = ai_worker.cache_key(entry.prompt_text, s.model, fresh ->> 'schema_version')
               AND c.cache_key = entry.cache_key AND c.created_at = entry.created_at AND c.expires_at < 'infinity';
            renewed := renewed + FOUND::integer;
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING 'entry % was not renewed: %', entry.cache_key, SQLERRM;
        END;
    END LOOP;
    RETURN renewed;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_refresh_popular(bigint, interval) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_refresh_popular(bigint, interval) IS
    'AI Worker: asks anew for entries that keep their prompt in plain, have at least min_hits hits and expire within the interval, keeping their hits; how many it renewed';
