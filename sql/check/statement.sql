CREATE OR REPLACE FUNCTION ai_worker.check_statement(statement text, schemas text[])
RETURNS jsonb
LANGUAGE plpgsql
VOLATILE PARALLEL UNSAFE SECURITY INVOKER
-- set_config below changes the path for the check alone: this setting ends with the function
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  error_state text;
  error_message text;
  error_detail text;
  error_hint text;
BEGIN
  PERFORM pg_catalog.set_config(
    'search_path',
    (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(s.name), ', ' ORDER BY s.place)
     FROM pg_catalog.unnest(schemas || 'pg_temp'::text) WITH ORDINALITY AS s(name, place)),
    true);
  -- Plans the one statement that it is given as a cursor would, reads its columns and fetches
  -- nothing; refuses what is no query (0A000) and more than one statement (42P11).
  PERFORM pg_catalog.query_to_xmlschema(statement, true, false, '');
  RETURN NULL;
EXCEPTION
  WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS
      error_state = RETURNED_SQLSTATE,
      error_message = MESSAGE_TEXT,
      error_detail = PG_EXCEPTION_DETAIL,
      error_hint = PG_EXCEPTION_HINT;
    -- Privileges on relations are checked after planning, and the rights of whoever runs the query
    -- count then; those on schemas are checked before, and this role needs them.
    IF error_state = '42501' AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_namespace n
      WHERE n.nspname = ANY (schemas) AND NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE'))
    THEN
      RETURN NULL;
    END IF;
    RETURN pg_catalog.jsonb_build_object(
      'sqlstate', error_state,
      'message', error_message,
      'detail', NULLIF(error_detail, ''),
      'hint', NULLIF(error_hint, ''));
END
$body$;
REVOKE ALL ON FUNCTION ai_worker.check_statement(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.check_statement(text, text[]) IS
  'What the server says of a statement under the given schemas without running it: NULL if it is a valid query, else sqlstate, message, detail and hint';
