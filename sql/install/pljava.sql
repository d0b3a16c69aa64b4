-- Has PL/Java hold the jar. The guard that pljava.vmoptions names is in the server's data directory, best before Java starts;
-- it takes the place of an older one at once and whole, and sessions that have that open keep it.

\echo '==> writing' :guard 'into the server''s data directory'
\lo_import :guard_path
SELECT lo_export(:LASTOID, :'guard' || '.new');
SELECT lo_unlink(:LASTOID);
SELECT format('COPY (SELECT WHERE false) TO PROGRAM %L', 'mv -f ' || :'guard' || '.new ' || :'guard') \gexec
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
