-- Fails where AI Worker does not work, else prints what is still to do.

\echo '==> checking that it works'
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO ai_worker.installed (object, part_of, digest) VALUES ('statements', NULL, :'statements');
SELECT public.ai_worker_health() AS health \gset
SELECT ai_worker.raise('IA004', 'AI Worker does not work on this server', :'health',
                       'Correct what DETAIL names, then run this again.')
 WHERE :'health'::jsonb ->> 'runtime' IS DISTINCT FROM :'runtime' OR :'health'::jsonb ->> 'jvm' IS NULL
    OR :'health'::jsonb ->> 'cache_usable' IS DISTINCT FROM 'true';
\o
SELECT '    Java: ' || (:'health'::jsonb ->> 'jvm')
 UNION ALL
SELECT '    still to do: ' || problem FROM jsonb_array_elements_text(:'health'::jsonb -> 'problems') AS problem;
