-- What Java does, for PL/Java 1.6.

DO $$
DECLARE
    lacks text;
BEGIN
    lacks := CASE WHEN COALESCE(current_setting('pljava.vmoptions', true), '') !~ 'class[.]path=[^ ]*ai-worker-guard[.]jar'
                  THEN 'pljava.vmoptions does not name ai-worker-guard.jar.'
                  WHEN COALESCE(current_setting('pljava.allow_unenforced', true), '') !~ '(^|[ ,])javau([ ,]|$)'
                  THEN 'pljava.allow_unenforced does not name javau.' END;
    IF lacks IS NOT NULL THEN
        RAISE EXCEPTION 'PL/Java is not set up for AI Worker in this session'
            USING ERRCODE = 'IA005', DETAIL = lacks,
                  HINT = 'Run install/install.sh instead, which sets what is needed, or set it for the database as the README says and connect again.';
    END IF;
END
$$;

GRANT USAGE ON SCHEMA sqlj TO ai_worker;
-- Each session in which PL/Java starts lists what is on this path, so that it is a jar with that one class that is needed of it.
DELETE FROM sqlj.jar_repository WHERE jarname = 'ai_worker_functions';
INSERT INTO sqlj.jar_repository (jarname, jarorigin, jarowner)
SELECT 'ai_worker_functions', r.jarorigin, r.jarowner FROM sqlj.jar_repository AS r WHERE r.jarname = 'ai_worker';
INSERT INTO sqlj.jar_entry (entryname, jarid, entryimage)
SELECT e.entryname, f.jarid, e.entryimage
  FROM sqlj.jar_entry AS e
  JOIN sqlj.jar_repository AS r ON r.jarid = e.jarid AND r.jarname = 'ai_worker'
  JOIN sqlj.jar_repository AS f ON f.jarname = 'ai_worker_functions'
 WHERE e.entryname = 'aiworker/pljava/Functions.class';
SELECT sqlj.set_classpath('ai_worker', 'ai_worker_functions');

CREATE OR REPLACE FUNCTION ai_worker.bridge(call text, arguments text[]) RETURNS jsonb
LANGUAGE javau VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS 'java.lang.String=aiworker.pljava.Functions.call(java.lang.String,java.lang.String[])';
REVOKE ALL ON FUNCTION ai_worker.bridge(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.bridge(text, text[]) IS
    'AI Worker: hands a call to the Java core in this backend';

-- Java starts when a function of PL/Java is looked up, which is before that function's own settings hold. With pljava.debug,
-- which anybody may set, it waits for a debugger for ever; without pljava.enable it starts when that is set, outside of here.
CREATE OR REPLACE FUNCTION ai_worker.call(call text, VARIADIC arguments text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET pljava.debug = off
SET pljava.enable = on
AS $$
DECLARE
    version text;
    response jsonb;
    error jsonb;
BEGIN
    SELECT concat_ws(' ', r.xmin, r.jarorigin) INTO version FROM sqlj.jar_repository AS r WHERE r.jarname = 'ai_worker';
    IF version IS NULL THEN
        RAISE EXCEPTION 'PL/Java has no jar ai_worker'
            USING ERRCODE = 'IA005', DETAIL = 'It is not in sqlj.jar_repository.',
                  HINT = 'Run install/install.sh again on this database.';
    END IF;
    response := ai_worker.admit(call, arguments);
    IF response IS NOT NULL THEN
        RETURN response;
    END IF;
    response := ai_worker.bridge(call, arguments || version);
    error := response -> 'error';
    IF error IS NOT NULL THEN
        PERFORM ai_worker.raise(
            error ->> 'sqlstate', error ->> 'message', error ->> 'detail', error ->> 'hint');
    END IF;
    RETURN response;
EXCEPTION WHEN OTHERS OR query_canceled THEN
    PERFORM ai_worker.end_wait();
    IF SQLSTATE = '55000' AND starts_with(SQLERRM, 'cannot use PL/Java') THEN
        RAISE EXCEPTION 'Java does not start in this session'
            USING ERRCODE = 'IA005', DETAIL = 'PL/Java''s warnings say why, and which of its settings to correct.',
                  HINT = 'Run install/install.sh again on this database, with --java-home for another Java, then connect again.';
    END IF;
    RAISE;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.call(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.call(text, text[]) IS
    'AI Worker: a call of the Java core, whose start no setting of the session may hold up';

CREATE OR REPLACE FUNCTION ai_worker.generate(prompt text, schema_version text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ai_worker.call('generate'::text, VARIADIC ARRAY[prompt, schema_version]);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.generate(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION ai_worker.regenerate(prompt text, schema_version text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ai_worker.call('regenerate'::text, VARIADIC ARRAY[prompt, schema_version]);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.regenerate(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION ai_worker.cache_stats() RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ai_worker.call('cache_stats'::text, VARIADIC ARRAY[]::text[]);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.cache_stats() FROM PUBLIC;

CREATE OR REPLACE FUNCTION ai_worker.cleanup_cache() RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ai_worker.call('cleanup_cache'::text, VARIADIC ARRAY[]::text[])::bigint;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.cleanup_cache() FROM PUBLIC;

CREATE OR REPLACE FUNCTION ai_worker.health() RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    RETURN ai_worker.call('health'::text, VARIADIC ARRAY[]::text[]);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN ai_worker.state_without_java('pljava', SQLERRM, detail, hint);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.health() FROM PUBLIC;
