-- How errors and warnings are raised.

CREATE OR REPLACE FUNCTION ai_worker.raise(sqlstate_code text, message text, detail text, hint text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF detail IS NULL AND hint IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = sqlstate_code, MESSAGE = message;
    ELSIF detail IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = sqlstate_code, MESSAGE = message, HINT = hint;
    ELSIF hint IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = sqlstate_code, MESSAGE = message, DETAIL = detail;
    END IF;
    RAISE EXCEPTION USING ERRCODE = sqlstate_code, MESSAGE = message, DETAIL = detail, HINT = hint;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.raise(text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.raise(text, text, text, text) IS
    'AI Worker: raises an error, for code that cannot give one a DETAIL and a HINT';

CREATE OR REPLACE FUNCTION ai_worker.warn(topic text, message text, hint text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    warned text := current_setting('ai_worker.warned', true);
BEGIN
    IF position(' ' || topic || ' ' IN warned) > 0 THEN
        RETURN;
    END IF;
    PERFORM set_config('ai_worker.warned', COALESCE(NULLIF(warned, ''), ' ') || topic || ' ', false);
    RAISE WARNING USING MESSAGE = message, HINT = hint;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.warn(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.warn(text, text, text) IS
    'AI Worker: raises a warning, once for each topic and session';

CREATE OR REPLACE FUNCTION ai_worker.debug(message text, detail text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE DEBUG USING MESSAGE = message, DETAIL = COALESCE(detail, '');
END
$$;
REVOKE ALL ON FUNCTION ai_worker.debug(text, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.debug(text, text) IS
    'AI Worker: a message for sessions with client_min_messages = debug1';

-- A restore without owners makes the functions a superuser's, one without privileges lets everybody execute them. Each that
-- runs with rights of its owner looks first.
CREATE OR REPLACE FUNCTION ai_worker.refuse(function regprocedure) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'function % is not safe to run', function
        USING ERRCODE = 'IA004',
              DETAIL = CASE WHEN has_function_privilege('public', function, 'EXECUTE') THEN 'PUBLIC may execute it.'
                       ELSE format('It runs as role %s and not as ai_worker.', current_user) END,
              HINT = 'Run install/install.sh again on this database, with --adopt after a restore without owners.';
END
$$;
REVOKE ALL ON FUNCTION ai_worker.refuse(regprocedure) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.refuse(regprocedure) IS
    'AI Worker: the error of a function that is somebody else''s or open to everybody, as after a restore without owners or privileges';
