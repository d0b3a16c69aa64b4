-- The work is bounded whatever the cache holds: at most 400 verified entries of the version and 200 of other automatic ones, and 200
-- of the 5000 most popular are compared, by their first 300 characters, and only short ones are shown.

CREATE OR REPLACE FUNCTION ai_worker.examples(
    prompt text, model text, schema_version text, at_most integer, popular_too boolean)
RETURNS SETOF json
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    automatic CONSTANT boolean := schema_version ~ '^([0-9a-f]{20}|locked-[0-9a-f]{13})$';
BEGIN
    IF at_most = 0 THEN
        RETURN;
    END IF;
    BEGIN
        LOCK TABLE public.ai_worker_cache IN ACCESS SHARE MODE NOWAIT;
        -- Trigrams are those of words with two blanks before and one behind, as pg_trgm has them; the question is the text without a
        -- key. As a vector of its trigrams, each weighing more the fewer entries have it, an entry is as like the question as the angle
        -- between them is small; the question's own length is the same for all.
        RETURN QUERY
            WITH candidate AS MATERIALIZED (
                (SELECT c.*, true AS verified, false AS stale FROM public.ai_worker_cache AS c
                  WHERE c.expires_at = 'infinity' AND c.model = $2 AND c.schema_version = $3
                  ORDER BY c.hit_count DESC LIMIT 400)
                UNION ALL
                (SELECT c.*, true, true FROM public.ai_worker_cache AS c
                  WHERE automatic AND c.expires_at = 'infinity' AND c.model = $2 AND c.schema_version <> $3
                    AND c.schema_version ~ '^[0-9a-f]{20}$'
                  LIMIT 200)
                UNION ALL
                (SELECT c.*, false, false
                   FROM (SELECT p.* FROM public.ai_worker_cache AS p WHERE popular_too ORDER BY p.hit_count DESC LIMIT 5000) AS c
                  WHERE c.model = $2 AND c.schema_version = $3
                    AND c.expires_at > clock_timestamp() AND c.expires_at < 'infinity'
                  LIMIT 200)),
            compared AS MATERIALIZED (
                SELECT DISTINCT ON (c.prompt_text) c.*
                  FROM candidate AS c
                 WHERE c.validated AND c.prompt_text <> prompt
                   AND octet_length(c.prompt_text) + octet_length(c.generated_sql) <= 2000
                   -- Not what is left of a prompt: see store_prompts.
                   AND c.cache_key = ai_worker.cache_key(c.prompt_text, c.model, c.schema_version)
                 ORDER BY c.prompt_text, c.stale, c.verified DESC, c.created_at DESC),
            words AS MATERIALIZED (
                SELECT q.cache_key, '  ' || btrim(lower(regexp_replace(left(q.words, 300), '[^[:alnum:]]+', '  ', 'g'))) || ' ' AS words
                  FROM (SELECT c.cache_key, c.prompt_text FROM compared AS c UNION ALL SELECT '', prompt) AS q (cache_key, words)),
            weight AS (
                SELECT t.cache_key, bool_or(t.cache_key = '') OVER same AS asked,
                       ln(1 + (SELECT count(*) FROM words)::double precision / count(*) OVER same) ^ 2 AS weight
                  FROM words AS w
                 CROSS JOIN LATERAL (
                       SELECT DISTINCT w.cache_key, substr(w.words, i, 3) AS trigram FROM generate_series(1, length(w.words) - 2) AS i
                        WHERE substr(w.words, i + 1, 2) <> '  ') AS t
                WINDOW same AS (PARTITION BY t.trigram)),
            likeness AS MATERIALIZED (
                SELECT w.cache_key, sum(w.weight) FILTER (WHERE w.asked) / sqrt(sum(w.weight)) AS likeness
                  FROM weight AS w WHERE w.cache_key <> '' GROUP BY w.cache_key)
            SELECT json_build_object('question', c.prompt_text, 'sql', c.generated_sql, 'stale', c.stale)
              FROM likeness AS l JOIN compared AS c USING (cache_key)
             WHERE l.likeness > 0
             ORDER BY l.likeness DESC, c.verified DESC, c.hit_count DESC, c.cache_key
             LIMIT CASE WHEN automatic THEN 2 * at_most ELSE at_most END;
    EXCEPTION WHEN OTHERS THEN
        -- A cache that is locked or incomplete has been warned of by the lookup.
        IF SQLSTATE NOT IN ('55P03', '42P01', '42703') THEN
            PERFORM ai_worker.warn('examples', 'the model was shown no examples: ' || SQLERRM,
                'SELECT ai_worker_health() says more.');
        END IF;
    END;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.examples(text, text, text, integer, boolean) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.examples(text, text, text, integer, boolean) IS
    'AI Worker: answers in the cache to show the model with a prompt, most similar first, by their trigrams, rare ones weighing more. Verified answers of an earlier automatic version are stale: they must be proven again; twice as many are returned for that';
