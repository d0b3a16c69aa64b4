CREATE OR REPLACE FUNCTION ai_worker.land_pending() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
BEGIN
    WITH landed AS (
        DELETE FROM ai_worker.cache_pending AS p
         WHERE p.ctid = ANY (ARRAY(SELECT f.ctid FROM ai_worker.cache_pending AS f
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
REVOKE ALL ON FUNCTION ai_worker.land_pending() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.land_pending() IS
    'AI Worker: moves entries of SERIALIZABLE transactions into the cache, unless it would have to wait';

CREATE OR REPLACE FUNCTION ai_worker.store(prompt text, request jsonb, settings jsonb, statement text, tokens integer)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
    stored_at CONSTANT timestamptz := clock_timestamp();
    isolation CONSTANT text := current_setting('transaction_isolation');
    -- LEAST leaves out what is NULL.
    expires_at CONSTANT timestamptz := CASE WHEN (request ->> 'verified')::boolean THEN 'infinity' ELSE LEAST(
        stored_at + (settings ->> 'default_ttl')::interval,
        CASE WHEN (request ->> 'today_only')::boolean THEN date_trunc('day', stored_at) + interval '1 day' END) END;
    cache_key CONSTANT text := request ->> 'cache_key';
    model CONSTANT text := settings ->> 'model';
    schema_version CONSTANT text := request ->> 'schema_version';
    kept_prompt CONSTANT text := CASE settings ->> 'store_prompts'
                                     WHEN 'plain' THEN prompt
                                     WHEN 'hash' THEN encode(sha256(convert_to(prompt, 'UTF8')), 'hex')
                                     ELSE '' END;
    bucket integer;
BEGIN
    IF current_setting('transaction_read_only')::boolean THEN
        RETURN;
    END IF;
    BEGIN
        bucket := ai_worker.latency_bucket(
            to_timestamp((request ->> 'started_us')::double precision / 1000000));
        IF isolation = 'read committed' THEN
            UPDATE ai_worker.traffic AS t
               SET requests = t.requests + 1, latency[bucket] = t.latency[bucket] + 1
             WHERE t.ctid = (SELECT f.ctid FROM ai_worker.traffic AS f
                              WHERE f.kind = 'miss' LIMIT 1 FOR UPDATE SKIP LOCKED);
        END IF;
        IF isolation <> 'read committed' OR NOT FOUND THEN
            INSERT INTO ai_worker.traffic (kind, requests, latency)
            VALUES ('miss', 1,
                    array_fill(0::bigint, ARRAY[bucket - 1]) || 1::bigint || array_fill(0::bigint, ARRAY[28 - bucket]));
        END IF;
        IF NOT (settings ->> 'cache_enabled')::boolean THEN
            RETURN;
        END IF;
        IF isolation = 'serializable' THEN
            INSERT INTO ai_worker.cache_pending
                (cache_key, prompt_text, model, schema_version, generated_sql, tokens_used,
                 created_at, expires_at, last_accessed_at)
            VALUES (cache_key, kept_prompt, model, schema_version, statement, tokens,
                    stored_at, expires_at, stored_at);
            RETURN;
        END IF;
        -- An entry that is still good stays; the loser of a race has the same right to its own answer.
        INSERT INTO public.ai_worker_cache AS c
            (cache_key, prompt_text, model, schema_version, generated_sql, tokens_used,
             created_at, expires_at, last_accessed_at)
        VALUES (cache_key, kept_prompt, model, schema_version, statement, tokens,
                stored_at, expires_at, stored_at)
        ON CONFLICT ON CONSTRAINT ai_worker_cache_pkey DO UPDATE
            SET prompt_text = EXCLUDED.prompt_text, generated_sql = EXCLUDED.generated_sql, validated = true,
                tokens_used = EXCLUDED.tokens_used, created_at = EXCLUDED.created_at,
                expires_at = EXCLUDED.expires_at, last_accessed_at = EXCLUDED.last_accessed_at, hit_count = 0
            WHERE c.expires_at <= stored_at OR NOT c.validated;
        PERFORM ai_worker.land_pending();
        -- A snapshot kept for the whole transaction makes folding and deleting fail where others have written since.
        IF isolation = 'read committed' THEN
            PERFORM ai_worker.evict(10, (settings ->> 'max_entries')::bigint, (settings ->> 'max_bytes')::bigint);
        END IF;
    EXCEPTION WHEN OTHERS THEN
        PERFORM ai_worker.warn('unstored', 'an answer could not be cached: ' || SQLERRM,
            'If an object is missing, run install/install.sh again on this database; SELECT ai_worker_health() says more.');
    END;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.store(text, jsonb, jsonb, text, integer) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.store(text, jsonb, jsonb, text, integer) IS
    'AI Worker: caches a proven statement and counts the miss; gives up with a warning rather than wait or fail';
