CREATE OR REPLACE FUNCTION ai_worker.charge(more_calls integer, more_tokens bigint) RETURNS void
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
            IF more_calls > 0 AND (quota.calls + more_calls > quota.max_calls OR quota.tokens >= quota.max_tokens) THEN
                exceeded := quota;
                refused := true;
                EXIT;
            END IF;
        END LOOP;
        IF NOT refused THEN
            FOR quota IN SELECT u.* FROM public.ai_worker_quota_usage(session_user) AS u LOOP
                counter := format('ai_worker.quota_%s_', quota.quota_id);
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
        what := CASE WHEN exceeded.calls + more_calls > exceeded.max_calls THEN 'calls' ELSE 'tokens' END;
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
REVOKE ALL ON FUNCTION ai_worker.charge(integer, bigint) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.charge(integer, bigint) IS
    'AI Worker: adds to every quota that holds for who logged in, or to none and refuses if these calls would be over one; a negative number takes back calls that were not made';
