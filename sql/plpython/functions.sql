-- The same functions for PL/Python: one body starts the JVM in this backend, the rest hand over to it. install/install.sh
-- fills in what stands between two @.

CREATE OR REPLACE FUNCTION ai_worker.bridge(call text, arguments text[]) RETURNS jsonb
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
if "bridge" not in SD:
    import contextlib
    import ctypes
    import functools
    import glob
    import json
    import os
    import subprocess
    from ctypes import CFUNCTYPE, POINTER, byref, c_char, c_char_p, c_int, c_ubyte, c_void_p, cast

    JNI_VERSION_9 = 0x00090000
    CLASS = "aiworker.plpython.Bridge"

    class Option(ctypes.Structure):
        _fields_ = [("text", c_char_p), ("extra", c_void_p)]

    class Start(ctypes.Structure):
        _fields_ = [("version", c_int), ("count", c_int), ("options", POINTER(Option)), ("ignore_unknown", c_ubyte)]

    class Native(ctypes.Structure):
        _fields_ = [("name", c_char_p), ("signature", c_char_p), ("function", c_void_p)]

    to_json = functools.partial(json.dumps, ensure_ascii=False)

    def failure(sqlstate, message, detail, hint):
        return to_json({"error": {"sqlstate": sqlstate, "message": message, "detail": detail, "hint": hint}})

    def unusable(message, detail, hint="Run install/install.sh again on this database, or on a standby copy the file from its primary."):
        return failure("IA005", message, detail, hint)

    for what, path in ("the jar", "@JAR@"), ("the Java virtual machine", "@LIBJVM@"):
        if not os.access(path, os.R_OK):
            return unusable(what + " is not there", "It was expected at " + path + ".")
    try:
        library = ctypes.CDLL("@LIBJVM@", mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        return unusable("the Java virtual machine cannot be loaded", str(error))

    # The entry of the table of functions that a JavaVM or JNIEnv points to; places are fixed by the JNI specification.
    def entry(owner, place, result, *types):
        table = cast(cast(owner, POINTER(c_void_p))[0], POINTER(c_void_p))
        return functools.partial(CFUNCTYPE(result, c_void_p, *types)(table[place]), owner)

    # A body that was replaced in this session finds the JVM that the one before it started.
    machine, env, running = c_void_p(), c_void_p(), c_int()
    library.JNI_GetCreatedJavaVMs(byref(machine), 1, byref(running))
    if running.value:
        started_by = GD.get("ai_worker.jar", "@JAR@")
        if started_by != "@JAR@":
            return unusable(
                "AI Worker has been replaced since Java started in this session",
                "It was started with " + started_by + ", and now there is @JAR@.", "Connect again.")
        entry(machine, 6, c_int, POINTER(c_void_p), c_int)(byref(env), JNI_VERSION_9)
    else:
        texts = [
            "-Djava.class.path=@JAR@", "--enable-native-access=ALL-UNNAMED", "-Xrs", "-Xss8m", "-Xms8m", "-Xmx64m",
            "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        # Java goes without an archive that it cannot use, but says so of one that it cannot read.
        if os.access("@ARCHIVE@", os.R_OK):
            texts += "@ARCHIVE_OPTIONS@".split()
        # From our own table and no other, as options can do anything.
        try:
            chosen = plpy.execute(
                "SELECT c.jvm_options FROM public.ai_worker_config AS c JOIN pg_class AS t ON t.oid = c.tableoid"
                " JOIN pg_roles AS r ON r.oid = t.relowner WHERE r.rolname = 'ai_worker'")[0]["jvm_options"]
        except (plpy.SPIError, IndexError):
            chosen = None
        java = "@LIBJVM@".rsplit("/lib/", 1)[0] + "/bin/java"
        if chosen:
            texts += chosen.split()
            # Where Java does not start it ends the process, so another one tries these options first.
            if os.access(java, os.X_OK):
                trial = subprocess.run(
                    [java, *texts, "-version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                if trial.returncode != 0:
                    return unusable(
                        "Java does not start with " + chosen, trial.stdout.decode(errors="replace").strip(),
                        "Correct jvm_options in ai_worker_config, or set it to NULL.")
        options = (Option * len(texts))(*[(os.fsencode(text), None) for text in texts])
        code = library.JNI_CreateJavaVM(
            byref(machine), byref(env), byref(Start(JNI_VERSION_9, len(texts), options, 0)))
        if code != 0:
            return unusable(
                "Java does not start", "JNI_CreateJavaVM of @LIBJVM@ returned %d." % code,
                "The server's log may say why. Free memory, or choose another Java with install/install.sh --java-home.")
        GD["ai_worker.jar"] = "@JAR@"
        # An exit runs the destructors of every library while threads of Java are still at work in them. Now and then that
        # aborts, and the server then restarts all sessions. What the server itself does at its end is done before this.
        libc = ctypes.CDLL(None)
        libc.on_exit(libc._exit, None)

        # ai_worker.java_sessions() counts these marks. Of a process that could not take its own away another one does.
        mark = "base/pgsql_tmp/pgsql_tmp.ai-worker.java."

        @CFUNCTYPE(None, c_int, c_void_p)
        def take_mark_away(status, nothing):
            with contextlib.suppress(OSError):
                os.unlink(mark + str(os.getpid()))

        ctypes.pythonapi.Py_IncRef(ctypes.py_object(take_mark_away))
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(mark), exist_ok=True)
            for path in glob.glob(mark + "*"):
                try:
                    os.kill(int(path[len(mark):]), 0)
                except ProcessLookupError:
                    os.unlink(path)
            open(mark + str(os.getpid()), "w").close()
            libc.on_exit(take_mark_away, None)

    find_class = entry(env, 6, c_void_p, c_char_p)
    describe_exception = entry(env, 16, None)
    new_global = entry(env, 21, c_void_p, c_void_p)
    delete_local = entry(env, 23, None, c_void_p)
    static_method = entry(env, 113, c_void_p, c_void_p, c_char_p, c_char_p)
    call_static = entry(env, 116, c_void_p, c_void_p, c_void_p, POINTER(c_void_p))
    array_length = entry(env, 171, c_int, c_void_p)
    new_bytes = entry(env, 176, c_void_p, c_int)
    get_bytes = entry(env, 200, None, c_void_p, c_int, c_int, POINTER(c_char))
    set_bytes = entry(env, 208, None, c_void_p, c_int, c_int, c_char_p)
    register_natives = entry(env, 215, c_int, c_void_p, POINTER(Native), c_int)
    exception_waits = entry(env, 228, c_ubyte)

    # None, with an exception waiting in Java, if there is no memory for it. Half of a surrogate pair becomes a question mark.
    def to_java(text):
        data = text.encode("utf-8", "replace")
        array = new_bytes(len(data))
        if array:
            set_bytes(array, 0, len(data), data)
        return array

    def from_java(array):
        size = array_length(array)
        data = bytearray(size + 1)
        get_bytes(array, 0, size, byref(c_char.from_buffer(data)))
        return data[:size].decode()

    plans = {}

    def rows_of(sql, parameters):
        if sql not in plans:
            plans[sql] = plpy.prepare(sql, ["text"] * len(parameters))
        return [
            {name: value if value is None or isinstance(value, str) else str(value).lower()
             for name, value in row.items()} for row in plpy.execute(plans[sql], parameters)]

    @CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_void_p)
    def query(env, bridge, statement):
        try:
            return to_java(to_json({"rows": rows_of(**json.loads(from_java(statement)))}))
        except plpy.SPIError as error:
            code, detail, hint = error.spidata[:3]
            sqlstate = "".join(chr((code >> 6 * i & 63) + ord("0")) for i in range(5))
            outcome = failure(sqlstate, str(error), detail, hint)
        except BaseException as error:
            outcome = failure("XX000", "%s: %s" % (type(error).__name__, error), None, None)
        return to_java(outcome)

    bridge = find_class(CLASS.replace(".", "/").encode())
    if not bridge:
        describe_exception()
        return unusable(
            "the Java of this session has no class " + CLASS,
            "An older AI Worker or PL/Java started it, or the jar @JAR@ is damaged.",
            "Connect again; if that does not help, run install/install.sh again on this database.")
    bridge = new_global(bridge)
    register_natives(bridge, byref(Native(b"query", b"([B)[B", cast(query, c_void_p))), 1)
    method = static_method(bridge, b"call", b"([B)[B")

    def hand_over(name, values):
        request = answer = None
        try:
            request = to_java(to_json({"call": name, "arguments": values}))
            if request:
                answer = call_static(bridge, method, byref(c_void_p(request)))
            if exception_waits():
                describe_exception()
                if not request:
                    return failure("53200", "Java is out of memory", None, "Raise -Xmx in jvm_options of ai_worker_config.")
                return failure(
                    "XX000", "Java ended the call with an exception", "Its stack trace is in the server's log.", None)
            return from_java(answer)
        finally:
            delete_local(request)
            delete_local(answer)

    # Java calls query as long as it runs
    SD["query"] = query
    SD["bridge"] = hand_over
return None if call == "start" else SD["bridge"](call, arguments)
$$;
REVOKE ALL ON FUNCTION ai_worker.bridge(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.bridge(text, text[]) IS
    'AI Worker: hands a call to the Java core in this backend and its outcome back, errors as data';

CREATE OR REPLACE FUNCTION ai_worker.call(call text, VARIADIC arguments text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    response jsonb;
    outcome jsonb;
    error jsonb;
BEGIN
    response := ai_worker.admit(call, arguments);
    IF response IS NOT NULL THEN
        RETURN response;
    END IF;
    outcome := ai_worker.bridge(call, arguments);
    error := outcome -> 'error';
    IF error IS NOT NULL THEN
        PERFORM ai_worker.raise(
            error ->> 'sqlstate', error ->> 'message', error ->> 'detail', error ->> 'hint');
    END IF;
    RETURN outcome -> 'value';
EXCEPTION WHEN OTHERS OR query_canceled THEN
    PERFORM ai_worker.end_wait();
    RAISE;
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
    detail text;
    hint text;
BEGIN
    RETURN ai_worker.call('health'::text, VARIADIC ARRAY[]::text[]);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN ai_worker.state_without_java('plpython', SQLERRM, detail, hint);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.health() FROM PUBLIC;
