-- Whether statements that lock tables have anything to do: this version has others than the one that is installed, or what they
-- made is damaged or not ours. If not they are left out, so that those who ask notice nothing.

SELECT NOT EXISTS (SELECT FROM ai_worker.installed AS i WHERE i.object = 'statements' AND i.digest = :'statements')
       OR EXISTS (SELECT FROM ai_worker.damages() AS d CROSS JOIN LATERAL unnest(d.missing || d.altered) AS o (object)
                   WHERE o.object !~ '^(comment on )?(function|procedure|schema) |^(role|membership of role) | for role ')
       OR EXISTS (SELECT FROM ai_worker.objects() AS o
                   WHERE o.kind NOT IN ('ROUTINE', 'SCHEMA') AND o.owner IS DISTINCT FROM 'ai_worker') AS changed \gset
SELECT set_config('ai_worker.unchanged', (NOT :'changed'::boolean)::text, true);
