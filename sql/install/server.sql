-- What install.sh must know of the server and of the database, a name=value a line.

-- Which runtime is installed is to be seen in its function bridge or, if that is gone, in what the installation has noted.
SELECT count(*) = 2 AS noted
  FROM pg_class AS c
  JOIN pg_roles AS r ON r.oid = c.relowner AND r.rolname = 'ai_worker'
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname IN ('object', 'digest') AND NOT a.attisdropped
 WHERE c.oid = to_regclass('ai_worker.installed') AND c.relkind = 'r' \gset
\set language ''
\if :noted
    SELECT COALESCE(max(digest), '') AS language FROM ai_worker.installed WHERE object = 'language' \gset
\endif
SELECT concat_ws(E'\n',
    'version=' || current_setting('server_version'),
    'number=' || current_setting('server_version_num'),
    'database=' || current_database(),
    'user=' || current_user,
    'superuser=' || (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
    'standby=' || pg_is_in_recovery(),
    'pljava=' || (SELECT max(default_version) FROM pg_available_extensions WHERE name = 'pljava'),
    'pljava_installed=' || (SELECT extversion FROM pg_extension WHERE extname = 'pljava'),
    'plpython=' || (SELECT max(default_version) FROM pg_available_extensions WHERE name = 'plpython3u'),
    'runtime=' || (SELECT CASE l.lanname WHEN 'javau' THEN 'pljava' ELSE 'plpython' END
                     FROM (SELECT p.prolang
                             FROM pg_proc AS p
                             JOIN pg_namespace AS n ON n.oid = p.pronamespace
                             JOIN pg_language AS g ON g.oid = p.prolang
                            WHERE n.nspname = 'ai_worker'
                              AND (p.proname = 'bridge' OR p.proname = 'generate' AND g.lanname = 'javau')
                            UNION ALL
                           SELECT g.oid FROM pg_language AS g WHERE g.lanname = :'language') AS p
                     JOIN pg_language AS l ON l.oid = p.prolang
                    LIMIT 1),
    'cache=' || (SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                  WHERE n.nspname = 'public' AND c.relname = 'ai_worker_cache'));
