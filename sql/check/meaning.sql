-- For comparing candidates: Java makes of the tree what does not depend on names and order; see aiworker.check.Meaning.
CREATE OR REPLACE FUNCTION ai_worker.meaning(statement text, schemas text[], OUT rule_tree text, OUT commutators jsonb)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF ai_worker.no_view() IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT a.rule_tree INTO rule_tree FROM ai_worker_prover.analyse(statement, ai_worker.query_path(schemas), NULL) AS a;
    -- What users have declared of theirs need not be so.
    SELECT COALESCE(jsonb_object_agg(o.oid, o.oprcom::text), '{}') INTO commutators
      FROM pg_operator AS o
     WHERE o.oid < 16384 AND o.oprcom <> 0
       AND o.oid IN (SELECT m.part[1]::oid FROM regexp_matches(rule_tree, '[{]OPEXPR :opno ([0-9]+)', 'g') AS m (part));
END
$$;
REVOKE ALL ON FUNCTION ai_worker.meaning(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.meaning(text, text[]) IS
    'AI Worker: what the server makes of a proven statement, as the tree of a view''s rule, and the commutators of its built-in operators; NULL where no view can be made';
