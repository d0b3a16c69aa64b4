-- What follows a miss: one session asks the model, its answer is stored.

CREATE OR REPLACE FUNCTION public.ai_worker_enter_flight(cache_key text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    flight CONSTANT bigint := hashtextextended(cache_key, 1);
    landed CONSTANT bigint := hashtextextended(cache_key, 2);
    -- A custom setting, which any caller may set to anything: what is no number counts as none.
    led CONSTANT integer :=
        COALESCE(substring(current_setting('ai_worker.flights', true) FROM '^[0-9]{1,9}')::integer, 0);
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

-- The work is bounded whatever the cache holds: at most 500 verified entries and 250 of the 5000 most popular are compared,
-- by their first 500 characters, and only short ones are shown.
CREATE OR REPLACE FUNCTION public.ai_worker_examples(prompt text, schema_version text) RETURNS SETOF json
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    asked CONSTANT text := left(prompt, 500);
    settings record;
    likeness text;
BEGIN
    SELECT c.model, c.few_shot, c.few_shot_from, c.cache_enabled INTO settings FROM public.ai_worker_config AS c;
    IF settings.few_shot = 0 OR NOT settings.cache_enabled THEN
        RETURN;
    END IF;
    -- Only superusers can create functions in C, so this is pg_trgm's own, wherever it is.
    SELECT format('%s($1, left(c.prompt_text, 500))', p.oid::regproc) INTO likeness
      FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
     WHERE p.proname = 'similarity' AND l.lanname = 'c' AND p.probin = '$libdir/pg_trgm' AND p.prosrc = 'similarity'
       AND oidvectortypes(p.proargtypes) = 'text, text'
       AND has_schema_privilege(p.pronamespace, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')
     LIMIT 1;
    likeness := COALESCE(likeness,
        '(SELECT count(*) FILTER (WHERE w.word = ANY ($2))::real
                 / NULLIF(cardinality($2) + count(*) FILTER (WHERE w.word <> ALL ($2)), 0)
            FROM unnest(tsvector_to_array(to_tsvector(''pg_catalog.simple'', left(c.prompt_text, 500)))) AS w (word))');
    BEGIN
        LOCK TABLE public.ai_worker_cache IN ACCESS SHARE MODE NOWAIT;
        RETURN QUERY EXECUTE
            'WITH candidate AS MATERIALIZED (
                 (SELECT c.*, true AS verified FROM public.ai_worker_cache AS c
                   WHERE c.expires_at = ''infinity'' AND c.model = $3 AND c.schema_version = $4
                   ORDER BY c.hit_count DESC LIMIT 500)
                 UNION ALL
                 (SELECT c.*, false
                    FROM (SELECT p.* FROM public.ai_worker_cache AS p WHERE $5 ORDER BY p.hit_count DESC LIMIT 5000) AS c
                   WHERE c.model = $3 AND c.schema_version = $4
                     AND c.expires_at > clock_timestamp() AND c.expires_at < ''infinity''
                   LIMIT 250)),
             compared AS MATERIALIZED (
                 SELECT c.*, ' || likeness || ' AS likeness
                   FROM candidate AS c
                  WHERE c.validated AND c.prompt_text <> $6
                    AND octet_length(c.prompt_text) + octet_length(c.generated_sql) <= 2000
                    -- Not what is left of a prompt: see store_prompts.
                    AND c.cache_key = encode(sha256(convert_to(
                            c.prompt_text || ''|'' || c.model || ''|'' || c.schema_version, ''UTF8'')), ''hex''))
             SELECT json_build_object(''question'', e.prompt_text, ''sql'', e.generated_sql)
               FROM compared AS e
              WHERE e.likeness > 0
              ORDER BY round(e.likeness::numeric, 1) DESC, e.verified DESC, e.hit_count DESC, e.likeness DESC, e.cache_key
              LIMIT $7'
            USING asked, tsvector_to_array(to_tsvector('pg_catalog.simple', asked)), settings.model, schema_version,
                  settings.few_shot_from = 'cache', prompt, settings.few_shot;
    EXCEPTION WHEN OTHERS THEN
        IF SQLSTATE LIKE '57%' THEN
            RAISE;
        END IF;
        -- A cache that is locked or incomplete has been warned of by the lookup.
        IF SQLSTATE NOT IN ('55P03', '42P01', '42703') THEN
            PERFORM public.ai_worker_warn('examples', 'the model was shown no examples: ' || SQLERRM,
                'SELECT ai_worker_health() says more.');
        END IF;
    END;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_examples(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_examples(text, text) IS
    'AI Worker: answers in the cache to show the model with a prompt, most similar first; of those alike within a tenth verified ones first, then popular ones. By pg_trgm''s similarity where it is installed, else by the share of common words';

CREATE OR REPLACE FUNCTION public.ai_worker_land_pending() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
BEGIN
    WITH landed AS (
        DELETE FROM public.ai_worker_cache_pending AS p
         WHERE p.ctid = ANY (ARRAY(SELECT f.ctid FROM public.ai_worker_cache_pending AS f
                                    LIMIT 1000 FOR UPDATE SKIP LOCKED))
        RETURNING p.*)
    INSERT INTO public.ai_worker_cache AS c
        (cache_key, prompt_text, model, schema_version, generated_sql, tokens_used,
         created_at, expires_at, last_accessed_at)
    SELECT DISTINCT ON (l.cache_key)
           l.cache_key, l.prompt_text, l.model, l.schema_version, l.generated_sql, l.tokens_used,
           l.created_at, l.expires_at, l.last_accessed_at
      FROM landed AS l
     ORDER BY l.cache_key, l.created_at DESC
    ON CONFLICT ON CONSTRAINT ai_worker_cache_pkey DO UPDATE
        SET prompt_text = EXCLUDED.prompt_text, generated_sql = EXCLUDED.generated_sql, validated = true,
            tokens_used = EXCLUDED.tokens_used, created_at = EXCLUDED.created_at,
            expires_at = EXCLUDED.expires_at, last_accessed_at = EXCLUDED.last_accessed_at, hit_count = 0
        WHERE c.expires_at <= moment OR NOT c.validated;
EXCEPTION WHEN lock_not_available OR serialization_failure THEN
    -- An open transaction has one of the keys: they all stay for the next time.
    NULL;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_land_pending() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_land_pending() IS
    'AI Worker: moves entries of SERIALIZABLE transactions into the cache, unless it would have to wait';

-- Only folding says when an entry was last used, so the coldest are folded, and those that turn out warm make room for the
-- next, some rounds at most. Each table has an index for it, whatever the planner believes.
CREATE OR REPLACE FUNCTION public.ai_worker_evict(at_most integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    highest record;
    entries_over bigint;
    bytes_over bigint;
    looked_at integer;
    evicted bigint;
BEGIN
    SELECT c.max_entries AS entries, c.max_bytes AS bytes INTO highest FROM public.ai_worker_config AS c;
    SELECT COALESCE(sum(t.entries), 0) - highest.entries, COALESCE(sum(t.bytes), 0) - highest.bytes
      INTO entries_over, bytes_over
      FROM public.ai_worker_cache_totals AS t WHERE t.expires_hour < 'infinity';
    IF at_most <= 0 OR entries_over <= 0 AND bytes_over <= 0 THEN
        RETURN 0;
    END IF;
    looked_at := 20 + CASE WHEN bytes_over > 0 THEN at_most ELSE LEAST(at_most, entries_over) END;
    FOR round IN 1 .. LEAST(10, 2 + 10000 / looked_at) LOOP
        EXIT WHEN public.ai_worker_fold_entries(ARRAY(
            SELECT c.cache_key FROM public.ai_worker_cache AS c
             WHERE c.expires_at <> 'infinity' ORDER BY c.last_accessed_at LIMIT looked_at)) = 0;
    END LOOP;
    WITH coldest AS MATERIALIZED (
        SELECT c.cache_key, octet_length(c.prompt_text) + octet_length(c.generated_sql) AS bytes,
               -- Hits that another session has locked could not be folded.
               GREATEST(c.last_accessed_at, (SELECT max(h.last_hit_at) FROM public.ai_worker_cache_hits AS h
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
           AND (r.entries = looked_at OR r.place <= r.entries - highest.entries
                OR r.bytes_before < r.bytes - highest.bytes)
        RETURNING 1)
    SELECT count(*) INTO evicted FROM gone;
    RETURN evicted;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_evict(integer) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_evict(integer) IS
    'AI Worker: deletes least recently used entries beyond max_entries and max_bytes; how many. Verified entries neither count nor go';

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
    kept_prompt text;
    bucket integer;
BEGIN
    IF current_setting('transaction_read_only')::boolean THEN
        RETURN;
    END IF;
    SELECT c.cache_enabled, c.default_ttl, c.store_prompts INTO settings FROM public.ai_worker_config AS c;
    kept_prompt := CASE settings.store_prompts
                       WHEN 'plain' THEN prompt
                       WHEN 'hash' THEN encode(sha256(convert_to(prompt, 'UTF8')), 'hex')
                       ELSE '' END;
    BEGIN
        bucket := public.ai_worker_latency_bucket(started);
        IF isolation = 'read committed' THEN
            UPDATE public.ai_worker_traffic AS t
               SET requests = t.requests + 1, latency[bucket] = t.latency[bucket] + 1
             WHERE t.ctid = (SELECT f.ctid FROM public.ai_worker_traffic AS f
                              WHERE f.kind = 'miss' LIMIT 1 FOR UPDATE SKIP LOCKED);
        END IF;
        IF isolation <> 'read committed' OR NOT FOUND THEN
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
            VALUES (cache_key, kept_prompt, model, schema_version, statement, tokens,
                    stored_at, stored_at + settings.default_ttl, stored_at);
            RETURN;
        END IF;
        -- An entry that is still good stays; the loser of a race has the same right to its own answer.
        INSERT INTO public.ai_worker_cache AS c
            (cache_key, prompt_text, model, schema_version, generated_sql, tokens_used,
             created_at, expires_at, last_accessed_at)
        VALUES (cache_key, kept_prompt, model, schema_version, statement, tokens,
                stored_at, stored_at + settings.default_ttl, stored_at)
        ON CONFLICT ON CONSTRAINT ai_worker_cache_pkey DO UPDATE
            SET prompt_text = EXCLUDED.prompt_text, generated_sql = EXCLUDED.generated_sql, validated = true,
                tokens_used = EXCLUDED.tokens_used, created_at = EXCLUDED.created_at,
                expires_at = EXCLUDED.expires_at, last_accessed_at = EXCLUDED.last_accessed_at, hit_count = 0
            WHERE c.expires_at <= stored_at OR NOT c.validated;
        PERFORM public.ai_worker_land_pending();
        -- A snapshot kept for the whole transaction makes folding and deleting fail where others have written since.
        IF isolation = 'read committed' THEN
            PERFORM public.ai_worker_evict(10);
        END IF;
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
