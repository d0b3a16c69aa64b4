-- What PL/Java must have set before its first use in a session, and what to do about it: set or keep it, or, where a DBA has
-- set something that will not do, conflict. An older installation had the guard as an agent, without which no Java starts.
--
-- Where all else is there, or may be set, the jar and the archive of its classes come to it, if the setting is this database's own.
--
-- jvm_options comes after all else, behind a property that tells what is to be taken away when it changes. It is read of our own
-- table and no other, as options can do anything.

SELECT EXISTS (SELECT FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_roles AS r ON r.oid = c.relowner
                WHERE c.oid = to_regclass('public.ai_worker_config') AND c.relkind = 'r' AND r.rolname = 'ai_worker'
                  AND a.attname = 'jvm_options') AS has_options \gset
\set options ''
\if :has_options
    SELECT coalesce(max(jvm_options), '') AS options FROM public.ai_worker_config \gset
\endif

WITH setting AS (
    SELECT name, CASE WHEN EXISTS (SELECT FROM pg_settings AS s WHERE s.name = 'pljava.' || p.name AND s.source = 'default')
                      THEN '' ELSE coalesce(current_setting('pljava.' || p.name, true), '') END AS value
      FROM unnest(ARRAY['libjvm_location', 'vmoptions', 'allow_unenforced']) AS p (name)
), renewed AS (
    SELECT name, old, regexp_replace(replace(value, ' -Daiworker.jvm_options=' || replace(options, ' ', ',') || ' ' || options, ''),
                                     '(:' || :'files' || '|-Xlog:disable [^=]*=0 -XX:(SharedArchiveFile|AOTCache)=' || :'files' || ' )', '', 'g') AS value
      FROM (SELECT name, value AS old, replace(value, ' -javaagent:' || :'guard', '') AS value,
                   coalesce(replace(substring(value FROM ' -Daiworker[.]jvm_options=([^ ]*)'), ',', ' '), '') AS options
              FROM setting) AS installed
), judged AS (
    SELECT name, old, value, CASE name WHEN 'vmoptions' THEN concat_ws(' ',
               CASE WHEN strpos(' ' || value || ' ', ' -Djava.security.manager=disallow ') = 0
                    THEN '-Djava.security.manager=disallow' END,
               CASE WHEN value !~ '--add-modules=[^ ]*(java[.]net[.]http|java[.]se|ALL-SYSTEM)'
                    THEN '--add-modules=java.net.http' END,
               CASE WHEN value !~ '--enable-native-access=[^ ]*ALL-UNNAMED'
                    THEN '--enable-native-access=ALL-UNNAMED' END,
               CASE WHEN strpos(':' || substring(value FROM '.*-Djava[.]class[.]path=([^ ]*)') || ':', ':' || :'guard' || ':') > 0
                    THEN NULL
                    ELSE coalesce(substring(value FROM '.*(-Djava[.]class[.]path=[^ ]*)') || ':', '-Djava.class.path=') || :'guard' END,
               CASE WHEN strpos(' ' || value || ' ', ' -Djava.util.logging.config.class=aiworker.pljava.Guard ') = 0
                    THEN '-Djava.util.logging.config.class=aiworker.pljava.Guard' END)
           WHEN 'allow_unenforced' THEN
               CASE WHEN strpos(',' || replace(value, ' ', '') || ',', ',javau,') = 0 THEN 'javau' ELSE '' END
           END AS lacks
      FROM renewed
), wanted AS (
    SELECT name, old, value, lacks,
           CASE WHEN lacks IS NULL THEN :'libjvm'
                WHEN lacks = '' THEN value
                WHEN value <> '' THEN value || CASE name WHEN 'vmoptions' THEN ' ' ELSE ',' END || lacks
                WHEN name = 'allow_unenforced' THEN lacks
                ELSE lacks || ' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss8m -Xms8m -Xmx64m -Duser.language=en' END AS wanted
      FROM judged
     WHERE lacks IS NOT NULL OR value <> :'libjvm'
), added AS (
    SELECT name, old, value, lacks, CASE WHEN name <> 'vmoptions' THEN wanted ELSE
               CASE WHEN old <> '' AND NOT EXISTS (
                         SELECT FROM pg_db_role_setting AS s CROSS JOIN unnest(s.setconfig) AS setting
                          WHERE s.setdatabase = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
                            AND s.setrole = 0 AND setting = 'pljava.vmoptions=' || old)
                    THEN wanted
                    ELSE :'archive_options' || ' ' || regexp_replace(wanted, '(.*-Djava[.]class[.]path=[^ ]*)', '\1:' || :'jar_file') END
               || CASE WHEN :'options' <> ''
                       THEN ' -Daiworker.jvm_options=' || replace(:'options', ' ', ',') || ' ' || :'options' ELSE '' END END AS wanted
      FROM wanted
), decided AS (
    SELECT 'pljava.' || name AS name, old AS value, lacks, wanted,
           CASE WHEN lacks = '' AND old = wanted THEN 'keep'
                WHEN lacks = '' OR old = '' OR lacks IS NULL OR old <> value THEN 'set'
                ELSE 'conflict' END AS decision
      FROM added
)
SELECT decision, name, value, lacks, format('%s = %L', name, wanted),
       format('ALTER DATABASE %I SET %s = %L;', current_database(), name, wanted)
  FROM decided;
