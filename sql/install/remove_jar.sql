-- Takes the jars from PL/Java as sqlj.remove_jar does, but without needing a Java that works.

SELECT to_regclass('sqlj.jar_repository') IS NOT NULL AS has_repository \gset
\if :has_repository
    DELETE FROM sqlj.jar_repository WHERE jarname IN ('ai_worker', 'ai_worker_functions');
\endif

-- Nor are its settings to name what will not be there.
SELECT format('ALTER DATABASE %I SET pljava.vmoptions = %L', current_database(), renewed)
  FROM (SELECT setting, regexp_replace(setting, '(:' || :'files' || '|-Xlog:disable [^=]*=0 -XX:(SharedArchiveFile|AOTCache)=' || :'files' || ' )', '', 'g') AS renewed
          FROM (SELECT substring(setting FROM '^pljava[.]vmoptions=(.*)$') AS setting
                  FROM pg_db_role_setting CROSS JOIN unnest(setconfig) AS setting
                 WHERE setrole = 0 AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())) AS s) AS r
 WHERE renewed <> setting \gexec
