-- A restored dump, or a trigger that was disabled, leaves sums that do not match; within one snapshot they always do. Wrong
-- ones could empty the cache. To compare them all is to read it, so a big cache is compared whole only before a hundredth of
-- it is evicted, and else one hour of it each time.
CREATE OR REPLACE FUNCTION ai_worker.mend_totals() RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET lock_timeout = '50ms'
AS $$
DECLARE
    since timestamptz;
    until timestamptz;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RETURN true;
    END IF;
    IF pg_relation_size('public.ai_worker_cache') > 16000000
       AND (SELECT COALESCE(sum(t.entries), 0) <= 1.01 * c.max_entries AND COALESCE(sum(t.bytes), 0) <= 1.01 * c.max_bytes
              FROM public.ai_worker_config AS c
              LEFT JOIN ai_worker.cache_totals AS t ON t.expires_hour < 'infinity'
             GROUP BY c.max_entries, c.max_bytes) THEN
        SELECT t.created_hour, t.created_hour + interval '1 hour' INTO since, until
          FROM ai_worker.cache_totals AS t GROUP BY t.created_hour ORDER BY random() LIMIT 1;
        IF (SELECT count(*) > 10000
              FROM (SELECT FROM public.ai_worker_cache AS e
                     WHERE e.created_at >= since AND e.created_at < until LIMIT 10001) AS found) THEN
            RETURN true;
        END IF;
    END IF;
    -- Verified entries apart from the others, which alone are evicted.
    IF NOT EXISTS (
        SELECT FROM (
            SELECT e.expires_at = 'infinity' AS verified, count(*) AS entries, sum(e.hit_count) AS hits,
                   sum(e.tokens_used * e.hit_count) AS tokens_saved,
                   sum(octet_length(e.prompt_text) + octet_length(e.generated_sql)) AS bytes
              FROM public.ai_worker_cache AS e
             WHERE e.created_at >= COALESCE(since, '-infinity') AND (e.created_at < until OR until IS NULL)
             GROUP BY 1
             UNION ALL
            SELECT t.expires_hour = 'infinity', -sum(t.entries), -sum(t.hits), -sum(t.tokens_saved), -sum(t.bytes)
              FROM ai_worker.cache_totals AS t WHERE t.created_hour = since OR since IS NULL
             GROUP BY 1) AS s
         GROUP BY s.verified
        HAVING (sum(s.entries), sum(s.hits), sum(s.tokens_saved), sum(s.bytes)) <> (0, 0, 0, 0)) THEN
        RETURN true;
    END IF;
    LOCK TABLE public.ai_worker_cache, ai_worker.cache_totals IN SHARE ROW EXCLUSIVE MODE;
    PERFORM public.ai_worker_recount();
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RAISE WARNING 'ai_worker: the sums over the cache are wrong, and the cache is in use'
        USING HINT = 'The next clean-up tries again, or call SELECT ai_worker_recount().';
    RETURN false;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.mend_totals() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.mend_totals() IS
    'AI Worker: counts the entries anew if ai_worker.cache_totals is found wrong, of a big cache by one hour of it; false if it stays wrong, as somebody is storing';

CREATE OR REPLACE FUNCTION ai_worker.clean(at_most integer DEFAULT 10000) RETURNS bigint
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
    PERFORM ai_worker.land_pending();
    PERFORM ai_worker.fold_hits(at_most);
    WITH gone AS (
        DELETE FROM public.ai_worker_cache AS c
         WHERE c.ctid = ANY (ARRAY(SELECT f.ctid FROM public.ai_worker_cache AS f
                                    WHERE f.expires_at <= moment
                                    ORDER BY f.expires_at LIMIT at_most FOR UPDATE SKIP LOCKED))
        RETURNING 1)
    SELECT count(*) INTO deleted FROM gone;
    IF deleted < at_most AND ai_worker.mend_totals() THEN
        deleted := deleted + COALESCE(
            (SELECT ai_worker.evict(at_most - deleted::integer, c.max_entries, c.max_bytes)
               FROM public.ai_worker_config AS c), 0);
    END IF;
    PERFORM ai_worker.merge_counters();
    PERFORM ai_worker.drop_counters();
    RETURN deleted;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.clean(integer) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.clean(integer) IS
    'AI Worker: one bounded clean-up: folds hits, deletes expired entries and those over the limits; how many entries';
