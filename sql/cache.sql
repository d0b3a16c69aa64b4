-- Asking. What callers may reach is SECURITY DEFINER, so that they need EXECUTE and nothing else, with a pinned search path
-- and every name of ours qualified.

CREATE OR REPLACE FUNCTION public.ai_worker_request(
    prompt text, schema_version text,
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
        version := public.ai_worker_schema_version();
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
REVOKE ALL ON FUNCTION public.ai_worker_request(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_request(text, text) IS
    'AI Worker: checks a request and gives its cache key';

CREATE OR REPLACE FUNCTION public.ai_worker_latency_bucket(started timestamptz) RETURNS integer
LANGUAGE sql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT GREATEST(1, LEAST(28, ceil(ln(GREATEST(
        1, 1000000 * date_part('epoch', clock_timestamp() - started))) / ln(2::double precision))))::integer
$$;
REVOKE ALL ON FUNCTION public.ai_worker_latency_bucket(timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_latency_bucket(timestamptz) IS
    'AI Worker: the element of a latency histogram that counts the time since started';

-- This is the hit path, and each expression, statement, subtransaction and call in it costs some microseconds: whether the
-- request is a good one is asked where it found no entry, and the settings are those of the two functions that call it.
CREATE OR REPLACE FUNCTION public.ai_worker_hit(prompt text, schema_version text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $$
DECLARE
    started CONSTANT timestamptz := clock_timestamp();
    version CONSTANT text := COALESCE(schema_version, public.ai_worker_schema_version());
    own_slot CONSTANT integer := 1 + pg_backend_pid() % 32;
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
BEGIN
    BEGIN
        LOCK TABLE public.ai_worker_cache IN ACCESS SHARE MODE NOWAIT;
        SELECT e.cache_key, e.generated_sql, e.tokens_used, e.created_at, e.hit_count
          INTO key, statement, tokens, stored_at, folded
          FROM public.ai_worker_config AS c
          JOIN public.ai_worker_cache AS e
            ON e.cache_key = encode(sha256(convert_to(prompt || '|' || c.model || '|' || version, 'UTF8')), 'hex')
         WHERE c.only_row AND c.cache_enabled AND char_length(prompt) <= c.max_prompt_chars AND strpos(version, '|') = 0
           AND e.validated AND e.expires_at > started;
        IF key IS NULL THEN
            NULL;
        ELSIF current_setting('transaction_read_only') = 'on' THEN
            LOCK TABLE public.ai_worker_cache_hits IN ACCESS SHARE MODE NOWAIT;
            SELECT 1 + COALESCE(sum(h.hits), 0) INTO pending
              FROM public.ai_worker_cache_hits AS h
             WHERE h.cache_key = key AND h.created_at = stored_at;
        ELSE
            LOCK TABLE public.ai_worker_cache_hits IN ROW EXCLUSIVE MODE NOWAIT;
            isolation := current_setting('transaction_isolation');
            -- As ai_worker_latency_bucket, without the call.
            bucket := GREATEST(1, LEAST(28, ceil(ln(GREATEST(
                1, 1000000 * date_part('epoch', clock_timestamp() - started))) / ln(2::double precision))));
            -- A snapshot kept for the whole transaction could make an update fail, an insert never does. Reading the
            -- counters under SERIALIZABLE would make other sessions' hits conflict with this transaction. The product
            -- is zero for this session's slots, as IN would say, but leaves the rows in the index's order.
            IF isolation = 'read committed' THEN
                UPDATE public.ai_worker_cache_hits AS h
                   SET hits = h.hits + 1, last_hit_at = started, latency[bucket] = h.latency[bucket] + 1
                 WHERE h.ctid = (SELECT f.ctid FROM public.ai_worker_cache_hits AS f
                                  WHERE f.cache_key = key AND f.created_at = stored_at
                                    AND f.slot * (f.slot - own_slot) = 0
                                  ORDER BY f.slot DESC LIMIT 1 FOR UPDATE SKIP LOCKED)
                RETURNING ARRAY(SELECT o.hits FROM public.ai_worker_cache_hits AS o
                                 WHERE o.cache_key = key AND o.created_at = stored_at)
                     INTO counts;
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
                      FROM public.ai_worker_cache_hits AS h
                     WHERE h.cache_key = key AND h.created_at = stored_at;
                END IF;
                INSERT INTO public.ai_worker_cache_hits (cache_key, created_at, slot, hits, last_hit_at, latency)
                VALUES (key, stored_at, CASE WHEN pending IS NULL THEN 0 ELSE own_slot END, 1, started,
                        array_fill(0, ARRAY[bucket - 1]) || 1 || array_fill(0, ARRAY[28 - bucket]));
            END IF;
        END IF;
    EXCEPTION WHEN OTHERS THEN
        IF SQLSTATE LIKE '57%' THEN
            RAISE;
        ELSIF key IS NOT NULL THEN
            PERFORM public.ai_worker_warn('uncounted', 'a hit could not be counted: ' || SQLERRM,
                'SELECT ai_worker_health() says more.');
        ELSIF SQLSTATE = '55P03' THEN
            PERFORM public.ai_worker_warn('locked', 'the cache is locked, going on without it',
                'Look for ACCESS EXCLUSIVE locks on ai_worker_cache in pg_locks.');
        ELSIF SQLSTATE IN ('42P01', '42703') THEN
            PERFORM public.ai_worker_warn('missing', 'the cache is incomplete, going on without it: ' || SQLERRM,
                'Run install/install.sh again on this database: it repairs what is missing.');
        ELSE
            PERFORM public.ai_worker_warn('unreadable', 'the cache cannot be read, going on without it: ' || SQLERRM,
                'SELECT ai_worker_health() says more.');
        END IF;
    END;
    IF key IS NULL THEN
        PERFORM public.ai_worker_request(prompt, schema_version);
        RETURN NULL;
    END IF;
    RETURN jsonb_build_object(
        'sql', statement, 'validated', true, 'tokens_used', tokens,
        'schema_version', version, 'cache_hit', true, 'hit_count', folded + COALESCE(pending, 1));
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_hit(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_hit(text, text) IS
    'AI Worker: what ai_cached_sql and ai_generate_sql share; not for other callers, who may have another search path';

-- A plan made while the tables were small or not yet analysed would scan them whole for as long as the session lives, so
-- each table is read by an index. What has none, in functions called from here, is planned at a forbidding cost, for which
-- the server would compile it each time.
CREATE OR REPLACE FUNCTION public.ai_cached_sql(prompt text, schema_version text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $$
BEGIN
    RETURN public.ai_worker_hit(prompt, schema_version);
END
$$;
REVOKE ALL ON FUNCTION public.ai_cached_sql(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_cached_sql(text, text) IS
    'AI Worker: the cached response to a question, counting the hit, or NULL. Starts no JVM';

-- A hit ends here and starts no JVM, in either runtime. What follows a miss is planned as elsewhere in the session.
CREATE OR REPLACE FUNCTION public.ai_generate_sql(prompt text, schema_version text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $$
DECLARE
    response CONSTANT jsonb := public.ai_worker_hit(prompt, schema_version);
BEGIN
    IF response IS NOT NULL THEN
        RETURN response;
    END IF;
    SET LOCAL enable_seqscan TO DEFAULT;
    SET LOCAL enable_bitmapscan TO DEFAULT;
    SET LOCAL jit TO DEFAULT;
    RETURN public.ai_worker_generate(prompt, schema_version);
END
$$;
REVOKE ALL ON FUNCTION public.ai_generate_sql(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_generate_sql(text, text) IS
    'AI Worker: turns a question into one proven, read-only statement, from the cache or from the model';

CREATE OR REPLACE FUNCTION public.ai_sql(prompt text, schema_version text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN public.ai_generate_sql(prompt, schema_version) ->> 'sql';
END
$$;
REVOKE ALL ON FUNCTION public.ai_sql(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_sql(text, text) IS
    'AI Worker: the statement alone of ai_generate_sql';

-- SECURITY INVOKER on purpose, as is its caller: the statement runs with the rights of who asked.
CREATE OR REPLACE FUNCTION public.ai_worker_execute(statement text, schemas text) RETURNS SETOF jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    highest CONSTANT double precision := public.ai_worker_max_cost();
    cost double precision;
BEGIN
    IF highest IS NOT NULL THEN
        cost := public.ai_worker_estimate_cost(statement, schemas);
        IF cost > highest THEN
            RAISE EXCEPTION 'statement refused: it is expected to cost too much'
                USING ERRCODE = 'IA021',
                      DETAIL = format('Its estimated cost is %s, max_cost allows %s; statement: %s',
                                      cost, highest, left(statement, 1000)),
                      HINT = 'Ask for less, add what the query lacks, such as an index, or raise max_cost in ai_worker_config.';
        END IF;
    END IF;
    -- The handler makes this block a subtransaction. Read-only mode ends with it and cannot be left within it.
    -- A SET clause of the function would be refused from PostgreSQL 16 on.
    BEGIN
        PERFORM set_config('transaction_read_only', 'on', true);
        PERFORM set_config('search_path', schemas, true);
        RETURN QUERY EXECUTE 'SELECT to_jsonb(answer) FROM (' || statement || ') AS answer';
    EXCEPTION
        WHEN query_canceled THEN
            RAISE;
    END;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_execute(text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_execute(text, text) IS
    'AI Worker: runs a proven statement as the caller, held read-only by the server, unless it is over max_cost';

CREATE OR REPLACE FUNCTION public.ai_worker_max_cost() RETURNS double precision
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.max_cost FROM public.ai_worker_config AS c
$$;
REVOKE ALL ON FUNCTION public.ai_worker_max_cost() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_max_cost() IS 'AI Worker: the ceiling on the estimated cost of statements, or NULL';

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
