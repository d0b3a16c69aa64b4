-- Only folding says when an entry was last used, so the coldest are folded, and those that turn out warm make room for the
-- next, some rounds at most. Each table has an index for it, whatever the planner believes.
CREATE OR REPLACE FUNCTION ai_worker.evict(at_most integer, max_entries bigint, max_bytes bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    entries_over bigint;
    bytes_over bigint;
    looked_at integer;
    evicted bigint;
BEGIN
    SELECT COALESCE(sum(t.entries), 0) - max_entries, COALESCE(sum(t.bytes), 0) - max_bytes
      INTO entries_over, bytes_over
      FROM ai_worker.cache_totals AS t WHERE t.expires_hour < 'infinity';
    IF at_most <= 0 OR entries_over <= 0 AND bytes_over <= 0 THEN
        RETURN 0;
    END IF;
    looked_at := 20 + CASE WHEN bytes_over > 0 THEN at_most ELSE LEAST(at_most, entries_over) END;
    FOR round IN 1 .. LEAST(10, 2 + 10000 / looked_at) LOOP
        EXIT WHEN ai_worker.fold_entries(ARRAY(
            SELECT c.cache_key FROM public.ai_worker_cache AS c
             WHERE c.expires_at <> 'infinity' ORDER BY c.last_accessed_at LIMIT looked_at)) = 0;
    END LOOP;
    WITH coldest AS MATERIALIZED (
        SELECT c.cache_key, octet_length(c.prompt_text) + octet_length(c.generated_sql) AS bytes,
               -- Hits that another session has locked could not be folded.
               GREATEST(c.last_accessed_at, (SELECT max(h.last_hit_at) FROM ai_worker.cache_hits AS h
                                              WHERE h.cache_key = c.cache_key AND h.created_at = c.created_at)) AS used_at
          FROM public.ai_worker_cache AS c
         WHERE c.expires_at <> 'infinity'
         ORDER BY c.last_accessed_at LIMIT looked_at FOR UPDATE OF c SKIP LOCKED),
    ranked AS (
        SELECT d.cache_key, row_number() OVER before AS place, sum(d.bytes) OVER before - d.bytes AS bytes_before,
               count(*) OVER () AS entries, sum(d.bytes) OVER () AS bytes
          FROM coldest AS d
        WINDOW before AS (ORDER BY d.used_at, d.cache_key ROWS UNBOUNDED PRECEDING)),
    gone AS (
        DELETE FROM public.ai_worker_cache AS c USING ranked AS r
         WHERE c.cache_key = r.cache_key AND r.place <= at_most
           AND (r.place <= entries_over OR r.bytes_before < bytes_over)
           -- What was seen to be all there is counts more than sums that may be wrong.
           AND (r.entries = looked_at OR r.place <= r.entries - max_entries
                OR r.bytes_before < r.bytes - max_bytes)
        RETURNING 1)
    SELECT count(*) INTO evicted FROM gone;
    RETURN evicted;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.evict(integer, bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.evict(integer, bigint, bigint) IS
    'AI Worker: deletes least recently used entries beyond max_entries and max_bytes; how many. Verified entries neither count nor go';
