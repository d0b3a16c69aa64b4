-- What is shown of the counters. On a standby, where an unlogged table cannot even be named in a plan, they show nothing.

CREATE OR REPLACE FUNCTION ai_worker.unfolded_hits()
RETURNS TABLE (cache_key varchar, created_at timestamptz, hits bigint)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT pg_is_in_recovery() THEN
        RETURN QUERY SELECT h.cache_key, h.created_at, sum(h.hits)::bigint
                       FROM ai_worker.cache_hits AS h GROUP BY h.cache_key, h.created_at;
    END IF;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.unfolded_hits() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.unfolded_hits() IS
    'AI Worker: hits by entry that are not yet folded into ai_worker_cache; none on a standby, which cannot see them';

CREATE OR REPLACE FUNCTION ai_worker.unfolded(
    OUT requests bigint, OUT hits bigint, OUT tokens_saved bigint, OUT max_hits bigint, OUT latency bigint[])
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF pg_is_in_recovery() THEN
        requests := 0;
        hits := 0;
        tokens_saved := 0;
        max_hits := 0;
        RETURN;
    END IF;
    SELECT COALESCE(sum(e.hits), 0), COALESCE(sum(e.hits * e.tokens_used), 0), COALESCE(max(e.hits + e.hit_count), 0)
      INTO hits, tokens_saved, max_hits
      FROM (SELECT p.hits, c.hit_count, c.tokens_used
              FROM (SELECT h.cache_key, h.created_at, sum(h.hits) AS hits
                      FROM ai_worker.cache_hits AS h GROUP BY h.cache_key, h.created_at) AS p
              -- LIMIT keeps the planner from scanning the cache instead, and IS TRUE from looking by created_at, which
              -- many entries may share.
             CROSS JOIN LATERAL (SELECT f.hit_count, f.tokens_used FROM public.ai_worker_cache AS f
                                  WHERE f.cache_key = p.cache_key AND (f.created_at = p.created_at) IS TRUE
                                  LIMIT 1) AS c) AS e;
    -- Most rows hold a hit or two, so few of their histograms differ.
    SELECT COALESCE(sum(g.hits), 0),
           ai_worker.sum_latency(array_agg((SELECT array_agg(b.amount * g.times ORDER BY b.bucket)
                                              FROM unnest(g.latency) WITH ORDINALITY AS b (amount, bucket))))
      INTO requests, latency
      FROM (SELECT h.latency, count(*) AS times, sum(h.hits) AS hits
              FROM ai_worker.cache_hits AS h GROUP BY h.latency) AS g;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.unfolded() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.unfolded() IS
    'AI Worker: sums over ai_worker.cache_hits: all requests and their latency; hits and tokens saved of the entries that are there, and the hits of the most popular of these; zeros on a standby';

CREATE OR REPLACE VIEW public.ai_worker_cache_stats AS
WITH moment AS MATERIALIZED (
    SELECT clock_timestamp() AS now, date_trunc('hour', clock_timestamp(), 'UTC') AS hour),
totals AS (
    SELECT COALESCE(sum(t.entries), 0)::bigint AS entries, COALESCE(sum(t.hits), 0) AS hits,
           COALESCE(sum(t.tokens_saved), 0) AS tokens_saved,
           COALESCE(sum(t.entries) FILTER (WHERE t.expires_hour < m.hour), 0)::bigint AS expired_before
      FROM moment AS m LEFT JOIN ai_worker.cache_totals AS t ON true),
-- From here on the index gives the oldest entry at once; before it there is only what was deleted since the last VACUUM,
-- and a mass delete leaves a million of those to pass.
oldest AS (
    SELECT min(f.created_hour) AS hour
      FROM (SELECT t.created_hour FROM ai_worker.cache_totals AS t
             GROUP BY t.created_hour HAVING sum(t.entries) > 0) AS f),
expired AS (
    SELECT count(*) AS this_hour FROM moment AS m
      JOIN public.ai_worker_cache AS c ON c.expires_at >= m.hour AND c.expires_at <= m.now),
unfolded AS MATERIALIZED (
    SELECT u.* FROM ai_worker.unfolded() AS u),
requests AS (
    SELECT COALESCE(sum(r.requests), 0)::bigint AS total,
           COALESCE(sum(r.requests) FILTER (WHERE r.kind = 'hit'), 0)::bigint AS hits,
           ai_worker.sum_latency(array_agg(r.latency) FILTER (WHERE r.kind = 'hit')) AS hit_latency,
           ai_worker.sum_latency(array_agg(r.latency) FILTER (WHERE r.kind = 'miss')) AS miss_latency
      FROM (SELECT t.kind, t.requests, t.latency FROM ai_worker.traffic AS t
             UNION ALL
            SELECT 'hit', u.requests, u.latency FROM unfolded AS u WHERE u.requests > 0) AS r)
SELECT t.entries AS total_entries,
       t.entries - t.expired_before - x.this_hour AS valid_entries,
       t.expired_before + x.this_hour AS expired_entries,
       (t.hits + u.hits)::bigint AS total_hits,
       COALESCE(round((t.hits + u.hits) / NULLIF(t.entries, 0), 2), 0) AS avg_hits_per_entry,
       (t.tokens_saved + u.tokens_saved)::bigint AS total_tokens_saved,
       GREATEST(COALESCE((SELECT max(c.hit_count) FROM public.ai_worker_cache AS c), 0), u.max_hits)::bigint AS max_hits,
       (SELECT min(c.created_at) FROM public.ai_worker_cache AS c WHERE c.created_at >= o.hour) AS oldest_entry,
       (SELECT max(c.created_at) FROM public.ai_worker_cache AS c) AS newest_entry,
       r.total AS total_requests,
       COALESCE(round(r.hits::numeric / NULLIF(r.total, 0), 4), 0) AS hit_rate,
       ai_worker.latency_percentile(r.hit_latency, 0.50) AS hit_p50_ms,
       ai_worker.latency_percentile(r.hit_latency, 0.95) AS hit_p95_ms,
       ai_worker.latency_percentile(r.miss_latency, 0.50) AS miss_p50_ms,
       ai_worker.latency_percentile(r.miss_latency, 0.95) AS miss_p95_ms
  FROM totals AS t, oldest AS o, expired AS x, unfolded AS u, requests AS r;
REVOKE ALL ON TABLE public.ai_worker_cache_stats FROM PUBLIC;
COMMENT ON VIEW public.ai_worker_cache_stats IS
    'AI Worker: one row of cache statistics; hits that are not yet folded count';
COMMENT ON COLUMN public.ai_worker_cache_stats.total_entries IS 'Entries in the cache';
COMMENT ON COLUMN public.ai_worker_cache_stats.valid_entries IS 'Of these, not expired';
COMMENT ON COLUMN public.ai_worker_cache_stats.expired_entries IS 'Of these, expired and waiting for clean-up';
COMMENT ON COLUMN public.ai_worker_cache_stats.total_hits IS 'Hits of the entries that are in the cache';
COMMENT ON COLUMN public.ai_worker_cache_stats.avg_hits_per_entry IS 'total_hits / total_entries';
COMMENT ON COLUMN public.ai_worker_cache_stats.total_tokens_saved IS 'Sum of tokens_used * hits of these entries';
COMMENT ON COLUMN public.ai_worker_cache_stats.max_hits IS 'Hits of the most popular entry';
COMMENT ON COLUMN public.ai_worker_cache_stats.oldest_entry IS 'Earliest created_at, NULL when empty';
COMMENT ON COLUMN public.ai_worker_cache_stats.newest_entry IS 'Latest created_at, NULL when empty';
COMMENT ON COLUMN public.ai_worker_cache_stats.total_requests IS 'Answered requests since the last reset';
COMMENT ON COLUMN public.ai_worker_cache_stats.hit_rate IS 'Share of them answered from the cache, 0 to 1';
COMMENT ON COLUMN public.ai_worker_cache_stats.hit_p50_ms IS 'Median time of a hit in the server, ms, within a factor of two';
COMMENT ON COLUMN public.ai_worker_cache_stats.hit_p95_ms IS '95th percentile of the same';
COMMENT ON COLUMN public.ai_worker_cache_stats.miss_p50_ms IS 'Median time of a miss in the server, ms, within a factor of two';
COMMENT ON COLUMN public.ai_worker_cache_stats.miss_p95_ms IS '95th percentile of the same';

CREATE OR REPLACE FUNCTION public.ai_worker_reset_stats() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_worker_reset_stats()'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_worker_reset_stats()');
    END IF;
    LOCK TABLE public.ai_worker_cache IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM ai_worker.cache_hits;
    DELETE FROM ai_worker.traffic;
    UPDATE public.ai_worker_cache SET hit_count = 0 WHERE hit_count <> 0;
    PERFORM public.ai_worker_recount();
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'the statistics are in use'
        USING ERRCODE = 'lock_not_available',
              DETAIL = 'An open transaction has counted a hit or stored an entry. Longer waiting would keep every store out.',
              HINT = 'Try again, or look for sessions that are idle in transaction in pg_stat_activity.';
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_reset_stats() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_reset_stats() IS
    'AI Worker: sets every count of hits and requests to zero and counts the entries anew; an error when an open transaction keeps it waiting for 2 s';
