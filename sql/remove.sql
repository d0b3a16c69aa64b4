-- Removes every object of AI Worker from this database, with the cache. The roles go too unless another database or role
-- still needs them.

DO $$
DECLARE
    object text;
BEGIN
    DROP VIEW IF EXISTS public.ai_worker_cache_stats, public.ai_worker_usage;
    DROP TABLE IF EXISTS public.ai_worker_cache, public.ai_worker_cache_hits, public.ai_worker_cache_pending,
        public.ai_worker_cache_totals, public.ai_worker_config, public.ai_worker_quotas, public.ai_worker_traffic,
        public.ai_worker_usage_parts;
    FOR object IN
        SELECT c.oid::regclass FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = 'ai_worker_counters' AND c.relkind = 'S'
    LOOP
        EXECUTE 'DROP SEQUENCE ' || object;
    END LOOP;
    DROP SCHEMA IF EXISTS ai_worker_counters;
    FOR object IN
        SELECT p.oid::regprocedure
          FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_roles AS r ON r.oid = p.proowner
         WHERE p.pronamespace = 'public'::regnamespace AND r.rolname = 'ai_worker'
    LOOP
        EXECUTE 'DROP ROUTINE ' || object;
    END LOOP;
    FOR object IN
        SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('ai_worker', 'ai_worker_user', 'ai_worker_admin')
    LOOP
        EXECUTE format('DROP OWNED BY %I', object);
        BEGIN
            EXECUTE format('DROP ROLE %I', object);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            RAISE NOTICE 'role % stays: another database still uses it', object;
        END;
    END LOOP;
END
$$;
