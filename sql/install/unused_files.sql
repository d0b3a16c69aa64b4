-- Removes those jars and archives from the data directory that no database uses, and prints them.

SELECT string_agg(file, ' ') AS unused,
       format('COPY (SELECT WHERE false) TO PROGRAM %L', 'rm -f ' || string_agg(file, ' ')) AS removal
  FROM pg_ls_dir('.') AS file
 WHERE file ~ ('^' || :'files' || '([.][0-9]+[.]new([.][a-z]+)?)?$') AND file <> ALL (string_to_array(:'used', E'\n')) \gset
\if :{?unused}
    :removal;
    \echo :unused
\endif
