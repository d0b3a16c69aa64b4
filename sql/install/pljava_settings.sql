-- What PL/Java must have set before its first use in a session, and what to do about it: set or keep it, or, where a DBA has
-- set something that will not do, conflict. An older installation had the guard as an agent, without which no Java starts.

WITH setting AS (
    SELECT name, CASE WHEN EXISTS (SELECT FROM pg_settings AS s WHERE s.name = 'pljava.' || p.name AND s.source = 'default')
                      THEN '' ELSE coalesce(current_setting('pljava.' || p.name, true), '') END AS value
      FROM unnest(ARRAY['libjvm_location', 'vmoptions', 'allow_unenforced']) AS p (name)
), renewed AS (
    SELECT name, value AS old, replace(value, ' -javaagent:' || :'guard', '') AS value FROM setting
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
), decided AS (
    SELECT 'pljava.' || name AS name, old AS value, lacks,
           CASE WHEN lacks = '' THEN 'keep' WHEN old = '' OR lacks IS NULL OR old <> value THEN 'set'
                ELSE 'conflict' END AS decision,
           CASE WHEN lacks IS NULL THEN :'libjvm'
                WHEN value <> '' THEN value || CASE name WHEN 'vmoptions' THEN ' ' ELSE ',' END || lacks
                WHEN name = 'allow_unenforced' THEN lacks
                ELSE lacks || ' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss8m -Xms8m -Xmx64m -Duser.language=en' END AS wanted
      FROM judged
     WHERE lacks IS NOT NULL OR value <> :'libjvm'
)
SELECT decision, name, value, lacks, format('%s = %L', name, wanted),
       format('ALTER DATABASE %I SET %s = %L;', current_database(), name, wanted)
  FROM decided;
