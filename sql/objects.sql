-- What is ours, by schema and name. Before any of it is changed, it must be ours by owner too.

CREATE OR REPLACE FUNCTION ai_worker.objects()
RETURNS TABLE (kind text, name text, oid oid, owner name, superuser boolean, acl aclitem[])
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT o.kind, o.name, o.oid, r.rolname, r.rolsuper, o.acl
      FROM (SELECT 'SCHEMA' AS kind, n.oid, quote_ident(n.nspname) AS name, n.nspowner AS owner,
                   COALESCE(n.nspacl, acldefault('n', n.nspowner)) AS acl, n.nspname AS schema, NULL::name AS object
              FROM pg_namespace AS n
             UNION ALL
            SELECT CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'RELATION' END,
                   c.oid, c.oid::regclass::text, c.relowner,
                   COALESCE(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)), n.nspname, c.relname
              FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE c.relkind <> 't'
             UNION ALL
            SELECT 'ROUTINE', p.oid, p.oid::regprocedure::text, p.proowner, COALESCE(p.proacl, acldefault('f', p.proowner)),
                   n.nspname, p.proname
              FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace) AS o
      LEFT JOIN pg_roles AS r ON r.oid = o.owner
     WHERE o.schema IN ('ai_worker', 'ai_worker_prover')
        OR o.schema = 'public'
           AND (starts_with(o.object, 'ai_worker_') OR o.kind <> 'ROUTINE' AND starts_with(o.object, 'idx_ai_cache_')
                OR o.kind = 'ROUTINE' AND o.object IN ('ai_generate_sql', 'ai_cached_sql', 'ai_sql', 'ai_run_sql', 'ai_explain_sql'))
$$;
REVOKE ALL ON FUNCTION ai_worker.objects() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.objects() IS
    'AI Worker: schemas, relations and routines that are ours by their names, each with its owner, whether that is a superuser, and its ACL';

CREATE OR REPLACE FUNCTION ai_worker.schema_number() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 1
$$;
REVOKE ALL ON FUNCTION ai_worker.schema_number() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.schema_number() IS
    'AI Worker: rises with each change of a table or index, so that nothing older is installed over it';

DO $$
DECLARE
    object record;
    number integer;
BEGIN
    SELECT o.kind, o.name, o.owner, o.superuser INTO object
      FROM ai_worker.objects() AS o
     WHERE (o.owner IS NULL OR o.owner NOT IN ('ai_worker', 'ai_worker_prover'))
       -- these have just been made
       AND o.name NOT IN ('ai_worker.objects()', 'ai_worker.powerful_roles()', 'ai_worker.schema_number()')
       AND NOT (o.superuser AND COALESCE(current_setting('ai_worker.adopt', true), '') = 'on')
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% % exists and is not ours', lower(object.kind), object.name
            USING ERRCODE = 'duplicate_object',
                  DETAIL = 'Objects of AI Worker are owned by the role ai_worker.',
                  HINT = CASE WHEN object.superuser
                         THEN 'If it comes from a restore without owners, run install/install.sh with --adopt; else rename or drop it.'
                         ELSE 'Rename or drop it, then install again.' END;
    END IF;
    IF to_regclass('ai_worker.installed') IS NOT NULL THEN
        BEGIN
            SELECT i.digest::integer INTO number FROM ai_worker.installed AS i WHERE i.object = 'schema number';
        EXCEPTION WHEN undefined_column THEN
            NULL;
        END;
        IF number > ai_worker.schema_number() THEN
            RAISE EXCEPTION 'a newer AI Worker is installed in this database'
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      DETAIL = format('Its tables have schema number %s, those of this one %s.', number, ai_worker.schema_number()),
                      HINT = 'Install that one or a newer one. To go back, uninstall with the newer one first; the cache and the settings go with it.';
        END IF;
    END IF;
    -- What a superuser's default privileges let others hang on the tables of a restore would run as whoever writes to them.
    IF COALESCE(current_setting('ai_worker.adopt', true), '') = 'on' THEN
        SELECT h.kind, h.name, h.on_table INTO object
          FROM (SELECT 'trigger' AS kind, t.tgname AS name, t.tgrelid AS relation
                  FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
                 WHERE NOT t.tgisinternal AND p.pronamespace <> 'ai_worker'::regnamespace
                 UNION ALL
                SELECT 'rule', r.rulename, r.ev_class FROM pg_catalog.pg_rewrite AS r WHERE r.rulename <> '_RETURN'
                 UNION ALL
                SELECT 'policy', y.polname, y.polrelid FROM pg_catalog.pg_policy AS y) AS h (kind, name, on_table)
          JOIN ai_worker.objects() AS o ON o.oid = h.on_table AND o.kind IN ('TABLE', 'VIEW')
         LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION '% % on % is not ours', object.kind, object.name, object.on_table::regclass
                USING ERRCODE = 'duplicate_object', DETAIL = 'It would run with rights of ours or of whoever installs.',
                      HINT = 'Drop it, then install again.';
        END IF;
    END IF;
END
$$;
