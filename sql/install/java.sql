-- Version and path of the Java to use, of those on the server's machine: what --java-home names, else what is in use
-- (pljava.libjvm_location, or the path in the body of the bridge), else $JAVA_HOME, else the best there is.

WITH candidate AS (
    SELECT rtrim(:'given', '/') || '/lib/server/libjvm.so' AS path, 0 AS rank WHERE :'given' <> ''
     UNION ALL
    SELECT current_setting('pljava.libjvm_location', true), 0
     WHERE :'given' = '' AND :'runtime' = 'pljava'
       AND NOT EXISTS (SELECT FROM pg_settings WHERE name = 'pljava.libjvm_location' AND source = 'default')
     UNION ALL
    SELECT substring(prosrc FROM '"(/[^"]*/libjvm[.]so)"'), 0 FROM pg_proc
     WHERE :'given' = '' AND :'runtime' = 'plpython' AND oid = to_regprocedure('ai_worker.bridge(text, text[])')
     UNION ALL
    SELECT rtrim(:'environment', '/') || '/lib/server/libjvm.so', 1 WHERE :'given' = '' AND :'environment' LIKE '/%'
     UNION ALL
    SELECT '/usr/lib/jvm/' || entry || '/lib/server/libjvm.so', 2
      FROM pg_ls_dir('/usr/lib/jvm', true, false) AS entry
     WHERE :'given' = '' AND entry NOT LIKE '.%'
), folder AS MATERIALIZED (
    SELECT path, rank, home
      FROM (SELECT path, rank, substring(path FROM '^(.*?)/(?:jre/)?lib/[^/]*/libjvm[.]so$') AS home
              FROM candidate) AS named
     WHERE (pg_stat_file(home, true)).isdir
), java AS MATERIALIZED (
    SELECT path, rank, home FROM folder WHERE (pg_stat_file(path, true)).size > 0
), versioned AS (
    SELECT path, rank, home, coalesce(
               substring(pg_read_file(home || '/release', 0, 65536, true) FROM 'JAVA_VERSION="(\d+)'),
               substring(home FROM '(?:java|jdk|jre|temurin|zulu)\D*(\d+)[^/]*$'),
               '0')::integer AS major
      FROM java
)
SELECT major, path
  FROM versioned
 ORDER BY major < 17, rank, array_position(ARRAY[17, 21, 25], major), major DESC, home ~ '/(java-1\.|default)', home
 LIMIT 1;
