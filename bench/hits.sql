-- Entries to be hit, and a copy of the table with the same indexes for a bare UPDATE to count in; psql variable keys: how many.
SET client_min_messages = warning;
INSERT INTO ai_worker_cache (cache_key, prompt_text, model, schema_version, generated_sql, tokens_used, expires_at)
SELECT encode(sha256(convert_to('question ' || i || '|gpt-4o-mini|v1', 'UTF8')), 'hex'), 'question ' || i,
       'gpt-4o-mini', 'v1', 'SELECT * FROM users WHERE id = ' || i || ' LIMIT 1000', 120, now() + interval '10 days'
  FROM generate_series(1, :keys) AS i;
CREATE TABLE bare_cache (LIKE ai_worker_cache INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
INSERT INTO bare_cache SELECT * FROM ai_worker_cache;
ALTER TABLE bare_cache ADD PRIMARY KEY (cache_key);
CREATE INDEX ON bare_cache (expires_at);
CREATE INDEX ON bare_cache (hit_count DESC);
CREATE INDEX ON bare_cache (schema_version);
CREATE FUNCTION bare_hit(prompt text, version text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    entry record;
BEGIN
    UPDATE bare_cache AS c SET hit_count = c.hit_count + 1, last_accessed_at = clock_timestamp()
     WHERE c.cache_key = encode(sha256(convert_to(prompt || '|gpt-4o-mini|' || version, 'UTF8')), 'hex')
       AND c.expires_at > clock_timestamp()
    RETURNING c.generated_sql, c.tokens_used, c.hit_count INTO entry;
    RETURN jsonb_build_object('sql', entry.generated_sql, 'validated', true, 'tokens_used', entry.tokens_used,
                              'schema_version', version, 'cache_hit', true, 'hit_count', entry.hit_count);
END
$$;
VACUUM ANALYZE;
