-- Comments on what both runtimes define alike, ownership, and who may do what. Nothing is granted to PUBLIC.

COMMENT ON FUNCTION public.ai_worker_generate(text, text) IS
    'AI Worker: what of ai_generate_sql follows a miss: asks the model, proves its statement, stores it';
COMMENT ON FUNCTION public.ai_worker_regenerate(text, text) IS
    'AI Worker: asks the model whatever the cache holds, and stores nothing';
COMMENT ON FUNCTION public.ai_worker_cache_stats() IS 'AI Worker: the row of view ai_worker_cache_stats as JSON';
COMMENT ON FUNCTION public.ai_worker_cleanup_cache() IS
    'AI Worker: one bounded clean-up of the cache; how many entries it deleted. Call it again while that is 10000 or more';
COMMENT ON FUNCTION public.ai_worker_health() IS
    'AI Worker: runtime, versions, settings that need attention and the last failure of the endpoint; never a secret';

-- ALTER DEFAULT PRIVILEGES of whoever installs may have granted what this installation made. What it found is ours already,
-- and a DBA may have granted that on purpose.
DO $$
DECLARE
    given record;
BEGIN
    FOR given IN
        SELECT DISTINCT o.object, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END AS grantee
          FROM (SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || c.oid::regclass AS object,
                       c.relacl AS acl, c.relowner AS owner
                  FROM pg_catalog.pg_class AS c
                 WHERE c.relnamespace = 'public'::regnamespace AND starts_with(c.relname, 'ai_worker_')
                   AND c.relkind IN ('r', 'v', 'S') AND c.relowner <> 'ai_worker'::regrole
                 UNION ALL
                SELECT 'SEQUENCE ' || c.oid::regclass, c.relacl, c.relowner
                  FROM pg_catalog.pg_class AS c
                 WHERE c.relnamespace = 'ai_worker_counters'::regnamespace AND c.relkind = 'S'
                 UNION ALL
                SELECT 'SCHEMA ' || n.nspname, n.nspacl, n.nspowner
                  FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'ai_worker_counters'
                 UNION ALL
                SELECT 'ROUTINE ' || p.oid::regprocedure, p.proacl, p.proowner
                  FROM pg_catalog.pg_proc AS p
                 WHERE p.pronamespace = 'public'::regnamespace AND p.proowner <> 'ai_worker'::regrole
                   AND (p.proname IN ('ai_generate_sql', 'ai_cached_sql', 'ai_sql', 'ai_run_sql')
                        OR starts_with(p.proname, 'ai_worker_'))) AS o
         CROSS JOIN aclexplode(o.acl) AS a
          LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
         WHERE a.grantee <> o.owner
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s CASCADE', given.object, given.grantee);
    END LOOP;
END
$$;

DO $$
DECLARE
    object text;
BEGIN
    FOR object IN
        SELECT format('%s public.%I', CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, c.relname)
          FROM pg_catalog.pg_class AS c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v')
           AND c.relname IN ('ai_worker_cache', 'ai_worker_cache_hits', 'ai_worker_cache_pending',
                             'ai_worker_cache_stats', 'ai_worker_cache_totals', 'ai_worker_config', 'ai_worker_quotas',
                             'ai_worker_traffic', 'ai_worker_usage', 'ai_worker_usage_parts')
         UNION ALL
        SELECT format('ROUTINE %s', p.oid::regprocedure)
          FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace = 'public'::regnamespace
           AND (p.proname IN ('ai_generate_sql', 'ai_cached_sql', 'ai_sql', 'ai_run_sql')
                OR starts_with(p.proname, 'ai_worker_'))
    LOOP
        EXECUTE 'ALTER ' || object || ' OWNER TO ai_worker';
    END LOOP;
END
$$;

GRANT EXECUTE ON FUNCTION
    public.ai_generate_sql(text, text), public.ai_cached_sql(text, text), public.ai_sql(text, text),
    public.ai_run_sql(text, text), public.ai_worker_execute(text, text), public.ai_worker_search_path(),
    public.ai_worker_estimate_cost(text, text), public.ai_worker_max_cost()
    TO ai_worker_user;

GRANT EXECUTE ON FUNCTION
    public.ai_worker_cache_stats(), public.ai_worker_cleanup_cache(), public.ai_worker_health(),
    public.ai_worker_invalidate(text), public.ai_worker_recount(), public.ai_worker_reset_stats(),
    public.ai_worker_verify(text, boolean),
    public.ai_worker_warm_cache(text[], text), public.ai_worker_refresh_popular(bigint, interval),
    public.ai_worker_quota_usage(name),
    public.ai_worker_sum_latency(bigint[]), public.ai_worker_latency_percentile(bigint[], double precision)
    TO ai_worker_admin;
GRANT EXECUTE ON PROCEDURE public.ai_worker_cleanup_all() TO ai_worker_admin;
GRANT SELECT, UPDATE ON TABLE public.ai_worker_config TO ai_worker_admin;
GRANT SELECT, DELETE, TRUNCATE ON TABLE public.ai_worker_cache TO ai_worker_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE public.ai_worker_quotas TO ai_worker_admin;
GRANT SELECT, DELETE ON TABLE public.ai_worker_usage_parts TO ai_worker_admin;
GRANT SELECT ON TABLE public.ai_worker_usage, public.ai_worker_cache_stats, public.ai_worker_cache_hits, public.ai_worker_traffic
    TO ai_worker_admin;

-- The cache or its sums may have been dropped since they were counted. This transaction has made the cache's triggers, so it
-- need not wait here.
DO $$
BEGIN
    PERFORM public.ai_worker_recount();
END
$$;
