-- What sessions tell each other of an endpoint that fails.

CREATE SEQUENCE IF NOT EXISTS ai_worker.endpoint_state MINVALUE 0 START 0;
REVOKE ALL ON SEQUENCE ai_worker.endpoint_state FROM PUBLIC;
COMMENT ON SEQUENCE ai_worker.endpoint_state IS
    'AI Worker: which endpoint fails, how often in a row, how, and until when it is left alone; 0: none. ai_worker_health() says it in words';
CREATE SEQUENCE IF NOT EXISTS ai_worker.endpoint_failing_since MINVALUE 0 START 0;
REVOKE ALL ON SEQUENCE ai_worker.endpoint_failing_since FROM PUBLIC;
COMMENT ON SEQUENCE ai_worker.endpoint_failing_since IS
    'AI Worker: when the first of these failures was, in milliseconds since 1970, and in the bits above 42 a hash of the question that failed last';

CREATE OR REPLACE FUNCTION ai_worker.endpoint(
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
          FROM ai_worker.endpoint_state AS s, ai_worker.endpoint_failing_since AS f;
    EXCEPTION WHEN OTHERS THEN
    END;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.endpoint() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.endpoint() IS
    'AI Worker: what sessions have told each other of the endpoint, NULL if that cannot be read; whether this one can add to it; and whether a quota holds for it';

CREATE OR REPLACE FUNCTION ai_worker.swap_endpoint(expected bigint, wanted bigint, since bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
    swapped boolean;
BEGIN
    -- As in ai_worker.charge: one session at a time, and the error gives the lock back.
    LOCK TABLE public.ai_worker_quotas IN SHARE UPDATE EXCLUSIVE MODE;
    SELECT s.last_value = expected INTO swapped FROM ai_worker.endpoint_state AS s;
    IF swapped THEN
        PERFORM setval('ai_worker.endpoint_failing_since', since);
        PERFORM setval('ai_worker.endpoint_state', wanted);
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'IA999', MESSAGE = 'swapped';
EXCEPTION
    WHEN SQLSTATE 'IA999' THEN
        RETURN swapped;
    WHEN OTHERS THEN
        RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.swap_endpoint(bigint, bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.swap_endpoint(bigint, bigint, bigint) IS
    'AI Worker: tells the other sessions of the endpoint if nobody else has meanwhile; whether it did, NULL if it cannot';
