-- What a DBA teaches: questions whose statements are known. A question may have slots, as in 'orders of {customer:text} in
-- {year:integer}', and then stands for every question of that form. A taught statement is proven anew each time that it is made an
-- entry of the cache, as a model's would be.

CREATE TABLE IF NOT EXISTS public.ai_worker_taught (
    question text NOT NULL,
    schema_version varchar(20),
    statement text NOT NULL,
    pattern text,
    taught_by name NOT NULL DEFAULT session_user,
    taught_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON TABLE public.ai_worker_taught FROM PUBLIC;
ALTER TABLE public.ai_worker_taught REPLICA IDENTITY FULL;
COMMENT ON TABLE public.ai_worker_taught IS
    'AI Worker: questions whose statements ai_worker_teach was given; what is deleted here is no longer answered by it, but for entries that the cache still has';
COMMENT ON COLUMN public.ai_worker_taught.question IS 'The question, or the form of questions with slots such as {year:integer}';
COMMENT ON COLUMN public.ai_worker_taught.schema_version IS
    'The label for which it holds; NULL: for the automatic version, whatever that is';
COMMENT ON COLUMN public.ai_worker_taught.statement IS 'The statement as taught, with slots such as {year}';
COMMENT ON COLUMN public.ai_worker_taught.pattern IS 'What questions of its form match, as a regular expression; NULL: it has no slots';
COMMENT ON COLUMN public.ai_worker_taught.taught_by IS 'Who taught it';
COMMENT ON COLUMN public.ai_worker_taught.taught_at IS 'When';

CREATE OR REPLACE FUNCTION ai_worker.slots(question text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found CONSTANT text[] := ARRAY(SELECT m[1] FROM regexp_matches(question, '[{]([^{}]*)[}]', 'g') AS m);
    names CONSTANT text[] := ARRAY(SELECT split_part(s, ':', 1) FROM unnest(found) AS s);
    slot text;
BEGIN
    FOREACH slot IN ARRAY found LOOP
        IF slot !~ '^[a-z][a-z0-9_]*:(text|integer|numeric|date|boolean)$' THEN
            RAISE EXCEPTION 'slot {%} is refused', left(slot, 100)
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = 'A slot is a name of lower-case letters, digits and underscores, a colon, and text, integer, numeric, date or boolean.',
                      HINT = 'For example: orders of {customer:text} in {year:integer}';
        END IF;
    END LOOP;
    IF cardinality(names) > 10 OR cardinality(names) <> (SELECT count(DISTINCT n) FROM unnest(names) AS n) OR strpos(question, '}{') > 0
       OR cardinality(found) > 0 AND regexp_replace(question, '[{][^{}]*[}]', '', 'g') !~ '[[:alnum:]]' THEN
        RAISE EXCEPTION 'these slots are refused'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'There may be ten, each with a name of its own and with text between it and the next, and there must be words beside them.',
                  HINT = 'For example: orders of {customer:text} in {year:integer}';
    END IF;
    RETURN found;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.slots(text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.slots(text) IS
    'AI Worker: the slots of a question to teach, each as name:type, in their order; refuses what is none';

CREATE OR REPLACE FUNCTION ai_worker.slot_pattern(question text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Letters and digits stand for themselves in either case, and any white space for any other.
    SELECT '^[[:space:]]*' || string_agg(
               CASE WHEN p.slot IS NOT NULL
                    THEN CASE split_part(p.slot, ':', 2)
                             WHEN 'integer' THEN '([+-]?[0-9]{1,18})'
                             WHEN 'numeric' THEN '([+-]?[0-9]{1,30}(?:[.][0-9]{1,30})?)'
                             WHEN 'date' THEN '([0-9]{4}-[0-9]{2}-[0-9]{2})'
                             WHEN 'boolean' THEN '(true|false)'
                             ELSE '([^[:space:]](?:.{0,198}[^[:space:]])?)' END
                    WHEN p.word ~ '^[[:space:]]' THEN '[[:space:]]+'
                    WHEN p.word ~ '^[[:alnum:]]' THEN p.word
                    ELSE '[[.' || p.word || '.]]' END, '' ORDER BY p.place) || '[[:space:].?!]*$'
      FROM (SELECT m.part[1] AS slot, m.part[2] AS word, m.place
              FROM regexp_matches(rtrim(btrim(question), '.?! '), '[{]([^{}]*)[}]|([[:space:]]+|[[:alnum:]]+|.)', 'g')
                   WITH ORDINALITY AS m (part, place)) AS p
$$;
REVOKE ALL ON FUNCTION ai_worker.slot_pattern(text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.slot_pattern(text) IS
    'AI Worker: the regular expression of the questions that have the form of this one; what a slot matches is captured';

CREATE OR REPLACE FUNCTION ai_worker.fill_slots(statement text, slots text[], given text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    filled text := '';
    part text[];
    place integer;
BEGIN
    -- Once through, so that nothing within a value is taken for a slot.
    FOR part IN SELECT regexp_matches(statement, '[{]([a-z][a-z0-9_]*)[}]|([^{]+|[{])', 'g') LOOP
        place := (SELECT min(s.place) FROM unnest(slots) WITH ORDINALITY AS s (slot, place) WHERE split_part(s.slot, ':', 1) = part[1]);
        filled := concat(filled, CASE
            WHEN place IS NULL THEN COALESCE(part[2], '{' || part[1] || '}')
            WHEN split_part(slots[place], ':', 2) = 'text' THEN quote_literal(given[place])
            WHEN split_part(slots[place], ':', 2) = 'date' THEN 'DATE ' || quote_literal(given[place]::date)
            ELSE given[place] END);
    END LOOP;
    RETURN filled;
EXCEPTION WHEN invalid_datetime_format OR datetime_field_overflow THEN
    -- A date that there is not.
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.fill_slots(text, text[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.fill_slots(text, text[], text[]) IS
    'AI Worker: a taught statement with values in its slots: texts and dates as literals, the rest as it is; NULL if one is no such value';

CREATE OR REPLACE FUNCTION ai_worker.taught(prompt text, schema_version text, OUT statement text, OUT exact boolean)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT t.statement, true INTO statement, exact
      FROM public.ai_worker_taught AS t
     WHERE t.question = prompt AND t.schema_version IS NOT DISTINCT FROM taught.schema_version AND t.pattern IS NULL
     ORDER BY t.taught_at DESC LIMIT 1;
    IF NOT FOUND AND octet_length(prompt) <= 4000 THEN
        -- The form that says most.
        SELECT f.statement, false INTO statement, exact
          FROM (SELECT ai_worker.fill_slots(t.statement, s.slots, regexp_match(prompt, t.pattern, 'i')) AS statement, s.slots, t.question,
                       t.taught_at
                  FROM public.ai_worker_taught AS t
                 CROSS JOIN LATERAL (SELECT ai_worker.slots(t.question)) AS s (slots)
                 WHERE t.schema_version IS NOT DISTINCT FROM taught.schema_version AND prompt ~* t.pattern) AS f
         WHERE f.statement IS NOT NULL
         ORDER BY cardinality(f.slots), char_length(regexp_replace(f.question, '[{][^{}]*[}]', '', 'g')) DESC, f.taught_at DESC
         LIMIT 1;
    END IF;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.taught(text, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.taught(text, text) IS
    'AI Worker: the statement that was taught for a question, and whether for this one alone; NULL if there is none';

CREATE OR REPLACE FUNCTION ai_worker.begin_lesson(question text, statement text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    slots CONSTANT text[] := ai_worker.slots(question);
    slot text;
BEGIN
    IF statement IS NULL OR statement !~ '[^[:space:]]' THEN
        RAISE EXCEPTION 'there is no statement to teach'
            USING ERRCODE = 'invalid_parameter_value', DETAIL = 'It is NULL or blank.',
                  HINT = 'For example: SELECT ai_worker_teach(''How many users?'', ''SELECT count(*) FROM users'').';
    END IF;
    FOREACH slot IN ARRAY slots LOOP
        IF strpos(statement, '{' || split_part(slot, ':', 1) || '}') = 0 THEN
            RAISE EXCEPTION 'slot {%} is not in the statement', slot
                USING ERRCODE = 'invalid_parameter_value', DETAIL = 'So the answer would be the same whatever is asked for.',
                      HINT = format('Write {%s} where the value belongs, without quotes.', split_part(slot, ':', 1));
        END IF;
    END LOOP;
    RETURN ai_worker.fill_slots(statement, slots, ARRAY(
        SELECT CASE split_part(s.slot, ':', 2) WHEN 'text' THEN 'x' WHEN 'integer' THEN '1' WHEN 'numeric' THEN '1.5'
                                               WHEN 'date' THEN '2000-01-01' ELSE 'true' END
          FROM unnest(slots) WITH ORDINALITY AS s (slot, place) ORDER BY s.place));
END
$$;
REVOKE ALL ON FUNCTION ai_worker.begin_lesson(text, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.begin_lesson(text, text) IS
    'AI Worker: the statement to prove before it is taught, with a value in each slot';

CREATE OR REPLACE FUNCTION ai_worker.finish_lesson(
    question text, statement text, schema_version text, request jsonb, settings jsonb, proven text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    form CONSTANT text := CASE WHEN ai_worker.slots(finish_lesson.question) <> '{}' THEN ai_worker.slot_pattern(finish_lesson.question) END;
BEGIN
    DELETE FROM public.ai_worker_taught AS t
     WHERE t.question = finish_lesson.question AND t.schema_version IS NOT DISTINCT FROM finish_lesson.schema_version;
    INSERT INTO public.ai_worker_taught (question, schema_version, statement, pattern)
    VALUES (finish_lesson.question, finish_lesson.schema_version, finish_lesson.statement, form);
    -- What was answered otherwise until now is wrong; hits not yet folded belong to the entry that goes.
    DELETE FROM public.ai_worker_cache AS c
     WHERE c.cache_key = request ->> 'cache_key'
        OR c.prompt_text ~* form AND c.model = settings ->> 'model' AND c.expires_at < 'infinity'
           AND (c.schema_version = request ->> 'schema_version');
    DELETE FROM ai_worker.cache_pending AS p
     WHERE p.cache_key = request ->> 'cache_key' OR p.prompt_text ~* form;
    IF form IS NULL THEN
        PERFORM ai_worker.store(finish_lesson.question, request || '{"verified": true}', settings, proven, 0);
    END IF;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.finish_lesson(text, text, text, jsonb, jsonb, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.finish_lesson(text, text, text, jsonb, jsonb, text) IS
    'AI Worker: keeps what was taught and proven, makes it an entry if it has no slots, and deletes what was answered otherwise';

CREATE OR REPLACE FUNCTION public.ai_worker_teach(question text, sql text, schema_version text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user <> 'ai_worker' OR has_function_privilege('public', 'public.ai_worker_teach(text,text,text)'::regprocedure, 'EXECUTE') THEN
        PERFORM ai_worker.refuse('public.ai_worker_teach(text,text,text)');
    END IF;
    PERFORM ai_worker.require_storable();
    RETURN ai_worker.call('teach'::text, VARIADIC ARRAY[question, schema_version, sql]);
END
$$;
REVOKE ALL ON FUNCTION public.ai_worker_teach(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION public.ai_worker_teach(text, text, text) IS
    'AI Worker: has a question answered by this statement from now on, without a model, once it is proven as a model''s would be; the question may have slots such as {year:integer}, which the statement names as {year}';
