-- Single flight: of all sessions that miss on one key at once, one asks the model and the others wait for its entry. They
-- coordinate by advisory locks of the leader's transaction, so nothing survives it.

CREATE OR REPLACE FUNCTION ai_worker.enter_flight(cache_key text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    flight CONSTANT bigint := hashtextextended(cache_key, 1);
    landed CONSTANT bigint := hashtextextended(cache_key, 2);
    -- A custom setting, which any caller may set to anything: what is no number counts as none.
    led CONSTANT integer :=
        COALESCE(substring(current_setting('ai_worker.flights', true) FROM '^[0-9]{1,9}')::integer, 0);
BEGIN
    -- Who cannot see or leave an entry has nothing to wait for; who leads very many in one transaction stops taking locks
    -- before the server's lock table fills.
    IF ai_worker.no_view() IS NOT NULL
       OR current_setting('transaction_isolation') <> 'read committed' OR led >= 100 THEN
        RETURN 'alone';
    END IF;
    IF pg_try_advisory_xact_lock(flight) THEN
        PERFORM set_config('ai_worker.flights', (led + 1)::text, true);
        RETURN 'lead';
    END IF;
    IF EXISTS (SELECT FROM pg_locks AS l
                WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                  AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
                  AND l.classid = ((landed >> 32) & 4294967295)::oid AND l.objid = (landed & 4294967295)::oid) THEN
        RETURN 'landed';
    END IF;
    RETURN 'wait';
END
$$;
REVOKE ALL ON FUNCTION ai_worker.enter_flight(text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.enter_flight(text) IS
    'AI Worker: lead: this session asks the model for this key; wait: another one does; landed: that one has its answer and has not committed; alone: no coordination. Locks end with the transaction';

CREATE OR REPLACE FUNCTION ai_worker.land_flight(cache_key text) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_try_advisory_xact_lock(hashtextextended(cache_key, 2))
$$;
REVOKE ALL ON FUNCTION ai_worker.land_flight(text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.land_flight(text) IS
    'AI Worker: tells waiting sessions that the answer is there as soon as this transaction commits';

CREATE OR REPLACE FUNCTION ai_worker.await_flight(prompt text, request jsonb, OUT flight text, OUT response text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    flight := ai_worker.enter_flight(request ->> 'cache_key');
    response := ai_worker.hit(prompt, request ->> 'schema_version');
END
$$;
REVOKE ALL ON FUNCTION ai_worker.await_flight(text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.await_flight(text, jsonb) IS
    'AI Worker: how it stands with a request that ai_worker.begin_miss found another session asking: its response once that is there, else the flight';
