-- What the server itself resolved in a statement, as objects for the rules to judge. A parser beside PostgreSQL's could always
-- read a text otherwise.

-- Of what is not built in the rule's dependencies name every relation, function, operator and type by OID; what is built in is
-- in none of them, but in the nodes of the tree: each is its name and then its fields, a blank between any two words. Blanks in
-- strings are escaped, so that none can look like a field.
CREATE OR REPLACE FUNCTION ai_worker.resolved_objects(nodes text[], rule_uses jsonb)
RETURNS TABLE (kind text, schema text, name text, symbol text, trait text, extension boolean, runs_code boolean,
               shadows_builtin boolean)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    WITH used AS MATERIALIZED (
        SELECT u.class, u.oid, u."column" FROM jsonb_to_recordset(rule_uses) AS u (class oid, oid oid, "column" integer)),
    node AS MATERIALIZED (
        SELECT t.n FROM unnest(nodes) AS t (n)),
    named AS MATERIALIZED (
        -- Format 0 is a call, 1 and 2 are casts, written or not.
        SELECT split_part(t.n, ' ', 3)::oid AS oid,
               CASE WHEN starts_with(t.n, 'FUNCEXPR ') AND split_part(t.n, ' ', 11) <> '0' THEN 'cast' ELSE 'function' END AS kind
          FROM node AS t WHERE split_part(t.n, ' ', 1) IN ('FUNCEXPR', 'AGGREF', 'WINDOWFUNC', 'TABLESAMPLECLAUSE')),
    called AS (
        SELECT c.oid, c.kind FROM named AS c
         UNION
        SELECT u.oid, 'function' FROM used AS u
         WHERE u.class = 'pg_proc'::regclass AND u.oid NOT IN (SELECT c.oid FROM named AS c)),
    operators AS (
        SELECT o.oprname, o.oprcode FROM used AS u JOIN pg_operator AS o ON o.oid = u.oid WHERE u.class = 'pg_operator'::regclass),
    -- What is made a value of a row type out of json or hstore gets there through the code in that type.
    made AS MATERIALIZED (
        SELECT CASE WHEN starts_with(t.n, 'OPEXPR ') THEN split_part(t.n, ' ', 7) ELSE split_part(t.n, ' ', 5) END::oid AS type_oid,
               CASE WHEN starts_with(t.n, 'FUNCEXPR ') THEN split_part(t.n, ' ', 3)::oid END AS function_oid
          FROM node AS t WHERE split_part(t.n, ' ', 1) IN ('FUNCEXPR', 'OPEXPR')),
    -- Branches of a set operation get its types when it is planned, and no node of the tree says how.
    branch AS MATERIALIZED (
        SELECT DISTINCT b.type_oid::oid AS type_oid
          FROM node AS t
         CROSS JOIN regexp_split_to_table(substring(t.n FROM ' :colTypes [(]o ([0-9 ]+)[)]'), ' ') AS b (type_oid)
         WHERE strpos(t.n, ' :colTypes (o ') > 0),
    -- Types that something else is read or cast as; a function's own result is not among them.
    converted AS (
        SELECT split_part(t.n, ' ', 3)::oid AS type_oid
          FROM node AS t
         WHERE starts_with(t.n, 'CONST ') AND strpos(t.n, ' :constisnull false ') > 0
           -- A text search function takes the name of its configuration.
           AND split_part(t.n, ' ', 3)::oid NOT IN ('regconfig'::regtype, 'regdictionary'::regtype)
         UNION
        SELECT split_part(t.n, ' ', 5)::oid
          FROM node AS t WHERE starts_with(t.n, 'FUNCEXPR ') AND split_part(t.n, ' ', 11) <> '0'
         UNION
        SELECT substring(t.n FROM ' :resulttype ([0-9]+)')::oid FROM node AS t WHERE strpos(t.n, ' :resulttype ') > 0
         UNION
        SELECT b.type_oid FROM branch AS b
         UNION
        SELECT c.oid
          FROM made AS m JOIN pg_type AS t ON t.oid = m.type_oid AND t.typtype IN ('c', 'd')
         CROSS JOIN ai_worker.contained_types(t.oid) AS c (oid)),
    -- Types of columns come with them. Attribute 0 is a whole row.
    reached AS MATERIALIZED (
        SELECT u.oid FROM used AS u WHERE u.class = 'pg_type'::regclass
         UNION
        SELECT a.atttypid
          FROM used AS u JOIN pg_attribute AS a ON a.attrelid = u.oid
         WHERE u.class = 'pg_class'::regclass
           AND (a.attnum = u."column"
                OR EXISTS (SELECT FROM node AS t WHERE starts_with(t.n, 'VAR ') AND strpos(t.n, ' :varattno 0 ') > 0))),
    -- The server calls a cast to json on its own where a value of that type becomes json, by itself or within another.
    json_casts AS (
        SELECT k.castfunc, format_type(k.castsource, NULL) || ' to ' || format_type(k.casttarget, NULL) AS symbol
          FROM pg_cast AS k
         WHERE k.casttarget IN ('json'::regtype, 'jsonb'::regtype) AND k.castfunc >= 16384
           AND EXISTS (SELECT FROM reached AS r, ai_worker.contained_types(r.oid) AS c (oid) WHERE c.oid = k.castsource))
    SELECT DISTINCT c.kind, n.nspname::text, p.proname::text, p.proname::text, p.provolatile::text,
           ai_worker.is_of_extension(p.oid), false,
           EXISTS (SELECT FROM pg_proc AS b
                    WHERE b.proname = p.proname AND b.pronamespace = 'pg_catalog'::regnamespace)
      FROM called AS c JOIN pg_proc AS p ON p.oid = c.oid JOIN pg_namespace AS n ON n.oid = p.pronamespace
     UNION
    SELECT 'operator', n.nspname::text, p.proname, o.oprname, p.provolatile::text,
           ai_worker.is_of_extension(p.oid), false, false
      FROM operators AS o JOIN pg_proc AS p ON p.oid = o.oprcode JOIN pg_namespace AS n ON n.oid = p.pronamespace
     UNION
    SELECT 'cast', n.nspname::text, p.proname, k.symbol, p.provolatile::text,
           ai_worker.is_of_extension(p.oid), false, false
      FROM json_casts AS k JOIN pg_proc AS p ON p.oid = k.castfunc JOIN pg_namespace AS n ON n.oid = p.pronamespace
     UNION
    SELECT 'cast', n.nspname::text, p.proname, format_type(k.castsource, NULL) || ' to ' || format_type(k.casttarget, NULL),
           p.provolatile::text, ai_worker.is_of_extension(p.oid), false, false
      FROM branch AS b
      JOIN pg_type AS t ON t.oid = b.type_oid
      JOIN pg_cast AS k ON k.casttarget IN (t.oid, t.typelem) AND k.castcontext = 'i' AND k.castfunc >= 16384
      JOIN pg_proc AS p ON p.oid = k.castfunc
      JOIN pg_namespace AS n ON n.oid = p.pronamespace
     UNION
    -- What is printed as a name, so that its number alone would tell that name.
    SELECT 'type', 'pg_catalog', e.typname, e.typname, e.typtype::text, false, false, false
      FROM converted AS c
      JOIN pg_type AS t ON t.oid = c.type_oid AND t.oid < 16384
      JOIN pg_type AS e ON e.oid IN (t.oid, t.typelem) AND (starts_with(e.typname, 'reg') OR e.typname = 'aclitem')
     UNION
    SELECT 'relation', n.nspname, c.relname, c.relname, c.relkind::text, false, false, false
      FROM (SELECT u.oid FROM used AS u WHERE u.class = 'pg_class'::regclass
             UNION
            SELECT substring(t.n FROM ' :relid ([0-9]+)')::oid FROM node AS t WHERE strpos(t.n, ' :relid ') > 0) AS r
      JOIN pg_class AS c ON c.oid = r.oid
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     UNION
    -- A type counts only for the code that is in it.
    SELECT 'type', n.nspname, t.typname, t.typname, t.typtype::text, false, true, false
      FROM (SELECT u.oid FROM used AS u WHERE u.class = 'pg_type'::regclass
             UNION
            SELECT m.type_oid
              FROM made AS m JOIN pg_type AS t ON t.oid = m.type_oid LEFT JOIN pg_proc AS p ON p.oid = m.function_oid
             WHERE m.type_oid >= 16384
               AND (p.oid IS NULL AND t.typtype IN ('c', 'd') OR p.proname ~ '^jsonb?_populate_record')) AS r
      JOIN pg_type AS t ON t.oid = r.oid
      JOIN pg_namespace AS n ON n.oid = t.typnamespace
     WHERE ai_worker.runs_code(t.oid);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.resolved_objects(text[], jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.resolved_objects(text[], jsonb) IS
    'AI Worker: what a rule that ai_worker_prover.analyse describes reads and calls, with columns as in ai_worker.named_objects';

-- Nodes of trees of queries in PostgreSQL 13 to 18; some have other names up to 15. What is none of them may call what nobody
-- has looked for.
CREATE OR REPLACE FUNCTION ai_worker.unknown_node(nodes text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known CONSTANT text[] := string_to_array(
        'QUERY SORTGROUPCLAUSE GROUPINGSET WINDOWCLAUSE COMMONTABLEEXPR CTESEARCHCLAUSE CTECYCLECLAUSE SETOPERATIONSTMT '
        'RTE RANGETBLENTRY RANGETBLFUNCTION RTEPERMISSIONINFO TABLESAMPLECLAUSE ALIAS RANGETBLREF JOINEXPR FROMEXPR '
        'TARGETENTRY VAR CONST PARAM AGGREF GROUPINGFUNC WINDOWFUNC SUBSCRIPTINGREF FUNCEXPR NAMEDARGEXPR OPEXPR '
        'DISTINCTEXPR NULLIFEXPR SCALARARRAYOPEXPR BOOLEXPR SUBLINK FIELDSELECT RELABELTYPE COERCEVIAIO ARRAYCOERCEEXPR '
        'CONVERTROWTYPEEXPR COLLATE COLLATEEXPR CASE CASEEXPR WHEN CASEWHEN CASETESTEXPR ARRAY ARRAYEXPR ROW ROWEXPR '
        'ROWCOMPARE ROWCOMPAREEXPR COALESCE COALESCEEXPR MINMAX MINMAXEXPR SQLVALUEFUNCTION XMLEXPR JSONFORMAT '
        'JSONRETURNING JSONVALUEEXPR JSONCONSTRUCTOREXPR JSONISPREDICATE JSONBEHAVIOR JSONEXPR JSONTABLEPATH '
        'JSONTABLEPATHSCAN JSONTABLESIBLINGJOIN NULLTEST BOOLEANTEST COERCETODOMAIN COERCETODOMAINVALUE TABLEFUNC', ' ');
BEGIN
    RETURN (
        SELECT split_part(t.n, ' ', 1)
          FROM unnest(nodes) AS t (n)
         WHERE split_part(t.n, ' ', 1) <> ALL (known)
            OR starts_with(t.n, 'FUNCEXPR ')
               AND (split_part(t.n, ' ', 2) <> ':funcid' OR split_part(t.n, ' ', 10) <> ':funcformat')
            OR starts_with(t.n, 'OPEXPR ') AND split_part(t.n, ' ', 6) <> ':opresulttype'
            OR starts_with(t.n, 'AGGREF ') AND split_part(t.n, ' ', 2) <> ':aggfnoid'
            OR starts_with(t.n, 'WINDOWFUNC ') AND split_part(t.n, ' ', 2) <> ':winfnoid'
            OR starts_with(t.n, 'TABLESAMPLECLAUSE ') AND split_part(t.n, ' ', 2) <> ':tsmhandler'
         LIMIT 1);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.unknown_node(text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.unknown_node(text[]) IS
    'AI Worker: the name of a node that the proof does not know, or not in this form, NULL if there is none';

CREATE OR REPLACE FUNCTION ai_worker.no_view() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN current_setting('transaction_read_only')::boolean THEN 'the transaction is read-only'
                ELSE (SELECT format('event trigger %I would fire', e.evtname) FROM pg_event_trigger AS e
                       WHERE e.evtevent IN ('ddl_command_start', 'ddl_command_end') AND e.evtenabled <> 'D'
                         AND ('CREATE VIEW' = ANY (e.evttags) OR e.evttags IS NULL)
                       LIMIT 1) END
$$;
REVOKE ALL ON FUNCTION ai_worker.no_view() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.no_view() IS
    'AI Worker: why no view can be made here, NULL if one can; a DBA''s event triggers are never fired';

-- Where no view can be made, names tell what they can mean, but an operator or a cast may stand where no name does.
CREATE OR REPLACE FUNCTION ai_worker.hidden_code(schemas text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT h.what
      FROM (SELECT 'operator ' || o.oid::regoperator AS what
              FROM pg_operator AS o JOIN pg_namespace AS n ON n.oid = o.oprnamespace
             WHERE o.oid >= 16384 AND n.nspname = ANY (schemas) AND NOT ai_worker.is_of_extension(o.oprcode)
             UNION ALL
            SELECT 'cast from ' || format_type(k.castsource, NULL) || ' to ' || format_type(k.casttarget, NULL)
              FROM pg_cast AS k JOIN pg_proc AS p ON p.oid = k.castfunc JOIN pg_language AS l ON l.oid = p.prolang
             -- That of a range to its multirange is the server's own.
             WHERE p.oid >= 16384 AND l.lanname <> 'internal' AND NOT ai_worker.is_of_extension(p.oid)
             UNION ALL
            -- The row types of tables among them, and with these what their columns reach in any schema.
            SELECT 'type ' || t.oid::regtype
              FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
             WHERE t.typtype <> 'p' AND n.nspname = ANY (schemas) AND ai_worker.runs_code(t.oid)) AS h
     LIMIT 1
$$;
REVOKE ALL ON FUNCTION ai_worker.hidden_code(text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.hidden_code(text[]) IS
    'AI Worker: a user-made operator or cast, or a type with such code in it, that a statement could use without naming it, NULL if there is none';

-- Asked before the model is, and again before its statement is looked at.
CREATE OR REPLACE FUNCTION ai_worker.unprovable(schemas text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    no_view CONSTANT text := ai_worker.no_view();
    hidden text;
    closed text;
BEGIN
    SELECT quote_ident(n.nspname) INTO closed
      FROM pg_namespace AS n
     WHERE n.nspname = ANY (schemas) AND NOT has_schema_privilege('ai_worker_prover', n.oid, 'USAGE')
     LIMIT 1;
    IF closed IS NOT NULL THEN
        RETURN jsonb_build_object(
            'sqlstate', '42501', 'message', format('role ai_worker_prover may not use schema %s', closed),
            'hint', format('GRANT USAGE ON SCHEMA %s TO ai_worker_prover', closed));
    END IF;
    IF no_view IS NOT NULL THEN
        hidden := ai_worker.hidden_code(schemas || ARRAY(SELECT ai_worker.extension_schemas(schemas)));
    END IF;
    IF hidden IS NOT NULL THEN
        RETURN jsonb_build_object(
            'sqlstate', '0A000',
            'message', format('no statement can be proven while %s, as this database has %s', no_view, hidden),
            'hint', 'Ask in a read-write transaction on the primary, without event triggers on CREATE VIEW.');
    END IF;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.unprovable(text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.unprovable(text[]) IS
    'AI Worker: why no statement on these schemas can be proven here, whatever it says, as sqlstate, message and hint; NULL if one can';

CREATE OR REPLACE FUNCTION ai_worker.rule_nodes(rule_tree text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF rule_tree IS NULL THEN
        RAISE EXCEPTION 'the analysis gave nothing to judge';
    END IF;
    -- A brace in a string is escaped by a backslash, and begins no node.
    RETURN (string_to_array(replace(rule_tree, chr(92) || '{', ''), '{'))[2:];
END
$$;
REVOKE ALL ON FUNCTION ai_worker.rule_nodes(text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.rule_nodes(text) IS 'AI Worker: the nodes of a rule''s tree, each from its name to the next node';

CREATE OR REPLACE FUNCTION ai_worker.resolve_rule(nodes text[], rule_uses jsonb, OUT objects jsonb, OUT error jsonb)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unknown CONSTANT text := ai_worker.unknown_node(nodes);
BEGIN
    IF unknown IS NOT NULL THEN
        error := jsonb_build_object(
            'sqlstate', '0A000',
            'message', CASE unknown WHEN 'ROWMARKCLAUSE' THEN 'a locking clause is not allowed'
                                    ELSE format('the proof does not know %s', unknown) END);
        RETURN;
    END IF;
    SELECT COALESCE(jsonb_agg(to_jsonb(o) ORDER BY to_jsonb(o)), '[]') INTO objects
      FROM ai_worker.resolved_objects(nodes, rule_uses) AS o;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.resolve_rule(text[], jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.resolve_rule(text[], jsonb) IS
    'AI Worker: the objects of ai_worker.resolved_objects, or an error for what the proof does not know';

CREATE OR REPLACE FUNCTION ai_worker.has_twin(rule_uses jsonb) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM jsonb_to_recordset(rule_uses) AS u (class oid, oid oid)
         CROSS JOIN LATERAL (
               SELECT t.relnamespace FROM pg_class AS o JOIN pg_class AS t ON t.relname = o.relname AND t.oid <> o.oid
                WHERE u.class = 'pg_class'::regclass AND o.oid = u.oid
                UNION ALL
               SELECT t.pronamespace FROM pg_proc AS o JOIN pg_proc AS t ON t.proname = o.proname
                WHERE u.class = 'pg_proc'::regclass AND o.oid = u.oid AND t.pronamespace <> o.pronamespace
                UNION ALL
               SELECT t.typnamespace FROM pg_type AS o JOIN pg_type AS t ON t.typname = o.typname AND t.oid <> o.oid
                WHERE u.class = 'pg_type'::regclass AND o.oid = u.oid
                UNION ALL
               SELECT t.collnamespace FROM pg_collation AS o JOIN pg_collation AS t ON t.collname = o.collname AND t.oid <> o.oid
                WHERE u.class = 'pg_collation'::regclass AND o.oid = u.oid
                UNION ALL
               SELECT t.cfgnamespace FROM pg_ts_config AS o JOIN pg_ts_config AS t ON t.cfgname = o.cfgname AND t.oid <> o.oid
                WHERE u.class = 'pg_ts_config'::regclass AND o.oid = u.oid
                UNION ALL
               SELECT t.oprnamespace FROM pg_operator AS o JOIN pg_operator AS t ON t.oprname = o.oprname
                WHERE u.class = 'pg_operator'::regclass AND o.oid = u.oid AND t.oprnamespace <> o.oprnamespace) AS twin (schema)
          JOIN pg_namespace AS n ON n.oid = twin.schema
         WHERE NOT starts_with(n.nspname, 'pg_') AND n.nspname <> 'information_schema')
$$;
REVOKE ALL ON FUNCTION ai_worker.has_twin(jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.has_twin(jsonb) IS
    'AI Worker: whether something that a statement uses has the name of something in another schema that is not the system''s';

-- Of functions and operators in other schemas those that could fit: all that they take is built in or of a schema in scope. In scope
-- others fit only before pg_catalog in a search path, and by the same types.
CREATE OR REPLACE FUNCTION ai_worker.builtin_namesakes(nodes text[], schemas text[]) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH used AS MATERIALIZED (
        SELECT DISTINCT split_part(t.n, ' ', 1) IN ('FUNCEXPR', 'AGGREF', 'WINDOWFUNC') AS is_call, split_part(t.n, ' ', 3)::oid AS oid
          FROM unnest(nodes) AS t (n)
         WHERE starts_with(t.n, 'FUNCEXPR ') AND split_part(t.n, ' ', 11) = '0'
            OR split_part(t.n, ' ', 1) IN ('AGGREF', 'WINDOWFUNC', 'OPEXPR', 'DISTINCTEXPR', 'NULLIFEXPR', 'SCALARARRAYOPEXPR')),
    namesake AS (
        SELECT DISTINCT 'call' AS kind, p.proname AS name, t.pronamespace AS schema, t.proargtypes::oid[] AS takes,
               p.proargtypes = t.proargtypes AS same
          FROM used AS u
          JOIN pg_proc AS p ON u.is_call AND p.oid = u.oid AND p.oid < 16384
          JOIN pg_proc AS t ON t.proname = p.proname AND t.oid >= 16384
         UNION ALL
        SELECT DISTINCT 'symbol', o.oprname, t.oprnamespace, ARRAY[t.oprleft, t.oprright],
               o.oprleft = t.oprleft AND o.oprright = t.oprright
          FROM used AS u
          JOIN pg_operator AS o ON NOT u.is_call AND o.oid = u.oid AND o.oid < 16384
          JOIN pg_operator AS t ON t.oprname = o.oprname AND t.oid >= 16384)
    SELECT COALESCE(jsonb_agg(DISTINCT jsonb_build_object('kind', s.kind, 'name', s.name)), '[]')
      FROM namesake AS s
      JOIN pg_namespace AS n ON n.oid = s.schema
     WHERE NOT starts_with(n.nspname, 'pg_') AND n.nspname <> 'information_schema'
       AND CASE WHEN n.nspname = ANY (schemas) THEN s.same
                ELSE NOT EXISTS (SELECT FROM pg_type AS t JOIN pg_namespace AS a ON a.oid = t.typnamespace
                                  WHERE t.oid = ANY (s.takes) AND t.oid >= 16384 AND a.nspname <> ALL (schemas)) END
$$;
REVOKE ALL ON FUNCTION ai_worker.builtin_namesakes(text[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.builtin_namesakes(text[], text[]) IS
    'AI Worker: names of built-in functions (call) and operators (symbol) in a rule that another search path could give to something else';

-- A guess, which the server proves right or wrong.
CREATE OR REPLACE FUNCTION ai_worker.qualify(statement text, schemas text[], names jsonb, rule_uses jsonb, namesakes jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    place record;
BEGIN
    FOR place IN
        (SELECT DISTINCT ON (w.start) w.start, quote_ident(n.nspname) || '.' AS text, 0 AS length
           FROM jsonb_to_recordset(names) AS w (kind text, name text, start integer)
           JOIN jsonb_to_recordset(rule_uses) AS u (class oid, oid oid) ON u.class = 'pg_class'::regclass
           JOIN pg_class AS c ON c.oid = u.oid AND c.relname = w.name
           JOIN pg_namespace AS n ON n.oid = c.relnamespace
          WHERE w.kind = 'place'
          ORDER BY w.start, array_position(schemas, n.nspname::text))
         UNION ALL
        SELECT w.start, CASE w.kind WHEN 'call' THEN 'pg_catalog.' ELSE ' OPERATOR(pg_catalog.' || s.name || ') ' END,
               CASE w.kind WHEN 'call' THEN 0 ELSE length(w.name) END
          FROM jsonb_to_recordset(names) AS w (kind text, name text, start integer)
          JOIN jsonb_to_recordset(namesakes) AS s (kind text, name text)
            ON s.kind = w.kind AND s.name = CASE w.name WHEN '!=' THEN '<>' ELSE w.name END
         ORDER BY 1 DESC
    LOOP
        statement := CASE WHEN place.length = 0
            THEN concat(left(statement, place.start - 1), place.text, substr(statement, place.start))
            ELSE concat(rtrim(left(statement, place.start - 1)), place.text, ltrim(substr(statement, place.start + place.length))) END;
    END LOOP;
    RETURN statement;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.qualify(text, text[], jsonb, jsonb, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.qualify(text, text[], jsonb, jsonb, jsonb) IS
    'AI Worker: a statement with the schemas of its relations, and of the built-in functions and operators that have namesakes, where these may be named';

CREATE OR REPLACE FUNCTION ai_worker.resolve_statement(
    statement text, schemas text[], names jsonb, allowed text[], OUT objects jsonb, OUT names_only text, OUT qualified text, OUT error jsonb)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET jit = off
-- Planning these queries takes longer than they do.
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    extensions CONSTANT text[] := ARRAY(SELECT ai_worker.extension_schemas(schemas));
    closed CONSTANT text[] :=
        ARRAY(SELECT e.name FROM unnest(extensions) AS e (name) WHERE NOT has_schema_privilege('ai_worker_prover', e.name, 'USAGE'));
    path CONSTANT text := ai_worker.query_path(schemas);
    bare_path CONSTANT text := 'pg_catalog, pg_temp';
    analysis record;
    again record;
    nodes text[];
    namesakes jsonb;
    same jsonb;
BEGIN
    error := ai_worker.unprovable(schemas);
    IF error IS NOT NULL THEN
        RETURN;
    END IF;
    -- The model saw a column or table of that name and forgot the quotes.
    SELECT jsonb_build_object(
               'sqlstate', '0A000',
               'message', format('%s is a function of the server here; the %s is written "%s"', w.name, n.what, n.name))
      INTO error
      FROM jsonb_to_recordset(names) AS w (kind text, name text)
     CROSS JOIN LATERAL (
           SELECT 'column of ' || quote_ident(c.relname) AS what, a.attname AS name
             FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS s ON s.oid = c.relnamespace
            WHERE lower(a.attname) = w.name AND a.attnum > 0 AND NOT a.attisdropped
              AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND s.nspname = ANY (schemas)
            UNION ALL
           SELECT 'table', c.relname
             FROM pg_class AS c JOIN pg_namespace AS s ON s.oid = c.relnamespace
            WHERE lower(c.relname) = w.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND s.nspname = ANY (schemas)) AS n
     WHERE w.kind = 'keyword'
     LIMIT 1;
    IF error IS NOT NULL THEN
        RETURN;
    END IF;
    -- Before the server sees a literal of theirs, for it would run their input functions; and rows of system catalogs.
    SELECT jsonb_build_object(
               'sqlstate', '0A000', 'message', CASE WHEN o.runs_code
                   THEN format('casting to type %s.%s runs functions that allowed_functions does not list', o.schema, o.name)
                   ELSE format('type %s.%s is not in scope', o.schema, o.name) END)
      INTO error
      FROM ai_worker.named_objects(schemas || extensions, jsonb_path_query_array(names, '$[*] ? (@.kind == "type" || @.kind == "definition")')) AS o
     WHERE o.kind = 'type' AND o.runs_code AND o.name <> ALL (allowed) AND o.schema || '.' || o.name <> ALL (allowed)
        OR o.kind IN ('type', 'definition') AND o.trait = 'c' AND o.schema = 'pg_catalog'
     LIMIT 1;
    IF error IS NOT NULL THEN
        RETURN;
    END IF;
    names_only := ai_worker.no_view();
    IF names_only IS NOT NULL THEN
        SELECT COALESCE(jsonb_agg(to_jsonb(o)), '[]') INTO objects FROM ai_worker.named_objects(schemas || extensions, names) AS o;
        error := ai_worker_prover.prepare(statement, path);
        RETURN;
    END IF;
    SELECT a.* INTO analysis FROM ai_worker_prover.analyse(statement, path, NULL) AS a;
    error := analysis.error;
    IF error IS NOT NULL THEN
        -- No such function or operator, no such object: perhaps there.
        IF error ->> 'sqlstate' IN ('42883', '42704') AND closed <> '{}' THEN
            error := error || jsonb_build_object('hint', format('GRANT USAGE ON SCHEMA %I TO ai_worker_prover', closed[1]));
        END IF;
        RETURN;
    END IF;
    -- Without their schema, operators of text would stand for those of citext.
    SELECT jsonb_build_object(
               'sqlstate', '42501', 'message', format('role ai_worker_prover may not use schema %I, which type %s needs',
                                                      n.nspname, format_type(t.oid, NULL)),
               'hint', format('GRANT USAGE ON SCHEMA %I TO ai_worker_prover', n.nspname))
      INTO error
      FROM jsonb_to_recordset(analysis.rule_uses) AS u (class oid, oid oid, "column" integer)
      JOIN pg_attribute AS a ON a.attrelid = u.oid AND a.attnum = u."column"
     CROSS JOIN ai_worker.contained_types(a.atttypid) AS c (oid)
      JOIN pg_type AS t ON t.oid = c.oid
      JOIN pg_namespace AS n ON n.oid = t.typnamespace
     WHERE closed <> '{}' AND u.class = 'pg_class'::regclass AND n.nspname = ANY (closed)
     LIMIT 1;
    IF error IS NOT NULL THEN
        RETURN;
    END IF;
    nodes := ai_worker.rule_nodes(analysis.rule_tree);
    SELECT r.objects, r.error INTO objects, error FROM ai_worker.resolve_rule(nodes, analysis.rule_uses) AS r;
    IF error IS NOT NULL THEN
        RETURN;
    END IF;
    namesakes := ai_worker.builtin_namesakes(nodes, schemas || extensions);
    IF schemas = '{public}' AND extensions = '{}' AND namesakes = '[]' AND NOT ai_worker.has_twin(analysis.rule_uses) THEN
        RETURN;
    END IF;
    -- Under the search path of whoever runs it, names could mean something else. It stays as it is if it needs none, or with the
    -- schemas of what it names; else it is what the server prints. What keywords call, such as IN, has no other notation.
    FOREACH qualified IN ARRAY CASE WHEN namesakes = '[]' THEN ARRAY[]::text[] ELSE ARRAY[
        ai_worker.qualify(statement, schemas, names, analysis.rule_uses, namesakes),
        ai_worker.qualify(statement, schemas, names, analysis.rule_uses, jsonb_path_query_array(namesakes, '$[*] ? (@.kind == "call")'))] END
        || ARRAY[statement, ai_worker.qualify(statement, schemas, names, analysis.rule_uses, '[]')] LOOP
        SELECT a.* INTO again FROM ai_worker_prover.analyse(qualified, bare_path, NULL) AS a;
        IF again.rule_tree = analysis.rule_tree THEN
            RETURN;
        END IF;
    END LOOP;
    -- It prints a literal as it was read, so that no literal may depend on who reads it, or when.
    SELECT CASE WHEN a.rule_tree = b.rule_tree AND statement !~* '''[[:space:]]*now[[:space:]]*''|u&''' THEN a.qualified END INTO qualified
      FROM ai_worker_prover.analyse(statement, path, 'MDY') AS a, ai_worker_prover.analyse(statement, path, 'DMY') AS b;
    SELECT a.* INTO again FROM ai_worker_prover.analyse(qualified, bare_path, NULL) AS a;
    IF again.error IS NULL THEN
        SELECT r.objects INTO same FROM ai_worker.resolve_rule(ai_worker.rule_nodes(again.rule_tree), again.rule_uses) AS r;
    END IF;
    IF same IS DISTINCT FROM objects THEN
        qualified := '';
    END IF;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.resolve_statement(text, text[], jsonb, text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.resolve_statement(text, text[], jsonb, text[]) IS
    'AI Worker: what one query under these schemas reads and calls, by what the server resolved, without running or planning it; the server''s error if it is none; and where no view can be made why not (names_only), with all that its names can mean; qualified if under another search path it could mean something else, empty if that cannot be done';
