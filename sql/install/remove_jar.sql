-- Takes the jar from PL/Java as sqlj.remove_jar does, but without needing a Java that works.

SELECT to_regclass('sqlj.jar_repository') IS NOT NULL AS has_repository \gset
\if :has_repository
    DELETE FROM sqlj.jar_repository WHERE jarname = 'ai_worker';
\endif
