-- What an installation has made, as the catalogs describe it, so that health can tell what has changed since.

CREATE OR REPLACE FUNCTION ai_worker.inventory() RETURNS TABLE (object text, part_of text, definition text)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
SET intervalstyle = postgres
SET datestyle = 'ISO, YMD'
SET timezone = 'UTC'
AS $$
    -- A quota's counters come and go with it.
    WITH ours AS MATERIALIZED (
        SELECT o.kind, o.oid, o.acl FROM ai_worker.objects() AS o
         WHERE NOT (o.kind = 'SEQUENCE' AND starts_with(o.name, 'ai_worker.quota_'))),
    parts AS (
        SELECT 'pg_namespace'::regclass AS class, o.oid, 0 AS column_number, '' AS definition
          FROM ours AS o WHERE o.kind = 'SCHEMA'
         UNION ALL
        SELECT 'pg_class'::regclass, c.oid, 0,
               CASE c.relkind WHEN 'i' THEN concat(pg_get_indexdef(c.oid), CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END)
                              WHEN 'v' THEN pg_get_viewdef(c.oid)
                              ELSE concat(c.relkind, CASE c.relname WHEN 'cache_hits' THEN 'u' ELSE c.relpersistence END, c.relreplident,
                                          -- other options are the DBA's
                                          (SELECT count(*) FROM pg_class AS r
                                            WHERE r.oid IN (c.oid, c.reltoastrelid) AND 'vacuum_truncate=off' = ANY (r.reloptions))) END
          FROM ours AS o JOIN pg_class AS c ON c.oid = o.oid AND o.kind NOT IN ('SCHEMA', 'ROUTINE')
          LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
         UNION ALL
        SELECT 'pg_class'::regclass, a.attrelid, a.attnum,
               concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
                         pg_get_expr(d.adbin, d.adrelid))
          FROM ours AS o JOIN pg_attribute AS a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
          LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE o.kind IN ('TABLE', 'VIEW')
         UNION ALL
        -- That a column is NOT NULL is a constraint too from PostgreSQL 18 on.
        SELECT 'pg_constraint'::regclass, c.oid, 0, pg_get_constraintdef(c.oid)
          FROM ours AS o JOIN pg_constraint AS c ON c.conrelid = o.oid AND c.contype <> 'n' WHERE o.kind = 'TABLE'
         UNION ALL
        SELECT 'pg_trigger'::regclass, t.oid, 0, concat(t.tgenabled, pg_get_triggerdef(t.oid))
          FROM ours AS o JOIN pg_trigger AS t ON t.tgrelid = o.oid AND NOT t.tgisinternal WHERE o.kind = 'TABLE'
         UNION ALL
        SELECT 'pg_proc'::regclass, o.oid, 0, pg_get_functiondef(o.oid) FROM ours AS o WHERE o.kind = 'ROUTINE'),
    named AS MATERIALIZED (
        SELECT p.class, p.oid, p.column_number, p.definition,
               concat(i.type, ' ', CASE p.class WHEN 'pg_proc'::regclass THEN p.oid::regprocedure::text ELSE i.identity END) AS object,
               -- what is missing too if the object is
               CASE WHEN p.column_number > 0 THEN (pg_identify_object(p.class, p.oid, 0)).type || ' '
                                                  || (pg_identify_object(p.class, p.oid, 0)).identity
                    WHEN i.type IN ('table constraint', 'trigger') THEN 'table ' || substring(i.identity FROM '.* on (.*)')
                    WHEN i.type = 'index' THEN 'table ' || (SELECT x.indrelid::regclass FROM pg_index AS x WHERE x.indexrelid = p.oid)
                    WHEN i.schema IN ('ai_worker', 'ai_worker_prover') THEN 'schema ' || i.schema END AS part_of
          FROM parts AS p CROSS JOIN LATERAL pg_identify_object(p.class, p.oid, p.column_number) AS i)
    SELECT n.object, n.part_of, n.definition FROM named AS n
     UNION ALL
    SELECT 'comment on ' || n.object, n.object, d.description
      FROM named AS n JOIN pg_description AS d
        ON d.classoid = n.class AND d.objoid = n.oid AND d.objsubid = n.column_number
     UNION ALL
    SELECT format('%s on %s for role %s', a.privilege_type, n.object, a.grantee::regrole), n.object, ''
      FROM ours AS o JOIN named AS n ON n.oid = o.oid AND n.column_number = 0
     CROSS JOIN LATERAL aclexplode(o.acl) AS a
     WHERE o.kind <> 'RELATION'
       AND a.grantee IN (SELECT r.oid FROM pg_roles AS r
                          WHERE r.rolname IN ('ai_worker', 'ai_worker_prover', 'ai_worker_user', 'ai_worker_admin'))
     UNION ALL
    SELECT format('USAGE on schema %s for role %s', n.nspname, r.rolname), 'role ' || r.rolname, ''
      FROM pg_namespace AS n
     CROSS JOIN LATERAL aclexplode(n.nspacl) AS a
      JOIN pg_roles AS r ON r.oid = a.grantee AND r.rolname IN ('ai_worker', 'ai_worker_user')
     WHERE n.nspname IN ('public', 'sqlj') AND a.privilege_type = 'USAGE'
     UNION ALL
    SELECT format('EXECUTE on function %s for role %s', p.oid::regprocedure, r.rolname), 'role ' || r.rolname, ''
      FROM pg_proc AS p
     CROSS JOIN LATERAL aclexplode(p.proacl) AS a
      JOIN pg_roles AS r ON r.oid = a.grantee AND r.rolname = 'ai_worker'
     WHERE p.pronamespace = 'pg_catalog'::regnamespace
     UNION ALL
    SELECT 'role ' || r.rolname, NULL, '' FROM pg_roles AS r
     WHERE r.rolname IN ('ai_worker', 'ai_worker_prover', 'ai_worker_user', 'ai_worker_admin')
     UNION ALL
    SELECT format('membership of role %s in %s', m.rolname, r.rolname), 'role ' || m.rolname, ''
      FROM pg_auth_members AS a JOIN pg_roles AS r ON r.oid = a.roleid JOIN pg_roles AS m ON m.oid = a.member
     WHERE (r.rolname, m.rolname) IN (('ai_worker_user', 'ai_worker_admin'), ('ai_worker_prover', 'ai_worker'))
$$;
REVOKE ALL ON FUNCTION ai_worker.inventory() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.inventory() IS
    'AI Worker: each object, part, comment and privilege of ours that is there, what it is part of, and how the catalogs define it';

-- A copy of some older or damaged shape is worth nothing: it is written anew at the end.
DO $$
BEGIN
    IF to_regclass('ai_worker.installed') IS NOT NULL THEN
        PERFORM i.object, i.part_of, i.digest FROM ai_worker.installed AS i LIMIT 1;
    END IF;
EXCEPTION WHEN undefined_column THEN
    DROP TABLE ai_worker.installed;
END
$$;
CREATE TABLE IF NOT EXISTS ai_worker.installed (
    object text NOT NULL,
    part_of text,
    digest text NOT NULL
);
REVOKE ALL ON TABLE ai_worker.installed FROM PUBLIC;
DO $$
BEGIN
    -- Health, which reads it, waits for such a lock.
    IF (SELECT c.relreplident FROM pg_catalog.pg_class AS c WHERE c.oid = 'ai_worker.installed'::regclass) <> 'f' THEN
        ALTER TABLE ai_worker.installed REPLICA IDENTITY FULL;
    END IF;
END
$$;
COMMENT ON TABLE ai_worker.installed IS
    'AI Worker: what the last installation left in ai_worker.inventory()';
COMMENT ON COLUMN ai_worker.installed.object IS 'As in ai_worker.inventory(); also schema number, language, that of ai_worker.bridge(), and statements, those of install.sh that lock tables';
COMMENT ON COLUMN ai_worker.installed.part_of IS 'As in ai_worker.inventory()';
COMMENT ON COLUMN ai_worker.installed.digest IS 'SHA-256 of its definition or of the statements, in hex; of schema number and language, what they are';

CREATE OR REPLACE FUNCTION ai_worker.damages(OUT missing text[], OUT altered text[])
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH now AS MATERIALIZED (
        SELECT i.object, encode(sha256(convert_to(i.definition, 'UTF8')), 'hex') AS digest FROM ai_worker.inventory() AS i),
    gone AS MATERIALIZED (
        SELECT i.object, i.part_of FROM ai_worker.installed AS i
         WHERE i.object NOT IN ('schema number', 'language', 'statements') AND NOT EXISTS (SELECT FROM now AS n WHERE n.object = i.object))
    SELECT CASE WHEN EXISTS (SELECT FROM ai_worker.installed)
                THEN ARRAY(SELECT g.object FROM gone AS g
                            WHERE NOT EXISTS (SELECT FROM gone AS whole WHERE whole.object = g.part_of) ORDER BY g.object)
                ELSE ARRAY['rows of ai_worker.installed'] END,
           ARRAY(SELECT i.object FROM ai_worker.installed AS i JOIN now AS n ON n.object = i.object AND n.digest <> i.digest
                  ORDER BY i.object)
$$;
REVOKE ALL ON FUNCTION ai_worker.damages() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.damages() IS
    'AI Worker: what of the last installation is gone, but for parts of what is gone, and what is no longer as it was';
