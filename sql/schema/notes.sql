-- What administrators know of the database and its catalogs do not say.

CREATE TABLE IF NOT EXISTS public.ai_worker_notes (
    scope text NOT NULL DEFAULT 'all'
        CONSTRAINT ai_worker_notes_scope CHECK (scope IN ('all', 'schema', 'table', 'column')),
    object text
        -- One name to three with dots between, each in double quotes or without dots, quotes and white space.
        CONSTRAINT ai_worker_notes_object
        CHECK (CASE WHEN object IS NULL THEN scope = 'all'
                    ELSE object ~ CASE scope WHEN 'schema' THEN '^("([^"]|"")+"|[^."[:space:]]+)$'
                                             WHEN 'table' THEN '^(("([^"]|"")+"|[^."[:space:]]+)([.]|$)){1,2}$'
                                             WHEN 'column' THEN '^(("([^"]|"")+"|[^."[:space:]]+)([.]|$)){2,3}$'
                                             ELSE '^$' END
                         AND right(object, 1) NOT IN ('', '.') END),
    text text NOT NULL
        CONSTRAINT ai_worker_notes_text CHECK (text ~ '[^[:space:]]' AND char_length(text) <= 1000),
    synonyms text[] NOT NULL DEFAULT '{}'
        CONSTRAINT ai_worker_notes_synonyms
        CHECK (array_position(synonyms, NULL) IS NULL AND array_position(synonyms, '') IS NULL
               AND char_length(array_to_string(synonyms, '')) <= 1000),
    noted_by name NOT NULL DEFAULT session_user,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON TABLE public.ai_worker_notes FROM PUBLIC;
ALTER TABLE public.ai_worker_notes REPLICA IDENTITY FULL;

COMMENT ON TABLE public.ai_worker_notes IS
    'AI Worker: what the model is told of the database besides its schema: words, metrics, conventions. INSERT, UPDATE and DELETE count from their commit on';
COMMENT ON COLUMN public.ai_worker_notes.scope IS
    'all: it holds for every question; schema, table, column: for those that are about one. A synonym in the question brings it in too';
COMMENT ON COLUMN public.ai_worker_notes.object IS
    'What it is about: schema, table, schema.table, table.column or schema.table.column, written as in SQL; NULL where scope is all';
COMMENT ON COLUMN public.ai_worker_notes.text IS 'What the model is told';
COMMENT ON COLUMN public.ai_worker_notes.synonyms IS
    'What people call it: a question with such a word is about this schema, table or column';
COMMENT ON COLUMN public.ai_worker_notes.noted_by IS 'Who noted it';
COMMENT ON COLUMN public.ai_worker_notes.noted_at IS 'When';
COMMENT ON CONSTRAINT ai_worker_notes_scope ON public.ai_worker_notes IS 'use all, schema, table or column';
COMMENT ON CONSTRAINT ai_worker_notes_object ON public.ai_worker_notes IS
    'use a name as SQL has it, for example sales for a schema, orders or sales.orders for a table, orders.total for a column, and NULL where scope is all';
COMMENT ON CONSTRAINT ai_worker_notes_text ON public.ai_worker_notes IS 'use 1 to 1000 characters; make several notes of a longer one';
COMMENT ON CONSTRAINT ai_worker_notes_synonyms ON public.ai_worker_notes IS
    'list words without NULL and empty ones, 1000 characters in all, for example {revenue, turnover}';

DROP TRIGGER IF EXISTS ai_worker_notes_explain ON public.ai_worker_notes;
CREATE TRIGGER ai_worker_notes_explain BEFORE INSERT OR UPDATE ON public.ai_worker_notes
    FOR EACH ROW EXECUTE FUNCTION ai_worker.explain_refusal();
COMMENT ON TRIGGER ai_worker_notes_explain ON public.ai_worker_notes IS 'Refuses a bad note with a hint';

-- Nobody waits for a table that is locked or damaged: what the model is told then, and the version, are those without notes.
CREATE OR REPLACE FUNCTION ai_worker.notes(schemas text[])
RETURNS TABLE (scope text, object text, note text, synonyms text[], about json)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT n.scope, n.object, n.text, n.synonyms,
           CASE n.scope
               WHEN 'schema' THEN (
                   SELECT json_agg(json_build_array(quote_ident(s.nspname)))
                     FROM pg_namespace AS s WHERE s.nspname = n.path[1] AND s.nspname = ANY (schemas))
               ELSE (
                   SELECT json_agg(json_build_array(quote_ident(s.nspname) || '.' || quote_ident(c.relname), quote_ident(a.attname))
                                   ORDER BY s.nspname)
                     FROM pg_class AS c
                     JOIN pg_namespace AS s ON s.oid = c.relnamespace
                     LEFT JOIN pg_attribute AS a ON n.scope = 'column' AND a.attrelid = c.oid AND a.attname = n.path[n.parts]
                                                    AND a.attnum > 0 AND NOT a.attisdropped
                    WHERE c.relname = n.path[n.table_part] AND s.nspname = ANY (schemas) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                      AND (n.table_part = 1 OR s.nspname = n.path[1]) AND (n.scope = 'table' OR a.attnum IS NOT NULL)) END
      FROM (SELECT p.*, cardinality(p.path) AS parts, cardinality(p.path) - (p.scope = 'column')::integer AS table_part
              FROM (SELECT t.scope, t.object, t.text, t.synonyms,
                           ARRAY(SELECT COALESCE(replace(m.part[1], '""', '"'), lower(m.part[2]))
                                   FROM regexp_matches(t.object, '"((?:[^"]|"")+)"|([^."]+)', 'g') AS m (part)) AS path
                      FROM public.ai_worker_notes AS t
                     ORDER BY t.noted_at LIMIT 1000) AS p) AS n;
EXCEPTION WHEN undefined_table OR undefined_column OR lock_not_available THEN
    NULL;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.notes(text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.notes(text[]) IS
    'AI Worker: the first 1000 notes, each with what it is about in these schemas: [schema], [schema.relation, null] or [schema.relation, column], quoted; NULL if there is no such thing, and where scope is all';
