-- Clean-up and what a DBA schedules.

CREATE OR REPLACE FUNCTION public.ai_worker_fold_entries(candidates varchar[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keys varchar[];
    moved bigint;
BEGIN
    -- Entries that another session has locked keep their hits for the next time.
    keys := ARRAY(
        SELECT c.cache_key FROM public.ai_worker_cache AS c
         WHERE c.cache_key IN (SELECT h.cache_key FROM public.ai_worker_cache_hits AS h WHERE h.cache_key = ANY (candidates))
           FOR UPDATE SKIP LOCKED);
    IF keys = '{}' THEN
        RETURN 0;
    END IF;
    WITH taken AS (
        DELETE FROM public.ai_worker_cache_hits AS h
         WHERE h.ctid = ANY (ARRAY(SELECT f.ctid FROM public.ai_worker_cache_hits AS f
                                    WHERE f.cache_key = ANY (keys) FOR UPDATE SKIP LOCKED))
        RETURNING h.*),
    folded AS (
        UPDATE public.ai_worker_cache AS c
           SET hit_count = c.hit_count + s.hits, last_accessed_at = GREATEST(c.last_accessed_at, s.last_hit_at)
          FROM (SELECT t.cache_key, t.created_at, sum(t.hits)::bigint AS hits, max(t.last_hit_at) AS last_hit_at
                  FROM taken AS t GROUP BY t.cache_key, t.created_at) AS s
         WHERE c.cache_key = s.cache_key AND c.created_at = s.created_at
        RETURNING 1),
    counted AS (
        INSERT INTO public.ai_worker_traffic (kind, requests, latency)
        SELECT 'hit', sum(t.hits), public.ai_worker_sum_latency(array_agg(t.latency::bigint[]))
          FROM taken AS t HAVING count(*) > 0)
    SELECT count(*) INTO moved FROM folded;
    RETURN moved;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_fold_entries(varchar[]) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_fold_entries(varchar[]) IS
    'AI Worker: moves counted hits of entries with these keys into ai_worker_cache and ai_worker_traffic; of how many entries';

CREATE OR REPLACE FUNCTION public.ai_worker_fold_hits(at_most integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM public.ai_worker_fold_entries(ARRAY(
        SELECT h.cache_key FROM public.ai_worker_cache_hits AS h LIMIT at_most));

    -- What is left of entries that are gone.
    WITH taken AS (
        DELETE FROM public.ai_worker_cache_hits AS h
         WHERE h.ctid = ANY (ARRAY(
                   SELECT f.ctid FROM public.ai_worker_cache_hits AS f
                    WHERE NOT EXISTS (SELECT FROM public.ai_worker_cache AS c
                                       WHERE c.cache_key = f.cache_key AND c.created_at = f.created_at)
                    LIMIT at_most FOR UPDATE SKIP LOCKED))
        RETURNING h.*)
    INSERT INTO public.ai_worker_traffic (kind, requests, latency)
    SELECT 'hit', sum(t.hits), public.ai_worker_sum_latency(array_agg(t.latency::bigint[])) FROM taken AS t HAVING count(*) > 0;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_fold_hits(integer) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_fold_hits(integer) IS
    'AI Worker: moves counted hits into ai_worker_cache and ai_worker_traffic';

CREATE OR REPLACE FUNCTION public.ai_worker_merge_counters() RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH taken AS (
        DELETE FROM public.ai_worker_traffic AS t
         WHERE t.ctid = ANY (ARRAY(SELECT f.ctid FROM public.ai_worker_traffic AS f FOR UPDATE SKIP LOCKED))
        RETURNING t.*)
    INSERT INTO public.ai_worker_traffic (kind, requests, latency)
    SELECT t.kind, sum(t.requests), public.ai_worker_sum_latency(array_agg(t.latency)) FROM taken AS t GROUP BY t.kind;

    WITH taken AS (
        DELETE FROM public.ai_worker_cache_totals AS t
         WHERE t.ctid = ANY (ARRAY(SELECT f.ctid FROM public.ai_worker_cache_totals AS f FOR UPDATE SKIP LOCKED))
        RETURNING t.*)
    INSERT INTO public.ai_worker_cache_totals (created_hour, expires_hour, entries, hits, tokens_saved, bytes)
    SELECT t.created_hour, t.expires_hour, sum(t.entries), sum(t.hits), sum(t.tokens_saved), sum(t.bytes)
      FROM taken AS t GROUP BY t.created_hour, t.expires_hour
    HAVING (sum(t.entries), sum(t.hits), sum(t.tokens_saved), sum(t.bytes)) <> (0, 0, 0, 0);

    WITH taken AS (
        DELETE FROM public.ai_worker_usage_parts AS p
         WHERE p.ctid = ANY (ARRAY(
                   SELECT f.ctid FROM public.ai_worker_usage_parts AS f
                    WHERE (f.day, f.role) IN (SELECT m.day, m.role FROM public.ai_worker_usage_parts AS m
                                               GROUP BY m.day, m.role HAVING count(*) > 1)
                      FOR UPDATE SKIP LOCKED))
        RETURNING p.*)
    INSERT INTO public.ai_worker_usage_parts
        (day, role, calls, failed_calls, prompt_tokens, completion_tokens, cached_tokens, tokens)
    SELECT t.day, t.role, sum(t.calls), sum(t.failed_calls), sum(t.prompt_tokens), sum(t.completion_tokens),
           sum(t.cached_tokens), sum(t.tokens)
      FROM taken AS t GROUP BY t.day, t.role
$$;
REVOKE ALL ON FUNCTION public.ai_worker_merge_counters() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_merge_counters() IS
    'AI Worker: merges the rows of ai_worker_traffic, ai_worker_cache_totals and ai_worker_usage_parts that nobody has locked';

-- A restored dump, or a trigger that was disabled, leaves sums that do not match; within one snapshot they always do. Of a
-- big cache only so much is counted, as wrong sums could empty a small one.
CREATE OR REPLACE FUNCTION public.ai_worker_check_totals() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed'
       OR (SELECT count(*) FROM (SELECT FROM public.ai_worker_cache LIMIT 10000) AS counted)
          = (SELECT LEAST(COALESCE(sum(t.entries), 0), 10000) FROM public.ai_worker_cache_totals AS t) THEN
        RETURN;
    END IF;
    LOCK TABLE public.ai_worker_cache, public.ai_worker_cache_totals IN SHARE ROW EXCLUSIVE MODE;
    PERFORM public.ai_worker_recount();
EXCEPTION WHEN lock_not_available THEN
    RAISE WARNING 'ai_worker: the sums over the cache are wrong, and the cache is in use'
        USING HINT = 'The next clean-up tries again, or call SELECT ai_worker_recount().';
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_check_totals() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_check_totals() IS
    'AI Worker: counts the entries anew if ai_worker_cache_totals is wrong and nobody is storing; of more than 10000 it does not know';

CREATE OR REPLACE FUNCTION public.ai_worker_clean(at_most integer DEFAULT 10000) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
    deleted bigint;
BEGIN
    IF current_setting('transaction_isolation') = 'serializable' THEN
        RAISE EXCEPTION 'clean-up cannot run in a serializable transaction'
            USING ERRCODE = 'invalid_transaction_state',
                  DETAIL = 'It could make other serializable transactions that had a hit fail when they commit.',
                  HINT = 'Use READ COMMITTED: BEGIN ISOLATION LEVEL READ COMMITTED, or SET default_transaction_isolation.';
    END IF;
    PERFORM public.ai_worker_land_pending();
    PERFORM public.ai_worker_fold_hits(at_most);
    WITH gone AS (
        DELETE FROM public.ai_worker_cache AS c
         WHERE c.ctid = ANY (ARRAY(SELECT f.ctid FROM public.ai_worker_cache AS f
                                    WHERE f.expires_at <= moment
                                    ORDER BY f.expires_at LIMIT at_most FOR UPDATE SKIP LOCKED))
        RETURNING 1)
    SELECT count(*) INTO deleted FROM gone;
    IF deleted < at_most THEN
        deleted := deleted + public.ai_worker_evict(at_most - deleted::integer);
    END IF;
    PERFORM public.ai_worker_merge_counters();
    PERFORM public.ai_worker_drop_counters();
    IF deleted < at_most THEN
        PERFORM public.ai_worker_check_totals();
    END IF;
    RETURN deleted;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_clean(integer) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_clean(integer) IS
    'AI Worker: one bounded clean-up: folds hits, deletes expired entries and those over the limits; how many entries';

CREATE OR REPLACE FUNCTION public.ai_worker_invalidate(schema_version text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    deleted bigint;
BEGIN
    DELETE FROM public.ai_worker_cache AS c WHERE c.schema_version = ai_worker_invalidate.schema_version;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    DELETE FROM public.ai_worker_cache_pending AS p WHERE p.schema_version = ai_worker_invalidate.schema_version;
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

-- A procedure that commits can neither be SECURITY DEFINER nor pin its search path, so it qualifies everything instead and
-- needs the caller's EXECUTE on what it calls.
CREATE OR REPLACE PROCEDURE public.ai_worker_cleanup_all()
LANGUAGE plpgsql
AS $$
BEGIN
    LOOP
        IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed' THEN
            COMMIT;
            SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        END IF;
        EXIT WHEN public.ai_worker_cleanup_cache() OPERATOR(pg_catalog.<) 10000;
        COMMIT;
    END LOOP;
END
$$;
REVOKE ALL ON PROCEDURE public.ai_worker_cleanup_all() FROM PUBLIC;
COMMENT ON PROCEDURE public.ai_worker_cleanup_all() IS
    'AI Worker: ai_worker_cleanup_cache() until nothing is left to do, committing after each; READ COMMITTED whatever the default is';

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
         WHERE c.expires_at > moment AND c.expires_at <= moment + expiring_within AND c.expires_at < 'infinity'
           AND c.hit_count + COALESCE(unfolded.hits, 0) >= min_hits
           -- Without its prompt an entry cannot be asked anew: see store_prompts.
           AND c.cache_key = encode(sha256(convert_to(
                   c.prompt_text || '|' || c.model || '|' || c.schema_version, 'UTF8')), 'hex')
           AND (c.schema_version = current_version OR c.schema_version !~ '^([0-9a-f]{20}|locked-[0-9a-f]{13})$')
         ORDER BY c.hit_count + COALESCE(unfolded.hits, 0) DESC
    LOOP
        BEGIN
            fresh := public.ai_worker_regenerate(entry.prompt_text, entry.schema_version::text);
            -- created_at stays: it says which entry a hit belongs to. What was verified meanwhile stays as it is.
            UPDATE public.ai_worker_cache AS c
               SET generated_sql = fresh ->> 'sql', tokens_used = (fresh ->> 'tokens_used')::integer,
                   expires_at = clock_timestamp() + s.default_ttl
              FROM public.ai_worker_config AS s
             WHERE c.cache_key = entry.cache_key AND c.created_at = entry.created_at AND c.expires_at < 'infinity';
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
    'AI Worker: asks anew for entries that keep their prompt in plain, have at least min_hits hits and expire within the interval, keeping their hits; how many it renewed';
