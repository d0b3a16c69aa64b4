-- What every question is asked before anything else.

CREATE OR REPLACE FUNCTION ai_worker.check_request(prompt text, schema_version text, longest_prompt integer) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF prompt IS NULL OR prompt !~ '[^[:space:]]' THEN
        RAISE EXCEPTION 'prompt is %', CASE WHEN prompt IS NULL THEN 'NULL' ELSE 'blank' END
            USING ERRCODE = 'IA001', DETAIL = 'A prompt needs at least one character that is not white space.',
                  HINT = 'Pass the question as text, for example ai_generate_sql(''Get all users'', ''v1'').';
    END IF;
    IF char_length(prompt) > longest_prompt THEN
        RAISE EXCEPTION 'prompt has % characters', char_length(prompt)
            USING ERRCODE = 'IA002', DETAIL = format('The limit is %s.', longest_prompt),
                  HINT = 'Shorten the prompt, or raise max_prompt_chars in ai_worker_config.';
    END IF;
    IF schema_version !~ '^[^|]{1,20}$' OR schema_version !~ '[^[:space:]]' THEN
        RAISE EXCEPTION 'schema_version "%" is refused', left(schema_version, 100)
            USING ERRCODE = 'IA003',
                  DETAIL = format('It has %s characters; 1 to 20 without | are allowed.', char_length(schema_version)),
                  HINT = 'Use a short label such as ''v1'', or NULL for the automatic version.';
    END IF;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.check_request(text, text, integer) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.check_request(text, text, integer) IS
    'AI Worker: refuses a bad request with a hint';
