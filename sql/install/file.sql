-- Puts a file into the server's data directory, if it is not there already. It takes the place of another one at once and whole,
-- and sessions that have that open keep it.

SELECT coalesce(encode(sha256(pg_read_binary_file(:'file', 0, :file_size, true)), 'hex') = :'file_sha'
                AND (pg_stat_file(:'file', true)).size = :file_size, false) AS is_there \gset
\if :is_there
    \echo '==> in the server''s data directory already:' :file
\else
    \echo '==> writing' :file 'into the server''s data directory (':file_size 'bytes)'
    \lo_import :file_path
    SELECT lo_export(:LASTOID, :'file' || :'new');
    SELECT lo_unlink(:LASTOID);
    SELECT format('COPY (SELECT WHERE false) TO PROGRAM %L', format('mv -f %s%s %1$s', :'file', :'new')) \gexec
\endif
