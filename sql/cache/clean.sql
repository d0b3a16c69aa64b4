-- A restored dump, or a trigger that was disabled, leaves sums that do not match; within one snapshot they always do. Wrong
-- ones could empty the cache.
CREATE OR REPLACE FUNCTION ai_worker.mend_totals() RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed'
       OR (SELECT ROW(c.entries, c.hits, c.tokens_saved, c.bytes) = ROW(t.entries, t.hits, t.tokens_saved, t.bytes)
             FROM (SELECT count(*) AS entries, COALESCE(sum(e.hit_count), 0) AS hits,
                          COALESCE(sum(e.tokens_used * e.hit_count), 0) AS tokens_saved,
                          COALESCE(sum(octet_length(e.prompt_text) + octet_length(e.generated_sql)), 0) AS bytes
                     FROM public.ai_worker_cache AS e) AS c
            CROSS JOIN (SELECT COALESCE(sum(s.entries), 0) AS entries, COALESCE(sum(s.hits), 0) AS hits,
                               COALESCE(sum(s.tokens_saved), 0) AS tokens_saved, COALESCE(sum(s.bytes), 0) AS bytes
                          FROM ai_worker.cache_totals AS s) AS t) THEN
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
    'AI Worker: counts the entries anew if ai_worker.cache_totals is wrong; false if it stays wrong, as somebody is storing';

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
