-- Ownership, and who may do what. Nothing is granted to PUBLIC.

-- What this installation has made, or adopts, belongs to whoever made it, whose ALTER DEFAULT PRIVILEGES may have granted it.
-- What it found is ours already, and a DBA may have granted that on purpose.
DO $$
DECLARE
    made record;
    grantee text;
BEGIN
    FOR made IN
        SELECT CASE o.kind WHEN 'VIEW' THEN 'TABLE' ELSE o.kind END || ' ' || o.name AS object, o.acl, o.owner,
               o.kind = 'SEQUENCE'
               AND EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                            WHERE d.classid = 'pg_class'::regclass AND d.objid = o.oid AND d.deptype IN ('a', 'i')) AS follows_table
          FROM ai_worker.objects() AS o
         WHERE o.owner NOT IN ('ai_worker', 'ai_worker_prover') AND o.kind <> 'RELATION'
    LOOP
        FOR grantee IN
            SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END
              FROM aclexplode(made.acl) AS a LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
             WHERE r.rolname IS DISTINCT FROM made.owner
        LOOP
            EXECUTE format('REVOKE ALL ON %s FROM %s CASCADE', made.object, grantee);
        END LOOP;
        IF NOT made.follows_table THEN
            EXECUTE format('ALTER %s OWNER TO ai_worker', made.object);
        END IF;
    END LOOP;
END
$$;

-- What an owner may do with its own can be taken from it too.
DO $$
DECLARE
    object text;
BEGIN
    FOR object IN
        SELECT format('%s %s TO %s', CASE o.kind WHEN 'VIEW' THEN 'TABLE' ELSE o.kind END, o.name, o.owner)
          FROM ai_worker.objects() AS o
         CROSS JOIN LATERAL acldefault(CASE o.kind WHEN 'SCHEMA' THEN 'n' WHEN 'ROUTINE' THEN 'f' WHEN 'SEQUENCE' THEN 's'
                                                   ELSE 'r' END::"char", quote_ident(o.owner)::regrole) AS d (acl)
         WHERE o.kind <> 'RELATION'
           AND EXISTS (SELECT FROM aclexplode(d.acl) AS a
                        WHERE a.grantee = quote_ident(o.owner)::regrole
                          AND (a.grantee, a.privilege_type) NOT IN (SELECT b.grantee, b.privilege_type FROM aclexplode(o.acl) AS b))
    LOOP
        EXECUTE 'GRANT ALL ON ' || object;
    END LOOP;
END
$$;

ALTER FUNCTION ai_worker_prover.analyse(text, text, text) OWNER TO ai_worker_prover;
ALTER FUNCTION ai_worker_prover.prepare(text, text) OWNER TO ai_worker_prover;
GRANT EXECUTE ON FUNCTION ai_worker_prover.analyse(text, text, text), ai_worker_prover.prepare(text, text) TO ai_worker;

GRANT USAGE, CREATE ON SCHEMA ai_worker_prover TO ai_worker_prover;
GRANT USAGE ON SCHEMA ai_worker TO ai_worker_user;
-- For where it has been taken from PUBLIC: callers must reach ai_generate_sql, and what it runs as must reach the tables.
GRANT USAGE ON SCHEMA public TO ai_worker, ai_worker_user;
GRANT EXECUTE ON FUNCTION
    public.ai_generate_sql(text, text), public.ai_cached_sql(text, text), public.ai_sql(text, text),
    public.ai_run_sql(text, text), public.ai_explain_sql(text, text), ai_worker.explain(text, text),
    public.ai_worker_feedback(text, boolean, text), ai_worker.execute(text, text), ai_worker.search_path(),
    ai_worker.estimate_cost(text, text), ai_worker.run_ceilings()
    TO ai_worker_user;

GRANT EXECUTE ON FUNCTION
    public.ai_worker_cache_stats(), public.ai_worker_cleanup_cache(), public.ai_worker_health(),
    public.ai_worker_invalidate(text), public.ai_worker_recount(), public.ai_worker_reset_stats(),
    public.ai_worker_show_prompt(text, text), public.ai_worker_teach(text, text, text), public.ai_worker_verify(text, boolean),
    public.ai_worker_warm_cache(text[], text), public.ai_worker_refresh_popular(bigint, interval),
    public.ai_worker_quota_usage(name),
    ai_worker.waits(), ai_worker.unfolded(), ai_worker.unfolded_hits(), ai_worker.sum_latency(bigint[]), ai_worker.latency_percentile(bigint[], double precision)
    TO ai_worker_admin;
GRANT EXECUTE ON PROCEDURE public.ai_worker_cleanup_all() TO ai_worker_admin;
GRANT SELECT, UPDATE ON TABLE public.ai_worker_config TO ai_worker_admin;
GRANT SELECT, DELETE, TRUNCATE ON TABLE public.ai_worker_cache TO ai_worker_admin;
GRANT SELECT, DELETE ON TABLE public.ai_worker_feedback, public.ai_worker_taught TO ai_worker_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE public.ai_worker_notes, public.ai_worker_quotas TO ai_worker_admin;
GRANT SELECT, DELETE ON TABLE ai_worker.usage_parts TO ai_worker_admin;
GRANT SELECT ON TABLE public.ai_worker_activity, public.ai_worker_to_verify, public.ai_worker_usage, public.ai_worker_cache_stats, ai_worker.cache_hits, ai_worker.traffic
    TO ai_worker_admin;

-- The cache or its sums may have been dropped since they were counted. This transaction has made the cache's triggers, so it
-- need not wait here.
DO $$
BEGIN
    IF COALESCE(current_setting('ai_worker.unchanged', true), '') <> 'true' THEN
        PERFORM public.ai_worker_recount();
    END IF;
END
$$;

-- As a restore makes it: the text of a view settles once the server has read its own.
DO $$
DECLARE
    view record;
BEGIN
    FOR view IN SELECT o.name, pg_get_viewdef(o.oid) AS query FROM ai_worker.objects() AS o
                 WHERE o.kind = 'VIEW' AND COALESCE(current_setting('ai_worker.unchanged', true), '') <> 'true'
    LOOP
        EXECUTE format('CREATE OR REPLACE VIEW %s AS %s', view.name, view.query);
    END LOOP;
END
$$;

WITH now AS MATERIALIZED (
    SELECT i.object, i.part_of, encode(sha256(convert_to(i.definition, 'UTF8')), 'hex') AS digest
      FROM ai_worker.inventory() AS i
     UNION ALL
    SELECT 'schema number', NULL, ai_worker.schema_number()::text
     UNION ALL
    SELECT 'language', NULL, l.lanname
      FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
     WHERE p.oid = 'ai_worker.bridge(text, text[])'::regprocedure),
gone AS (
    DELETE FROM ai_worker.installed AS i
     WHERE NOT EXISTS (SELECT FROM now AS n WHERE n.object = i.object AND n.digest = i.digest))
INSERT INTO ai_worker.installed (object, part_of, digest)
SELECT n.object, n.part_of, n.digest FROM now AS n
 WHERE NOT EXISTS (SELECT FROM ai_worker.installed AS i WHERE i.object = n.object AND i.digest = n.digest);
