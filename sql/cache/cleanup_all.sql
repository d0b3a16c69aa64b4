-- A procedure that commits can neither be SECURITY DEFINER nor pin its search path, so it qualifies everything instead and
-- needs the caller's EXECUTE on what it calls.
CREATE OR REPLACE PROCEDURE public.ai_worker_cleanup_all()
LANGUAGE plpgsql
AS $$
BEGIN
    LOOP
        IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed' THEN
            COMMIT;
            SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        END IF;
        EXIT WHEN public.ai_worker_cleanup_cache() OPERATOR(pg_catalog.<) 10000;
        COMMIT;
    END LOOP;
END
$$;
REVOKE ALL ON PROCEDURE public.ai_worker_cleanup_all() FROM PUBLIC;
COMMENT ON PROCEDURE public.ai_worker_cleanup_all() IS
    'AI Worker: ai_worker_cleanup_cache() until nothing is left to do, committing after each; READ COMMITTED whatever the default is';
