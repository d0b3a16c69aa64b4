-- Asking the cache.

-- Of each transaction that must not update what it has not written itself a row is left.
CREATE OR REPLACE FUNCTION ai_worker.merge_hits(key varchar, stored_at timestamptz) RETURNS tid
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH taken AS (
        DELETE FROM ai_worker.cache_hits AS h
         WHERE h.ctid = ANY (ARRAY(SELECT f.ctid FROM ai_worker.cache_hits AS f
                                    WHERE f.cache_key = key AND f.created_at = stored_at FOR UPDATE SKIP LOCKED))
        RETURNING h.*)
    INSERT INTO ai_worker.cache_hits (cache_key, created_at, slot, hits, last_hit_at, latency)
    SELECT key, stored_at, 0, sum(t.hits), max(t.last_hit_at), ai_worker.sum_latency(array_agg(t.latency::bigint[]))::integer[]
      FROM taken AS t
    RETURNING ctid
$$;
REVOKE ALL ON FUNCTION ai_worker.merge_hits(varchar, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.merge_hits(varchar, timestamptz) IS
    'AI Worker: puts the counts of an entry that nobody has locked into one row; where that is';

-- This is the hit path, and each expression, statement, subtransaction and call in it costs some microseconds: whether the
-- request is a good one is asked where it found no entry.
--
-- A plan made while the tables were small or not yet analysed would scan them whole for as long as the session lives, so
-- each table is read by an index. What has none, in functions called from here, is planned at a forbidding cost, for which
-- the server would compile it each time.
--
-- A table grows under a lock, for which the lock_timeout of a caller who is in a hurry would be too short: his hit would be
-- answered and not counted.
CREATE OR REPLACE FUNCTION ai_worker.hit(prompt text, schema_version text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
SET lock_timeout = '1s'
AS $$
DECLARE
    started CONSTANT timestamptz := clock_timestamp();
    own_slot CONSTANT integer := 1 + pg_backend_pid() % 32;
    version text;
    isolation text;
    bucket integer;
    key varchar;
    statement text;
    tokens integer;
    stored_at timestamptz;
    folded bigint;
    counts bigint[];
    part bigint;
    pending bigint;
    again boolean;
    counted text[];
    place tid;
BEGIN
    BEGIN
        version := COALESCE(schema_version, ai_worker.schema_version());
        LOCK TABLE public.ai_worker_cache IN ACCESS SHARE MODE NOWAIT;
        SELECT e.cache_key, e.generated_sql, e.tokens_used, e.created_at, e.hit_count
          INTO key, statement, tokens, stored_at, folded
          FROM public.ai_worker_config AS c
          JOIN public.ai_worker_cache AS e
            -- As ai_worker.cache_key, without the call.
            ON e.cache_key = encode(sha256(convert_to(prompt || '|' || c.model || '|' || version, 'UTF8')), 'hex')
         WHERE c.only_row AND c.cache_enabled AND char_length(prompt) <= c.max_prompt_chars AND strpos(version, '|') = 0
           AND e.validated AND e.expires_at > started;
        IF key IS NULL THEN
            NULL;
        ELSIF current_setting('transaction_read_only') = 'on' THEN
            LOCK TABLE ai_worker.cache_hits IN ACCESS SHARE MODE NOWAIT;
            SELECT 1 + COALESCE(sum(h.hits), 0) INTO pending
              FROM ai_worker.cache_hits AS h
             WHERE h.cache_key = key AND h.created_at = stored_at;
        ELSE
            LOCK TABLE ai_worker.cache_hits IN ROW EXCLUSIVE MODE NOWAIT;
            isolation := current_setting('transaction_isolation');
            again := pg_current_xact_id_if_assigned() IS NOT NULL OR isolation <> 'read committed';
            -- As ai_worker.latency_bucket, without the call.
            bucket := GREATEST(1, LEAST(28, ceil(ln(GREATEST(
                1, 1000000 * date_part('epoch', clock_timestamp() - started))) / ln(2::double precision))));
            -- What this transaction has counted before it finds by the row's place: versions of its own stay in the index, so
            -- that the thousandth hit would read a thousand.
            IF again THEN
                counted := string_to_array(current_setting('ai_worker.counted', true), ' ');
                IF counted[1] = key THEN
                    UPDATE ai_worker.cache_hits AS h
                       SET hits = h.hits + 1, last_hit_at = started, latency[bucket] = h.latency[bucket] + 1
                     WHERE h.ctid = counted[2]::tid AND h.cache_key = key AND h.created_at = stored_at
                    RETURNING counted[3]::bigint + 1, h.ctid INTO pending, place;
                END IF;
            END IF;
            -- A snapshot kept for the whole transaction could make an update fail, an insert never does. Reading the
            -- counters under SERIALIZABLE would make other sessions' hits conflict with this transaction. The product
            -- is zero for this session's slots, as IN would say, but leaves the rows in the index's order.
            IF pending IS NULL AND isolation = 'read committed' THEN
                UPDATE ai_worker.cache_hits AS h
                   SET hits = h.hits + 1, last_hit_at = started, latency[bucket] = h.latency[bucket] + 1
                 WHERE h.ctid = (SELECT f.ctid FROM ai_worker.cache_hits AS f
                                  WHERE f.cache_key = key AND f.created_at = stored_at
                                    AND f.slot * (f.slot - own_slot) = 0
                                  ORDER BY f.slot DESC LIMIT 1 FOR UPDATE SKIP LOCKED)
                RETURNING ARRAY(SELECT o.hits FROM ai_worker.cache_hits AS o
                                 WHERE o.cache_key = key AND o.created_at = stored_at), h.ctid
                     INTO counts, place;
            END IF;
            -- To set up an aggregate would cost a tenth of the hit.
            IF counts IS NOT NULL THEN
                pending := 1;
                FOREACH part IN ARRAY counts LOOP
                    pending := pending + part;
                END LOOP;
            END IF;
            IF pending IS NULL THEN
                IF isolation <> 'serializable' THEN
                    SELECT 1 + sum(h.hits) INTO pending
                      FROM ai_worker.cache_hits AS h
                     WHERE h.cache_key = key AND h.created_at = stored_at;
                END IF;
                INSERT INTO ai_worker.cache_hits (cache_key, created_at, slot, hits, last_hit_at, latency)
                VALUES (key, stored_at, CASE WHEN pending IS NULL THEN 0 ELSE own_slot END, 1, started,
                        array_fill(0, ARRAY[bucket - 1]) || 1 || array_fill(0, ARRAY[28 - bucket]))
                RETURNING ctid INTO place;
            ELSIF cardinality(counts) > 64 THEN
                place := ai_worker.merge_hits(key, stored_at);
            END IF;
            IF again THEN
                PERFORM set_config('ai_worker.counted', concat_ws(' ', key, place, COALESCE(pending, 1)), true);
            END IF;
        END IF;
    EXCEPTION WHEN OTHERS THEN
        IF key IS NOT NULL THEN
            PERFORM ai_worker.warn('uncounted', 'a hit could not be counted: ' || SQLERRM,
                'SELECT ai_worker_health() says more.');
        ELSIF SQLSTATE = '55P03' THEN
            PERFORM ai_worker.warn('locked', 'the cache is locked, going on without it',
                'Look for ACCESS EXCLUSIVE locks on ai_worker_cache in pg_locks.');
        ELSIF SQLSTATE IN ('42P01', '42703') THEN
            PERFORM ai_worker.warn('missing', 'the cache is incomplete, going on without it: ' || SQLERRM,
                'Run install/install.sh again on this database: it repairs what is missing.');
        ELSE
            PERFORM ai_worker.warn('unreadable', 'the cache cannot be read, going on without it: ' || SQLERRM,
                'SELECT ai_worker_health() says more.');
        END IF;
    END;
    IF key IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN jsonb_build_object(
        'sql', statement, 'validated', true, 'tokens_used', tokens,
        'schema_version', version, 'cache_hit', true, 'hit_count', folded + COALESCE(pending, 1));
END
$$;
REVOKE ALL ON FUNCTION ai_worker.hit(text, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.hit(text, text) IS
    'AI Worker: the cached response to a question, counting the hit, or NULL; for callers that pin their search path';

CREATE OR REPLACE FUNCTION public.ai_cached_sql(prompt text, schema_version text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    response jsonb;
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_cached_sql(text,text)'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_cached_sql(text,text)');
    END IF;
    response := ai_worker.hit(prompt, schema_version);
    IF response IS NULL THEN
        -- What locks the cache may have locked the settings too, for as long as an installation takes.
        BEGIN
            LOCK TABLE public.ai_worker_config IN ACCESS SHARE MODE NOWAIT;
        EXCEPTION WHEN lock_not_available THEN
            RETURN NULL;
        WHEN undefined_table THEN
            NULL;
        END;
        PERFORM ai_worker.check_request(prompt, schema_version, (ai_worker.settings() ->> 'max_prompt_chars')::integer);
    END IF;
    RETURN response;
END
$$;
REVOKE ALL ON FUNCTION public.ai_cached_sql(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_cached_sql(text, text) IS
    'AI Worker: the cached response to a question, counting the hit, or NULL. Starts no JVM';
