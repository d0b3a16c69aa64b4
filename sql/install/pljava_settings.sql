-- What PL/Java must have set before its first use in a session, and what to do about it: set or keep it, or, where a DBA has
-- set something that will not do, conflict.

WITH setting AS (
    SELECT name, CASE WHEN EXISTS (SELECT FROM pg_settings AS s WHERE s.name = 'pljava.' || p.name AND s.source = 'default')
                      THEN '' ELSE coalesce(current_setting('pljava.' || p.name, true), '') END AS value
      FROM unnest(ARRAY['libjvm_location', 'vmoptions', 'allow_unenforced']) AS p (name)
), judged AS (
    SELECT name, value, CASE name WHEN 'vmoptions' THEN concat_ws(' ',
               CASE WHEN strpos(' ' || value || ' ', ' -Djava.security.manager=disallow ') = 0
                    THEN '-Djava.security.manager=disallow' END,
               CASE WHEN value !~ '--add-modules=[^ ]*(java[.]net[.]http|java[.]se|ALL-SYSTEM)'
                    THEN '--add-modules=java.net.http' END,
               CASE WHEN strpos(' ' || value || ' ', ' -javaagent:' || :'guard' || ' ') = 0
                    THEN '-javaagent:' || :'guard' END)
           WHEN 'allow_unenforced' THEN
               CASE WHEN strpos(',' || replace(value, ' ', '') || ',', ',javau,') = 0 THEN 'javau' ELSE '' END
           END AS lacks
      FROM setting
), decided AS (
    SELECT 'pljava.' || name AS name, value, lacks,
           CASE WHEN lacks = '' THEN 'keep' WHEN value = '' OR lacks IS NULL THEN 'set'
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
