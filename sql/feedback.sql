-- What users say of answers, and what of the cache is worth a look.

-- With the question and the statement, for an entry is soon gone and its complaint is not.
CREATE TABLE IF NOT EXISTS public.ai_worker_feedback (
    cache_key varchar(64) NOT NULL,
    role name NOT NULL,
    good boolean NOT NULL,
    comment text,
    prompt_text text NOT NULL,
    generated_sql text NOT NULL,
    given_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT ai_worker_feedback_pkey PRIMARY KEY (cache_key, role)
);
REVOKE ALL ON TABLE public.ai_worker_feedback FROM PUBLIC;
CREATE INDEX IF NOT EXISTS idx_ai_cache_feedback ON public.ai_worker_feedback (role, given_at);

COMMENT ON TABLE public.ai_worker_feedback IS
    'AI Worker: what users said of answers by the function of that name, the last word of each role on each entry and the last 200 of each role';
COMMENT ON COLUMN public.ai_worker_feedback.cache_key IS 'The entry''s key';
COMMENT ON COLUMN public.ai_worker_feedback.role IS 'Who logged in and said it';
COMMENT ON COLUMN public.ai_worker_feedback.good IS 'Whether the answer is right';
COMMENT ON COLUMN public.ai_worker_feedback.comment IS 'What he says of it; NULL: nothing';
COMMENT ON COLUMN public.ai_worker_feedback.prompt_text IS 'The entry''s prompt_text at that time';
COMMENT ON COLUMN public.ai_worker_feedback.generated_sql IS 'The entry''s statement at that time';
COMMENT ON COLUMN public.ai_worker_feedback.given_at IS 'When';
COMMENT ON INDEX public.idx_ai_cache_feedback IS 'For the last of each role';

-- Nothing tells whether there is such an entry: what is refused is refused before it is looked for.
CREATE OR REPLACE FUNCTION public.ai_worker_feedback(cache_key text, good boolean, comment text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_worker_feedback(text,boolean,text)'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_worker_feedback(text,boolean,text)');
    END IF;
    IF cache_key IS NULL OR good IS NULL OR char_length(comment) > 1000 THEN
        RAISE EXCEPTION 'this feedback cannot be used'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = CASE WHEN char_length(comment) > 1000 THEN format('The comment has %s characters, allowed are 1000.', char_length(comment))
                                ELSE 'The key, or whether the answer is good, is NULL.' END,
                  HINT = 'For example: SELECT ai_worker_feedback(ai_explain_sql(''Get all users'') ->> ''cache_key'', false, ''lacks new ones'').';
    END IF;
    IF current_setting('transaction_read_only')::boolean THEN
        RAISE EXCEPTION 'feedback cannot be kept in a read-only transaction'
            USING ERRCODE = 'read_only_sql_transaction', DETAIL = 'It is a row of ai_worker_feedback.',
                  HINT = 'Give it in a read-write transaction on the primary.';
    END IF;
    INSERT INTO public.ai_worker_feedback AS f (cache_key, role, good, comment, prompt_text, generated_sql)
    SELECT c.cache_key, session_user, ai_worker_feedback.good, ai_worker_feedback.comment, c.prompt_text, c.generated_sql
      FROM public.ai_worker_cache AS c
     WHERE c.cache_key = ai_worker_feedback.cache_key AND c.validated
    ON CONFLICT ON CONSTRAINT ai_worker_feedback_pkey DO UPDATE
        SET good = EXCLUDED.good, comment = EXCLUDED.comment, prompt_text = EXCLUDED.prompt_text,
            generated_sql = EXCLUDED.generated_sql, given_at = EXCLUDED.given_at;
    DELETE FROM public.ai_worker_feedback AS f
     WHERE f.role = session_user
       AND f.given_at <= (SELECT o.given_at FROM public.ai_worker_feedback AS o
                           WHERE o.role = session_user ORDER BY o.given_at DESC OFFSET 200 LIMIT 1);
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_feedback(text, boolean, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_feedback(text, boolean, text) IS
    'AI Worker: tells the administrators that the answer with this key is right or wrong; the last word of a role counts. Of a key that is not in the cache nothing is kept, and nothing says so';

-- Bounded whatever the cache holds: the 200 most frequent entries, the 200 newest, and what somebody has complained about.
CREATE OR REPLACE VIEW public.ai_worker_to_verify AS
WITH said AS (
    SELECT f.cache_key, f.generated_sql, min(f.prompt_text) AS prompt_text, count(*) FILTER (WHERE f.good) AS good,
           count(*) FILTER (WHERE NOT f.good) AS bad,
           array_agg(f.comment ORDER BY f.given_at DESC) FILTER (WHERE f.comment IS NOT NULL) AS comments
      FROM public.ai_worker_feedback AS f
     GROUP BY f.cache_key, f.generated_sql),
looked_at AS (
    SELECT p.cache_key, p.generated_sql
      FROM (SELECT c.cache_key, c.generated_sql, c.expires_at FROM public.ai_worker_cache AS c ORDER BY c.hit_count DESC LIMIT 200) AS p
     WHERE p.expires_at < 'infinity'
     UNION
    SELECT n.cache_key, n.generated_sql
      FROM (SELECT c.cache_key, c.generated_sql, c.expires_at FROM public.ai_worker_cache AS c ORDER BY c.created_at DESC LIMIT 200) AS n
     WHERE n.expires_at < 'infinity'
     UNION
    SELECT s.cache_key, s.generated_sql FROM said AS s WHERE s.bad > 0)
SELECT l.cache_key, COALESCE(c.prompt_text, s.prompt_text) AS prompt_text, l.generated_sql,
       COALESCE(s.bad, 0) AS bad, COALESCE(s.good, 0) AS good, s.comments,
       COALESCE(c.hit_count + COALESCE(h.hits, 0), 0)::bigint AS hits, c.created_at,
       c.cache_key IS NOT NULL AS cached, COALESCE(c.expires_at = 'infinity', false) AS verified
  FROM looked_at AS l
  LEFT JOIN said AS s ON s.cache_key = l.cache_key AND s.generated_sql = l.generated_sql
  LEFT JOIN public.ai_worker_cache AS c ON c.cache_key = l.cache_key AND c.generated_sql = l.generated_sql
  LEFT JOIN ai_worker.unfolded_hits() AS h ON h.cache_key = c.cache_key AND h.created_at = c.created_at
 ORDER BY COALESCE(s.bad, 0) DESC, COALESCE(c.hit_count + COALESCE(h.hits, 0), 0) DESC, c.created_at DESC NULLS LAST;
REVOKE ALL ON TABLE public.ai_worker_to_verify FROM PUBLIC;
COMMENT ON VIEW public.ai_worker_to_verify IS
    'AI Worker: what is worth verifying next, first what most have complained about, then by hits, then the newest: of entries that are not verified the 200 with most hits and the 200 newest, and each statement that somebody called wrong, cached or not';
COMMENT ON COLUMN public.ai_worker_to_verify.cache_key IS 'For ai_worker_verify, while it is cached';
COMMENT ON COLUMN public.ai_worker_to_verify.prompt_text IS 'The question, as store_prompts keeps it';
COMMENT ON COLUMN public.ai_worker_to_verify.generated_sql IS 'The answer';
COMMENT ON COLUMN public.ai_worker_to_verify.bad IS 'How many roles called it wrong';
COMMENT ON COLUMN public.ai_worker_to_verify.good IS 'How many roles called it right';
COMMENT ON COLUMN public.ai_worker_to_verify.comments IS 'What they said, the latest first; NULL: nothing';
COMMENT ON COLUMN public.ai_worker_to_verify.hits IS 'How often the cache has answered with it since it was stored';
COMMENT ON COLUMN public.ai_worker_to_verify.created_at IS 'When it was stored; NULL if it is no longer cached';
COMMENT ON COLUMN public.ai_worker_to_verify.cached IS 'Whether the cache still has it, expired or not';
COMMENT ON COLUMN public.ai_worker_to_verify.verified IS 'Whether it is verified, which a complaint does not change';
