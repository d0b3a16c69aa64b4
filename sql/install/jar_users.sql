-- A psql script that asks each database which jar in the data directory it uses.

SELECT format(E'\\connect -reuse-previous=on %I\nSELECT substring(prosrc FROM %L) FROM pg_proc WHERE oid = to_regprocedure(%L);',
              'dbname=''' || replace(replace(datname, '\', '\\'), '''', '\''') || '''',
              :'jars', 'ai_worker.bridge(text, text[])')
  FROM pg_database
 WHERE datname <> 'template0';
