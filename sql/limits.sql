-- Limits on calls to the model: quotas, what was used, and what sessions tell each other of an endpoint that fails.
--
-- A call that fails undoes what it wrote to tables, and any caller can undo a whole transaction. Sequences are the one thing
-- that is never undone and that every session sees at once, so what must count in any case is kept in sequences.

CREATE SCHEMA IF NOT EXISTS ai_worker_counters AUTHORIZATION ai_worker;
REVOKE ALL ON SCHEMA ai_worker_counters FROM PUBLIC;
COMMENT ON SCHEMA ai_worker_counters IS
    'AI Worker: sequences as counters that no rollback undoes; not for use by hand';

CREATE SEQUENCE IF NOT EXISTS ai_worker_counters.endpoint_state MINVALUE 0 START 0;
REVOKE ALL ON SEQUENCE ai_worker_counters.endpoint_state FROM PUBLIC;
ALTER SEQUENCE ai_worker_counters.endpoint_state OWNER TO ai_worker;
COMMENT ON SEQUENCE ai_worker_counters.endpoint_state IS
    'AI Worker: which endpoint fails, how often in a row, how, and until when it is left alone; 0: none. ai_worker_health() says it in words';
CREATE SEQUENCE IF NOT EXISTS ai_worker_counters.endpoint_failing_since MINVALUE 0 START 0;
REVOKE ALL ON SEQUENCE ai_worker_counters.endpoint_failing_since FROM PUBLIC;
ALTER SEQUENCE ai_worker_counters.endpoint_failing_since OWNER TO ai_worker;
COMMENT ON SEQUENCE ai_worker_counters.endpoint_failing_since IS
    'AI Worker: when the first of these failures was, in milliseconds since 1970, and in the bits above 42 a hash of the question that failed last';

CREATE TABLE IF NOT EXISTS public.ai_worker_quotas (
    quota_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    role name,
    per interval NOT NULL
        CONSTRAINT ai_worker_quotas_per CHECK (per BETWEEN interval '1 second' AND interval '366 days'),
    max_calls bigint
        CONSTRAINT ai_worker_quotas_max_calls CHECK (max_calls BETWEEN 0 AND 1000000000000000),
    max_tokens bigint
        CONSTRAINT ai_worker_quotas_max_tokens CHECK (max_tokens BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ai_worker_quotas_some_limit CHECK (max_calls IS NOT NULL OR max_tokens IS NOT NULL)
);
REVOKE ALL ON TABLE public.ai_worker_quotas FROM PUBLIC;

COMMENT ON TABLE public.ai_worker_quotas IS
    'AI Worker: limits on calls to the model, one a row; all that hold for a session apply. INSERT, UPDATE and DELETE take effect when they commit';
COMMENT ON COLUMN public.ai_worker_quotas.quota_id IS 'Number of the quota, given by the server';
COMMENT ON COLUMN public.ai_worker_quotas.role IS
    'The role that logged in, whatever SET ROLE says later; NULL: all roles together';
COMMENT ON COLUMN public.ai_worker_quotas.per IS
    'Length of a window, a month being 30 and a year 365.25 days; windows follow each other from 1970-01-01 00:00 UTC on';
COMMENT ON COLUMN public.ai_worker_quotas.max_calls IS
    'Calls in one window: rounds with the model, failed ones too, retries of one not; NULL: any number';
COMMENT ON COLUMN public.ai_worker_quotas.max_tokens IS
    'Tokens in one window, as the endpoint reports them. The call that goes over it still ends, the next is refused; NULL: any number';
COMMENT ON CONSTRAINT ai_worker_quotas_per ON public.ai_worker_quotas IS 'use 1 second to 366 days, for example ''1 day''';
COMMENT ON CONSTRAINT ai_worker_quotas_max_calls ON public.ai_worker_quotas IS
    'use 0 or more calls, or NULL for no limit';
COMMENT ON CONSTRAINT ai_worker_quotas_max_tokens ON public.ai_worker_quotas IS
    'use 0 or more tokens, or NULL for no limit';
COMMENT ON CONSTRAINT ai_worker_quotas_some_limit ON public.ai_worker_quotas IS 'set max_calls, max_tokens or both';

DROP TRIGGER IF EXISTS ai_worker_quotas_explain ON public.ai_worker_quotas;
CREATE TRIGGER ai_worker_quotas_explain BEFORE INSERT OR UPDATE ON public.ai_worker_quotas
    FOR EACH ROW EXECUTE FUNCTION public.ai_worker_config_explain();
COMMENT ON TRIGGER ai_worker_quotas_explain ON public.ai_worker_quotas IS 'Refuses a bad quota with a hint';

CREATE OR REPLACE FUNCTION public.ai_worker_make_counters(quota_id integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kind text;
    counter text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['calls', 'tokens', 'window'] LOOP
        counter := format('ai_worker_counters.quota_%s_%s', quota_id, kind);
        CONTINUE WHEN to_regclass(counter) IS NOT NULL;
        EXECUTE format('CREATE SEQUENCE %s MINVALUE 0 START 0', counter);
        EXECUTE format('ALTER SEQUENCE %s OWNER TO ai_worker', counter);
        EXECUTE format('COMMENT ON SEQUENCE %s IS %L', counter,
                       'AI Worker: counts for row ' || quota_id || ' of ai_worker_quotas');
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_make_counters(integer) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_make_counters(integer) IS
    'AI Worker: makes the counters of a quota that are not there';

CREATE OR REPLACE FUNCTION public.ai_worker_quota_changed() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.role IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = NEW.role) THEN
        RAISE EXCEPTION 'role "%" does not exist', NEW.role
            USING ERRCODE = 'undefined_object', DETAIL = 'A quota holds for one role that logs in, or for all together.',
                  HINT = 'Name a role as pg_roles shows it, or use NULL for all roles together.';
    END IF;
    PERFORM public.ai_worker_make_counters(NEW.quota_id);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_quota_changed() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_quota_changed() IS 'AI Worker: makes the counters of a new quota';

DROP TRIGGER IF EXISTS ai_worker_quotas_counters ON public.ai_worker_quotas;
CREATE TRIGGER ai_worker_quotas_counters AFTER INSERT OR UPDATE ON public.ai_worker_quotas
    FOR EACH ROW EXECUTE FUNCTION public.ai_worker_quota_changed();
COMMENT ON TRIGGER ai_worker_quotas_counters ON public.ai_worker_quotas IS 'Makes the counters of a new quota';

-- Repairs, for an installation that is run again.
DO $$
BEGIN
    PERFORM public.ai_worker_make_counters(q.quota_id) FROM public.ai_worker_quotas AS q;
END
$$;

-- A session in an open transaction keeps its lock on the counters that it used, so the delete of a quota leaves them to the
-- clean-up, which need not wait.
CREATE OR REPLACE FUNCTION public.ai_worker_drop_counters() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
    counter text;
BEGIN
    FOR counter IN
        SELECT c.relname FROM pg_class AS c
         WHERE c.relnamespace = 'ai_worker_counters'::regnamespace AND c.relkind = 'S' AND starts_with(c.relname, 'quota_')
           AND split_part(c.relname, '_', 2) NOT IN (SELECT q.quota_id::text FROM public.ai_worker_quotas AS q)
    LOOP
        BEGIN
            EXECUTE format('DROP SEQUENCE ai_worker_counters.%I', counter);
        EXCEPTION WHEN lock_not_available THEN
            NULL;
        END;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_drop_counters() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_drop_counters() IS 'AI Worker: drops the counters of deleted quotas that nobody uses';

CREATE OR REPLACE FUNCTION public.ai_worker_quota_usage(of_role name DEFAULT NULL)
RETURNS TABLE (quota_id integer, role name, per interval, max_calls bigint, calls bigint, max_tokens bigint,
               tokens bigint, window_start timestamptz, window_end timestamptz)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moment CONSTANT numeric := extract(epoch FROM clock_timestamp());
    counter text;
    starts bigint;
    missing text;
BEGIN
    FOR quota_id, role, per, max_calls, max_tokens IN
        SELECT q.quota_id, q.role, q.per, q.max_calls, q.max_tokens FROM public.ai_worker_quotas AS q
         WHERE of_role IS NULL OR q.role IS NULL OR q.role = of_role
         ORDER BY q.quota_id
    LOOP
        counter := format('ai_worker_counters.quota_%s_', quota_id);
        SELECT min(k.kind) INTO missing FROM unnest(ARRAY['calls', 'tokens', 'window']) AS k (kind)
         WHERE to_regclass(counter || k.kind) IS NULL;
        IF missing IS NOT NULL THEN
            RAISE EXCEPTION 'the counter % is missing', counter || missing
                USING ERRCODE = 'IA004', DETAIL = 'Without it a quota could not be kept.',
                      HINT = 'Run install/install.sh again on this database: it repairs what is missing and keeps the cache.';
        END IF;
        starts := (floor(moment / extract(epoch FROM per)::numeric) * extract(epoch FROM per)::numeric * 1000)::bigint;
        window_start := to_timestamp(starts / 1000.0);
        window_end := to_timestamp(starts / 1000.0 + extract(epoch FROM per));
        calls := 0;
        tokens := 0;
        IF pg_sequence_last_value((counter || 'window')::regclass) = starts THEN
            calls := COALESCE(pg_sequence_last_value((counter || 'calls')::regclass), 0);
            tokens := COALESCE(pg_sequence_last_value((counter || 'tokens')::regclass), 0);
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_quota_usage(name) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_quota_usage(name) IS
    'AI Worker: what was used of each quota in its present window, rolled-back transactions included; of those alone that hold for a role, if one is given';

CREATE OR REPLACE FUNCTION public.ai_worker_charge(more_calls integer, more_tokens bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '5s'
AS $$
DECLARE
    quota record;
    exceeded record;
    refused boolean := false;
    what text;
    counter text;
BEGIN
    IF NOT EXISTS (SELECT FROM public.ai_worker_quotas AS q WHERE q.role IS NULL OR q.role = session_user) THEN
        RETURN;
    END IF;
    IF current_setting('transaction_read_only')::boolean THEN
        RAISE EXCEPTION 'a call under a quota cannot be counted in a read-only transaction'
            USING ERRCODE = 'configuration_limit_exceeded',
                  DETAIL = format('ai_worker_quotas limits role "%s".', session_user),
                  HINT = 'Ask in a read-write transaction on the primary server; cached questions are answered here too.';
    END IF;
    BEGIN
        -- One session at a time. The error at the end undoes this subtransaction, which gives the lock back at once, however
        -- long the caller's transaction lasts, and leaves the counters as they are.
        LOCK TABLE public.ai_worker_quotas IN SHARE UPDATE EXCLUSIVE MODE;
        FOR quota IN SELECT u.* FROM public.ai_worker_quota_usage(session_user) AS u LOOP
            IF more_calls > 0 AND (quota.calls >= quota.max_calls OR quota.tokens >= quota.max_tokens) THEN
                exceeded := quota;
                refused := true;
                EXIT;
            END IF;
        END LOOP;
        IF NOT refused THEN
            FOR quota IN SELECT u.* FROM public.ai_worker_quota_usage(session_user) AS u LOOP
                counter := format('ai_worker_counters.quota_%s_', quota.quota_id);
                -- The window last: a crash before it leaves one that is over, which counts as nothing.
                PERFORM setval((counter || 'calls')::regclass, GREATEST(quota.calls + more_calls, 0));
                PERFORM setval((counter || 'tokens')::regclass, quota.tokens + more_tokens);
                PERFORM setval((counter || 'window')::regclass, (extract(epoch FROM quota.window_start) * 1000)::bigint);
            END LOOP;
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'IA999', MESSAGE = 'counted';
    EXCEPTION WHEN SQLSTATE 'IA999' THEN
        NULL;
    END;
    IF refused THEN
        what := CASE WHEN exceeded.calls >= exceeded.max_calls THEN 'calls' ELSE 'tokens' END;
        RAISE EXCEPTION 'the quota of % % per % is used up',
                CASE what WHEN 'calls' THEN exceeded.max_calls ELSE exceeded.max_tokens END, what, exceeded.per
            USING ERRCODE = 'configuration_limit_exceeded',
                  DETAIL = format('Quota %s of %s: %s %s were used since %s; the next window begins at %s.',
                                  exceeded.quota_id, COALESCE('role "' || exceeded.role || '"', 'all roles together'),
                                  CASE what WHEN 'calls' THEN exceeded.calls ELSE exceeded.tokens END, what,
                                  exceeded.window_start, exceeded.window_end),
                  HINT = format('Ask again then, or have an administrator raise max_%s in ai_worker_quotas; cached questions are answered all the time.', what);
    END IF;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_charge(integer, bigint) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_charge(integer, bigint) IS
    'AI Worker: adds to every quota that holds for who logged in, or to none and refuses if a call would be over one; -1 takes back a call that was not made';

CREATE OR REPLACE FUNCTION public.ai_worker_endpoint(
    OUT state bigint, OUT since bigint, OUT shared boolean, OUT limited boolean)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '5s'
AS $$
BEGIN
    BEGIN
        limited := EXISTS (SELECT FROM public.ai_worker_quotas AS q WHERE q.role IS NULL OR q.role = session_user);
    EXCEPTION WHEN undefined_table OR undefined_column THEN
        RAISE EXCEPTION 'ai_worker_quotas is incomplete'
            USING ERRCODE = 'IA004', DETAIL = SQLERRM,
                  HINT = 'Run install/install.sh again on this database: it repairs what is missing and keeps the cache.';
    END;
    shared := false;
    BEGIN
        SELECT s.last_value, f.last_value, NOT current_setting('transaction_read_only')::boolean
          INTO state, since, shared
          FROM ai_worker_counters.endpoint_state AS s, ai_worker_counters.endpoint_failing_since AS f;
    EXCEPTION WHEN OTHERS THEN
        IF SQLSTATE LIKE '57%' THEN
            RAISE;
        END IF;
    END;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_endpoint() FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_endpoint() IS
    'AI Worker: what sessions have told each other of the endpoint, NULL if that cannot be read; whether this one can add to it; and whether a quota holds for it';

CREATE OR REPLACE FUNCTION public.ai_worker_swap_endpoint(expected bigint, wanted bigint, since bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
    swapped boolean;
BEGIN
    -- As in ai_worker_charge: one session at a time, and the error gives the lock back.
    LOCK TABLE public.ai_worker_quotas IN SHARE UPDATE EXCLUSIVE MODE;
    SELECT s.last_value = expected INTO swapped FROM ai_worker_counters.endpoint_state AS s;
    IF swapped THEN
        PERFORM setval('ai_worker_counters.endpoint_failing_since', since);
        PERFORM setval('ai_worker_counters.endpoint_state', wanted);
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'IA999', MESSAGE = 'swapped';
EXCEPTION
    WHEN SQLSTATE 'IA999' THEN
        RETURN swapped;
    WHEN OTHERS THEN
        IF SQLSTATE LIKE '57%' THEN
            RAISE;
        END IF;
        RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_swap_endpoint(bigint, bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_swap_endpoint(bigint, bigint, bigint) IS
    'AI Worker: tells the other sessions of the endpoint if nobody else has meanwhile; whether it did, NULL if it cannot';

CREATE TABLE IF NOT EXISTS public.ai_worker_usage_parts (
    day date NOT NULL,
    role name NOT NULL,
    calls bigint NOT NULL,
    failed_calls bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cached_tokens bigint NOT NULL,
    tokens bigint NOT NULL
) WITH (fillfactor = 50);
REVOKE ALL ON TABLE public.ai_worker_usage_parts FROM PUBLIC;
CREATE INDEX IF NOT EXISTS ai_worker_usage_parts_day ON public.ai_worker_usage_parts (day, role);

COMMENT ON TABLE public.ai_worker_usage_parts IS
    'AI Worker: what ai_worker_usage sums; several rows for a role and day until clean-up merges them';
COMMENT ON COLUMN public.ai_worker_usage_parts.day IS 'As in ai_worker_usage';
COMMENT ON COLUMN public.ai_worker_usage_parts.role IS 'As in ai_worker_usage';
COMMENT ON COLUMN public.ai_worker_usage_parts.calls IS 'As in ai_worker_usage';
COMMENT ON COLUMN public.ai_worker_usage_parts.failed_calls IS 'As in ai_worker_usage';
COMMENT ON COLUMN public.ai_worker_usage_parts.prompt_tokens IS 'As in ai_worker_usage';
COMMENT ON COLUMN public.ai_worker_usage_parts.completion_tokens IS 'As in ai_worker_usage';
COMMENT ON COLUMN public.ai_worker_usage_parts.cached_tokens IS 'As in ai_worker_usage';
COMMENT ON COLUMN public.ai_worker_usage_parts.tokens IS 'As in ai_worker_usage';
COMMENT ON INDEX public.ai_worker_usage_parts_day IS 'For counting a call';

CREATE OR REPLACE VIEW public.ai_worker_usage AS
SELECT p.role, p.day, sum(p.calls)::bigint AS calls, sum(p.failed_calls)::bigint AS failed_calls,
       sum(p.prompt_tokens)::bigint AS prompt_tokens, sum(p.completion_tokens)::bigint AS completion_tokens,
       sum(p.cached_tokens)::bigint AS cached_tokens, sum(p.tokens)::bigint AS tokens
  FROM public.ai_worker_usage_parts AS p
 GROUP BY p.role, p.day;
REVOKE ALL ON TABLE public.ai_worker_usage FROM PUBLIC;
COMMENT ON VIEW public.ai_worker_usage IS
    'AI Worker: calls to the model by role and day, kept until ai_worker_usage_parts is cleaned by hand. Transactions that were rolled back are missing; a call that failed is added by the next one of its session that is answered. Counters of ai_worker_quotas miss nothing';
COMMENT ON COLUMN public.ai_worker_usage.role IS 'The role that logged in';
COMMENT ON COLUMN public.ai_worker_usage.day IS 'The day, UTC';
COMMENT ON COLUMN public.ai_worker_usage.calls IS 'Rounds with the model, failed ones included';
COMMENT ON COLUMN public.ai_worker_usage.failed_calls IS 'Of these, without an answer that holds a statement';
COMMENT ON COLUMN public.ai_worker_usage.prompt_tokens IS 'Tokens sent, cached ones included';
COMMENT ON COLUMN public.ai_worker_usage.completion_tokens IS 'Tokens answered';
COMMENT ON COLUMN public.ai_worker_usage.cached_tokens IS 'Of the tokens sent, those from the provider''s prompt cache';
COMMENT ON COLUMN public.ai_worker_usage.tokens IS 'All tokens, as the endpoint reports them';

CREATE OR REPLACE FUNCTION public.ai_worker_record_usage(
    more_calls bigint, more_failed_calls bigint, more_prompt_tokens bigint, more_completion_tokens bigint,
    more_cached_tokens bigint, more_tokens bigint)
RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
    today CONSTANT date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
    isolation CONSTANT text := current_setting('transaction_isolation');
BEGIN
    IF current_setting('transaction_read_only')::boolean THEN
        RETURN false;
    END IF;
    IF isolation = 'read committed' THEN
        UPDATE public.ai_worker_usage_parts AS p
           SET calls = p.calls + more_calls, failed_calls = p.failed_calls + more_failed_calls,
               prompt_tokens = p.prompt_tokens + more_prompt_tokens,
               completion_tokens = p.completion_tokens + more_completion_tokens,
               cached_tokens = p.cached_tokens + more_cached_tokens, tokens = p.tokens + more_tokens
         WHERE p.ctid = (SELECT f.ctid FROM public.ai_worker_usage_parts AS f
                          WHERE f.day = today AND f.role = session_user LIMIT 1 FOR UPDATE SKIP LOCKED);
    END IF;
    IF isolation <> 'read committed' OR NOT FOUND THEN
        INSERT INTO public.ai_worker_usage_parts
            (day, role, calls, failed_calls, prompt_tokens, completion_tokens, cached_tokens, tokens)
        VALUES (today, session_user, more_calls, more_failed_calls, more_prompt_tokens, more_completion_tokens,
                more_cached_tokens, more_tokens);
    END IF;
    RETURN true;
EXCEPTION WHEN OTHERS THEN
    IF SQLSTATE LIKE '57%' THEN
        RAISE;
    END IF;
    PERFORM public.ai_worker_warn('unrecorded', 'usage could not be recorded: ' || SQLERRM,
        'If an object is missing, run install/install.sh again on this database; SELECT ai_worker_health() says more.');
    RETURN false;
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_record_usage(bigint, bigint, bigint, bigint, bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_record_usage(bigint, bigint, bigint, bigint, bigint, bigint) IS
    'AI Worker: adds to ai_worker_usage, waiting for nobody; whether it could';
