-- Roles belong to the whole cluster, so another database may have made them already.

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['ai_worker', 'ai_worker_prover', 'ai_worker_user', 'ai_worker_admin'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                -- One that is installed into at the same time was faster.
                NULL;
            END;
        END IF;
    END LOOP;
    -- Where they own what is installed they are ours, and what they got since is taken from them.
    FOR role_name IN
        SELECT r.rolname FROM pg_catalog.pg_roles AS r
         WHERE r.rolname IN ('ai_worker', 'ai_worker_prover') AND to_regnamespace('ai_worker') IS NOT NULL
           AND (r.rolsuper OR r.rolcanlogin OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls)
    LOOP
        EXECUTE format('ALTER ROLE %I NOSUPERUSER NOLOGIN NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS', role_name);
    END LOOP;
END
$$;

COMMENT ON ROLE ai_worker IS 'AI Worker: owns its objects, nobody logs in as it';
COMMENT ON ROLE ai_worker_prover IS
    'AI Worker: has the server analyse statements of a model, and may do nothing else; GRANT USAGE ON SCHEMA to it opens a schema to them';
COMMENT ON ROLE ai_worker_user IS 'AI Worker: may ask questions';
COMMENT ON ROLE ai_worker_admin IS 'AI Worker: may configure it, clean the cache and read it';

GRANT ai_worker_user TO ai_worker_admin;
-- Never the other way round.
GRANT ai_worker_prover TO ai_worker;

DO $$
DECLARE
    schema_name text;
    grantee text;
BEGIN
    FOREACH schema_name IN ARRAY ARRAY['ai_worker', 'ai_worker_prover'] LOOP
        CONTINUE WHEN to_regnamespace(schema_name) IS NOT NULL;
        EXECUTE format('CREATE SCHEMA %I AUTHORIZATION ai_worker', schema_name);
        -- What ALTER DEFAULT PRIVILEGES of whoever installs has granted.
        FOR grantee IN
            SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END
              FROM pg_catalog.pg_namespace AS n
             CROSS JOIN aclexplode(n.nspacl) AS a
              LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
             WHERE n.nspname = schema_name AND a.grantee <> n.nspowner
        LOOP
            EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %s CASCADE', schema_name, grantee);
        END LOOP;
    END LOOP;
END
$$;
COMMENT ON SCHEMA ai_worker IS
    'AI Worker: what its functions, tables and views in schema public are made of; not for use by hand';
COMMENT ON SCHEMA ai_worker_prover IS
    'AI Worker: where statements are made views for a moment, to see what they mean; always empty but for the two functions that do it';

-- Nobody logs in as these, and who analyses what a model wrote must be able to do nothing.
CREATE OR REPLACE FUNCTION ai_worker.powerful_roles() RETURNS TABLE (role name, power text)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.rolname, p.power
      FROM pg_roles AS r
     CROSS JOIN LATERAL (
           VALUES (r.rolsuper, 'is a superuser'), (r.rolcanlogin, 'may log in'), (r.rolcreaterole, 'may create roles'),
                  (r.rolcreatedb, 'may create databases'), (r.rolreplication, 'may replicate'),
                  (r.rolbypassrls, 'bypasses row security'),
                  (r.rolname = 'ai_worker_prover'
                   AND EXISTS (SELECT FROM pg_auth_members AS m WHERE m.member = r.oid), 'is a member of a role'),
                  (EXISTS (SELECT FROM pg_auth_members AS m JOIN pg_roles AS o ON o.oid = m.member
                            WHERE m.roleid = r.oid AND NOT (r.rolname = 'ai_worker_prover' AND o.rolname = 'ai_worker')),
                   'has a member')
           ) AS p (has, power)
     WHERE r.rolname IN ('ai_worker', 'ai_worker_prover') AND p.has
$$;
REVOKE ALL ON FUNCTION ai_worker.powerful_roles() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.powerful_roles() IS
    'AI Worker: which of the roles that must have no power have some, and what';

DO $$
DECLARE
    powerful record;
BEGIN
    SELECT p.* INTO powerful FROM ai_worker.powerful_roles() AS p LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'role % exists and %', powerful.role, powerful.power
            USING ERRCODE = 'duplicate_object', DETAIL = 'Roles ai_worker and ai_worker_prover are AI Worker''s own and have no power.',
                  HINT = 'If it is somebody else''s, rename it; else take that from it. Then install again.';
    END IF;
END
$$;
