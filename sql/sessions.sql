-- How many backends hold a JVM. When Java starts in one, an empty file named by its process is made where the server's
-- temporary files are, and taken away when it ends; the server empties that folder when it starts and after a crash. So no
-- rollback, DISCARD ALL or kill makes the count wrong, and a standby counts too. A session that the server has forgotten no
-- longer counts, though with PL/Java its process may need a third of a second to end.

CREATE OR REPLACE FUNCTION ai_worker.java_sessions() RETURNS SETOF integer
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.pid FROM pg_ls_tmpdir() AS f JOIN pg_stat_activity AS a ON f.name = 'pgsql_tmp.ai-worker.java.' || a.pid
$$;
REVOKE ALL ON FUNCTION ai_worker.java_sessions() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.java_sessions() IS
    'AI Worker: process ids of the backends of this server in which Java runs, whatever database they are in';
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_tmpdir() TO ai_worker;

CREATE OR REPLACE FUNCTION ai_worker.admit(call text, arguments text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    started CONSTANT timestamptz := clock_timestamp();
    most integer;
    wait_ms integer;
    longest_prompt integer;
    model text;
    shown boolean := false;
    left_ms integer;
    sessions integer[];
    response jsonb;
BEGIN
    BEGIN
        SELECT c.max_sessions, CASE call WHEN 'health' THEN 0 ELSE c.flight_wait_ms END, c.max_prompt_chars, c.model
          INTO most, wait_ms, longest_prompt, model
          FROM public.ai_worker_config AS c;
    EXCEPTION WHEN undefined_table OR undefined_column THEN
        -- The call itself says what is missing.
        RETURN NULL;
    END;
    IF call IN ('generate', 'regenerate', 'show_prompt', 'teach') THEN
        PERFORM ai_worker.check_request(arguments[1], arguments[2], longest_prompt);
    END IF;
    IF most IS NULL THEN
        RETURN NULL;
    END IF;
    WHILE response IS NULL LOOP
        PERFORM pg_stat_clear_snapshot();
        sessions := ARRAY(SELECT ai_worker.java_sessions());
        IF pg_backend_pid() = ANY (sessions) THEN
            RETURN NULL;
        END IF;
        left_ms := wait_ms - 1000 * date_part('epoch', clock_timestamp() - started);
        IF cardinality(sessions) < most THEN
            -- One at a time, and rolled back, so that the lock is held no longer than Java takes to start. Whoever asks holds
            -- no lock that keeps another from it, and a standby has none that would do.
            BEGIN
                PERFORM set_config('lock_timeout', GREATEST(left_ms, 1000)::text, true);
                IF NOT pg_is_in_recovery() THEN
                    LOCK TABLE public.ai_worker_config IN SHARE UPDATE EXCLUSIVE MODE;
                END IF;
                PERFORM pg_stat_clear_snapshot();
                IF (SELECT count(*) FROM ai_worker.java_sessions()) < most THEN
                    PERFORM ai_worker.bridge('start'::text, ARRAY[]::text[]);
                    most := NULL;
                END IF;
                RAISE EXCEPTION USING ERRCODE = 'IA099', MESSAGE = 'done';
            EXCEPTION WHEN SQLSTATE 'IA099' OR lock_not_available THEN
                EXIT WHEN most IS NULL;
            END;
        END IF;
        IF call = 'generate' THEN
            response := ai_worker.hit(arguments[1], arguments[2]);
        END IF;
        IF response IS NULL AND left_ms <= 0 THEN
            RAISE EXCEPTION 'Java runs in % sessions already', cardinality(sessions)
                USING ERRCODE = 'too_many_connections',
                      DETAIL = format('max_sessions is %s. This session waited %s ms for another one to end.', most, wait_ms),
                      HINT = 'Ask again later, let fewer sessions ask, or raise max_sessions in ai_worker_config; cached questions are answered all the time.';
        END IF;
        IF response IS NULL AND NOT shown THEN
            PERFORM ai_worker.show_wait('java', 0, CASE WHEN call IN ('generate', 'regenerate') THEN
                ai_worker.cache_key(arguments[1], model, COALESCE(arguments[2], ai_worker.schema_version())) END);
            shown := true;
        END IF;
        PERFORM pg_sleep(CASE WHEN response IS NULL THEN LEAST(left_ms, 50) / 1000.0 ELSE 0 END);
    END LOOP;
    IF shown THEN
        PERFORM ai_worker.end_wait();
    END IF;
    RETURN response;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.admit(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.admit(text, text[]) IS
    'AI Worker: lets a call of the Java core go on (NULL) if its request is a good one and Java runs in this session or may; waits for that as long as flight_wait_ms, and ends with the response if another session stores it meanwhile';
