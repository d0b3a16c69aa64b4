-- What was used.

CREATE TABLE IF NOT EXISTS ai_worker.usage_parts (
    day date NOT NULL,
    role name NOT NULL,
    calls bigint NOT NULL,
    failed_calls bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cached_tokens bigint NOT NULL,
    tokens bigint NOT NULL
) WITH (fillfactor = 50);
REVOKE ALL ON TABLE ai_worker.usage_parts FROM PUBLIC;
ALTER TABLE ai_worker.usage_parts REPLICA IDENTITY FULL;
CREATE INDEX IF NOT EXISTS usage_parts_day ON ai_worker.usage_parts (day, role);

COMMENT ON TABLE ai_worker.usage_parts IS
    'AI Worker: what ai_worker_usage sums; several rows for a role and day until clean-up merges them';
COMMENT ON COLUMN ai_worker.usage_parts.day IS 'As in ai_worker_usage';
COMMENT ON COLUMN ai_worker.usage_parts.role IS 'As in ai_worker_usage';
COMMENT ON COLUMN ai_worker.usage_parts.calls IS 'As in ai_worker_usage';
COMMENT ON COLUMN ai_worker.usage_parts.failed_calls IS 'As in ai_worker_usage';
COMMENT ON COLUMN ai_worker.usage_parts.prompt_tokens IS 'As in ai_worker_usage';
COMMENT ON COLUMN ai_worker.usage_parts.completion_tokens IS 'As in ai_worker_usage';
COMMENT ON COLUMN ai_worker.usage_parts.cached_tokens IS 'As in ai_worker_usage';
COMMENT ON COLUMN ai_worker.usage_parts.tokens IS 'As in ai_worker_usage';
COMMENT ON INDEX ai_worker.usage_parts_day IS 'For counting a call';

CREATE OR REPLACE VIEW public.ai_worker_usage AS
SELECT p.role, p.day, sum(p.calls)::bigint AS calls, sum(p.failed_calls)::bigint AS failed_calls,
       sum(p.prompt_tokens)::bigint AS prompt_tokens, sum(p.completion_tokens)::bigint AS completion_tokens,
       sum(p.cached_tokens)::bigint AS cached_tokens, sum(p.tokens)::bigint AS tokens
  FROM ai_worker.usage_parts AS p
 GROUP BY p.role, p.day;
REVOKE ALL ON TABLE public.ai_worker_usage FROM PUBLIC;
COMMENT ON VIEW public.ai_worker_usage IS
    'AI Worker: calls to the model by role and day, kept until ai_worker.usage_parts is cleaned by hand. Transactions that were rolled back are missing; a call that failed is added by the next one of its session that is answered. Counters of ai_worker_quotas miss nothing';
COMMENT ON COLUMN public.ai_worker_usage.role IS 'The role that logged in';
COMMENT ON COLUMN public.ai_worker_usage.day IS 'The day, UTC';
COMMENT ON COLUMN public.ai_worker_usage.calls IS 'Rounds with the model, failed ones included';
COMMENT ON COLUMN public.ai_worker_usage.failed_calls IS 'Of these, without an answer that holds a statement';
COMMENT ON COLUMN public.ai_worker_usage.prompt_tokens IS 'Tokens sent, cached ones included';
COMMENT ON COLUMN public.ai_worker_usage.completion_tokens IS 'Tokens answered';
COMMENT ON COLUMN public.ai_worker_usage.cached_tokens IS 'Of the tokens sent, those from the provider''s prompt cache';
COMMENT ON COLUMN public.ai_worker_usage.tokens IS 'All tokens, as the endpoint reports them';

CREATE OR REPLACE FUNCTION ai_worker.record_usage(
    more_calls bigint, more_failed_calls bigint, more_prompt_tokens bigint, more_completion_tokens bigint,
    more_cached_tokens bigint, more_tokens bigint)
RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
    today CONSTANT date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
    isolation CONSTANT text := current_setting('transaction_isolation');
BEGIN
    IF current_setting('transaction_read_only')::boolean THEN
        RETURN false;
    END IF;
    IF isolation = 'read committed' THEN
        UPDATE ai_worker.usage_parts AS p
           SET calls = p.calls + more_calls, failed_calls = p.failed_calls + more_failed_calls,
               prompt_tokens = p.prompt_tokens + more_prompt_tokens,
               completion_tokens = p.completion_tokens + more_completion_tokens,
               cached_tokens = p.cached_tokens + more_cached_tokens, tokens = p.tokens + more_tokens
         WHERE p.ctid = (SELECT f.ctid FROM ai_worker.usage_parts AS f
                          WHERE f.day = today AND f.role = session_user LIMIT 1 FOR UPDATE SKIP LOCKED);
    END IF;
    IF isolation <> 'read committed' OR NOT FOUND THEN
        INSERT INTO ai_worker.usage_parts
            (day, role, calls, failed_calls, prompt_tokens, completion_tokens, cached_tokens, tokens)
        VALUES (today, session_user, more_calls, more_failed_calls, more_prompt_tokens, more_completion_tokens,
                more_cached_tokens, more_tokens);
    END IF;
    RETURN true;
EXCEPTION WHEN OTHERS THEN
    PERFORM ai_worker.warn('unrecorded', 'usage could not be recorded: ' || SQLERRM,
        'If an object is missing, run install/install.sh again on this database; SELECT ai_worker_health() says more.');
    RETURN false;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.record_usage(bigint, bigint, bigint, bigint, bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.record_usage(bigint, bigint, bigint, bigint, bigint, bigint) IS
    'AI Worker: adds to ai_worker_usage, waiting for nobody; whether it could';
