-- Sums over the cache, so that statistics and limits need no scan.

CREATE OR REPLACE FUNCTION ai_worker.count_totals() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    created timestamptz;
    expires timestamptz;
    more_entries bigint;
    more_hits bigint;
    more_tokens bigint;
    more_bytes bigint;
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'ai_worker.count_totals()'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('ai_worker.count_totals()');
    END IF;
    IF TG_OP = 'TRUNCATE' THEN
        -- Nobody else can be changing the cache now, so none of the sums is left; but a snapshot from before this statement
        -- does not show all of them.
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            TRUNCATE ai_worker.cache_totals;
            RETURN NULL;
        END IF;
        INSERT INTO ai_worker.cache_totals (created_hour, expires_hour, entries, hits, tokens_saved, bytes)
        SELECT t.created_hour, t.expires_hour, -sum(t.entries), -sum(t.hits), -sum(t.tokens_saved), -sum(t.bytes)
          FROM ai_worker.cache_totals AS t GROUP BY t.created_hour, t.expires_hour;
        RETURN NULL;
    END IF;
    FOR created, expires, more_entries, more_hits, more_tokens, more_bytes IN EXECUTE
        'SELECT date_trunc(''hour'', created_at, ''UTC'') AS created_hour,
                date_trunc(''hour'', expires_at, ''UTC'') AS expires_hour,
                sum(sign) AS entries, sum(sign * hit_count) AS hits, sum(sign * tokens_used * hit_count) AS tokens_saved,
                sum(sign * (octet_length(prompt_text) + octet_length(generated_sql))) AS bytes
           FROM (' || CASE TG_OP WHEN 'INSERT' THEN 'SELECT 1 AS sign, * FROM new_rows'
                                 WHEN 'DELETE' THEN 'SELECT -1 AS sign, * FROM old_rows'
                                 ELSE 'SELECT 1 AS sign, * FROM new_rows UNION ALL SELECT -1, * FROM old_rows' END
        || ') AS changed GROUP BY 1, 2'
    LOOP
        IF current_setting('transaction_isolation') = 'read committed' THEN
            UPDATE ai_worker.cache_totals AS t
               SET entries = t.entries + more_entries, hits = t.hits + more_hits,
                   tokens_saved = t.tokens_saved + more_tokens, bytes = t.bytes + more_bytes
             WHERE t.ctid = (SELECT f.ctid FROM ai_worker.cache_totals AS f
                              WHERE f.created_hour = created AND f.expires_hour = expires
                              LIMIT 1 FOR UPDATE SKIP LOCKED);
            CONTINUE WHEN FOUND;
        END IF;
        INSERT INTO ai_worker.cache_totals (created_hour, expires_hour, entries, hits, tokens_saved, bytes)
        VALUES (created, expires, more_entries, more_hits, more_tokens, more_bytes);
    END LOOP;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.count_totals() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.count_totals() IS
    'AI Worker: keeps ai_worker.cache_totals, whoever changes the cache';

DROP TRIGGER IF EXISTS ai_worker_totals_insert ON public.ai_worker_cache;
CREATE TRIGGER ai_worker_totals_insert AFTER INSERT ON public.ai_worker_cache
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ai_worker.count_totals();
COMMENT ON TRIGGER ai_worker_totals_insert ON public.ai_worker_cache IS 'Keeps ai_worker.cache_totals';
DROP TRIGGER IF EXISTS ai_worker_totals_update ON public.ai_worker_cache;
CREATE TRIGGER ai_worker_totals_update AFTER UPDATE ON public.ai_worker_cache
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ai_worker.count_totals();
COMMENT ON TRIGGER ai_worker_totals_update ON public.ai_worker_cache IS 'Keeps ai_worker.cache_totals';
DROP TRIGGER IF EXISTS ai_worker_totals_delete ON public.ai_worker_cache;
CREATE TRIGGER ai_worker_totals_delete AFTER DELETE ON public.ai_worker_cache
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION ai_worker.count_totals();
COMMENT ON TRIGGER ai_worker_totals_delete ON public.ai_worker_cache IS 'Keeps ai_worker.cache_totals';
DROP TRIGGER IF EXISTS ai_worker_totals_truncate ON public.ai_worker_cache;
CREATE TRIGGER ai_worker_totals_truncate AFTER TRUNCATE ON public.ai_worker_cache
    FOR EACH STATEMENT EXECUTE FUNCTION ai_worker.count_totals();
COMMENT ON TRIGGER ai_worker_totals_truncate ON public.ai_worker_cache IS 'Keeps ai_worker.cache_totals';

CREATE OR REPLACE FUNCTION public.ai_worker_recount() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_worker_recount()'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_worker_recount()');
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'entries cannot be counted in a % transaction', current_setting('transaction_isolation')
            USING ERRCODE = 'invalid_transaction_state', DETAIL = 'It does not see what others have stored since it began.',
                  HINT = 'Use READ COMMITTED: BEGIN ISOLATION LEVEL READ COMMITTED, or SET default_transaction_isolation.';
    END IF;
    LOCK TABLE public.ai_worker_cache, ai_worker.cache_totals IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM ai_worker.cache_totals;
    INSERT INTO ai_worker.cache_totals (created_hour, expires_hour, entries, hits, tokens_saved, bytes)
    SELECT date_trunc('hour', c.created_at, 'UTC'), date_trunc('hour', c.expires_at, 'UTC'), count(*), sum(c.hit_count),
           sum(c.tokens_used * c.hit_count), sum(octet_length(c.prompt_text) + octet_length(c.generated_sql))
      FROM public.ai_worker_cache AS c GROUP BY 1, 2;
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'the cache is in use'
        USING ERRCODE = 'lock_not_available', DETAIL = 'An open transaction has stored an entry or holds a lock on the cache.',
              HINT = 'Try again, or look for sessions that are idle in transaction in pg_stat_activity.';
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_recount() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_recount() IS
    'AI Worker: counts the entries of the cache anew, for statistics and limits; clean-up does it where it finds them wrong';
