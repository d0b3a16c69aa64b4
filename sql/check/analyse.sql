-- The one place where text of a model meets the server before a user runs it. CREATE VIEW analyses it and plans nothing, so that
-- nothing of it is evaluated but the input functions of its literals; these run as the powerless role that owns this function,
-- and whatever they do is rolled back.
CREATE OR REPLACE FUNCTION ai_worker_prover.analyse(
    statement text, path text, date_order text, OUT rule_tree text, OUT rule_uses jsonb, OUT qualified text, OUT error jsonb)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    view_name CONSTANT text := 'v' || pg_backend_pid();
    -- The count allows several columns of one name.
    definition CONSTANT text := concat(
        'CREATE VIEW ai_worker_prover.', view_name, ' AS SELECT pg_catalog.count(*) FROM (', statement, chr(10), ') AS answer');
    made record;
    analysed boolean := false;
    error_state text;
    error_message text;
    error_detail text;
    error_hint text;
BEGIN
    IF current_user <> 'ai_worker_prover' THEN
        RAISE EXCEPTION 'function ai_worker_prover.analyse is not safe to run'
            USING ERRCODE = 'IA004', DETAIL = format('It runs as role %s and not as ai_worker_prover.', current_user),
                  HINT = 'Run install/install.sh again on this database, with --adopt after a restore without owners.';
    END IF;
    BEGIN
        IF date_order IS NOT NULL THEN
            -- What would be printed and read otherwise elsewhere. Between the two days no place on earth has the same date. In
            -- small letters the order of a date, and with it the style of an interval, is all that differs.
            PERFORM set_config('datestyle', 'ISO, ' || date_order, true),
                    set_config('timezone', CASE date_order WHEN 'MDY' THEN 'Etc/GMT+12' WHEN 'DMY' THEN 'Etc/GMT-14'
                                                           ELSE current_setting('timezone') END, true),
                    set_config('intervalstyle', CASE date_order WHEN 'dmy' THEN 'sql_standard' ELSE 'postgres' END, true), set_config('extra_float_digits', '1', true),
                    set_config('bytea_output', 'hex', true), set_config('quote_all_identifiers', 'off', true),
                    set_config('standard_conforming_strings', 'on', true), set_config('lc_monetary', 'C', true);
        END IF;
        PERFORM set_config('search_path', path, true);
        EXECUTE definition;
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        SELECT c.oid AS view, r.oid AS rule, r.ev_action::text AS tree INTO STRICT made
          FROM pg_class AS c JOIN pg_rewrite AS r ON r.ev_class = c.oid
         WHERE c.relnamespace = 'ai_worker_prover'::regnamespace AND c.relname = view_name;
        -- Judging it takes several times that.
        IF octet_length(made.tree) > 4000000 THEN
            RAISE EXCEPTION USING ERRCODE = '54001', MESSAGE = 'the statement is too complex to be proven';
        END IF;
        -- The view's own OID and places in its text are its own. Blanks in strings are escaped.
        rule_tree := regexp_replace(replace(made.tree, concat(' :relid ', made.view, ' '), ' :relid 0 '),
                                    ' :(?:location|stmt_location|stmt_len) -?[0-9]+', '', 'g');
        rule_uses := (SELECT jsonb_agg(jsonb_build_object('class', d.refclassid, 'oid', d.refobjid, 'column', d.refobjsubid))
                        FROM pg_depend AS d
                       WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = made.rule AND d.refobjid <> made.view);
        IF date_order IS NOT NULL THEN
            -- Every name that is not built in with its schema, since the path holds none: what stands in the parentheses above.
            qualified := pg_get_viewdef(made.view);
            qualified := substr(qualified, strpos(qualified, 'FROM (') + 6);
            qualified := btrim(left(qualified, 1 - strpos(reverse(qualified), reverse(') answer')) - length(') answer')), ' ' || chr(10));
        END IF;
        analysed := true;
        RAISE EXCEPTION USING ERRCODE = 'IA998', MESSAGE = 'analysed';
    EXCEPTION
        WHEN OTHERS THEN
            IF analysed THEN
                RETURN;
            END IF;
            GET STACKED DIAGNOSTICS
                error_state = RETURNED_SQLSTATE, error_message = MESSAGE_TEXT,
                error_detail = PG_EXCEPTION_DETAIL, error_hint = PG_EXCEPTION_HINT;
            -- Of the server at this moment: resources, locks, files.
            IF left(error_state, 2) IN ('40', '53', '58') OR error_state = '55P03' THEN
                RAISE;
            END IF;
            error := jsonb_build_object(
                'sqlstate', error_state, 'message', error_message,
                'detail', NULLIF(error_detail, ''), 'hint', NULLIF(error_hint, ''));
    END;
END
$$;
REVOKE ALL ON FUNCTION ai_worker_prover.analyse(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker_prover.analyse(text, text, text) IS
    'AI Worker: what the server makes of one query under a search path, as the tree of a view''s rule and all that is not built in and that it depends on, and if date_order (MDY or DMY, in small letters in the session''s time zone) is given with all names qualified, literals read in that order; or the server''s error. Leaves nothing behind';

-- For where no view can be made. PREPARE analyses too, and works in a read-only transaction and on a standby.
CREATE OR REPLACE FUNCTION ai_worker_prover.prepare(statement text, path text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    plan_name CONSTANT text := concat('ai_worker_', pg_backend_pid(), '_', md5(clock_timestamp()::text));
    definition CONSTANT text := concat('PREPARE ', plan_name, ' AS SELECT pg_catalog.count(*) FROM (', statement, chr(10), ') AS answer');
    prepared boolean := false;
    error_state text;
    error_message text;
    error_detail text;
    error_hint text;
BEGIN
    IF current_user <> 'ai_worker_prover' THEN
        RAISE EXCEPTION 'function ai_worker_prover.prepare is not safe to run'
            USING ERRCODE = 'IA004', DETAIL = format('It runs as role %s and not as ai_worker_prover.', current_user),
                  HINT = 'Run install/install.sh again on this database, with --adopt after a restore without owners.';
    END IF;
    BEGIN
        PERFORM set_config('search_path', path, true);
        EXECUTE definition;
        prepared := true;
        RAISE EXCEPTION USING ERRCODE = 'IA998', MESSAGE = 'prepared';
    EXCEPTION
        WHEN OTHERS THEN
            IF prepared THEN
                -- What is prepared outlives a rollback.
                EXECUTE concat('DEALLOCATE ', plan_name);
                RETURN NULL;
            END IF;
            GET STACKED DIAGNOSTICS
                error_state = RETURNED_SQLSTATE, error_message = MESSAGE_TEXT,
                error_detail = PG_EXCEPTION_DETAIL, error_hint = PG_EXCEPTION_HINT;
            IF left(error_state, 2) IN ('40', '53', '58') OR error_state = '55P03' THEN
                RAISE;
            END IF;
            RETURN jsonb_build_object(
                'sqlstate', error_state, 'message', error_message,
                'detail', NULLIF(error_detail, ''), 'hint', NULLIF(error_hint, ''));
    END;
END
$$;
REVOKE ALL ON FUNCTION ai_worker_prover.prepare(text, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker_prover.prepare(text, text) IS
    'AI Worker: the server''s error if one query is not valid under a search path, else NULL; for where ai_worker_prover.analyse cannot make a view';
