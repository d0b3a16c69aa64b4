-- The same functions for PL/Python with JPype: one body starts the JVM, the rest hand over to it. install/install.sh fills
-- in the paths @JAR@, @LIBJVM@ and @JPYPE_JAR@.

CREATE OR REPLACE FUNCTION ai_worker.bridge(call text, arguments text[]) RETURNS jsonb
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
if "bridge" not in SD:
    import json, os

    paths = {"the jar": "@JAR@", "the Java virtual machine": "@LIBJVM@", "JPype's jar": "@JPYPE_JAR@"}
    for what, path in paths.items():
        if not os.access(path, os.R_OK):
            return json.dumps({"error": {
                "sqlstate": "IA005", "message": what + " is not there", "detail": "It was expected at " + path + ".",
                "hint": "Run install/install.sh again on this database; it names the package to add."}})
    import ctypes
    import jpype

    if not jpype.isJVMStarted():
        jpype.startJVM(
            paths["the Java virtual machine"], "-Xrs", "-Xms8m", "-Xmx64m", "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1", classpath=[paths["JPype's jar"], paths["the jar"]],
            convertStrings=False, interrupt=False)
        # An exit runs the destructors of every library while threads of Java are still at work in them. Now and then that
        # aborts, and the server then restarts all sessions. What the server itself does at its end is done before this.
        libc = ctypes.CDLL(None)
        libc.on_exit(libc._exit, None)

    plans = {}

    @jpype.JImplements("aiworker.jpype.Session")
    class Session:
        @jpype.JOverride
        def run(self, sql, parameters):
            try:
                sql = str(sql)
                if sql not in plans:
                    parts = sql.split("?")
                    numbered = parts[0] + "".join("$%d%s" % (i, part) for i, part in enumerate(parts[1:], 1))
                    plans[sql] = plpy.prepare(numbered, ["text"] * (len(parts) - 1))
                values = [None if value is None else str(value) for value in parameters]
                rows = plpy.execute(plans[sql], values)
                return json.dumps({"rows": [
                    {name: value if value is None or isinstance(value, str) else str(value).lower()
                     for name, value in row.items()} for row in rows]})
            except plpy.SPIError as error:
                code, detail, hint = error.spidata[:3]
                sqlstate = "".join(chr((code >> 6 * i & 63) + ord("0")) for i in range(5))
                return json.dumps({"error": {
                    "sqlstate": sqlstate, "message": str(error), "detail": detail, "hint": hint}})

    SD["bridge"] = jpype.JClass("aiworker.jpype.Bridge")(Session())
return str(SD["bridge"].call(call, arguments))
$$;
REVOKE ALL ON FUNCTION ai_worker.bridge(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.bridge(text, text[]) IS
    'AI Worker: hands a call to the Java core in this backend and its outcome back, errors as data';

CREATE OR REPLACE FUNCTION ai_worker.call(call text, VARIADIC arguments text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    outcome CONSTANT jsonb := ai_worker.bridge(call, arguments);
    error CONSTANT jsonb := outcome -> 'error';
BEGIN
    IF error IS NOT NULL THEN
        PERFORM ai_worker.raise(
            error ->> 'sqlstate', error ->> 'message', error ->> 'detail', error ->> 'hint');
    END IF;
    RETURN outcome -> 'value';
END
$$;
REVOKE ALL ON FUNCTION ai_worker.call(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.call(text, text[]) IS
    'AI Worker: a call of the Java core whose failure is an error of this server';

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
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_jsonb(s) FROM public.ai_worker_cache_stats AS s
$$;
REVOKE ALL ON FUNCTION ai_worker.cache_stats() FROM PUBLIC;

CREATE OR REPLACE FUNCTION ai_worker.cleanup_cache() RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ai_worker.clean(10000)
$$;
REVOKE ALL ON FUNCTION ai_worker.cleanup_cache() FROM PUBLIC;

CREATE OR REPLACE FUNCTION ai_worker.health() RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    outcome jsonb := ai_worker.bridge('health'::text, ARRAY[]::text[]);
    error CONSTANT jsonb := outcome -> 'error';
    state CONSTANT jsonb := ai_worker.state();
BEGIN
    IF error IS NULL THEN
        RETURN outcome -> 'value';
    END IF;
    RETURN state || jsonb_build_object(
        'runtime', 'plpython', 'healthy', false,
        'problems', (state -> 'problems') || jsonb_build_array(
            concat_ws(' ', (error ->> 'message') || '.', error ->> 'detail', error ->> 'hint')));
END
$$;
REVOKE ALL ON FUNCTION ai_worker.health() FROM PUBLIC;
