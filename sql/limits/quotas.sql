-- Limits on calls to the model: quotas, what was used, and what sessions tell each other of an endpoint that fails.
--
-- A call that fails undoes what it wrote to tables, and any caller can undo a whole transaction. Sequences are the one thing
-- that is never undone and that every session sees at once, so what must count in any case is kept in sequences.

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
    FOR EACH ROW EXECUTE FUNCTION ai_worker.explain_refusal();
COMMENT ON TRIGGER ai_worker_quotas_explain ON public.ai_worker_quotas IS 'Refuses a bad quota with a hint';

CREATE OR REPLACE FUNCTION ai_worker.make_counters(quota_id integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kind text;
    counter text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['calls', 'tokens', 'window'] LOOP
        counter := format('ai_worker.quota_%s_%s', quota_id, kind);
        CONTINUE WHEN to_regclass(counter) IS NOT NULL;
        EXECUTE format('CREATE SEQUENCE %s MINVALUE 0 START 0', counter);
        EXECUTE format('COMMENT ON SEQUENCE %s IS %L', counter,
                       'AI Worker: counts for row ' || quota_id || ' of ai_worker_quotas');
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.make_counters(integer) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.make_counters(integer) IS
    'AI Worker: makes the counters of a quota that are not there';

CREATE OR REPLACE FUNCTION ai_worker.quota_changed() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'ai_worker.quota_changed()'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('ai_worker.quota_changed()');
    END IF;
    IF NEW.role IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = NEW.role) THEN
        RAISE EXCEPTION 'role "%" does not exist', NEW.role
            USING ERRCODE = 'undefined_object', DETAIL = 'A quota holds for one role that logs in, or for all together.',
                  HINT = 'Name a role as pg_roles shows it, or use NULL for all roles together.';
    END IF;
    PERFORM ai_worker.make_counters(NEW.quota_id);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.quota_changed() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.quota_changed() IS 'AI Worker: makes the counters of a new quota';

DROP TRIGGER IF EXISTS ai_worker_quotas_counters ON public.ai_worker_quotas;
CREATE TRIGGER ai_worker_quotas_counters AFTER INSERT OR UPDATE ON public.ai_worker_quotas
    FOR EACH ROW EXECUTE FUNCTION ai_worker.quota_changed();
COMMENT ON TRIGGER ai_worker_quotas_counters ON public.ai_worker_quotas IS 'Makes the counters of a new quota';

-- Repairs, for an installation that is run again.
DO $$
BEGIN
    PERFORM ai_worker.make_counters(q.quota_id) FROM public.ai_worker_quotas AS q;
END
$$;

-- A session in an open transaction keeps its lock on the counters that it used, so the delete of a quota leaves them to the
-- clean-up, which need not wait.
CREATE OR REPLACE FUNCTION ai_worker.drop_counters() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
    counter text;
BEGIN
    FOR counter IN
        SELECT c.relname FROM pg_class AS c
         WHERE c.relnamespace = 'ai_worker'::regnamespace AND c.relkind = 'S' AND starts_with(c.relname, 'quota_')
           AND split_part(c.relname, '_', 2) NOT IN (SELECT q.quota_id::text FROM public.ai_worker_quotas AS q)
    LOOP
        BEGIN
            EXECUTE format('DROP SEQUENCE ai_worker.%I', counter);
        EXCEPTION WHEN lock_not_available THEN
            NULL;
        END;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.drop_counters() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.drop_counters() IS 'AI Worker: drops the counters of deleted quotas that nobody uses';

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
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_worker_quota_usage(name)'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_worker_quota_usage(name)');
    END IF;
    FOR quota_id, role, per, max_calls, max_tokens IN
        SELECT q.quota_id, q.role, q.per, q.max_calls, q.max_tokens FROM public.ai_worker_quotas AS q
         WHERE of_role IS NULL OR q.role IS NULL OR q.role = of_role
         ORDER BY q.quota_id
    LOOP
        counter := format('ai_worker.quota_%s_', quota_id);
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
