-- Refuses to install where it would not work or would take over what belongs to someone else.

DO $$
DECLARE
    foreign_object text;
BEGIN
    IF current_setting('server_version_num')::integer < 130000 THEN
        RAISE EXCEPTION 'PostgreSQL % is too old', current_setting('server_version')
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = 'AI Worker needs PostgreSQL 13 or newer.',
                  HINT = 'Upgrade the server, then install again.';
    END IF;

    IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
        RAISE EXCEPTION 'role "%" may not install AI Worker', current_user
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = 'Functions in an untrusted language can be created by superusers only.',
                  HINT = 'Connect as a superuser, for example with --username postgres.';
    END IF;

    IF to_regnamespace('public') IS NULL THEN
        RAISE EXCEPTION 'schema public does not exist'
            USING ERRCODE = 'invalid_schema_name', DETAIL = 'What users call, ai_generate_sql for example, is put there.',
                  HINT = 'CREATE SCHEMA public, then install again.';
    END IF;

    SELECT o.kind || ' ' || o.name INTO foreign_object
      FROM (SELECT 'schema' AS kind, n.nspname::text AS name, n.nspowner AS owner
              FROM pg_catalog.pg_namespace AS n WHERE n.nspname IN ('ai_worker', 'ai_worker_prover')
             UNION ALL
            SELECT 'relation', c.oid::regclass::text, c.relowner
              FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I', 'c')
               AND (n.nspname IN ('ai_worker', 'ai_worker_prover')
                    OR n.nspname = 'public' AND (starts_with(c.relname, 'ai_worker_') OR starts_with(c.relname, 'idx_ai_cache_')))
             UNION ALL
            SELECT 'function', p.oid::regproc::text, p.proowner
              FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
             WHERE n.nspname IN ('ai_worker', 'ai_worker_prover')
                OR n.nspname = 'public'
                   AND (p.proname IN ('ai_generate_sql', 'ai_cached_sql', 'ai_sql', 'ai_run_sql')
                        OR starts_with(p.proname, 'ai_worker_'))) AS o
      LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = o.owner
     WHERE r.rolname IS NULL OR r.rolname NOT IN ('ai_worker', 'ai_worker_prover')
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% exists and is not ours', foreign_object
            USING ERRCODE = 'duplicate_object',
                  DETAIL = 'Objects of AI Worker are owned by the role ai_worker.',
                  HINT = 'Rename or drop it, then install again.';
    END IF;
END
$$;
