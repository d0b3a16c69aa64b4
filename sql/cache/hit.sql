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
-- request is a good one is asked where it found no entry. Of the settings only what it needs is taken, by a subquery: a join
-- would set up a row of all of them.
--
-- A plan made while the tables were small or not yet analysed would scan them whole for as long as the session lives, so
-- each table is read by an index. What has none, in functions called from here, is planned at a forbidding cost, for which
-- the server would compile it each time.
--
-- Nearly always nobody holds a lock in the way, so the first round only sees to it that waiting for one is short. What fails
-- is tried again without waiting at all, and without what the caller can have meddled with. A table grows under a lock, for
-- which that round waits longer, whatever the caller's lock_timeout: his hit would be answered and not counted.
CREATE OR REPLACE FUNCTION ai_worker.hit(prompt text, schema_version text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
SET lock_timeout = '10ms'
AS $$
DECLARE
    started CONSTANT timestamptz := clock_timestamp();
    own_slot CONSTANT integer := 1 + pg_backend_pid() % 32;
    careful boolean := false;
    version text;
    read_only boolean;
    isolation text;
    bucket integer;
    key varchar;
    statement text;
    tokens integer;
    stored_at timestamptz;
    folded bigint;
    counts bigint[];
    part bigint;
    own bigint;
    pending bigint;
    again boolean;
    remember boolean;
    memory text;
    record_at integer;
    record text[];
    place tid;
BEGIN
    LOOP
        BEGIN
            IF careful THEN
                PERFORM set_config('lock_timeout', '1s', true);
                LOCK TABLE public.ai_worker_cache IN ACCESS SHARE MODE NOWAIT;
            END IF;
            version := COALESCE(schema_version, ai_worker.schema_version());
            -- As ai_worker.cache_key and ai_worker.latency_bucket, without the calls. What PL/pgSQL would be asked by itself it
            -- would set up anew in each transaction.
            SELECT e.cache_key, e.generated_sql, e.tokens_used, e.created_at, e.hit_count,
                   current_setting('transaction_read_only') = 'on', current_setting('transaction_isolation'),
                   pg_current_xact_id_if_assigned() IS NOT NULL OR current_setting('transaction_isolation') <> 'read committed',
                   1 + width_bucket(
                       1000000 * date_part('epoch', clock_timestamp() - started),
                       '{2,4,8,16,32,64,128,256,512,1024,2048,4096,8192,16384,32768,65536,131072,262144,524288,1048576,2097152,4194304,8388608,16777216,33554432,67108864,134217728}'::double precision[])
              INTO key, statement, tokens, stored_at, folded, read_only, isolation, again, bucket
              FROM public.ai_worker_cache AS e
             WHERE e.cache_key = encode(sha256(convert_to(
                       prompt || '|'
                       || (SELECT c.model FROM public.ai_worker_config AS c
                            WHERE c.only_row AND c.cache_enabled AND char_length(prompt) <= c.max_prompt_chars
                              AND strpos(version, '|') = 0)
                       || '|' || version, 'UTF8')), 'hex')
               AND e.validated AND e.expires_at > started;
            EXIT WHEN key IS NULL;
            IF read_only THEN
                -- Unlogged tables cannot be read on a standby.
                IF NOT pg_is_in_recovery() THEN
                    LOCK TABLE ai_worker.cache_hits IN ACCESS SHARE MODE NOWAIT;
                    SELECT 1 + COALESCE(sum(h.hits), 0) INTO pending
                      FROM ai_worker.cache_hits AS h
                     WHERE h.cache_key = key AND h.created_at = stored_at;
                END IF;
                EXIT;
            END IF;
            IF careful THEN
                LOCK TABLE ai_worker.cache_hits IN ROW EXCLUSIVE MODE NOWAIT;
            END IF;
            -- What this transaction counts again and again it finds by the row's place: versions of its own stay in the
            -- index, so that the thousandth hit would read a thousand. The memory is a custom setting, which any caller may
            -- set: what is no record is no memory, and a row counts only if it is the entry's. One who forges the second
            -- number is told a wrong hit_count.
            IF again AND NOT careful THEN
                memory := current_setting('ai_worker.counted', true);
                record_at := strpos(memory, ' ' || left(key, 16) || '=');
                IF record_at > 0 THEN
                    record := regexp_match(substr(memory, record_at, 60),
                                           '^( [0-9a-f]{16}=([(][0-9]{1,9},[0-9]{1,4}[)])[+]([0-9]{1,17})) ');
                END IF;
                IF record IS NOT NULL THEN
                    UPDATE ai_worker.cache_hits AS h
                       SET hits = h.hits + 1, last_hit_at = started, latency[bucket] = h.latency[bucket] + 1
                     WHERE h.ctid = (SELECT f.ctid FROM ai_worker.cache_hits AS f
                                      WHERE f.ctid = record[2]::tid AND f.cache_key = key AND f.created_at = stored_at
                                        FOR UPDATE SKIP LOCKED)
                    RETURNING h.hits, h.hits + record[3]::bigint, h.ctid, true INTO own, pending, place, remember;
                    memory := overlay(memory PLACING '' FROM record_at FOR length(record[1]));
                END IF;
            END IF;
            -- A snapshot kept for the whole transaction could make an update fail, an insert never does. Reading the
            -- counters under SERIALIZABLE would make other sessions' hits conflict with this transaction. The product
            -- is zero for this session's slots, as IN would say, but leaves the rows in the index's order. A count with
            -- a minus has been added to since this transaction began, perhaps by it.
            IF pending IS NULL AND isolation = 'read committed' THEN
                UPDATE ai_worker.cache_hits AS h
                   SET hits = h.hits + 1, last_hit_at = started, latency[bucket] = h.latency[bucket] + 1
                 WHERE h.ctid = (SELECT f.ctid FROM ai_worker.cache_hits AS f
                                  WHERE f.cache_key = key AND f.created_at = stored_at
                                    AND f.slot * (f.slot - own_slot) = 0
                                  ORDER BY f.slot DESC LIMIT 1 FOR UPDATE SKIP LOCKED)
                RETURNING h.hits, ARRAY(SELECT CASE WHEN o.last_hit_at >= now() THEN -o.hits ELSE o.hits END
                                          FROM ai_worker.cache_hits AS o
                                         WHERE o.cache_key = key AND o.created_at = stored_at), h.ctid
                     INTO own, counts, place;
            END IF;
            -- To set up an aggregate would cost a tenth of the hit.
            IF counts IS NOT NULL THEN
                pending := 1;
                FOREACH part IN ARRAY counts LOOP
                    pending := pending + abs(part);
                    remember := remember OR part < 0;
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
                RETURNING hits, ctid, true INTO own, place, remember;
            ELSIF cardinality(counts) > 64 THEN
                place := ai_worker.merge_hits(key, stored_at);
                own := pending;
            END IF;
            IF again AND remember THEN
                PERFORM set_config('ai_worker.counted',
                    left(' ' || left(key, 16) || '=' || place || '+' || COALESCE(pending, 1) - own
                         || COALESCE(NULLIF(memory, ''), ' '), 4000), true);
            END IF;
            EXIT;
        EXCEPTION WHEN OTHERS THEN
            IF NOT careful THEN
                careful := true;
            ELSE
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
                EXIT;
            END IF;
            -- Nothing of the first round was counted.
            counts := NULL;
            pending := NULL;
        END;
    END LOOP;
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
