CREATE OR REPLACE FUNCTION ai_worker.state() RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    damage record;
    problems text[] := ARRAY[]::text[];
    cache_problem text;
    settings jsonb;
    lacking text;
    hint text;
    schema_name text;
    no_view CONSTANT text := ai_worker.no_view();
BEGIN
    BEGIN
        SELECT * INTO damage FROM ai_worker.damages();
        IF damage.missing <> '{}' THEN
            problems := problems || format('missing: %s; run install/install.sh again on this database',
                                           array_to_string(damage.missing, ', '));
        END IF;
        IF damage.altered <> '{}' THEN
            problems := problems || format('altered: %s; run install/install.sh again on this database',
                                           array_to_string(damage.altered, ', '));
        END IF;
    EXCEPTION WHEN OTHERS THEN
        problems := problems || format('%s; run install/install.sh again on this database', SQLERRM);
    END;
    BEGIN
        settings := ai_worker.settings();
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS lacking = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        problems := problems || concat(SQLERRM, ': ', lacking, ' ', hint);
    END;
    BEGIN
        IF settings IS NOT NULL THEN
            FOR schema_name IN SELECT jsonb_array_elements_text(settings -> 'schemas') LOOP
                IF to_regnamespace(quote_ident(schema_name)) IS NULL THEN
                    problems := problems || format('schema %I does not exist', schema_name);
                ELSIF NOT has_schema_privilege('ai_worker_prover', schema_name, 'USAGE') THEN
                    problems := problems || format('GRANT USAGE ON SCHEMA %I TO ai_worker_prover', schema_name);
                END IF;
            END LOOP;
            -- A misspelt name would hide nothing.
            IF (settings ->> 'value_hints')::boolean THEN
                problems := problems || ARRAY(
                    SELECT format('value_hints_hidden: no column in scope is %s', h.name)
                      FROM jsonb_array_elements_text(settings -> 'value_hints_hidden') AS h (name)
                     WHERE NOT EXISTS (
                           SELECT FROM pg_namespace AS n
                             JOIN pg_class AS c ON c.relnamespace = n.oid
                             JOIN pg_attribute AS a ON a.attrelid = c.oid
                            WHERE n.nspname = ANY (ARRAY(SELECT jsonb_array_elements_text(settings -> 'schemas'))) AND a.attnum > 0
                              AND h.name IN (a.attname, c.relname || '.' || a.attname,
                                             n.nspname || '.' || c.relname || '.' || a.attname))
                     ORDER BY h.name);
            END IF;
        END IF;
        PERFORM c.cache_key, c.prompt_text, c.model, c.schema_version, c.generated_sql, c.validated, c.tokens_used,
                c.created_at, c.expires_at, c.last_accessed_at, c.hit_count
           FROM public.ai_worker_cache AS c LIMIT 1;
    EXCEPTION WHEN OTHERS THEN
        cache_problem := SQLERRM;
        problems := problems || cache_problem;
    END;
    IF NOT current_setting('transaction_read_only')::boolean AND no_view IS NOT NULL THEN
        problems := problems || format('no answer is cached, for %s when a statement is proven; give it a WHEN TAG IN (...) without CREATE VIEW',
                                       no_view);
    END IF;
    problems := problems || ARRAY(
        SELECT format('%s %s belongs to role %s and not to ai_worker; run install/install.sh again on this database, with --adopt after a restore without owners',
                      lower(o.kind), o.name, o.owner)
          FROM ai_worker.objects() AS o WHERE o.owner NOT IN ('ai_worker', 'ai_worker_prover'))
        || ARRAY(
        SELECT format('PUBLIC may %s %s: REVOKE ALL ON %s %2$s FROM PUBLIC',
                      lower(string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)), o.name,
                      CASE o.kind WHEN 'VIEW' THEN 'TABLE' ELSE o.kind END)
          FROM ai_worker.objects() AS o
         CROSS JOIN LATERAL aclexplode(o.acl) AS a
         WHERE a.grantee = 0
         GROUP BY o.kind, o.name);
    problems := problems || ARRAY(
        SELECT format('role %I %s, which it must not', p.role, p.power) FROM ai_worker.powerful_roles() AS p);
    IF settings IS NOT NULL THEN
        problems := problems || ARRAY(
            SELECT format('ai_worker_notes: no %s in scope is %s', n.scope, n.object)
              FROM ai_worker.notes(ARRAY(SELECT jsonb_array_elements_text(settings -> 'schemas'))) AS n
             WHERE n.scope <> 'all' AND n.about IS NULL
             ORDER BY n.object);
        IF to_regclass('public.ai_worker_notes') IS NOT NULL AND (SELECT count(*) FROM public.ai_worker_notes) > 1000 THEN
            problems := problems || 'ai_worker_notes has more than 1000 rows, and the model is told none but the first 1000'::text;
        END IF;
    END IF;
    -- A quota keeps the name of its role: it does not hold for a role that has been given another one.
    IF to_regclass('public.ai_worker_quotas') IS NOT NULL THEN
        problems := problems || ARRAY(
            SELECT format('ai_worker_quotas %s: role %I does not exist', q.quota_id, q.role)
              FROM public.ai_worker_quotas AS q
             WHERE q.role IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = q.role)
             ORDER BY q.quota_id);
    END IF;
    RETURN jsonb_build_object(
        'postgresql', current_setting('server_version'),
        'in_recovery', pg_is_in_recovery(),
        'cache_enabled', settings -> 'cache_enabled',
        'cache_usable', cache_problem IS NULL,
        'model', settings ->> 'model',
        'base_url', regexp_replace(regexp_replace(settings ->> 'base_url', '[?#].*', ''), '//[^/]*@', '//'),
        'problems', to_jsonb(problems));
END
$$;
REVOKE ALL ON FUNCTION ai_worker.state() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.state() IS
    'AI Worker: what of ai_worker_health() the server itself can tell';

CREATE OR REPLACE FUNCTION ai_worker.state_without_java(runtime text, message text, detail text, hint text) RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.state || jsonb_build_object(
               'runtime', runtime, 'healthy', false,
               'problems', (s.state -> 'problems') || to_jsonb(concat_ws(' ', message || '.', NULLIF(detail, ''), NULLIF(hint, ''))))
      FROM ai_worker.state() AS s (state)
$$;
REVOKE ALL ON FUNCTION ai_worker.state_without_java(text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.state_without_java(text, text, text, text) IS
    'AI Worker: the report of ai_worker_health() where the call of the Java core ended in this error';
