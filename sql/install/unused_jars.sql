-- Removes those jars from the data directory that no database uses, and prints them.

SELECT string_agg(file, ' ') AS unused,
       'import os' || string_agg(format('; os.path.exists("%s") and os.remove("%1$s")', file), '') AS code
  FROM pg_ls_dir('.') AS file
 WHERE file ~ ('^' || :'jars' || '([.]new)?$') AND file <> ALL (string_to_array(:'used', E'\n')) \gset
\if :{?unused}
    BEGIN;
    CREATE EXTENSION IF NOT EXISTS plpython3u;
    DO LANGUAGE plpython3u :'code';
    ROLLBACK;
    \echo :unused
\endif
