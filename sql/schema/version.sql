-- The version that keys cached answers to the schemas in scope.

CREATE OR REPLACE FUNCTION ai_worker.schema_fingerprint(schemas text[])
RETURNS text
LANGUAGE sql
STABLE
PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT c.version FROM ai_worker.schema_catalog(schemas) c
$$;
REVOKE ALL ON FUNCTION ai_worker.schema_fingerprint(text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.schema_fingerprint(text[]) IS
  'Fingerprint of what queries on these schemas may say, what their functions, operators and casts do, and what the model is told, notes on what there is included: 20 characters, always computed. Data, statistics, privileges, triggers and plain indexes do not count; undoing a change restores it. Begins with locked- while another session''s lock hides checks, generated columns and view definitions';

-- The memory is a custom setting, which any caller may set. He gains nothing: it lives in his session only, it can name no
-- other version than he could pass as schema_version anyway (never one with a bar in it, which would blur cache keys), and
-- it is used to look answers up, while what is stored is stored under a computed fingerprint. A memory that is too old, of the
-- future, of other schemas or not ours is not used. If the transaction rolls back, so does the setting: one more computation.
CREATE OR REPLACE FUNCTION ai_worker.schema_version()
RETURNS text
LANGUAGE plpgsql
VOLATILE
PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- Until when and since when, each in 13 digits of milliseconds, 20 characters of version, the schemas, with spaces between.
  -- Compared as text, so that garbage is no error.
  memory CONSTANT text := current_setting('ai_worker.schema_memory', true);
  now_ms CONSTANT bigint := date_part('epoch', clock_timestamp()) * 1000;
  remembered CONSTANT text := substr(memory, 29, 20);
  since text := now_ms;
  scope text[];
  known boolean;
  took_ms bigint;
  keep_ms bigint;
  version text;
BEGIN
  SELECT c.schemas INTO scope FROM public.ai_worker_config c;
  known := substr(memory, 50) = scope::text AND length(remembered) = 20 AND strpos(remembered, '|') = 0;
  IF known AND substr(memory, 1, 13) COLLATE "C" > now_ms::text
     AND substr(memory, 1, 13) COLLATE "C" <= (now_ms + 10000)::text THEN
    RETURN remembered;
  END IF;
  version := ai_worker.schema_fingerprint(scope);
  took_ms := date_part('epoch', clock_timestamp()) * 1000 - now_ms;
  -- A second, or ten times what computing it took, where a thousand tables make that more.
  keep_ms := least(greatest(1000, 10 * took_ms), 10000);
  IF starts_with(version, 'locked-') THEN
    keep_ms := 1000;
    -- The version from before the lock serves for a while, but not as long as the lock: other tables may have changed.
    IF known AND substr(memory, 15, 13) COLLATE "C" > (now_ms - 20000)::text
       AND substr(memory, 15, 13) COLLATE "C" <= now_ms::text THEN
      version := remembered;
      since := substr(memory, 15, 13);
    END IF;
  END IF;
  PERFORM set_config('ai_worker.schema_memory',
    now_ms + took_ms + keep_ms || ' ' || since || ' ' || version || ' ' || scope::text, false);
  RETURN version;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.schema_version() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.schema_version() IS
  'The automatic schema version: ai_worker.schema_fingerprint of the schemas in ai_worker_config, remembered by the session for a second or, where it takes more than 100 ms, for ten times as long as it takes, at most 10 s';
