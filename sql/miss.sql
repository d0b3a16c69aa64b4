-- The way into a miss and the way out of it: between the two Java asks the model and has its statement proven.

-- mode: join: another session that asks the same may answer; alone: do not wait for one; renew: ask whatever the cache holds.
-- begun: the request as an earlier call for the same question gave it, or NULL.
CREATE OR REPLACE FUNCTION ai_worker.begin_miss(
    prompt text, schema_version text, mode text, begun jsonb,
    OUT flight text, OUT wait_ms integer, OUT response text, OUT request jsonb, OUT version text, OUT settings jsonb, OUT server_version text,
    OUT catalog text, OUT row_estimates text, OUT common_values text, OUT examples text,
    OUT state bigint, OUT since bigint, OUT shared boolean, OUT limited boolean)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    started_us CONSTANT bigint :=
        COALESCE((begun ->> 'started_us')::bigint, date_part('epoch', clock_timestamp()) * 1000000);
    scope text[];
    cache_key text;
    unprovable jsonb;
BEGIN
    version := schema_version;
    settings := ai_worker.settings();
    wait_ms := (settings ->> 'flight_wait_ms')::integer;
    scope := ARRAY(SELECT jsonb_array_elements_text(settings -> 'schemas'));
    -- An answer is stored under the version of the very catalogs that the model is shown.
    IF version IS NULL THEN
        SELECT c.catalog, c.version INTO catalog, version FROM ai_worker.schema_catalog(scope) AS c;
    END IF;
    cache_key := ai_worker.cache_key(prompt, settings ->> 'model', version);
    flight := CASE WHEN mode = 'join' AND (settings ->> 'cache_enabled')::boolean THEN ai_worker.enter_flight(cache_key)
                   ELSE 'alone' END;
    request := jsonb_build_object(
        'mode', mode, 'schema_version', version, 'cache_key', cache_key, 'leads', flight = 'lead', 'started_us', started_us,
        'automatic', schema_version IS NULL);
    IF flight <> 'alone' THEN
        response := ai_worker.hit(prompt, version);
    END IF;
    IF response IS NOT NULL OR flight IN ('wait', 'landed') THEN
        RETURN;
    END IF;
    unprovable := ai_worker.unprovable(scope);
    IF unprovable IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = CASE unprovable ->> 'sqlstate' WHEN '42501' THEN 'IA004' ELSE 'IA021' END,
            MESSAGE = unprovable ->> 'message', DETAIL = 'So the model was not asked.', HINT = unprovable ->> 'hint';
    END IF;
    IF catalog IS NULL THEN
        SELECT c.catalog INTO catalog FROM ai_worker.schema_catalog(scope) AS c;
    END IF;
    server_version := current_setting('server_version');
    row_estimates := ai_worker.row_estimates(scope);
    IF (settings ->> 'value_hints')::boolean THEN
        common_values := ai_worker.common_values(
            scope, ARRAY(SELECT jsonb_array_elements_text(settings -> 'value_hints_hidden')));
    END IF;
    IF (settings ->> 'cache_enabled')::boolean THEN
        SELECT json_agg(e.example) INTO examples
          FROM ai_worker.examples(
                   prompt, settings ->> 'model', version, (settings ->> 'few_shot')::integer,
                   settings ->> 'few_shot_from' = 'cache') AS e (example);
    END IF;
    SELECT request || jsonb_strip_nulls(jsonb_build_object('taught', t.statement, 'verified', t.exact)) INTO request
      FROM ai_worker.taught(prompt, schema_version) AS t;
    SELECT e.state, e.since, e.shared, e.limited INTO state, since, shared, limited FROM ai_worker.endpoint() AS e;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.begin_miss(text, text, text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.begin_miss(text, text, text, jsonb) IS
    'AI Worker: all that Java needs to ask the model, in one call: the request, settings, catalogs, examples and the endpoint''s state; or the response that another session has stored meanwhile; or flight wait or landed while one is at it: see ai_worker.await_flight';

CREATE OR REPLACE FUNCTION ai_worker.finish_miss(
    prompt text, request jsonb, settings jsonb, statement text, storable boolean, tokens integer, used jsonb,
    OUT recorded boolean, OUT state bigint, OUT since bigint, OUT shared boolean, OUT limited boolean)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kept boolean := storable;
BEGIN
    IF NOT storable AND NOT current_setting('transaction_read_only')::boolean THEN
        PERFORM ai_worker.warn('unstorable',
            concat('an answer is not cached, as it could be proven by its names alone: ', ai_worker.no_view()),
            'Give the event trigger a WHEN TAG IN (...) without CREATE VIEW.');
    END IF;
    -- A schema that has changed while the model was asked is not the one that the statement was proven under.
    IF storable AND (request ->> 'automatic')::boolean THEN
        kept := request ->> 'schema_version' = ai_worker.schema_fingerprint(
            ARRAY(SELECT jsonb_array_elements_text(settings -> 'schemas')));
    END IF;
    -- What is renewed is stored by whoever renews it.
    IF request ->> 'mode' <> 'renew' THEN
        PERFORM ai_worker.store(
            prompt, request, CASE WHEN kept THEN settings ELSE settings || '{"cache_enabled": false}' END, statement, tokens);
    END IF;
    -- Nobody waits for a session that does not lead, and one that has led very many must take no more locks.
    IF (request ->> 'leads')::boolean THEN
        PERFORM ai_worker.land_flight(request ->> 'cache_key');
    END IF;
    recorded := ai_worker.record_usage(
        (used ->> 'calls')::bigint, (used ->> 'failed')::bigint, (used ->> 'prompt')::bigint,
        (used ->> 'completion')::bigint, (used ->> 'cached')::bigint, (used ->> 'total')::bigint);
    IF recorded THEN
        RAISE DEBUG 'the model read % tokens and wrote %', used ->> 'prompt', used ->> 'completion';
    END IF;
    SELECT e.state, e.since, e.shared, e.limited INTO state, since, shared, limited FROM ai_worker.endpoint() AS e;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.finish_miss(text, jsonb, jsonb, text, boolean, integer, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.finish_miss(text, jsonb, jsonb, text, boolean, integer, jsonb) IS
    'AI Worker: stores a proven statement for request and settings as ai_worker.begin_miss gave them, lets waiting sessions know, and records what was used, if it can; with the endpoint''s state as it is now';
