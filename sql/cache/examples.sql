-- The work is bounded whatever the cache holds: at most 500 verified entries and 250 of the 5000 most popular are compared,
-- by their first 500 characters, and only short ones are shown.
CREATE OR REPLACE FUNCTION ai_worker.examples(
    prompt text, model text, schema_version text, at_most integer, popular_too boolean)
RETURNS SETOF json
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    asked CONSTANT text := left(prompt, 500);
    likeness text;
BEGIN
    IF at_most = 0 THEN
        RETURN;
    END IF;
    -- Only superusers can create functions in C, so this is pg_trgm's own, wherever it is.
    SELECT format('%s($1, left(c.prompt_text, 500))', p.oid::regproc) INTO likeness
      FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
     WHERE p.proname = 'similarity' AND l.lanname = 'c' AND p.probin = '$libdir/pg_trgm' AND p.prosrc = 'similarity'
       AND oidvectortypes(p.proargtypes) = 'text, text'
       AND has_schema_privilege(p.pronamespace, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')
     LIMIT 1;
    likeness := COALESCE(likeness,
        '(SELECT count(*) FILTER (WHERE w.word = ANY ($2))::real
                 / NULLIF(cardinality($2) + count(*) FILTER (WHERE w.word <> ALL ($2)), 0)
            FROM unnest(tsvector_to_array(to_tsvector(''pg_catalog.simple'', left(c.prompt_text, 500)))) AS w (word))');
    BEGIN
        LOCK TABLE public.ai_worker_cache IN ACCESS SHARE MODE NOWAIT;
        RETURN QUERY EXECUTE
            'WITH candidate AS MATERIALIZED (
                 (SELECT c.*, true AS verified FROM public.ai_worker_cache AS c
                   WHERE c.expires_at = ''infinity'' AND c.model = $3 AND c.schema_version = $4
                   ORDER BY c.hit_count DESC LIMIT 500)
                 UNION ALL
                 (SELECT c.*, false
                    FROM (SELECT p.* FROM public.ai_worker_cache AS p WHERE $5 ORDER BY p.hit_count DESC LIMIT 5000) AS c
                   WHERE c.model = $3 AND c.schema_version = $4
                     AND c.expires_at > clock_timestamp() AND c.expires_at < ''infinity''
                   LIMIT 250)),
             compared AS MATERIALIZED (
                 SELECT c.*, ' || likeness || ' AS likeness
                   FROM candidate AS c
                  WHERE c.validated AND c.prompt_text <> $6
                    AND octet_length(c.prompt_text) + octet_length(c.generated_sql) <= 2000
                    -- Not what is left of a prompt: see store_prompts.
                    AND c.cache_key = ai_worker.cache_key(c.prompt_text, c.model, c.schema_version))
             SELECT json_build_object(''question'', e.prompt_text, ''sql'', e.generated_sql)
               FROM compared AS e
              WHERE e.likeness > 0
              ORDER BY round(e.likeness::numeric, 1) DESC, e.verified DESC, e.hit_count DESC, e.likeness DESC, e.cache_key
              LIMIT $7'
            USING asked, tsvector_to_array(to_tsvector('pg_catalog.simple', asked)), model, schema_version,
                  popular_too, prompt, at_most;
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
    'AI Worker: answers in the cache to show the model with a prompt, most similar first; of those alike within a tenth verified ones first, then popular ones. By pg_trgm''s similarity where it is installed, else by the share of common words';
