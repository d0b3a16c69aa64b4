-- Counters and what is shown of them.

CREATE OR REPLACE FUNCTION public.ai_worker_count_totals() RETURNS trigger
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
    IF TG_OP = 'TRUNCATE' THEN
        -- Nobody else can be changing the cache now, so none of the sums is left; but a snapshot from before this statement
        -- does not show all of them.
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            TRUNCATE public.ai_worker_cache_totals;
            RETURN NULL;
        END IF;
        INSERT INTO public.ai_worker_cache_totals (created_hour, expires_hour, entries, hits, tokens_saved, bytes)
        SELECT t.created_hour, t.expires_hour, -sum(t.entries), -sum(t.hits), -sum(t.tokens_saved), -sum(t.bytes)
          FROM public.ai_worker_cache_totals AS t GROUP BY t.created_hour, t.expires_hour;
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
            UPDATE public.ai_worker_cache_totals AS t
               SET entries = t.entries + more_entries, hits = t.hits + more_hits,
                   tokens_saved = t.tokens_saved + more_tokens, bytes = t.bytes + more_bytes
             WHERE t.ctid = (SELECT f.ctid FROM public.ai_worker_cache_totals AS f
                              WHERE f.created_hour = created AND f.expires_hour = expires
                              LIMIT 1 FOR UPDATE SKIP LOCKED);
            CONTINUE WHEN FOUND;
        END IF;
        INSERT INTO public.ai_worker_cache_totals (created_hour, expires_hour, entries, hits, tokens_saved, bytes)
        VALUES (created, expires, more_entries, more_hits, more_tokens, more_bytes);
    END LOOP;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_count_totals() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_count_totals() IS
    'AI Worker: keeps ai_worker_cache_totals, whoever changes the cache';

DROP TRIGGER IF EXISTS ai_worker_totals_insert ON public.ai_worker_cache;
CREATE TRIGGER ai_worker_totals_insert AFTER INSERT ON public.ai_worker_cache
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.ai_worker_count_totals();
COMMENT ON TRIGGER ai_worker_totals_insert ON public.ai_worker_cache IS 'Keeps ai_worker_cache_totals';
DROP TRIGGER IF EXISTS ai_worker_totals_update ON public.ai_worker_cache;
CREATE TRIGGER ai_worker_totals_update AFTER UPDATE ON public.ai_worker_cache
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION public.ai_worker_count_totals();
COMMENT ON TRIGGER ai_worker_totals_update ON public.ai_worker_cache IS 'Keeps ai_worker_cache_totals';
DROP TRIGGER IF EXISTS ai_worker_totals_delete ON public.ai_worker_cache;
CREATE TRIGGER ai_worker_totals_delete AFTER DELETE ON public.ai_worker_cache
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION public.ai_worker_count_totals();
COMMENT ON TRIGGER ai_worker_totals_delete ON public.ai_worker_cache IS 'Keeps ai_worker_cache_totals';
DROP TRIGGER IF EXISTS ai_worker_totals_truncate ON public.ai_worker_cache;
CREATE TRIGGER ai_worker_totals_truncate AFTER TRUNCATE ON public.ai_worker_cache
    FOR EACH STATEMENT EXECUTE FUNCTION public.ai_worker_count_totals();
COMMENT ON TRIGGER ai_worker_totals_truncate ON public.ai_worker_cache IS 'Keeps ai_worker_cache_totals';

CREATE OR REPLACE FUNCTION public.ai_worker_recount() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'entries cannot be counted in a % transaction', current_setting('transaction_isolation')
            USING ERRCODE = 'invalid_transaction_state', DETAIL = 'It does not see what others have stored since it began.',
                  HINT = 'Use READ COMMITTED: BEGIN ISOLATION LEVEL READ COMMITTED, or SET default_transaction_isolation.';
    END IF;
    LOCK TABLE public.ai_worker_cache, public.ai_worker_cache_totals IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM public.ai_worker_cache_totals;
    INSERT INTO public.ai_worker_cache_totals (created_hour, expires_hour, entries, hits, tokens_saved, bytes)
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

CREATE OR REPLACE FUNCTION public.ai_worker_sum_latency(latencies bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT COALESCE(array_agg(total ORDER BY bucket), array_fill(0::bigint, ARRAY[28]))
      FROM (SELECT bucket, sum(latencies[histogram][bucket])::bigint AS total
              FROM generate_series(1, array_length(latencies, 1)) AS histogram, generate_series(1, 28) AS bucket
             GROUP BY bucket) AS sums
$$;
REVOKE ALL ON FUNCTION public.ai_worker_sum_latency(bigint[]) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_sum_latency(bigint[]) IS
    'AI Worker: the sum of latency histograms, given as rows of a two-dimensional array';

CREATE OR REPLACE FUNCTION public.ai_worker_latency_percentile(latency bigint[], fraction double precision)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT COALESCE(round((power(2.0::double precision,
                                 bucket - 1 + (rank - below)::double precision / NULLIF(amount, 0)) / 1000)::numeric, 3), 0)
      FROM (SELECT bucket, amount, sum(amount) OVER (ORDER BY bucket) - amount AS below,
                   sum(amount) OVER () * fraction::numeric AS rank
              FROM unnest(latency) WITH ORDINALITY AS histogram (amount, bucket)) AS cumulated
     WHERE rank > below OR bucket = 1
     ORDER BY bucket DESC
     LIMIT 1
$$;
REVOKE ALL ON FUNCTION public.ai_worker_latency_percentile(bigint[], double precision) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_latency_percentile(bigint[], double precision) IS
    'AI Worker: percentile of a latency histogram in milliseconds, interpolated within its bucket; 0 when empty';

CREATE OR REPLACE VIEW public.ai_worker_cache_stats AS
WITH moment AS MATERIALIZED (
    SELECT clock_timestamp() AS now, date_trunc('hour', clock_timestamp(), 'UTC') AS hour),
totals AS (
    SELECT COALESCE(sum(t.entries), 0)::bigint AS entries, COALESCE(sum(t.hits), 0) AS hits,
           COALESCE(sum(t.tokens_saved), 0) AS tokens_saved,
           COALESCE(sum(t.entries) FILTER (WHERE t.expires_hour < m.hour), 0)::bigint AS expired_before
      FROM moment AS m LEFT JOIN public.ai_worker_cache_totals AS t ON true),
-- From here on the index gives the oldest entry at once; before it there is only what was deleted since the last VACUUM,
-- and a mass delete leaves a million of those to pass.
oldest AS (
    SELECT min(f.created_hour) AS hour
      FROM (SELECT t.created_hour FROM public.ai_worker_cache_totals AS t
             GROUP BY t.created_hour HAVING sum(t.entries) > 0) AS f),
expired AS (
    SELECT count(*) AS this_hour FROM moment AS m
      JOIN public.ai_worker_cache AS c ON c.expires_at >= m.hour AND c.expires_at <= m.now),
unfolded AS (
    SELECT COALESCE(sum(e.hits), 0) AS hits, COALESCE(sum(e.hits * e.tokens_used), 0) AS tokens_saved,
           COALESCE(max(e.hits + e.hit_count), 0) AS max_hits
      FROM (SELECT p.hits, c.hit_count, c.tokens_used
              FROM (SELECT h.cache_key, h.created_at, sum(h.hits) AS hits
                      FROM public.ai_worker_cache_hits AS h GROUP BY h.cache_key, h.created_at) AS p
              -- LIMIT keeps the planner from scanning the cache instead, and IS TRUE from looking by created_at, which
              -- many entries may share.
             CROSS JOIN LATERAL (SELECT f.hit_count, f.tokens_used FROM public.ai_worker_cache AS f
                                  WHERE f.cache_key = p.cache_key AND (f.created_at = p.created_at) IS TRUE
                                  LIMIT 1) AS c) AS e),
requests AS (
    SELECT COALESCE(sum(r.requests), 0)::bigint AS total,
           COALESCE(sum(r.requests) FILTER (WHERE r.kind = 'hit'), 0)::bigint AS hits,
           public.ai_worker_sum_latency(array_agg(r.latency) FILTER (WHERE r.kind = 'hit')) AS hit_latency,
           public.ai_worker_sum_latency(array_agg(r.latency) FILTER (WHERE r.kind = 'miss')) AS miss_latency
      FROM (SELECT t.kind, t.requests, t.latency FROM public.ai_worker_traffic AS t
             UNION ALL
            -- Most unfolded rows hold a hit or two, so few of their histograms differ.
            SELECT 'hit', g.hits, (SELECT array_agg(b.amount * g.times ORDER BY b.bucket)
                                     FROM unnest(g.latency) WITH ORDINALITY AS b (amount, bucket))
              FROM (SELECT h.latency, count(*) AS times, sum(h.hits)::bigint AS hits
                      FROM public.ai_worker_cache_hits AS h GROUP BY h.latency) AS g) AS r)
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
       public.ai_worker_latency_percentile(r.hit_latency, 0.50) AS hit_p50_ms,
       public.ai_worker_latency_percentile(r.hit_latency, 0.95) AS hit_p95_ms,
       public.ai_worker_latency_percentile(r.miss_latency, 0.50) AS miss_p50_ms,
       public.ai_worker_latency_percentile(r.miss_latency, 0.95) AS miss_p95_ms
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
    LOCK TABLE public.ai_worker_cache IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM public.ai_worker_cache_hits;
    DELETE FROM public.ai_worker_traffic;
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

CREATE OR REPLACE FUNCTION public.ai_worker_state() RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing text[];
    problems text[] := ARRAY[]::text[];
    cache_problem text;
    settings record;
    schema_name text;
BEGIN
    SELECT array_agg(r.name ORDER BY r.name) INTO missing
      FROM unnest(ARRAY['ai_worker_cache', 'ai_worker_cache_hits', 'ai_worker_cache_pending', 'ai_worker_cache_stats',
                        'ai_worker_cache_totals', 'ai_worker_config', 'ai_worker_quotas', 'ai_worker_traffic',
                        'ai_worker_usage', 'ai_worker_usage_parts',
                        'ai_worker_counters.endpoint_failing_since', 'ai_worker_counters.endpoint_state', 'idx_ai_cache_accessed',
                        'idx_ai_cache_created', 'idx_ai_cache_expires', 'idx_ai_cache_hits',
                        'idx_ai_cache_schema', 'idx_ai_cache_verified']) AS r (name)
     WHERE to_regclass(CASE WHEN position('.' IN r.name) > 0 THEN r.name ELSE 'public.' || r.name END) IS NULL;
    IF missing IS NOT NULL THEN
        problems := problems || format('missing: %s; run install/install.sh again on this database',
                                       array_to_string(missing, ', '));
    END IF;
    BEGIN
        SELECT c.* INTO settings FROM public.ai_worker_config AS c;
        IF NOT FOUND THEN
            problems := problems || 'ai_worker_config has no row; INSERT INTO public.ai_worker_config DEFAULT VALUES'::text;
        ELSE
            FOREACH schema_name IN ARRAY settings.schemas LOOP
                IF to_regnamespace(quote_ident(schema_name)) IS NULL THEN
                    problems := problems || format('schema %I does not exist', schema_name);
                ELSIF NOT has_schema_privilege(schema_name, 'USAGE') THEN
                    problems := problems || format('GRANT USAGE ON SCHEMA %I TO ai_worker', schema_name);
                END IF;
            END LOOP;
            -- A misspelt name would hide nothing.
            IF settings.value_hints THEN
                problems := problems || ARRAY(
                    SELECT format('value_hints_hidden: no column in scope is %s', h.name)
                      FROM unnest(settings.value_hints_hidden) AS h (name)
                     WHERE NOT EXISTS (
                           SELECT FROM pg_namespace AS n
                             JOIN pg_class AS c ON c.relnamespace = n.oid
                             JOIN pg_attribute AS a ON a.attrelid = c.oid
                            WHERE n.nspname = ANY (settings.schemas) AND a.attnum > 0
                              AND h.name IN (a.attname, c.relname || '.' || a.attname,
                                             n.nspname || '.' || c.relname || '.' || a.attname))
                     ORDER BY h.name);
            END IF;
        END IF;
        PERFORM c.cache_key, c.prompt_text, c.model, c.schema_version, c.generated_sql, c.validated, c.tokens_used,
                c.created_at, c.expires_at, c.last_accessed_at, c.hit_count
           FROM public.ai_worker_cache AS c LIMIT 1;
    EXCEPTION WHEN OTHERS THEN
        IF SQLSTATE LIKE '57%' THEN
            RAISE;
        END IF;
        cache_problem := SQLERRM;
        problems := problems || cache_problem;
    END;
    -- A quota keeps the name of its role: it does not hold for a role that has been given another one.
    IF to_regclass('public.ai_worker_quotas') IS NOT NULL THEN
        problems := problems || ARRAY(
            SELECT format('ai_worker_quotas %s: role %I does not exist', q.quota_id, q.role)
              FROM public.ai_worker_quotas AS q
             WHERE q.role IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = q.role)
             ORDER BY q.quota_id);
    END IF;
    RETURN jsonb_build_object(
        'postgresql', current_setting('server_version'),
        'in_recovery', pg_is_in_recovery(),
        'cache_enabled', settings.cache_enabled,
        'cache_usable', cache_problem IS NULL,
        'model', settings.model,
        'base_url', regexp_replace(regexp_replace(settings.base_url, '[?#].*', ''), '//[^/]*@', '//'),
        'problems', to_jsonb(problems));
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_state() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_state() IS
    'AI Worker: what of ai_worker_health() the server itself can tell';
