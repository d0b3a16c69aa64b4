-- Has PL/Java hold the jar. The guard that pljava.vmoptions names must be in the server's data directory before Java starts;
-- it is never overwritten, since running sessions have it open.

SELECT coalesce((pg_stat_file(:'guard', true)).size, 0) = 0 AS lacks_guard \gset
\if :lacks_guard
    \echo '==> writing' :guard 'into the server''s data directory'
    \lo_import :guard_path
    SELECT lo_export(:LASTOID, :'guard');
    SELECT lo_unlink(:LASTOID);
\endif
CREATE EXTENSION IF NOT EXISTS pljava;
\echo '==> uploading the jar (':jar_size 'bytes)'
\lo_import :jar
SELECT EXISTS (SELECT FROM sqlj.jar_repository WHERE jarname = 'ai_worker') AS has_jar \gset
\if :has_jar
    \echo '==> replacing the jar'
    SELECT sqlj.replace_jar(lo_get(:LASTOID), 'ai_worker', false);
\else
    \echo '==> installing the jar'
    SELECT sqlj.install_jar(lo_get(:LASTOID), 'ai_worker', false);
\endif
SELECT lo_unlink(:LASTOID);
