-- Removes every object of AI Worker from this database, with the cache. The roles go too unless something that is not
-- ours, here or in another database, is theirs or granted to them.

DO $$
DECLARE
    object text;
    reason text;
BEGIN
    -- It would remove all and then install anew. Where these statements are run by themselves, they are the query.
    IF current_query() ~* 'replace_jar' AND current_query() !~ 'current_query' THEN
        RAISE EXCEPTION 'sqlj.replace_jar would remove the cache and the settings'
            USING ERRCODE = 'feature_not_supported', DETAIL = 'With redeploy it runs the jar''s REMOVE and then its INSTALL.',
                  HINT = 'To keep them, run install/install.sh. To lose them, call sqlj.remove_jar and then sqlj.install_jar.';
    END IF;
    -- First what stands on the rest. What others have built upon ours keeps it from being dropped.
    FOR object IN
        SELECT CASE c.relkind WHEN 'v' THEN 'VIEW ' ELSE 'TABLE ' END || c.oid::regclass
          FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_roles AS r ON r.oid = c.relowner
         WHERE r.rolname = 'ai_worker' AND c.relkind IN ('v', 'r') AND c.relnamespace = 'public'::regnamespace
           AND starts_with(c.relname, 'ai_worker_')
         ORDER BY c.relkind DESC
    LOOP
        EXECUTE 'DROP ' || object;
    END LOOP;
    FOR object IN
        SELECT p.oid::regprocedure
          FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_roles AS r ON r.oid = p.proowner
         WHERE r.rolname = 'ai_worker' AND p.pronamespace = 'public'::regnamespace
           AND (p.proname IN ('ai_generate_sql', 'ai_cached_sql', 'ai_sql', 'ai_run_sql', 'ai_explain_sql')
                OR starts_with(p.proname, 'ai_worker_'))
    LOOP
        EXECUTE 'DROP ROUTINE ' || object;
    END LOOP;
    -- Each kind at once, for they stand on each other.
    FOR object IN
        SELECT o.kind || ' ' || string_agg(o.name, ', ')
          FROM (SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, c.oid::regclass::text AS name,
                       c.relnamespace AS schema, c.relowner AS owner
                  FROM pg_catalog.pg_class AS c WHERE c.relkind IN ('r', 'S')
                 UNION ALL
                SELECT 'ROUTINE', p.oid::regprocedure::text, p.pronamespace, p.proowner FROM pg_catalog.pg_proc AS p
                 UNION ALL
                SELECT 'SCHEMA', quote_ident(n.nspname), n.oid, n.nspowner FROM pg_catalog.pg_namespace AS n) AS o
          JOIN pg_catalog.pg_namespace AS n ON n.oid = o.schema AND n.nspname IN ('ai_worker', 'ai_worker_prover')
          JOIN pg_catalog.pg_roles AS r ON r.oid = o.owner AND r.rolname IN ('ai_worker', 'ai_worker_prover')
         GROUP BY o.kind
         ORDER BY array_position(ARRAY['TABLE', 'SEQUENCE', 'ROUTINE', 'SCHEMA'], o.kind)
    LOOP
        EXECUTE 'DROP ' || object;
    END LOOP;
    IF to_regnamespace('ai_worker') IS NOT NULL THEN
        RAISE EXCEPTION 'schema ai_worker is not ours'
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'It does not belong to role ai_worker.',
                  HINT = 'If it comes from a restore without owners, run install/install.sh with --adopt first.';
    END IF;
    FOR object IN
        SELECT format('REVOKE USAGE ON SCHEMA %I FROM %I', n.nspname, r.rolname)
          FROM pg_catalog.pg_namespace AS n CROSS JOIN pg_catalog.pg_roles AS r
         WHERE n.nspname IN ('public', 'sqlj') AND r.rolname IN ('ai_worker', 'ai_worker_user')
         UNION ALL
        SELECT format('REVOKE EXECUTE ON FUNCTION pg_ls_tmpdir() FROM %I', r.rolname)
          FROM pg_catalog.pg_roles AS r WHERE r.rolname = 'ai_worker'
    LOOP
        EXECUTE object;
    END LOOP;
    FOR object IN
        SELECT rolname FROM pg_catalog.pg_roles
         WHERE rolname IN ('ai_worker', 'ai_worker_prover', 'ai_worker_user', 'ai_worker_admin')
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
