-- A psql script that asks each database which files in the data directory it uses: PL/Java's settings name them, and the body of
-- the bridge in PL/Python.

SELECT format(E'\\connect -reuse-previous=on %I\nSELECT used[1] FROM pg_proc, regexp_matches(prosrc, %L, ''g'') AS used WHERE oid = to_regprocedure(%L);',
              'dbname=''' || replace(replace(datname, '\', '\\'), '''', '\''') || '''',
              '(' || :'files' || ')', 'ai_worker.bridge(text, text[])')
  FROM pg_database
 WHERE datname <> 'template0';
SELECT format('SELECT used[1] FROM pg_db_role_setting, unnest(setconfig) AS setting, regexp_matches(setting, %L, ''g'') AS used'
              ' WHERE setting LIKE ''pljava.vmoptions=%%'';', '(' || :'files' || ')');
