-- What of a rule is worth telling besides what the rules judge.

-- Both operands of `/` are whole numbers and neither is made of constants alone, as in paid / total. Constants, as in seconds / 60,
-- say that it is meant. A node's operands are the nodes one brace deeper, up to the next that is as deep as itself.
CREATE OR REPLACE FUNCTION ai_worker.divides_integers(nodes text[]) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    divisions CONSTANT integer[] := ARRAY(
        SELECT t.place
          FROM unnest(nodes) WITH ORDINALITY AS t (n, place)
         WHERE starts_with(t.n, 'OPEXPR ')
           AND split_part(t.n, ' ', 3)::oid IN (
               SELECT o.oid FROM pg_operator AS o
                WHERE o.oprname = '/' AND o.oprnamespace = 'pg_catalog'::regnamespace
                  AND o.oprleft IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
                  AND o.oprright IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype))
         ORDER BY t.place LIMIT 100);
    depths integer[];
    division integer;
    operands integer;
    varies boolean;
    varying integer;
    node text;
BEGIN
    IF divisions = '{}' THEN
        RETURN false;
    END IF;
    -- A brace in a string is escaped.
    depths := ARRAY(
        SELECT sum(1 - b.closed) OVER (ORDER BY t.place) - 1 + b.closed
          FROM unnest(nodes) WITH ORDINALITY AS t (n, place)
         CROSS JOIN LATERAL (SELECT replace(t.n, chr(92) || '}', '') AS n) AS u
         CROSS JOIN LATERAL (SELECT length(u.n) - length(replace(u.n, '}', '')) AS closed) AS b
         ORDER BY t.place);
    FOREACH division IN ARRAY divisions LOOP
        operands := 0;
        varying := 0;
        varies := false;
        FOR place IN division + 1 .. cardinality(nodes) LOOP
            EXIT WHEN depths[place] <= depths[division];
            IF depths[place] = depths[division] + 1 THEN
                varying := varying + varies::integer;
                varies := false;
                operands := operands + 1;
            END IF;
            node := split_part(nodes[place], ' ', 1);
            varies := varies OR node IN ('VAR', 'AGGREF', 'WINDOWFUNC', 'SUBLINK');
        END LOOP;
        IF operands = 2 AND varying + varies::integer = 2 THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.divides_integers(text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.divides_integers(text[]) IS
    'AI Worker: whether a rule divides whole numbers by whole numbers, both of them out of the data, among its first 100 divisions';

CREATE OR REPLACE FUNCTION ai_worker.rule_facts(nodes text[], rule_uses jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- The last aggregate is the count around the statement.
    counting CONSTANT bigint := (SELECT max(t.place) FROM unnest(nodes) WITH ORDINALITY AS t (n, place) WHERE starts_with(t.n, 'AGGREF '));
BEGIN
    RETURN jsonb_build_object(
        'kind', 'facts',
        'columns', ARRAY(
            SELECT c.relnamespace::regnamespace || '.' || quote_ident(c.relname) || '.' || quote_ident(a.attname)
              FROM jsonb_to_recordset(rule_uses) AS u (class oid, oid oid, "column" integer)
              JOIN pg_class AS c ON u.class = 'pg_class'::regclass AND c.oid = u.oid
              JOIN pg_attribute AS a ON a.attrelid = u.oid AND a.attnum = u."column" AND u."column" <> 0
             ORDER BY 1),
        'functions', ARRAY(
            SELECT DISTINCT CASE p.pronamespace WHEN 'pg_catalog'::regnamespace THEN '' ELSE p.pronamespace::regnamespace || '.' END
                            || quote_ident(p.proname)
              FROM unnest(nodes) WITH ORDINALITY AS t (n, place)
              JOIN pg_proc AS p ON p.oid = split_part(t.n, ' ', 3)::oid
             WHERE starts_with(t.n, 'FUNCEXPR ') AND split_part(t.n, ' ', 11) NOT IN ('1', '2')
                OR starts_with(t.n, 'WINDOWFUNC ') OR starts_with(t.n, 'AGGREF ') AND t.place <> counting
             ORDER BY 1),
        'divides_integers', ai_worker.divides_integers(nodes));
END
$$;
REVOKE ALL ON FUNCTION ai_worker.rule_facts(text[], jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.rule_facts(text[], jsonb) IS
    'AI Worker: the columns that a rule reads, the functions that it calls by name, and whether it divides whole numbers, as one more of the objects that ai_worker.resolve_rule gives';
