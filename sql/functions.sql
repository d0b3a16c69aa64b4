-- The cache and what needs no Java. Everything is owned by ai_worker; what callers may reach is SECURITY DEFINER, so that
-- they need EXECUTE and nothing else, with a pinned search path and every name of ours qualified.

CREATE OR REPLACE FUNCTION public.ai_worker_raise(sqlstate_code text, message text, detail text, hint text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF detail IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = sqlstate_code, MESSAGE = message, HINT = hint;
    END IF;
    RAISE EXCEPTION USING ERRCODE = sqlstate_code, MESSAGE = message, DETAIL = detail, HINT = hint;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_raise(text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_raise(text, text, text, text) IS
    'AI Worker: raises an error, for code that cannot give one a DETAIL and a HINT';

CREATE OR REPLACE FUNCTION public.ai_worker_warn(topic text, message text, hint text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    warned text := current_setting('ai_worker.warned', true);
BEGIN
    IF position(' ' || topic || ' ' IN warned) > 0 THEN
        RETURN;
    END IF;
    PERFORM set_config('ai_worker.warned', COALESCE(NULLIF(warned, ''), ' ') || topic || ' ', false);
    RAISE WARNING USING MESSAGE = message, HINT = hint;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_warn(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_warn(text, text, text) IS
    'AI Worker: raises a warning, once for each topic and session';

CREATE OR REPLACE FUNCTION public.ai_worker_request(
    prompt text, schema_version text, fresh boolean,
    OUT cache_key text, OUT model text, OUT version text, OUT cache_enabled boolean)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    longest integer;
BEGIN
    SELECT c.model, c.cache_enabled, c.max_prompt_chars INTO model, cache_enabled, longest
      FROM public.ai_worker_config AS c;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'ai_worker_config has no row'
            USING ERRCODE = 'IA004', DETAIL = 'The settings are its one row.',
                  HINT = 'INSERT INTO public.ai_worker_config DEFAULT VALUES';
    END IF;
    IF prompt IS NULL OR prompt !~ '[^[:space:]]' THEN
        RAISE EXCEPTION 'prompt is %', CASE WHEN prompt IS NULL THEN 'NULL' ELSE 'blank' END
            USING ERRCODE = 'IA001', DETAIL = 'A prompt needs at least one character that is not white space.',
                  HINT = 'Pass the question as text, for example ai_generate_sql(''Get all users'', ''v1'').';
    END IF;
    IF char_length(prompt) > longest THEN
        RAISE EXCEPTION 'prompt has % characters', char_length(prompt)
            USING ERRCODE = 'IA002', DETAIL = format('The limit is %s.', longest),
                  HINT = 'Shorten the prompt, or raise max_prompt_chars in ai_worker_config.';
    END IF;
    IF schema_version IS NULL THEN
        version := CASE WHEN fresh
            THEN public.ai_worker_schema_fingerprint((SELECT c.schemas FROM public.ai_worker_config AS c))
            ELSE public.ai_worker_schema_version() END;
    ELSIF schema_version !~ '^[^|]{1,20}$' OR schema_version !~ '[^[:space:]]' THEN
        RAISE EXCEPTION 'schema_version "%" is refused', left(schema_version, 100)
            USING ERRCODE = 'IA003',
                  DETAIL = format('It has %s characters; 1 to 20 without | are allowed.', char_length(schema_version)),
                  HINT = 'Use a short label such as ''v1'', or NULL for the automatic version.';
    ELSE
        version := schema_version;
    END IF;
    cache_key := encode(sha256(convert_to(prompt || '|' || model || '|' || version, 'UTF8')), 'hex');
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_request(text, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_request(text, text, boolean) IS
    'AI Worker: checks a request and gives its cache key; fresh: compute the automatic schema version anew';

-- No SET clause, so that it is inlined; its callers have the pinned search path.
CREATE OR REPLACE FUNCTION public.ai_worker_latency_bucket(started timestamptz) RETURNS integer
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$
    SELECT GREATEST(1, LEAST(28, pg_catalog.ceil(pg_catalog.log(2.0, GREATEST(
        1.0, EXTRACT(epoch FROM pg_catalog.clock_timestamp() - started)::numeric * 1000000)))))::integer
$$;
REVOKE ALL ON FUNCTION public.ai_worker_latency_bucket(timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_latency_bucket(timestamptz) IS
    'AI Worker: the element of a latency histogram that counts the time since started';

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

CREATE OR REPLACE FUNCTION public.ai_cached_sql(prompt text, schema_version text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    started CONSTANT timestamptz := clock_timestamp();
    isolation CONSTANT text := current_setting('transaction_isolation');
    request record;
    entry record;
    bucket integer;
    hits_here bigint := 1;
BEGIN
    request := public.ai_worker_request(prompt, schema_version, false);
    IF NOT request.cache_enabled THEN
        RETURN NULL;
    END IF;

    BEGIN
        LOCK TABLE public.ai_worker_cache IN ACCESS SHARE MODE NOWAIT;
        SELECT c.generated_sql, c.tokens_used, c.created_at, c.hit_count INTO entry
          FROM public.ai_worker_cache AS c
         WHERE c.cache_key = request.cache_key AND c.validated AND c.expires_at > started;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    EXCEPTION
        WHEN lock_not_available THEN
            PERFORM public.ai_worker_warn('locked', 'the cache is locked, going on without it',
                'Look for ACCESS EXCLUSIVE locks on ai_worker_cache in pg_locks.');
            RETURN NULL;
        WHEN undefined_table OR undefined_column THEN
            PERFORM public.ai_worker_warn('missing', 'the cache is incomplete, going on without it: ' || SQLERRM,
                'Run install/install.sh again on this database: it repairs what is missing.');
            RETURN NULL;
        WHEN OTHERS THEN
            IF SQLSTATE LIKE '57%' THEN
                RAISE;
            END IF;
            PERFORM public.ai_worker_warn('unreadable', 'the cache cannot be read, going on without it: ' || SQLERRM,
                'SELECT ai_worker_health() says more.');
            RETURN NULL;
    END;

    IF NOT current_setting('transaction_read_only')::boolean THEN
        BEGIN
            LOCK TABLE public.ai_worker_cache_hits IN ROW EXCLUSIVE MODE NOWAIT;
            bucket := public.ai_worker_latency_bucket(started);
            -- A snapshot kept for the whole transaction could make an update fail, an insert never does.
            IF isolation = 'read committed' THEN
                UPDATE public.ai_worker_cache_hits AS h
                   SET hits = h.hits + 1, last_hit_at = started, latency[bucket] = h.latency[bucket] + 1
                 WHERE h.ctid = (SELECT f.ctid FROM public.ai_worker_cache_hits AS f
                                  WHERE f.cache_key = request.cache_key AND f.created_at = entry.created_at
                                  LIMIT 1 FOR UPDATE SKIP LOCKED);
            END IF;
            IF isolation <> 'read committed' OR NOT FOUND THEN
                INSERT INTO public.ai_worker_cache_hits (cache_key, created_at, hits, last_hit_at, latency)
                VALUES (request.cache_key, entry.created_at, 1, started,
                        array_fill(0::bigint, ARRAY[bucket - 1]) || 1::bigint || array_fill(0::bigint, ARRAY[28 - bucket]));
            END IF;
        EXCEPTION WHEN OTHERS THEN
            IF SQLSTATE LIKE '57%' THEN
                RAISE;
            END IF;
            PERFORM public.ai_worker_warn('uncounted', 'a hit could not be counted: ' || SQLERRM,
                'SELECT ai_worker_health() says more.');
        END;
        hits_here := 0;
    END IF;
    -- Reading the counters under SERIALIZABLE would make other sessions' hits conflict with this transaction.
    IF isolation = 'serializable' THEN
        hits_here := 1;
    ELSE
        SELECT hits_here + COALESCE(sum(h.hits), 0) INTO hits_here
          FROM public.ai_worker_cache_hits AS h
         WHERE h.cache_key = request.cache_key AND h.created_at = entry.created_at;
    END IF;

    RETURN jsonb_build_object(
        'sql', entry.generated_sql, 'validated', true, 'tokens_used', entry.tokens_used,
        'schema_version', request.version, 'cache_hit', true, 'hit_count', entry.hit_count + hits_here);
END
$$;
REVOKE ALL ON FUNCTION public.ai_cached_sql(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_cached_sql(text, text) IS
    'AI Worker: the cached response to a question, counting the hit, or NULL. Starts no JVM';

CREATE OR REPLACE FUNCTION public.ai_sql(prompt text, schema_version text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    response jsonb := public.ai_cached_sql(prompt, schema_version);
BEGIN
    IF response IS NULL THEN
        response := public.ai_generate_sql(prompt, schema_version);
    END IF;
    RETURN response ->> 'sql';
END
$$;
REVOKE ALL ON FUNCTION public.ai_sql(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_sql(text, text) IS
    'AI Worker: the statement that answers a question, cached first; on a hit it starts no JVM';

-- SECURITY INVOKER on purpose, as is its caller: the statement runs with the rights of who asked.
CREATE OR REPLACE FUNCTION public.ai_worker_execute(statement text, schemas text) RETURNS SETOF jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET transaction_read_only = on
AS $$
BEGIN
    PERFORM set_config('search_path', schemas, true);
    RETURN QUERY EXECUTE 'SELECT to_jsonb(answer) FROM (' || statement || ') AS answer';
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_execute(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_execute(text, text) IS
    'AI Worker: runs a proven statement as the caller, held read-only by the server';

CREATE OR REPLACE FUNCTION public.ai_worker_search_path() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(quote_ident(s.name), ', ' ORDER BY s.place) || ', pg_temp'
      FROM public.ai_worker_config AS c, unnest(c.schemas) WITH ORDINALITY AS s (name, place)
$$;
REVOKE ALL ON FUNCTION public.ai_worker_search_path() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_search_path() IS
    'AI Worker: the search path under which statements are proven and run';

CREATE OR REPLACE FUNCTION public.ai_run_sql(prompt text, schema_version text DEFAULT NULL) RETURNS SETOF jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT * FROM public.ai_worker_execute(
        public.ai_sql(prompt, schema_version), public.ai_worker_search_path());
END
$$;
REVOKE ALL ON FUNCTION public.ai_run_sql(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_run_sql(text, text) IS
    'AI Worker: answers a question with rows, running the statement read-only with the caller''s own rights';

CREATE OR REPLACE FUNCTION public.ai_worker_count_totals() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    change record;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO public.ai_worker_cache_totals (expires_hour, entries, hits, tokens_saved, bytes)
        SELECT t.expires_hour, -sum(t.entries), -sum(t.hits), -sum(t.tokens_saved), -sum(t.bytes)
          FROM public.ai_worker_cache_totals AS t GROUP BY t.expires_hour;
        RETURN NULL;
    END IF;
    FOR change IN EXECUTE
        'SELECT date_trunc(''hour'', expires_at, ''UTC'') AS expires_hour, sum(sign) AS entries,
                sum(sign * hit_count) AS hits, sum(sign * tokens_used * hit_count) AS tokens_saved,
                sum(sign * (octet_length(prompt_text) + octet_length(generated_sql))) AS bytes
           FROM (' || CASE TG_OP WHEN 'INSERT' THEN 'SELECT 1 AS sign, * FROM new_rows'
                                 WHEN 'DELETE' THEN 'SELECT -1 AS sign, * FROM old_rows'
                                 ELSE 'SELECT 1 AS sign, * FROM new_rows UNION ALL SELECT -1, * FROM old_rows' END
        || ') AS changed GROUP BY 1'
    LOOP
        IF current_setting('transaction_isolation') = 'read committed' THEN
            UPDATE public.ai_worker_cache_totals AS t
               SET entries = t.entries + change.entries, hits = t.hits + change.hits,
                   tokens_saved = t.tokens_saved + change.tokens_saved, bytes = t.bytes + change.bytes
             WHERE t.ctid = (SELECT f.ctid FROM public.ai_worker_cache_totals AS f
                              WHERE f.expires_hour = change.expires_hour LIMIT 1 FOR UPDATE SKIP LOCKED);
            CONTINUE WHEN FOUND;
        END IF;
        INSERT INTO public.ai_worker_cache_totals (expires_hour, entries, hits, tokens_saved, bytes)
        VALUES (change.expires_hour, change.entries, change.hits, change.tokens_saved, change.bytes);
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

CREATE OR REPLACE FUNCTION public.ai_worker_evict(at_most integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entries_over bigint;
    bytes_over bigint;
    evicted bigint;
BEGIN
    SELECT COALESCE(sum(t.entries), 0) - c.max_entries, COALESCE(sum(t.bytes), 0) - c.max_bytes
      INTO entries_over, bytes_over
      FROM public.ai_worker_config AS c LEFT JOIN public.ai_worker_cache_totals AS t ON true
     GROUP BY c.max_entries, c.max_bytes;
    IF entries_over <= 0 AND bytes_over <= 0 THEN
        RETURN 0;
    END IF;
    WITH coldest AS MATERIALIZED (
        SELECT c.cache_key, c.last_accessed_at, octet_length(c.prompt_text) + octet_length(c.generated_sql) AS bytes
          FROM public.ai_worker_cache AS c
         ORDER BY c.last_accessed_at LIMIT at_most FOR UPDATE SKIP LOCKED),
    ranked AS (
        SELECT d.cache_key, row_number() OVER before AS place, sum(d.bytes) OVER before - d.bytes AS bytes_before
          FROM coldest AS d
        WINDOW before AS (ORDER BY d.last_accessed_at, d.cache_key ROWS UNBOUNDED PRECEDING)),
    gone AS (
        DELETE FROM public.ai_worker_cache AS c USING ranked AS r
         WHERE c.cache_key = r.cache_key AND (r.place <= entries_over OR r.bytes_before < bytes_over)
        RETURNING 1)
    SELECT count(*) INTO evicted FROM gone;
    RETURN evicted;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_evict(integer) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_evict(integer) IS
    'AI Worker: deletes least recently used entries beyond max_entries and max_bytes; how many';

CREATE OR REPLACE FUNCTION public.ai_worker_land_pending() RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH landed AS (
        DELETE FROM public.ai_worker_cache_pending AS p
         WHERE p.ctid = ANY (ARRAY(SELECT f.ctid FROM public.ai_worker_cache_pending AS f
                                    LIMIT 1000 FOR UPDATE SKIP LOCKED))
        RETURNING p.*)
    INSERT INTO public.ai_worker_cache
    SELECT DISTINCT ON (l.cache_key) l.* FROM landed AS l ORDER BY l.cache_key, l.created_at
    ON CONFLICT (cache_key) DO NOTHING
$$;
REVOKE ALL ON FUNCTION public.ai_worker_land_pending() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_land_pending() IS
    'AI Worker: moves entries of SERIALIZABLE transactions into the cache';

CREATE OR REPLACE FUNCTION public.ai_worker_store(
    prompt text, model text, schema_version text, cache_key text, statement text, tokens integer, started timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
    stored_at CONSTANT timestamptz := clock_timestamp();
    isolation CONSTANT text := current_setting('transaction_isolation');
    settings record;
    bucket integer;
BEGIN
    IF current_setting('transaction_read_only')::boolean THEN
        RETURN;
    END IF;
    SELECT c.cache_enabled, c.default_ttl INTO settings FROM public.ai_worker_config AS c;
    BEGIN
        IF isolation = 'read committed' THEN
            bucket := public.ai_worker_latency_bucket(started);
            UPDATE public.ai_worker_traffic AS t
               SET requests = t.requests + 1, latency[bucket] = t.latency[bucket] + 1
             WHERE t.ctid = (SELECT f.ctid FROM public.ai_worker_traffic AS f
                              WHERE f.kind = 'miss' LIMIT 1 FOR UPDATE SKIP LOCKED);
        END IF;
        IF isolation <> 'read committed' OR NOT FOUND THEN
            bucket := public.ai_worker_latency_bucket(started);
            INSERT INTO public.ai_worker_traffic (kind, requests, latency)
            VALUES ('miss', 1,
                    array_fill(0::bigint, ARRAY[bucket - 1]) || 1::bigint || array_fill(0::bigint, ARRAY[28 - bucket]));
        END IF;
        IF NOT settings.cache_enabled THEN
            RETURN;
        END IF;
        IF isolation = 'serializable' THEN
            INSERT INTO public.ai_worker_cache_pending
                (cache_key, prompt_text, model, schema_version, generated_sql, tokens_used,
                 created_at, expires_at, last_accessed_at)
            VALUES (cache_key, prompt, model, schema_version, statement, tokens,
                    stored_at, stored_at + settings.default_ttl, stored_at);
            RETURN;
        END IF;
        -- An entry that is still good stays; the loser of a race has the same right to its own answer.
        INSERT INTO public.ai_worker_cache AS c
            (cache_key, prompt_text, model, schema_version, generated_sql, tokens_used,
             created_at, expires_at, last_accessed_at)
        VALUES (cache_key, prompt, model, schema_version, statement, tokens,
                stored_at, stored_at + settings.default_ttl, stored_at)
        ON CONFLICT ON CONSTRAINT ai_worker_cache_pkey DO UPDATE
            SET prompt_text = EXCLUDED.prompt_text, generated_sql = EXCLUDED.generated_sql, validated = true,
                tokens_used = EXCLUDED.tokens_used, created_at = EXCLUDED.created_at,
                expires_at = EXCLUDED.expires_at, last_accessed_at = EXCLUDED.last_accessed_at, hit_count = 0
            WHERE c.expires_at <= stored_at OR NOT c.validated;
        PERFORM public.ai_worker_land_pending();
        PERFORM public.ai_worker_evict(10);
    EXCEPTION WHEN OTHERS THEN
        IF SQLSTATE LIKE '57%' THEN
            RAISE;
        END IF;
        PERFORM public.ai_worker_warn('unstored', 'an answer could not be cached: ' || SQLERRM,
            'If an object is missing, run install/install.sh again on this database; SELECT ai_worker_health() says more.');
    END;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_store(text, text, text, text, text, integer, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_store(text, text, text, text, text, integer, timestamptz) IS
    'AI Worker: caches a proven statement and counts the miss; gives up with a warning rather than wait or fail';

CREATE OR REPLACE FUNCTION public.ai_worker_fold_hits(at_most integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keys varchar[];
BEGIN
    -- Entries that another session has locked keep their hits for the next time.
    keys := ARRAY(
        SELECT c.cache_key FROM public.ai_worker_cache AS c
         WHERE c.cache_key IN (SELECT h.cache_key FROM public.ai_worker_cache_hits AS h LIMIT at_most)
           FOR UPDATE SKIP LOCKED);
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
         WHERE c.cache_key = s.cache_key AND c.created_at = s.created_at)
    INSERT INTO public.ai_worker_traffic (kind, requests, latency)
    SELECT 'hit', sum(t.hits), public.ai_worker_sum_latency(array_agg(t.latency)) FROM taken AS t HAVING count(*) > 0;

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
    SELECT 'hit', sum(t.hits), public.ai_worker_sum_latency(array_agg(t.latency)) FROM taken AS t HAVING count(*) > 0;
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
    INSERT INTO public.ai_worker_cache_totals (expires_hour, entries, hits, tokens_saved, bytes)
    SELECT t.expires_hour, sum(t.entries), sum(t.hits), sum(t.tokens_saved), sum(t.bytes)
      FROM taken AS t GROUP BY t.expires_hour
    HAVING (sum(t.entries), sum(t.hits), sum(t.tokens_saved), sum(t.bytes)) <> (0, 0, 0, 0)
$$;
REVOKE ALL ON FUNCTION public.ai_worker_merge_counters() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_merge_counters() IS
    'AI Worker: merges the rows of ai_worker_traffic and ai_worker_cache_totals that nobody has locked';

CREATE OR REPLACE FUNCTION public.ai_worker_clean(at_most integer DEFAULT 10000) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
    deleted bigint;
BEGIN
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

CREATE OR REPLACE VIEW public.ai_worker_cache_stats AS
WITH moment AS MATERIALIZED (
    SELECT clock_timestamp() AS now, date_trunc('hour', clock_timestamp(), 'UTC') AS hour),
totals AS (
    SELECT COALESCE(sum(t.entries), 0)::bigint AS entries, COALESCE(sum(t.hits), 0) AS hits,
           COALESCE(sum(t.tokens_saved), 0) AS tokens_saved,
           COALESCE(sum(t.entries) FILTER (WHERE t.expires_hour < m.hour), 0)::bigint AS expired_before
      FROM moment AS m LEFT JOIN public.ai_worker_cache_totals AS t ON true),
expired AS (
    SELECT count(*) AS this_hour FROM moment AS m
      JOIN public.ai_worker_cache AS c ON c.expires_at >= m.hour AND c.expires_at <= m.now),
unfolded AS (
    SELECT COALESCE(sum(e.hits), 0) AS hits, COALESCE(sum(e.hits * e.tokens_used), 0) AS tokens_saved,
           COALESCE(max(e.hits + e.hit_count), 0) AS max_hits
      FROM (SELECT sum(h.hits) AS hits, c.hit_count, c.tokens_used
              FROM public.ai_worker_cache_hits AS h
              JOIN public.ai_worker_cache AS c ON c.cache_key = h.cache_key AND c.created_at = h.created_at
             GROUP BY c.cache_key) AS e),
requests AS (
    SELECT COALESCE(sum(r.requests), 0)::bigint AS total,
           COALESCE(sum(r.requests) FILTER (WHERE r.kind = 'hit'), 0)::bigint AS hits,
           public.ai_worker_sum_latency(array_agg(r.latency) FILTER (WHERE r.kind = 'hit')) AS hit_latency,
           public.ai_worker_sum_latency(array_agg(r.latency) FILTER (WHERE r.kind = 'miss')) AS miss_latency
      FROM (SELECT t.kind, t.requests, t.latency FROM public.ai_worker_traffic AS t
             UNION ALL
            SELECT 'hit', h.hits, h.latency FROM public.ai_worker_cache_hits AS h) AS r)
SELECT t.entries AS total_entries,
       t.entries - t.expired_before - x.this_hour AS valid_entries,
       t.expired_before + x.this_hour AS expired_entries,
       (t.hits + u.hits)::bigint AS total_hits,
       COALESCE(round((t.hits + u.hits) / NULLIF(t.entries, 0), 2), 0) AS avg_hits_per_entry,
       (t.tokens_saved + u.tokens_saved)::bigint AS total_tokens_saved,
       GREATEST(COALESCE((SELECT max(c.hit_count) FROM public.ai_worker_cache AS c), 0), u.max_hits)::bigint AS max_hits,
       (SELECT min(c.created_at) FROM public.ai_worker_cache AS c) AS oldest_entry,
       (SELECT max(c.created_at) FROM public.ai_worker_cache AS c) AS newest_entry,
       r.total AS total_requests,
       COALESCE(round(r.hits::numeric / NULLIF(r.total, 0), 4), 0) AS hit_rate,
       public.ai_worker_latency_percentile(r.hit_latency, 0.50) AS hit_p50_ms,
       public.ai_worker_latency_percentile(r.hit_latency, 0.95) AS hit_p95_ms,
       public.ai_worker_latency_percentile(r.miss_latency, 0.50) AS miss_p50_ms,
       public.ai_worker_latency_percentile(r.miss_latency, 0.95) AS miss_p95_ms
  FROM totals AS t, expired AS x, unfolded AS u, requests AS r;
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
AS $$
BEGIN
    LOCK TABLE public.ai_worker_cache IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM public.ai_worker_cache_hits;
    DELETE FROM public.ai_worker_traffic;
    DELETE FROM public.ai_worker_cache_totals;
    UPDATE public.ai_worker_cache SET hit_count = 0 WHERE hit_count <> 0;
    DELETE FROM public.ai_worker_cache_totals;
    INSERT INTO public.ai_worker_cache_totals (expires_hour, entries, hits, tokens_saved, bytes)
    SELECT date_trunc('hour', c.expires_at, 'UTC'), count(*), 0, 0,
           sum(octet_length(c.prompt_text) + octet_length(c.generated_sql))
      FROM public.ai_worker_cache AS c GROUP BY 1;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_reset_stats() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_reset_stats() IS
    'AI Worker: sets every count of hits and requests to zero and counts the entries anew';

CREATE OR REPLACE FUNCTION public.ai_worker_enter_flight(cache_key text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    flight CONSTANT bigint := hashtextextended(cache_key, 1);
    landed CONSTANT bigint := hashtextextended(cache_key, 2);
    led integer := COALESCE(NULLIF(current_setting('ai_worker.flights', true), '')::integer, 0);
BEGIN
    -- Who cannot see or leave an entry has nothing to wait for; who leads very many in one transaction stops taking locks
    -- before the server's lock table fills.
    IF current_setting('transaction_read_only')::boolean
       OR current_setting('transaction_isolation') <> 'read committed' OR led >= 100 THEN
        RETURN 'alone';
    END IF;
    IF pg_try_advisory_xact_lock(flight) THEN
        PERFORM set_config('ai_worker.flights', (led + 1)::text, true);
        RETURN 'lead';
    END IF;
    IF EXISTS (SELECT FROM pg_locks AS l
                WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                  AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
                  AND l.classid = ((landed >> 32) & 4294967295)::oid AND l.objid = (landed & 4294967295)::oid) THEN
        RETURN 'landed';
    END IF;
    RETURN 'wait';
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_enter_flight(text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_enter_flight(text) IS
    'AI Worker: lead: this session asks the model for this key; wait: another one does; landed: that one has its answer and has not committed; alone: no coordination. Locks end with the transaction';

CREATE OR REPLACE FUNCTION public.ai_worker_land_flight(cache_key text) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_try_advisory_xact_lock(hashtextextended(cache_key, 2))
$$;
REVOKE ALL ON FUNCTION public.ai_worker_land_flight(text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_land_flight(text) IS
    'AI Worker: tells waiting sessions that the answer is there as soon as this transaction commits';

CREATE OR REPLACE FUNCTION public.ai_worker_state() RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing text[];
    problems text[] := '{}';
    cache_problem text;
    settings record;
    schema_name text;
BEGIN
    SELECT array_agg(r.name ORDER BY r.name) INTO missing
      FROM unnest(ARRAY['ai_worker_cache', 'ai_worker_cache_hits', 'ai_worker_cache_pending', 'ai_worker_cache_stats',
                        'ai_worker_cache_totals', 'ai_worker_config', 'ai_worker_traffic', 'idx_ai_cache_accessed',
                        'idx_ai_cache_created', 'idx_ai_cache_expires', 'idx_ai_cache_hits',
                        'idx_ai_cache_schema']) AS r (name)
     WHERE to_regclass('public.' || r.name) IS NULL;
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
    RETURN jsonb_build_object(
        'postgresql', current_setting('server_version'),
        'in_recovery', pg_is_in_recovery(),
        'cache_enabled', settings.cache_enabled,
        'cache_usable', cache_problem IS NULL,
        'model', settings.model,
        'base_url', settings.base_url,
        'problems', to_jsonb(problems));
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_state() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_state() IS
    'AI Worker: what of ai_worker_health() the server itself can tell';
