-- The cache, and what counts beside it. Safe to run again: what is there stays.

CREATE OR REPLACE FUNCTION ai_worker.cache_key(prompt text, model text, schema_version text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT encode(sha256(convert_to(prompt || '|' || model || '|' || schema_version, 'UTF8')), 'hex')
$$;
REVOKE ALL ON FUNCTION ai_worker.cache_key(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.cache_key(text, text, text) IS
    'AI Worker: the key of the entry for a question: lower-case hex SHA-256 of prompt|model|schema_version in UTF-8';

CREATE TABLE IF NOT EXISTS public.ai_worker_cache (
    cache_key varchar(64) PRIMARY KEY,
    prompt_text text NOT NULL,
    model varchar(100) NOT NULL,
    schema_version varchar(20) NOT NULL,
    generated_sql text NOT NULL,
    validated boolean NOT NULL DEFAULT true,
    tokens_used integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    last_accessed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    hit_count bigint NOT NULL DEFAULT 0,
    CONSTRAINT ai_worker_cache_lifetime CHECK (expires_at > created_at)
);
-- Vacuum would lock every hit out while it gives an empty end back to the system.
ALTER TABLE public.ai_worker_cache SET (vacuum_truncate = off, toast.vacuum_truncate = off);
REVOKE ALL ON TABLE public.ai_worker_cache FROM PUBLIC;

COMMENT ON TABLE public.ai_worker_cache IS 'AI Worker: proven statements by question';
COMMENT ON COLUMN public.ai_worker_cache.cache_key IS
    'Lower-case hex SHA-256 of prompt|model|schema_version in UTF-8';
COMMENT ON COLUMN public.ai_worker_cache.prompt_text IS
    'The question as asked, its SHA-256 in hex, or empty, as store_prompts was when it was stored';
COMMENT ON COLUMN public.ai_worker_cache.model IS 'The model that answered';
COMMENT ON COLUMN public.ai_worker_cache.schema_version IS
    'As the caller gave it, or the fingerprint of the schemas in scope';
COMMENT ON COLUMN public.ai_worker_cache.generated_sql IS 'The proven statement';
COMMENT ON COLUMN public.ai_worker_cache.validated IS 'Always true: only what was proven is stored';
COMMENT ON COLUMN public.ai_worker_cache.tokens_used IS 'Tokens that the answer cost, repairs included';
COMMENT ON COLUMN public.ai_worker_cache.created_at IS 'When it was stored';
COMMENT ON COLUMN public.ai_worker_cache.expires_at IS
    'It is never served from then on; infinity: verified by ai_worker_verify, so kept until the DBA says otherwise';
COMMENT ON COLUMN public.ai_worker_cache.last_accessed_at IS
    'Last hit that was folded in; ai_worker.cache_hits has later ones';
COMMENT ON COLUMN public.ai_worker_cache.hit_count IS
    'Hits that were folded in; ai_worker.cache_hits has the rest';

CREATE INDEX IF NOT EXISTS idx_ai_cache_expires ON public.ai_worker_cache (expires_at);
CREATE INDEX IF NOT EXISTS idx_ai_cache_hits ON public.ai_worker_cache (hit_count DESC);
CREATE INDEX IF NOT EXISTS idx_ai_cache_schema ON public.ai_worker_cache (schema_version);
COMMENT ON INDEX public.idx_ai_cache_expires IS 'For clean-up';
COMMENT ON INDEX public.idx_ai_cache_hits IS 'For the most popular entries';
COMMENT ON INDEX public.idx_ai_cache_schema IS 'For invalidation by schema version';

CREATE INDEX IF NOT EXISTS idx_ai_cache_created ON public.ai_worker_cache (created_at);
CREATE INDEX IF NOT EXISTS idx_ai_cache_accessed ON public.ai_worker_cache (last_accessed_at);
COMMENT ON INDEX public.idx_ai_cache_created IS 'For retention and the oldest and newest entry';
COMMENT ON INDEX public.idx_ai_cache_accessed IS 'For evicting the least recently used';

CREATE INDEX IF NOT EXISTS idx_ai_cache_verified ON public.ai_worker_cache (model, schema_version, hit_count DESC)
    WHERE expires_at = 'infinity';
COMMENT ON INDEX public.idx_ai_cache_verified IS 'For examples among verified entries';

-- What has no primary key has a replica identity: in a publication of all tables it could not be updated without one.
--
-- An entry's first counter row, slot 0, is every session's. One that finds it locked does not wait: it counts in a row of its
-- own slot, from then on first. No indexed column changes, so the updates are HOT. Clean-up folds the rows.
--
-- Unlogged: a transaction that has written nothing else need not wait for the disk when it commits.

CREATE UNLOGGED TABLE IF NOT EXISTS ai_worker.cache_hits (
    cache_key varchar(64) NOT NULL,
    created_at timestamptz NOT NULL,
    slot integer NOT NULL,
    hits bigint NOT NULL,
    last_hit_at timestamptz NOT NULL,
    latency integer[] NOT NULL
) WITH (fillfactor = 50);
ALTER TABLE ai_worker.cache_hits SET (vacuum_truncate = off);
REVOKE ALL ON TABLE ai_worker.cache_hits FROM PUBLIC;
ALTER TABLE ai_worker.cache_hits REPLICA IDENTITY FULL;
CREATE INDEX IF NOT EXISTS cache_hits_slot ON ai_worker.cache_hits (cache_key, slot);

-- It was logged once, and had another comment. One that a DBA has made logged since stays so.
DO $$
BEGIN
    IF (SELECT c.relpersistence = 'p' AND obj_description(c.oid, 'pg_class') = 'AI Worker: hits not yet folded into ai_worker_cache'
          FROM pg_class AS c WHERE c.oid = 'ai_worker.cache_hits'::regclass) THEN
        ALTER TABLE ai_worker.cache_hits SET UNLOGGED;
    END IF;
EXCEPTION WHEN object_not_in_prerequisite_state OR invalid_table_definition THEN
    RAISE WARNING 'ai_worker.cache_hits stays logged, so hits wait for the disk: %', SQLERRM
        USING HINT = 'Take it out of the publication, then ALTER TABLE ai_worker.cache_hits SET UNLOGGED.';
END
$$;
COMMENT ON TABLE ai_worker.cache_hits IS
    'AI Worker: hits not yet folded into ai_worker_cache. Unlogged, so that a hit does not wait for the disk: a crash empties it, a base backup and a standby have it empty, a dump holds it. ALTER TABLE ai_worker.cache_hits SET LOGGED makes each hit wait and none be forgotten';
COMMENT ON COLUMN ai_worker.cache_hits.cache_key IS 'The entry''s key';
COMMENT ON COLUMN ai_worker.cache_hits.created_at IS
    'The entry''s created_at, so that an entry stored anew does not inherit hits';
COMMENT ON COLUMN ai_worker.cache_hits.slot IS
    '0: every session''s; 1 to 32: of those sessions whose process id modulo 32 is one less';
COMMENT ON COLUMN ai_worker.cache_hits.hits IS 'Hits counted in this row';
COMMENT ON COLUMN ai_worker.cache_hits.last_hit_at IS 'The latest of them';
COMMENT ON COLUMN ai_worker.cache_hits.latency IS
    'How many of them took under 2, 4, 8 and so on to 2^28 microseconds, the last element also longer ones';
COMMENT ON INDEX ai_worker.cache_hits_slot IS 'For counting a hit';

CREATE TABLE IF NOT EXISTS ai_worker.traffic (
    kind text NOT NULL CONSTRAINT traffic_kind CHECK (kind IN ('hit', 'miss')),
    requests bigint NOT NULL,
    latency bigint[] NOT NULL
) WITH (fillfactor = 50);
REVOKE ALL ON TABLE ai_worker.traffic FROM PUBLIC;
ALTER TABLE ai_worker.traffic REPLICA IDENTITY FULL;

COMMENT ON TABLE ai_worker.traffic IS
    'AI Worker: answered requests since the last reset, with hits that were folded in';
COMMENT ON COLUMN ai_worker.traffic.kind IS 'hit: from the cache; miss: from the model';
COMMENT ON COLUMN ai_worker.traffic.requests IS 'How many';
COMMENT ON COLUMN ai_worker.traffic.latency IS 'As in ai_worker.cache_hits';

CREATE TABLE IF NOT EXISTS ai_worker.cache_totals (
    created_hour timestamptz NOT NULL,
    expires_hour timestamptz NOT NULL,
    entries bigint NOT NULL,
    hits bigint NOT NULL,
    tokens_saved bigint NOT NULL,
    bytes bigint NOT NULL
) WITH (fillfactor = 50);
REVOKE ALL ON TABLE ai_worker.cache_totals FROM PUBLIC;
ALTER TABLE ai_worker.cache_totals REPLICA IDENTITY FULL;

COMMENT ON TABLE ai_worker.cache_totals IS
    'AI Worker: sums over ai_worker_cache, kept by its triggers so that statistics and limits need no scan';
COMMENT ON COLUMN ai_worker.cache_totals.expires_hour IS 'The hour (UTC) in which the entries expire';
COMMENT ON COLUMN ai_worker.cache_totals.created_hour IS
    'The hour (UTC) in which they were created, so that the oldest entry is found without passing deleted ones';
COMMENT ON COLUMN ai_worker.cache_totals.entries IS 'Entries';
COMMENT ON COLUMN ai_worker.cache_totals.hits IS 'Their hit_count, summed';
COMMENT ON COLUMN ai_worker.cache_totals.tokens_saved IS 'Their tokens_used * hit_count, summed';
COMMENT ON COLUMN ai_worker.cache_totals.bytes IS 'Bytes of their prompt_text and generated_sql, summed';

-- A SERIALIZABLE transaction that read the cache and then wrote it could be failed at commit by a neighbour's doing the
-- same, so it leaves its entries here; the next store or clean-up at a lower isolation level moves them.
CREATE TABLE IF NOT EXISTS ai_worker.cache_pending (LIKE public.ai_worker_cache INCLUDING DEFAULTS);
REVOKE ALL ON TABLE ai_worker.cache_pending FROM PUBLIC;
ALTER TABLE ai_worker.cache_pending REPLICA IDENTITY FULL;
COMMENT ON TABLE ai_worker.cache_pending IS
    'AI Worker: entries of SERIALIZABLE transactions on their way into ai_worker_cache';
