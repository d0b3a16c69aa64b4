-- The Java functions, for PL/Java 1.6.

GRANT USAGE ON SCHEMA sqlj TO ai_worker;

-- Left over where the other runtime was installed before.
DROP FUNCTION IF EXISTS public.ai_worker_call(text, text[]), public.ai_worker_bridge(text, text[]);

CREATE OR REPLACE FUNCTION public.ai_worker_generate(prompt text, schema_version text) RETURNS jsonb
LANGUAGE javau VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS 'java.lang.String=aiworker.pljava.Functions.generate(java.lang.String,java.lang.String)';
REVOKE ALL ON FUNCTION public.ai_worker_generate(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION public.ai_worker_regenerate(prompt text, schema_version text) RETURNS jsonb
LANGUAGE javau VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS 'java.lang.String=aiworker.pljava.Functions.regenerate(java.lang.String,java.lang.String)';
REVOKE ALL ON FUNCTION public.ai_worker_regenerate(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION public.ai_worker_cache_stats() RETURNS jsonb
LANGUAGE javau VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'java.lang.String=aiworker.pljava.Functions.cacheStats()';
REVOKE ALL ON FUNCTION public.ai_worker_cache_stats() FROM PUBLIC;

CREATE OR REPLACE FUNCTION public.ai_worker_cleanup_cache() RETURNS bigint
LANGUAGE javau VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'long=aiworker.pljava.Functions.cleanupCache()';
REVOKE ALL ON FUNCTION public.ai_worker_cleanup_cache() FROM PUBLIC;

CREATE OR REPLACE FUNCTION public.ai_worker_health() RETURNS jsonb
LANGUAGE javau VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'java.lang.String=aiworker.pljava.Functions.health()';
REVOKE ALL ON FUNCTION public.ai_worker_health() FROM PUBLIC;

-- install_jar puts the class path of schema public back to what it was when it ends, so the jar is added at commit. The
-- trigger and its function are temporary.
CREATE OR REPLACE FUNCTION pg_temp.ai_worker_set_classpath() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    jars text := COALESCE(sqlj.get_classpath('public'), '');
BEGIN
    IF NOT 'ai_worker' = ANY (string_to_array(jars, ':')) THEN
        PERFORM sqlj.set_classpath('public', CASE jars WHEN '' THEN '' ELSE jars || ':' END || 'ai_worker');
    END IF;
    RETURN NULL;
END
$$;
DROP TABLE IF EXISTS pg_temp.ai_worker_at_commit;
CREATE TEMPORARY TABLE ai_worker_at_commit (done boolean) ON COMMIT DROP;
CREATE CONSTRAINT TRIGGER ai_worker_at_commit AFTER INSERT ON pg_temp.ai_worker_at_commit
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_temp.ai_worker_set_classpath();
INSERT INTO pg_temp.ai_worker_at_commit VALUES (true);
