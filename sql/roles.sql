-- Roles belong to the whole cluster, so another database may have made them already.

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['ai_worker', 'ai_worker_user', 'ai_worker_admin'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        END IF;
    END LOOP;
END
$$;

COMMENT ON ROLE ai_worker IS 'AI Worker: owns its objects, nobody logs in as it';
COMMENT ON ROLE ai_worker_user IS 'AI Worker: may ask questions';
COMMENT ON ROLE ai_worker_admin IS 'AI Worker: may configure it, clean the cache and read it';

GRANT ai_worker_user TO ai_worker_admin;
