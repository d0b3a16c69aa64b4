-- Has PL/Java hold the jar. The guard that pljava.vmoptions names is there before Java starts. Where the jar comes from says that
-- it is the one in the data directory too, until somebody else replaces it.

CREATE EXTENSION IF NOT EXISTS pljava;
-- A dump holds PL/Java's tables, but not where their sequences are.
SELECT setval('sqlj.jar_repository_jarid_seq', greatest(max(r.jarid), s.last_value), true)
  FROM sqlj.jar_repository AS r CROSS JOIN sqlj.jar_repository_jarid_seq AS s GROUP BY s.last_value;
SELECT setval('sqlj.jar_entry_entryid_seq', greatest(max(e.entryid), s.last_value), true)
  FROM sqlj.jar_entry AS e CROSS JOIN sqlj.jar_entry_entryid_seq AS s GROUP BY s.last_value;
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
UPDATE sqlj.jar_repository SET jarorigin = :'jar_file' WHERE jarname = 'ai_worker';
