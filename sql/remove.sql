-- Removes every object of AI Worker from this database, with the cache. The roles go too unless something that is not
-- ours, here or in another database, is theirs or granted to them.

DO $$
DECLARE
    object text;
    reason text;
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
           AND (p.proname IN ('ai_generate_sql', 'ai_cached_sql', 'ai_sql', 'ai_run_sql')
                OR starts_with(p.proname, 'ai_worker_'))
    LOOP
        EXECUTE 'DROP ROUTINE ' || object;
    END LOOP;
    IF to_regnamespace('sqlj') IS NOT NULL AND EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'ai_worker') THEN
        REVOKE USAGE ON SCHEMA sqlj FROM ai_worker;
    END IF;
    FOR object IN
        SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('ai_worker', 'ai_worker_user', 'ai_worker_admin')
    LOOP
        BEGIN
            EXECUTE format('DROP ROLE %I', object);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            GET STACKED DIAGNOSTICS reason = PG_EXCEPTION_DETAIL;
            RAISE NOTICE 'role % stays: it is still in use', object USING DETAIL = reason;
        END;
    END LOOP;
END
$$;
