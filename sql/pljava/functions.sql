-- What Java does, for PL/Java 1.6.

GRANT USAGE ON SCHEMA sqlj TO ai_worker;
SELECT sqlj.set_classpath('ai_worker', 'ai_worker');

-- Left over where the other runtime was installed before.
DROP FUNCTION IF EXISTS ai_worker.call(text, text[]), ai_worker.bridge(text, text[]);

CREATE OR REPLACE FUNCTION ai_worker.generate(prompt text, schema_version text) RETURNS jsonb
LANGUAGE javau VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS 'java.lang.String=aiworker.pljava.Functions.generate(java.lang.String,java.lang.String)';
REVOKE ALL ON FUNCTION ai_worker.generate(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION ai_worker.regenerate(prompt text, schema_version text) RETURNS jsonb
LANGUAGE javau VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS 'java.lang.String=aiworker.pljava.Functions.regenerate(java.lang.String,java.lang.String)';
REVOKE ALL ON FUNCTION ai_worker.regenerate(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION ai_worker.cache_stats() RETURNS jsonb
LANGUAGE javau VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS 'java.lang.String=aiworker.pljava.Functions.cacheStats()';
REVOKE ALL ON FUNCTION ai_worker.cache_stats() FROM PUBLIC;

CREATE OR REPLACE FUNCTION ai_worker.cleanup_cache() RETURNS bigint
LANGUAGE javau VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS 'long=aiworker.pljava.Functions.cleanupCache()';
REVOKE ALL ON FUNCTION ai_worker.cleanup_cache() FROM PUBLIC;

CREATE OR REPLACE FUNCTION ai_worker.health() RETURNS jsonb
LANGUAGE javau VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS 'java.lang.String=aiworker.pljava.Functions.health()';
REVOKE ALL ON FUNCTION ai_worker.health() FROM PUBLIC;
