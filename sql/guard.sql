-- Refuses to install where it would not work or would take over what belongs to someone else.

-- That something is not there yet, or is already, is no news.
SET LOCAL client_min_messages = warning;

DO $$
DECLARE
    foreign_schema text;
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

    -- Into a schema of somebody else's nothing is put, not even what looks for more of theirs: see objects.sql.
    SELECT n.nspname INTO foreign_schema
      FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_roles AS r ON r.oid = n.nspowner
     WHERE n.nspname IN ('ai_worker', 'ai_worker_prover') AND r.rolname <> 'ai_worker'
       AND NOT (r.rolsuper AND COALESCE(current_setting('ai_worker.adopt', true), '') = 'on');
    IF FOUND THEN
        RAISE EXCEPTION 'schema % exists and is not ours', foreign_schema
            USING ERRCODE = 'duplicate_schema',
                  DETAIL = 'Objects of AI Worker are owned by the role ai_worker.',
                  HINT = 'If it comes from a restore without owners, run install/install.sh with --adopt; else rename or drop it.';
    END IF;
END
$$;
