CREATE OR REPLACE FUNCTION ai_worker.fold_entries(candidates varchar[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    keys varchar[];
    moved bigint;
BEGIN
    -- Entries that another session has locked keep their hits for the next time. Of what has been hit meanwhile the server asks all
    -- conditions again, each time from the beginning, and one with thousands of keys in it takes milliseconds.
    keys := ARRAY(
        SELECT c.cache_key
          FROM (SELECT DISTINCT h.cache_key
                  FROM unnest(candidates) AS k (key) JOIN ai_worker.cache_hits AS h ON h.cache_key = k.key) AS d
          JOIN public.ai_worker_cache AS c ON c.cache_key = d.cache_key
           FOR UPDATE OF c SKIP LOCKED);
    IF keys = '{}' THEN
        RETURN 0;
    END IF;
    WITH taken AS (
        DELETE FROM ai_worker.cache_hits AS h
         WHERE h.ctid = ANY (ARRAY(SELECT f.ctid
                                     FROM unnest(keys) AS k (key) JOIN ai_worker.cache_hits AS f ON f.cache_key = k.key
                                      FOR UPDATE OF f SKIP LOCKED))
        RETURNING h.*),
    folded AS (
        UPDATE public.ai_worker_cache AS c
           SET hit_count = c.hit_count + s.hits, last_accessed_at = GREATEST(c.last_accessed_at, s.last_hit_at)
          FROM (SELECT t.cache_key, t.created_at, sum(t.hits)::bigint AS hits, max(t.last_hit_at) AS last_hit_at
                  FROM taken AS t GROUP BY t.cache_key, t.created_at) AS s
         -- IS TRUE keeps the planner from looking by created_at, which many entries may share.
         WHERE c.cache_key = s.cache_key AND (c.created_at = s.created_at) IS TRUE
        RETURNING 1),
    counted AS (
        INSERT INTO ai_worker.traffic (kind, requests, latency)
        SELECT 'hit', sum(t.hits), ai_worker.sum_latency(array_agg(t.latency::bigint[]))
          FROM taken AS t HAVING count(*) > 0)
    SELECT count(*) INTO moved FROM folded;
    RETURN moved;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.fold_entries(varchar[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.fold_entries(varchar[]) IS
    'AI Worker: moves counted hits of entries with these keys into ai_worker_cache and ai_worker.traffic; of how many entries';

CREATE OR REPLACE FUNCTION ai_worker.fold_hits(at_most integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    candidates CONSTANT varchar[] := ARRAY(SELECT h.cache_key FROM ai_worker.cache_hits AS h LIMIT at_most);
BEGIN
    PERFORM ai_worker.fold_entries(candidates);

    -- What is left of entries that are gone.
    WITH taken AS (
        DELETE FROM ai_worker.cache_hits AS h
         WHERE h.ctid = ANY (ARRAY(
                   SELECT f.ctid FROM unnest(candidates) AS k (key) JOIN ai_worker.cache_hits AS f ON f.cache_key = k.key
                    WHERE NOT EXISTS (SELECT FROM public.ai_worker_cache AS c
                                       WHERE c.cache_key = f.cache_key AND (c.created_at = f.created_at) IS TRUE)
                      FOR UPDATE OF f SKIP LOCKED))
        RETURNING h.*)
    INSERT INTO ai_worker.traffic (kind, requests, latency)
    SELECT 'hit', sum(t.hits), ai_worker.sum_latency(array_agg(t.latency::bigint[])) FROM taken AS t HAVING count(*) > 0;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.fold_hits(integer) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.fold_hits(integer) IS
    'AI Worker: moves counted hits into ai_worker_cache and ai_worker.traffic';

CREATE OR REPLACE FUNCTION ai_worker.merge_counters() RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH taken AS (
        DELETE FROM ai_worker.traffic AS t
         WHERE t.ctid = ANY (ARRAY(SELECT f.ctid FROM ai_worker.traffic AS f FOR UPDATE SKIP LOCKED))
        RETURNING t.*)
    INSERT INTO ai_worker.traffic (kind, requests, latency)
    SELECT t.kind, sum(t.requests), ai_worker.sum_latency(array_agg(t.latency)) FROM taken AS t GROUP BY t.kind;

    WITH taken AS (
        DELETE FROM ai_worker.cache_totals AS t
         WHERE t.ctid = ANY (ARRAY(SELECT f.ctid FROM ai_worker.cache_totals AS f FOR UPDATE SKIP LOCKED))
        RETURNING t.*)
    INSERT INTO ai_worker.cache_totals (created_hour, expires_hour, entries, hits, tokens_saved, bytes)
    SELECT t.created_hour, t.expires_hour, sum(t.entries), sum(t.hits), sum(t.tokens_saved), sum(t.bytes)
      FROM taken AS t GROUP BY t.created_hour, t.expires_hour
    HAVING (sum(t.entries), sum(t.hits), sum(t.tokens_saved), sum(t.bytes)) <> (0, 0, 0, 0);

    WITH taken AS (
        DELETE FROM ai_worker.usage_parts AS p
         WHERE p.ctid = ANY (ARRAY(
                   SELECT f.ctid FROM ai_worker.usage_parts AS f
                    WHERE (f.day, f.role) IN (SELECT m.day, m.role FROM ai_worker.usage_parts AS m
                                               GROUP BY m.day, m.role HAVING count(*) > 1)
                      FOR UPDATE SKIP LOCKED))
        RETURNING p.*)
    INSERT INTO ai_worker.usage_parts
        (day, role, calls, failed_calls, prompt_tokens, completion_tokens, cached_tokens, tokens)
    SELECT t.day, t.role, sum(t.calls), sum(t.failed_calls), sum(t.prompt_tokens), sum(t.completion_tokens),
           sum(t.cached_tokens), sum(t.tokens)
      FROM taken AS t GROUP BY t.day, t.role
$$;
REVOKE ALL ON FUNCTION ai_worker.merge_counters() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.merge_counters() IS
    'AI Worker: merges the rows of ai_worker.traffic, ai_worker.cache_totals and ai_worker.usage_parts that nobody has locked';
