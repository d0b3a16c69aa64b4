-- A restored dump, or a trigger that was disabled, leaves sums that do not match; within one snapshot they always do. Of a
-- big cache only so much is counted, as wrong sums could empty a small one.
CREATE OR REPLACE FUNCTION ai_worker.check_totals() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed'
       OR (SELECT count(*) FROM (SELECT FROM public.ai_worker_cache LIMIT 10000) AS counted)
          = (SELECT LEAST(COALESCE(sum(t.entries), 0), 10000) FROM ai_worker.cache_totals AS t) THEN
        RETURN;
    END IF;
    LOCK TABLE public.ai_worker_cache, ai_worker.cache_totals IN SHARE ROW EXCLUSIVE MODE;
    PERFORM public.ai_worker_recount();
EXCEPTION WHEN lock_not_available THEN
    RAISE WARNING 'ai_worker: the sums over the cache are wrong, and the cache is in use'
        USING HINT = 'The next clean-up tries again, or call SELECT ai_worker_recount().';
END
$$;
REVOKE ALL ON FUNCTION ai_worker.check_totals() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.check_totals() IS
    'AI Worker: counts the entries anew if ai_worker.cache_totals is wrong and nobody is storing; of more than 10000 it does not know';

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
    IF deleted < at_most THEN
        deleted := deleted + COALESCE(
            (SELECT ai_worker.evict(at_most - deleted::integer, c.max_entries, c.max_bytes)
               FROM public.ai_worker_config AS c), 0);
    END IF;
    PERFORM ai_worker.merge_counters();
    PERFORM ai_worker.drop_counters();
    IF deleted < at_most THEN
        PERFORM ai_worker.check_totals();
    END IF;
    RETURN deleted;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.clean(integer) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.clean(integer) IS
    'AI Worker: one bounded clean-up: folds hits, deletes expired entries and those over the limits; how many entries';
