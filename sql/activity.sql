-- What sessions wait for. While a transaction is open others see nothing of it but its locks, so a wait is shown by two shared
-- advisory locks that nobody ever waits for: (16713 * 65536 + kind * 256 + attempt, begin of the wait), and the same with kind 0
-- and the first seven digits of the cache key. They are the session's, so that they can be given back before the transaction
-- ends; with the session they go in any case.

CREATE OR REPLACE FUNCTION ai_worker.end_wait() RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_advisory_unlock_shared(l.classid::bigint::integer, l.objid::bigint::integer)
      FROM pg_locks AS l
     WHERE l.locktype = 'advisory' AND l.pid = pg_backend_pid() AND l.objsubid = 2 AND l.mode = 'ShareLock'
       AND l.classid::bigint / 65536 = 16713
       AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
$$;
REVOKE ALL ON FUNCTION ai_worker.end_wait() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.end_wait() IS
    'AI Worker: takes back what ai_worker.show_wait has shown';

CREATE OR REPLACE FUNCTION ai_worker.show_wait(waits_for text, attempt integer, cache_key text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    class CONSTANT integer := 16713 * 65536;
    kind CONSTANT integer := array_position(ARRAY['model', 'retry', 'session', 'java'], waits_for);
BEGIN
    PERFORM ai_worker.end_wait();
    PERFORM pg_try_advisory_lock_shared(
                class + kind * 256 + attempt, (floor(date_part('epoch', clock_timestamp()) * 1000)::bigint & 2147483647)::integer),
            pg_try_advisory_lock_shared(class, ('x' || left(cache_key, 7))::bit(28)::integer);
EXCEPTION WHEN OTHERS THEN
    -- A full lock table is no reason not to answer.
    PERFORM ai_worker.debug('what this session waits for cannot be shown', SQLERRM);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.show_wait(text, integer, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.show_wait(text, integer, text) IS
    'AI Worker: shows in ai_worker_activity what this session waits for from now on, instead of what it did before: model, retry, session or java';

-- Not in the view itself: whoever locks that would lock what it reads, and these are the server's own catalogs.
CREATE OR REPLACE FUNCTION ai_worker.waits()
RETURNS TABLE (pid integer, role name, application_name text, waits_for text, attempt integer, since timestamptz, question text, query text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH now AS (
        SELECT floor(date_part('epoch', clock_timestamp()) * 1000)::bigint AS ms
    ), shown AS MATERIALIZED (
        SELECT l.pid, (l.classid::bigint / 256 % 256)::integer AS kind, (l.classid::bigint % 256)::integer AS attempt,
               l.objid::bigint AS value
          FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database AND d.datname = current_database()
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.mode = 'ShareLock'
           AND l.classid::bigint / 65536 = 16713
    )
    SELECT w.pid, s.usename, s.application_name, (ARRAY['model', 'retry', 'session', 'java'])[w.kind], NULLIF(w.attempt, 0),
           -- The clock may have been set back since.
           to_timestamp((now.ms - ((now.ms - w.value + 1073741824) & 2147483647) + 1073741824) / 1000.0),
           lpad(to_hex(q.value), 7, '0'), s.query
      FROM now
     CROSS JOIN shown AS w
      JOIN pg_stat_activity AS s ON s.pid = w.pid
      LEFT JOIN shown AS q ON q.pid = w.pid AND q.kind = 0
     WHERE w.kind > 0
$$;
REVOKE ALL ON FUNCTION ai_worker.waits() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.waits() IS
    'AI Worker: what sessions show by ai_worker.show_wait; for ai_worker_activity';

CREATE OR REPLACE VIEW public.ai_worker_activity AS
SELECT w.pid, w.role, w.application_name, w.waits_for, w.attempt, w.since, w.question,
       (SELECT e.prompt_text FROM public.ai_worker_cache AS e
         WHERE e.cache_key BETWEEN rpad(w.question, 64, '0') AND rpad(w.question, 64, 'f')
         LIMIT 1) AS prompt_text,
       CASE WHEN (SELECT c.store_prompts FROM public.ai_worker_config AS c) = 'plain' THEN w.query END AS query
  FROM ai_worker.waits() AS w;
REVOKE ALL ON TABLE public.ai_worker_activity FROM PUBLIC;
COMMENT ON VIEW public.ai_worker_activity IS
    'AI Worker: sessions of this database that wait at this moment, and for what. A wait of less than 25 ms is not shown, nor is the time in which Java starts';
COMMENT ON COLUMN public.ai_worker_activity.pid IS 'The session''s process, as in pg_stat_activity';
COMMENT ON COLUMN public.ai_worker_activity.role IS 'The role that logged in';
COMMENT ON COLUMN public.ai_worker_activity.application_name IS 'The session''s own';
COMMENT ON COLUMN public.ai_worker_activity.waits_for IS
    'model: the endpoint''s reply; retry: the next attempt after one that failed; session: the answer of another session that asks the same; java: a place among the max_sessions sessions in which Java may run';
COMMENT ON COLUMN public.ai_worker_activity.attempt IS
    'Which attempt of this call it waits for, 1 being the first; NULL while it waits for a session or a place';
COMMENT ON COLUMN public.ai_worker_activity.since IS 'When this wait began';
COMMENT ON COLUMN public.ai_worker_activity.question IS
    'The first seven digits of the question''s cache key: sessions that ask the same have the same';
COMMENT ON COLUMN public.ai_worker_activity.prompt_text IS
    'The question if the cache holds it, as far as store_prompts keeps it; else NULL';
COMMENT ON COLUMN public.ai_worker_activity.query IS
    'The session''s statement, as pg_stat_activity shows it to the reader (to members of pg_read_all_stats); NULL unless store_prompts is plain';
