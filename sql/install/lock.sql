-- Locks all that is there of ours before any of it is changed, in the order of a hit: so nothing later can deadlock with one.
-- The mode is that of ai_worker.lock_mode, at first one that hits and answers of the model get on with, and only another
-- installation does not. Each try waits for less than the default deadlock_timeout and then makes way, so that whoever waits
-- behind it gets on.

DO $$
DECLARE
    tries CONSTANT integer := coalesce(current_setting('ai_worker.lock_tries', true), '10')::integer;
    lock_mode CONSTANT text := coalesce(nullif(current_setting('ai_worker.lock_mode', true), ''), 'ROW EXCLUSIVE');
    patience CONSTANT text := current_setting('lock_timeout');
    tables oid[];
    blockers text;
BEGIN
    SELECT array_agg(c.oid ORDER BY c.relkind, array_position(
               ARRAY['ai_worker_cache', 'ai_worker_config', 'cache_hits'], c.relname::text), c.relname)
      INTO tables
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_roles AS r ON r.oid = c.relowner
     WHERE r.rolname = 'ai_worker' AND c.relkind IN ('r', 'v')
       AND (n.nspname = 'ai_worker' OR n.nspname = 'public' AND starts_with(c.relname, 'ai_worker_'));
    FOR try IN 1 .. CASE WHEN tables IS NULL THEN 0 ELSE tries END LOOP
        BEGIN
            SET LOCAL lock_timeout = '500ms';
            IF lock_mode <> 'ACCESS EXCLUSIVE' AND to_regclass('ai_worker.installed') = ANY (tables) THEN
                LOCK TABLE ai_worker.installed IN SHARE ROW EXCLUSIVE MODE;
            END IF;
            EXECUTE (SELECT format('LOCK TABLE %s IN %s MODE', string_agg(t.id::regclass::text, ', ' ORDER BY t.place), lock_mode)
                       FROM unnest(tables) WITH ORDINALITY AS t (id, place));
            EXIT;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            SELECT string_agg(DISTINCT format('pid %s (%s of role %s, %s, query started %s)', a.pid,
                                              coalesce(nullif(a.application_name, ''), a.backend_type),
                                              coalesce(a.usename, 'unknown'), coalesce(a.state, 'unknown'),
                                              coalesce(date_trunc('second', a.query_start)::text, 'unknown')), ', ')
              INTO blockers
              FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
             WHERE l.granted AND l.relation = ANY (tables) AND l.pid <> pg_backend_pid()
               AND (lock_mode = 'ACCESS EXCLUSIVE'
                    OR l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))
               AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database());
            blockers := coalesce(blockers, 'a session that has ended since, or a prepared transaction');
            IF try = tries THEN
                RAISE EXCEPTION 'the tables of AI Worker are in use by %', blockers
                    USING ERRCODE = 'lock_not_available',
                          DETAIL = format('%s tries to lock them were given up, each after half a second.', tries),
                          HINT = 'Wait until that ends, or end it with pg_terminate_backend(pid), then run this again.';
            ELSIF try = 1 THEN
                RAISE WARNING 'waiting for %', blockers;
            END IF;
            PERFORM pg_sleep(try);
        END;
    END LOOP;
    PERFORM set_config('lock_timeout', patience, true);
END
$$;
