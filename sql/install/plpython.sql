-- Puts the jar into the server's data directory, where it is named by its digest.

CREATE EXTENSION IF NOT EXISTS plpython3u;
SELECT coalesce(encode(sha256(pg_read_binary_file(:'jar_file', 0, :jar_size, true)), 'hex') = :'jar_sha'
                AND (pg_stat_file(:'jar_file', true)).size = :jar_size, false) AS has_jar \gset
\if :has_jar
    \echo '==> the jar is in the server''s data directory already:' :jar_file
\else
    \echo '==> uploading the jar (':jar_size 'bytes)'
    \lo_import :jar
    \echo '==> writing' :jar_file 'into the server''s data directory'
    -- Sessions may have the old file open, so it is replaced, not overwritten.
    SELECT lo_export(:LASTOID, :'jar_file' || '.new');
    SELECT lo_unlink(:LASTOID);
    SELECT format('import os; os.replace("%s.new", "%1$s")', :'jar_file') AS code \gset
    DO LANGUAGE plpython3u :'code';
\endif
