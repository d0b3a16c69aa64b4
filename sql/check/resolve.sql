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
DECLARE
    calls text[];
    relations oid[];
    whole_rows boolean;
    functions oid[];
    casts oid[];
    converted oid[];
    branches oid[];
    makers oid[];
    made oid[];
    used_functions CONSTANT oid[] := ai_worker.used(rule_uses, 'pg_proc'::regclass);
    used_types CONSTANT oid[] := ai_worker.used(rule_uses, 'pg_type'::regclass);
    used_operators CONSTANT oid[] := ai_worker.used(rule_uses, 'pg_operator'::regclass);
BEGIN
    -- A call is the function, its result and how it is written: format 0 is a call, 1 and 2 are casts, written or not.
    SELECT array_agg(DISTINCT f.call), array_agg(DISTINCT f.relation), COALESCE(bool_or(f.whole_row), false)
      INTO calls, relations, whole_rows
      FROM unnest(nodes) AS t (n)
     CROSS JOIN LATERAL (SELECT split_part(t.n, ' ', 1) AS node) AS w
     CROSS JOIN LATERAL (
           SELECT CASE WHEN w.node = 'FUNCEXPR'
                       THEN concat_ws(' ', split_part(t.n, ' ', 3), split_part(t.n, ' ', 5),
                                      CASE split_part(t.n, ' ', 11) WHEN '0' THEN 'function' ELSE 'cast' END)
                       WHEN w.node IN ('AGGREF', 'WINDOWFUNC')
                       THEN concat_ws(' ', split_part(t.n, ' ', 3), split_part(t.n, ' ', 5), 'function')
                       WHEN w.node = 'TABLESAMPLECLAUSE' THEN split_part(t.n, ' ', 3) || ' 0 function'
                       WHEN w.node = 'OPEXPR' THEN concat_ws(' ', split_part(t.n, ' ', 5), split_part(t.n, ' ', 7), 'operator')
                   END AS call,
                  CASE WHEN strpos(t.n, ' :relid ') > 0 THEN substring(t.n FROM ' :relid ([0-9]+)')::oid END AS relation,
                  w.node = 'VAR' AND strpos(t.n, ' :varattno 0 ') > 0 AS whole_row) AS f;
    relations := relations || ai_worker.used(rule_uses, 'pg_class'::regclass);
    SELECT array_agg(DISTINCT split_part(c.call, ' ', 1)::oid) FILTER (WHERE c.call LIKE '%function'),
           array_agg(DISTINCT split_part(c.call, ' ', 1)::oid) FILTER (WHERE c.call LIKE '%cast')
      INTO functions, casts
      FROM unnest(calls) AS c (call);
    functions := functions || ARRAY(SELECT u.oid FROM unnest(used_functions) AS u (oid)
                                     WHERE u.oid <> ALL (COALESCE(functions, '{}')) AND u.oid <> ALL (COALESCE(casts, '{}')));
    -- Types that something else is read or cast as; a function's own result is not among them. Behind the last node within another
    -- come the other's further fields.
    SELECT array_agg(DISTINCT l.oid), array_agg(DISTINCT l.oid) FILTER (WHERE l.field = 'colTypes'),
           array_agg(DISTINCT l.oid) FILTER (WHERE l.field IN ('coltypes', 'funccoltypes', 'typid') AND l.oid >= 16384)
      INTO converted, branches, made
      FROM (SELECT f.part[1] AS field, o.oid::oid AS oid
              FROM unnest(nodes) AS t (n)
             CROSS JOIN regexp_matches(t.n, ' :(resulttype|colTypes|coltypes|funccoltypes|typid) (?:[(]o )?([0-9 ]+)', 'g') AS f (part)
             CROSS JOIN unnest(string_to_array(rtrim(f.part[2]), ' ')) AS o (oid)
             WHERE strpos(t.n, ' :resulttype ') > 0 OR strpos(t.n, 'ol') > 0 AND t.n ~* ' :(func)?coltypes [(]' OR strpos(t.n, ' :typid ') > 0
             UNION ALL
            SELECT 'consttype', split_part(t.n, ' ', 3)::oid
              FROM unnest(nodes) AS t (n)
             WHERE starts_with(t.n, 'CONST ') AND strpos(t.n, ' :constisnull false ') > 0
               -- A text search function takes the name of its configuration.
               AND split_part(t.n, ' ', 3)::oid NOT IN ('regconfig'::regtype, 'regdictionary'::regtype)
             UNION ALL
            SELECT 'funcresulttype', split_part(c.call, ' ', 2)::oid FROM unnest(calls) AS c (call) WHERE c.call LIKE '%cast') AS l;
    -- Branches of a set operation get its types when it is planned, and no node of the tree says how. A domain is its type only if it
    -- is that of each branch, but other arrays become arrays of a domain.
    made := made || ARRAY(
        SELECT b.oid FROM pg_type AS b
         WHERE b.oid = ANY (branches) AND b.oid >= 16384 AND b.typcategory = 'A'
           AND EXISTS (SELECT FROM pg_type AS o WHERE o.oid = ANY (ai_worker.types_in(nodes)) AND o.typcategory = 'A' AND o.oid <> b.oid));
    -- What makes a value of a type that an argument of its shows, out of json or hstore, runs the code in that type. Of a row
    -- without a name no node shows the type, so that any in the tree may be in it.
    SELECT array_agg(DISTINCT split_part(c.call, ' ', 2)::oid) INTO makers
      FROM unnest(calls) AS c (call)
      JOIN pg_proc AS p ON p.oid = split_part(c.call, ' ', 1)::oid
     WHERE CASE WHEN p.oid < 16384 THEN p.proname ~ '^jsonb?_populate_record'
                ELSE EXISTS (SELECT FROM pg_type AS a WHERE a.oid = ANY (p.proargtypes) AND a.typtype = 'p' AND a.typname ~ '^(any|record)') END;
    IF makers IS NOT NULL THEN
        made := made || makers;
        IF 'record'::regtype = ANY (makers) OR 'record[]'::regtype = ANY (makers) THEN
            made := made || ai_worker.types_in(nodes) || ARRAY(
                SELECT o.oid FROM pg_proc AS p CROSS JOIN unnest(p.proallargtypes || p.prorettype) AS o (oid)
                 WHERE p.oid = ANY (used_functions));
        END IF;
        converted := converted || ARRAY(SELECT DISTINCT c.oid FROM unnest(made) AS m (oid), ai_worker.contained_types(m.oid) AS c (oid));
    END IF;
    IF functions IS NOT NULL OR casts IS NOT NULL THEN
        RETURN QUERY
        SELECT c.kind, n.nspname::text, p.proname::text, p.proname::text, p.provolatile::text,
               p.oid >= 16384 AND ai_worker.is_of_extension(p.oid), false,
               p.oid < 16384 OR EXISTS (SELECT FROM pg_proc AS b
                                         WHERE b.proname = p.proname AND b.pronamespace = 'pg_catalog'::regnamespace)
          FROM (SELECT 'function' AS kind, f.oid FROM unnest(functions) AS f (oid)
                 UNION ALL
                SELECT 'cast', k.oid FROM unnest(casts) AS k (oid)) AS c
          JOIN pg_proc AS p ON p.oid = c.oid
          JOIN pg_namespace AS n ON n.oid = p.pronamespace;
    END IF;
    IF EXISTS (SELECT FROM pg_opclass AS k WHERE k.oid >= 16384) OR EXISTS (SELECT FROM pg_range AS r WHERE r.rngtypid >= 16384) THEN
        RETURN QUERY
        SELECT 'function', n.nspname::text, p.proname::text, p.proname::text, p.provolatile::text, false, false,
               EXISTS (SELECT FROM pg_proc AS b WHERE b.proname = p.proname AND b.pronamespace = 'pg_catalog'::regnamespace)
          FROM ai_worker.comparing_functions(ai_worker.types_in(nodes)) AS f (oid)
          JOIN pg_proc AS p ON p.oid = f.oid
          JOIN pg_namespace AS n ON n.oid = p.pronamespace
         WHERE NOT ai_worker.is_of_extension(f.oid);
    END IF;
    IF used_operators <> '{}' THEN
        RETURN QUERY
        SELECT 'operator', n.nspname::text, p.proname::text, o.oprname::text, p.provolatile::text, ai_worker.is_of_extension(p.oid), false, false
          FROM pg_operator AS o
          JOIN pg_proc AS p ON p.oid = o.oprcode
          JOIN pg_namespace AS n ON n.oid = p.pronamespace
         WHERE o.oid = ANY (used_operators);
    END IF;
    IF relations IS NOT NULL THEN
        RETURN QUERY
        SELECT 'relation', n.nspname::text, c.relname::text, c.relname::text, c.relkind::text, false, false, false
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE c.oid = ANY (relations);
    END IF;
    IF converted IS NOT NULL THEN
        -- What is printed as a name, so that its number alone would tell that name.
        RETURN QUERY
        SELECT DISTINCT 'type', 'pg_catalog', e.typname::text, e.typname::text, e.typtype::text, false, false, false
          FROM unnest(converted) AS k (oid)
          JOIN pg_type AS t ON t.oid = k.oid
          JOIN pg_type AS e ON e.oid IN (t.oid, t.typelem)
         WHERE e.oid < 16384 AND (starts_with(e.typname, 'reg') OR e.typname = 'aclitem');
        -- Rows, arrays and domains with such in them.
        IF EXISTS (SELECT FROM unnest(converted) AS k (oid) WHERE k.oid >= 16384) THEN
            RETURN QUERY
            SELECT DISTINCT 'type', 'pg_catalog', e.typname::text, e.typname::text, e.typtype::text, false, false, false
              FROM unnest(converted) AS k (oid)
             CROSS JOIN ai_worker.contained_types(k.oid) AS c (oid)
              JOIN pg_type AS e ON e.oid = c.oid
             WHERE k.oid >= 16384 AND (starts_with(e.typname, 'reg') OR e.typname = 'aclitem') AND e.oid < 16384
               AND e.oid NOT IN ('regconfig'::regtype, 'regdictionary'::regtype);
        END IF;
    END IF;
    -- A configuration of text search that only its number could have named.
    IF jsonb_path_exists(rule_uses, '$[*] ? (@.class == $config || @.class == $dictionary)',
                         jsonb_build_object('config', 'pg_ts_config'::regclass::oid::text, 'dictionary', 'pg_ts_dict'::regclass::oid::text)) THEN
        RETURN QUERY
        SELECT 'type', 'pg_catalog', o.type, o.type, 'b', false, false, false
          FROM (SELECT 'regconfig' AS type, g.cfgnamespace AS schema FROM pg_ts_config AS g
                 WHERE g.oid = ANY (ai_worker.used(rule_uses, 'pg_ts_config'::regclass))
                 UNION ALL
                SELECT 'regdictionary', d.dictnamespace FROM pg_ts_dict AS d
                 WHERE d.oid = ANY (ai_worker.used(rule_uses, 'pg_ts_dict'::regclass))) AS o
         WHERE NOT has_schema_privilege('ai_worker_prover', o.schema, 'USAGE');
    END IF;
    IF branches IS NOT NULL THEN
        RETURN QUERY
        SELECT DISTINCT 'cast', n.nspname::text, p.proname::text, format_type(k.castsource, NULL) || ' to ' || format_type(k.casttarget, NULL),
               p.provolatile::text, ai_worker.is_of_extension(p.oid), false, false
          FROM unnest(branches) AS b (oid)
          JOIN pg_type AS t ON t.oid = b.oid
          JOIN pg_cast AS k ON k.casttarget IN (t.oid, t.typelem) AND k.castcontext = 'i' AND k.castfunc >= 16384
          JOIN pg_proc AS p ON p.oid = k.castfunc
          JOIN pg_namespace AS n ON n.oid = p.pronamespace;
    END IF;
    -- A type counts only for the code that is in it.
    made := ARRAY(SELECT DISTINCT m.oid FROM unnest(made || used_types) AS m (oid) WHERE m.oid >= 16384);
    IF made <> '{}' THEN
        RETURN QUERY
        SELECT 'type', n.nspname::text, t.typname::text, t.typname::text, t.typtype::text, false, true, false
          FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
         WHERE t.oid = ANY (made) AND ai_worker.runs_code(t.oid);
    END IF;
    -- The server calls a cast to json on its own where a value of that type becomes json, by itself or within another. Types of
    -- columns come with them; attribute 0 is a whole row.
    IF EXISTS (SELECT FROM pg_cast AS k WHERE k.casttarget IN ('json'::regtype, 'jsonb'::regtype) AND k.castfunc >= 16384) THEN
        RETURN QUERY
        WITH reached AS MATERIALIZED (
            SELECT u.oid FROM unnest(used_types) AS u (oid)
             UNION
            SELECT o.oid FROM pg_proc AS p CROSS JOIN unnest(p.proallargtypes || p.prorettype) AS o (oid) WHERE p.oid = ANY (used_functions)
             UNION
            SELECT a.atttypid
              FROM jsonb_to_recordset(rule_uses) AS u (class oid, oid oid, "column" integer)
              JOIN pg_attribute AS a ON a.attrelid = u.oid
             WHERE u.class = 'pg_class'::regclass AND (a.attnum = u."column" OR whole_rows))
        SELECT 'cast', n.nspname::text, p.proname::text, format_type(k.castsource, NULL) || ' to ' || format_type(k.casttarget, NULL),
               p.provolatile::text, ai_worker.is_of_extension(p.oid), false, false
          FROM pg_cast AS k
          JOIN pg_proc AS p ON p.oid = k.castfunc
          JOIN pg_namespace AS n ON n.oid = p.pronamespace
         WHERE k.casttarget IN ('json'::regtype, 'jsonb'::regtype) AND k.castfunc >= 16384
           AND EXISTS (SELECT FROM reached AS r, ai_worker.contained_types(r.oid) AS c (oid) WHERE c.oid = k.castsource);
    END IF;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.resolved_objects(text[], jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.resolved_objects(text[], jsonb) IS
    'AI Worker: what a rule that ai_worker_prover.analyse describes reads and calls, with columns as in ai_worker.named_objects';

CREATE OR REPLACE FUNCTION ai_worker.used(rule_uses jsonb, class oid) RETURNS oid[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT DISTINCT (u.use ->> 'oid')::oid FROM jsonb_array_elements(rule_uses) AS u (use) WHERE (u.use ->> 'class')::oid = class);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.used(jsonb, oid) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.used(jsonb, oid) IS 'AI Worker: the objects of one catalog that a rule depends on, but for what is built in';

CREATE OR REPLACE FUNCTION ai_worker.types_in(nodes text[]) RETURNS oid[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
        SELECT DISTINCT p.oid
          FROM unnest(nodes) AS t (n)
         CROSS JOIN regexp_matches(t.n, ':[A-Za-z_]*[Tt]yp(?:e|es|eid|eId|id)? (?:[(]o )?([0-9 ]+)', 'g') AS f (oids)
         CROSS JOIN regexp_split_to_table(btrim(f.oids[1]), ' +') AS o (oid)
          JOIN pg_type AS p ON p.oid = o.oid::oid);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.types_in(text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.types_in(text[]) IS
    'AI Worker: the types of all expressions, columns and constants in a rule; every field of a node that holds a type is called so';

-- Nodes of trees of queries in PostgreSQL 13 to 18; some have other names up to 15. What is none of them may call what nobody
-- has looked for.
CREATE OR REPLACE FUNCTION ai_worker.unknown_node(nodes text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known CONSTANT text := ' '
        'QUERY SORTGROUPCLAUSE GROUPINGSET WINDOWCLAUSE COMMONTABLEEXPR CTESEARCHCLAUSE CTECYCLECLAUSE SETOPERATIONSTMT '
        'RTE RANGETBLENTRY RANGETBLFUNCTION RTEPERMISSIONINFO TABLESAMPLECLAUSE ALIAS RANGETBLREF JOINEXPR FROMEXPR '
        'TARGETENTRY VAR CONST PARAM AGGREF GROUPINGFUNC WINDOWFUNC SUBSCRIPTINGREF FUNCEXPR NAMEDARGEXPR OPEXPR '
        'DISTINCTEXPR NULLIFEXPR SCALARARRAYOPEXPR BOOLEXPR SUBLINK FIELDSELECT RELABELTYPE COERCEVIAIO ARRAYCOERCEEXPR '
        'CONVERTROWTYPEEXPR COLLATE COLLATEEXPR CASE CASEEXPR WHEN CASEWHEN CASETESTEXPR ARRAY ARRAYEXPR ROW ROWEXPR '
        'ROWCOMPARE ROWCOMPAREEXPR COALESCE COALESCEEXPR MINMAX MINMAXEXPR SQLVALUEFUNCTION XMLEXPR JSONFORMAT '
        'JSONRETURNING JSONVALUEEXPR JSONCONSTRUCTOREXPR JSONISPREDICATE JSONBEHAVIOR JSONEXPR JSONTABLEPATH '
        'JSONTABLEPATHSCAN JSONTABLESIBLINGJOIN NULLTEST BOOLEANTEST COERCETODOMAIN COERCETODOMAINVALUE TABLEFUNC ';
BEGIN
    RETURN (
        SELECT split_part(t.n, ' ', 1)
          FROM unnest(nodes) AS t (n)
         WHERE strpos(known, concat(' ', split_part(t.n, ' ', 1), ' ')) = 0
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
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT CASE WHEN current_setting('transaction_read_only')::boolean THEN 'the transaction is read-only'
                    ELSE (SELECT format('event trigger %I would fire', e.evtname) FROM pg_event_trigger AS e
                           WHERE e.evtevent IN ('ddl_command_start', 'ddl_command_end') AND e.evtenabled <> 'D'
                             AND ('CREATE VIEW' = ANY (e.evttags) OR e.evttags IS NULL)
                           LIMIT 1) END);
END
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
             WHERE t.typtype <> 'p' AND n.nspname = ANY (schemas)
               AND (ai_worker.runs_code(t.oid)
                    OR EXISTS (SELECT FROM ai_worker.comparing_functions(ARRAY[t.oid]) AS f (oid) WHERE NOT ai_worker.is_of_extension(f.oid)))) AS h
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
    SELECT COALESCE(jsonb_agg(to_jsonb(o) ORDER BY to_jsonb(o)), '[]') || ai_worker.rule_facts(nodes, rule_uses) INTO objects
      FROM ai_worker.resolved_objects(nodes, rule_uses) AS o;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.resolve_rule(text[], jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.resolve_rule(text[], jsonb) IS
    'AI Worker: the objects of ai_worker.resolved_objects and the facts of ai_worker.rule_facts, or an error for what the proof does not know';

CREATE OR REPLACE FUNCTION ai_worker.has_twin(rule_uses jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
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
             WHERE n.oid = pg_my_temp_schema() OR NOT starts_with(n.nspname, 'pg_') AND n.nspname <> 'information_schema'));
END
$$;
REVOKE ALL ON FUNCTION ai_worker.has_twin(jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.has_twin(jsonb) IS
    'AI Worker: whether something that a statement uses has the name of something in another schema that is not the system''s';

-- What only its owner can find there is a risk to nobody else. A superuser reads any schema, and so may have those of others in his path.
CREATE OR REPLACE FUNCTION ai_worker.is_shared(schema_oid oid) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT NOT starts_with(n.nspname, 'pg_') AND n.nspname NOT IN ('information_schema', 'ai_worker', 'ai_worker_prover')
               AND (o.rolsuper
                    OR EXISTS (SELECT FROM aclexplode(n.nspacl) AS a WHERE a.privilege_type = 'USAGE' AND a.grantee <> n.nspowner)
                    -- From PostgreSQL 16 on who makes a role is a member of it, which by itself opens nothing.
                    OR EXISTS (SELECT FROM pg_auth_members AS m
                                WHERE m.roleid = n.nspowner
                                  AND COALESCE((to_jsonb(m) ->> 'inherit_option')::boolean OR (to_jsonb(m) ->> 'set_option')::boolean, true)))
          FROM pg_namespace AS n JOIN pg_roles AS o ON o.oid = n.nspowner
         WHERE n.oid = schema_oid);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.is_shared(oid) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.is_shared(oid) IS
    'AI Worker: whether a schema is one of users, and others than its owner may have it in their search path: a superuser''s, or one that USAGE was granted on, or whose owner has members';

-- Arguments become the base types of domains by themselves.
CREATE OR REPLACE FUNCTION ai_worker.takes_what_is_known(takes oid[], schemas text[]) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN NOT EXISTS (SELECT FROM pg_type AS t JOIN pg_namespace AS a ON a.oid = t.typnamespace
                        WHERE t.oid = ANY (takes) AND t.oid >= 16384 AND t.typtype <> 'd' AND a.nspname <> ALL (schemas));
END
$$;
REVOKE ALL ON FUNCTION ai_worker.takes_what_is_known(oid[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.takes_what_is_known(oid[], text[]) IS
    'AI Worker: whether all of these types are built in, domains, or of these schemas, so that a function or operator that takes them could fit';

-- Of functions and operators in other schemas those that could fit: all that they take is built in or of a schema in scope. In scope
-- others fit only before pg_catalog in a search path, and by the same types. An operator that takes exactly what it got is found
-- before all that take something else.
CREATE OR REPLACE FUNCTION ai_worker.builtin_namesakes(nodes text[], schemas text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        WITH used AS MATERIALIZED (
            SELECT split_part(t.n, ' ', 1) IN ('FUNCEXPR', 'AGGREF', 'WINDOWFUNC') AS is_call, split_part(t.n, ' ', 3)::oid AS oid,
                   -- What constants were before they became arguments nobody knows.
                   bool_or(starts_with(nodes[t.place + 1], 'CONST ')) AS constant,
                   bool_or(starts_with(nodes[t.place + 1], 'CONST ') AND starts_with(nodes[t.place + 2], 'CONST ')) AS constants
              FROM unnest(nodes) WITH ORDINALITY AS t (n, place)
             WHERE starts_with(t.n, 'FUNCEXPR ') AND split_part(t.n, ' ', 11) = '0'
                OR split_part(t.n, ' ', 1) IN ('AGGREF', 'WINDOWFUNC', 'OPEXPR', 'DISTINCTEXPR', 'NULLIFEXPR', 'SCALARARRAYOPEXPR')
             GROUP BY 1, 2),
        namesake AS MATERIALIZED (
            SELECT DISTINCT 'call' AS kind, p.proname AS name, t.pronamespace AS schema, t.proargtypes::oid[] AS takes,
                   p.proargtypes = t.proargtypes AS same, NULL::oid[] AS builtin
              FROM used AS u
              JOIN pg_proc AS p ON u.is_call AND p.oid = u.oid AND p.oid < 16384
              JOIN pg_proc AS t ON t.proname = p.proname AND t.oid >= 16384
             UNION ALL
            SELECT 'symbol', o.oprname, t.oprnamespace, ARRAY[t.oprleft, t.oprright],
                   o.oprleft = t.oprleft AND o.oprright = t.oprright, CASE WHEN NOT u.constants AND NOT (u.constant AND o.oprleft = 0) THEN ARRAY[o.oprleft, o.oprright] END
              FROM used AS u
              JOIN pg_operator AS o ON NOT u.is_call AND o.oid = u.oid AND o.oid < 16384
              JOIN pg_operator AS t ON t.oprname = o.oprname AND t.oid >= 16384)
        SELECT COALESCE(jsonb_agg(DISTINCT jsonb_build_object('kind', s.kind, 'name', s.name, 'schema', n.nspname)), '[]')
          FROM namesake AS s
          JOIN pg_namespace AS n ON n.oid = s.schema
         WHERE CASE WHEN n.nspname = ANY (schemas) THEN s.same
                    ELSE ai_worker.takes_what_is_known(s.takes, schemas) AND ai_worker.is_shared(n.oid)
                         AND (s.same OR s.builtin IS NULL OR ai_worker.is_made_to_fit(s.builtin, nodes)) END);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.builtin_namesakes(text[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.builtin_namesakes(text[], text[]) IS
    'AI Worker: names of built-in functions (call) and operators (symbol) in a rule that another search path could give to something else';

-- What takes any array or row shows no cast. Format 2 is that of what nobody wrote.
CREATE OR REPLACE FUNCTION ai_worker.is_made_to_fit(takes oid[], nodes text[]) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM pg_type AS t WHERE t.oid = ANY (takes) AND t.typtype = 'p')
        OR EXISTS (SELECT FROM unnest(nodes) AS t (n)
                    -- Behind the last node within another come the other's further fields.
                    CROSS JOIN regexp_matches(t.n, ' :(?:func)?resulttype ([0-9]+)(?: :(?:resulttypmod|resultcollid|funcretset|funcvariadic) [-a-z0-9]+)* :[a-z]+format 2[[:>:]]', 'g') AS f (part)
                     JOIN pg_type AS made ON made.oid = f.part[1]::oid
                    WHERE strpos(t.n, 'resulttype ') > 0 AND (made.oid = ANY (takes) OR made.typelem = ANY (takes)));
END
$$;
REVOKE ALL ON FUNCTION ai_worker.is_made_to_fit(oid[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.is_made_to_fit(oid[], text[]) IS
    'AI Worker: whether values of these types in a rule, or arrays of them, come from casts that nobody wrote, or could be of several types';

-- What a statement names, be it in the tree or not. Types and collations are not there as they were named, and configurations of
-- text search stand in strings; a call of one argument can be a cast or read a column, and a name after a dot can be a call.
CREATE OR REPLACE FUNCTION ai_worker.word_namesakes(statement text, schemas text[], names jsonb)
RETURNS TABLE (kind text, name text, schema text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    WITH word AS MATERIALIZED (
        SELECT DISTINCT w.kind, w.name FROM jsonb_to_recordset(names) AS w (kind text, name text)
         WHERE w.kind IN ('type_place', 'type_maybe', 'call', 'attribute', 'field', 'collation', 'place')),
    namesake AS MATERIALIZED (
        SELECT 'type' AS kind, w.name, t.typnamespace AS schema
          FROM word AS w
          JOIN pg_type AS b ON b.typname = w.name AND b.typnamespace = 'pg_catalog'::regnamespace
          JOIN pg_type AS t ON t.typname = w.name AND t.oid >= 16384
         WHERE w.kind IN ('type_place', 'type_maybe')
         UNION
        -- f(x) is no cast to a row type.
        SELECT CASE w.kind WHEN 'field' THEN 'attribute' ELSE w.kind END, w.name, t.typnamespace
          FROM word AS w
          JOIN pg_type AS t ON t.typname = w.name AND t.oid >= 16384 AND t.typrelid = 0
          JOIN pg_namespace AS n ON n.oid = t.typnamespace
         WHERE w.kind IN ('call', 'attribute', 'field')
           AND (n.nspname <> ALL (schemas) OR EXISTS (SELECT FROM pg_type AS b WHERE b.typname = w.name AND b.typnamespace = 'pg_catalog'::regnamespace))
         UNION
        SELECT CASE w.kind WHEN 'field' THEN 'attribute' ELSE w.kind END, w.name, p.pronamespace
          FROM word AS w
          JOIN pg_proc AS p ON p.proname = w.name AND p.oid >= 16384
          JOIN pg_namespace AS n ON n.oid = p.pronamespace
         WHERE w.kind IN ('call', 'attribute', 'field')
           AND p.pronargs >= 1 AND (p.pronargs - p.pronargdefaults <= 1 OR p.provariadic <> 0)
           AND n.nspname <> ALL (schemas)
           AND ai_worker.takes_what_is_known(p.proargtypes::oid[], schemas)
         UNION
        SELECT 'collation', w.name, t.collnamespace
          FROM word AS w
          JOIN pg_collation AS b ON b.collname = w.name AND b.collnamespace = 'pg_catalog'::regnamespace
          JOIN pg_collation AS t ON t.collname = w.name AND t.oid >= 16384
         WHERE w.kind = 'collation'
         UNION
        SELECT 'place', w.name, t.relnamespace
          FROM word AS w
          JOIN pg_class AS b ON b.relname = w.name AND b.relnamespace = 'pg_catalog'::regnamespace
          JOIN pg_class AS t ON t.relname = w.name AND t.oid >= 16384
         WHERE w.kind = 'place'
         UNION
        SELECT 'configuration', c.name, c.schema
          FROM (SELECT t.cfgname::text, t.cfgnamespace FROM pg_ts_config AS t WHERE t.oid >= 16384
                 UNION ALL
                SELECT d.dictname, d.dictnamespace FROM pg_ts_dict AS d WHERE d.oid >= 16384) AS c (name, schema)
         WHERE (EXISTS (SELECT FROM pg_ts_config AS b WHERE b.cfgname = c.name AND b.cfgnamespace = 'pg_catalog'::regnamespace)
                OR EXISTS (SELECT FROM pg_ts_dict AS b WHERE b.dictname = c.name AND b.dictnamespace = 'pg_catalog'::regnamespace))
           AND strpos(replace(lower(statement), 'pg_catalog.' || c.name, ''), c.name) > 0
           AND EXISTS (SELECT FROM word AS w WHERE w.name IN ('regconfig', 'regdictionary') OR w.kind = 'call' AND w.name ~ '(^ts_|ts_?(query|vector)$)'))
    SELECT s.kind, s.name, n.nspname::text
      FROM namesake AS s JOIN pg_namespace AS n ON n.oid = s.schema
     WHERE n.oid = pg_my_temp_schema() AND s.kind IN ('type', 'place') OR n.nspname = ANY (schemas) OR ai_worker.is_shared(n.oid);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.word_namesakes(text, text[], jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.word_namesakes(text, text[], jsonb) IS
    'AI Worker: built-in types, collations, catalogs and text search configurations that a statement names without their schema and that another schema has too, and calls and attributes that could be a function or a cast of another schema';

-- After the alias of what has a column of that name it is that column. After a parenthesis it is a field, unless it calls or casts
-- what the statement's own search path has.
CREATE OR REPLACE FUNCTION ai_worker.is_attribute(attribute text, nodes text[], schemas text[], names jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (
            SELECT FROM jsonb_to_recordset(names) AS w (kind text, schema text, name text)
             CROSS JOIN LATERAL (
                   SELECT bool_and(strpos(t.n, ' :rtekind ') > 0 AND strpos(t.n, concat('"', attribute, '"')) > 0) AS has
                     FROM unnest(nodes) AS t (n)
                    WHERE starts_with(t.n, concat('ALIAS :aliasname ', w.schema, ' ')) AND strpos(t.n, '} :eref ') = 0) AS alias
             WHERE w.kind = 'attribute' AND w.name = attribute AND NOT alias.has)
        OR EXISTS (SELECT FROM jsonb_to_recordset(names) AS w (kind text, name text) WHERE w.kind = 'field' AND w.name = attribute)
           AND (EXISTS (SELECT FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
                         WHERE t.typname = attribute AND t.typrelid = 0 AND (n.nspname = 'pg_catalog' OR n.nspname = ANY (schemas)))
                OR EXISTS (SELECT FROM unnest(nodes) AS t (n) JOIN pg_proc AS p ON p.oid = split_part(t.n, ' ', 3)::oid
                            WHERE split_part(t.n, ' ', 1) IN ('FUNCEXPR', 'AGGREF', 'WINDOWFUNC') AND p.proname = attribute));
END
$$;
REVOKE ALL ON FUNCTION ai_worker.is_attribute(text, text[], text[], jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.is_attribute(text, text[], text[], jsonb) IS
    'AI Worker: whether a name after a dot in a statement could call or cast, as far as its rule tells';

-- Where no view can be made it cannot be proven what names mean under another path, nor that they mean the same with their schemas.
CREATE OR REPLACE FUNCTION ai_worker.another_reading(statement text, schemas text[], names jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    namesake record;
BEGIN
    WITH word AS MATERIALIZED (
        SELECT DISTINCT CASE w.kind WHEN 'keyword_symbol' THEN 'symbol' ELSE w.kind END AS kind, w.schema,
               CASE w.name WHEN '!=' THEN '<>' ELSE w.name END AS name
          FROM jsonb_to_recordset(names) AS w (kind text, schema text, name text)),
    fitting AS MATERIALIZED (
        SELECT 'function' AS kind, w.name, p.pronamespace AS schema, p.proargtypes::oid[] AS takes,
               EXISTS (SELECT FROM pg_proc AS b WHERE b.proname = w.name AND b.pronamespace = 'pg_catalog'::regnamespace
                                                  AND b.proargtypes = p.proargtypes) AS same
          FROM word AS w JOIN pg_proc AS p ON p.proname = w.name AND p.oid >= 16384
         WHERE w.kind IN ('call', 'attribute', 'field')
         UNION ALL
        SELECT 'operator', w.name, p.oprnamespace, ARRAY[p.oprleft, p.oprright],
               EXISTS (SELECT FROM pg_operator AS b WHERE b.oprname = w.name AND b.oprnamespace = 'pg_catalog'::regnamespace
                                                      AND b.oprleft = p.oprleft AND b.oprright = p.oprright)
          FROM word AS w JOIN pg_operator AS p ON p.oprname = w.name AND p.oid >= 16384
         WHERE w.kind = 'symbol'),
    relation AS MATERIALIZED (
        SELECT w.name, c.relnamespace AS schema
          FROM word AS w
          JOIN pg_class AS c ON w.kind = 'relation' AND w.schema IS NULL AND c.relname = w.name AND c.relkind NOT IN ('i', 'I', 't'))
    SELECT m.kind, m.name, m.schema INTO namesake
      FROM (SELECT f.kind, f.name, n.nspname::text AS schema
              FROM fitting AS f JOIN pg_namespace AS n ON n.oid = f.schema
             WHERE CASE WHEN n.nspname = ANY (schemas) THEN f.same
                        ELSE ai_worker.takes_what_is_known(f.takes, schemas) AND ai_worker.is_shared(n.oid) END
             UNION ALL
            SELECT 'relation', r.name, n.nspname
              FROM relation AS r JOIN pg_namespace AS n ON n.oid = r.schema
             WHERE n.nspname <> ALL (schemas) AND (n.oid = pg_my_temp_schema() OR ai_worker.is_shared(n.oid))
             UNION ALL
            SELECT 'relation', r.name, min(n.nspname)
              FROM relation AS r JOIN pg_namespace AS n ON n.oid = r.schema
             WHERE n.nspname = ANY (schemas)
             GROUP BY r.name
            HAVING count(*) > 1
             UNION ALL
            -- A name after a name may be a type's.
            SELECT 'type', w.name, n.nspname
              FROM word AS w
              JOIN pg_type AS t ON w.kind IN ('type_place', 'type_maybe') AND t.typname = w.name
              JOIN pg_namespace AS n ON n.oid = t.typnamespace
             WHERE n.nspname <> ALL (schemas) AND (n.oid = pg_my_temp_schema() OR ai_worker.is_shared(n.oid))
               AND EXISTS (SELECT FROM pg_type AS b JOIN pg_namespace AS a ON a.oid = b.typnamespace
                            WHERE b.typname = w.name AND (a.nspname = 'pg_catalog' OR a.nspname = ANY (schemas)))
             UNION ALL
            SELECT CASE WHEN d.kind IN ('call', 'attribute') THEN 'function' WHEN d.kind = 'place' THEN 'relation' ELSE d.kind END, d.name, d.schema
              FROM ai_worker.word_namesakes(statement, schemas, names) AS d) AS m
     LIMIT 1;
    IF namesake.name IS NOT NULL THEN
        RETURN jsonb_build_object(
            'sqlstate', '0A000',
            'message', format('under another search path %s %s could be the one of schema %I', namesake.kind, namesake.name, namesake.schema),
            'hint', 'Write it with its schema, or ask in a read-write transaction on the primary, without event triggers on CREATE VIEW.');
    END IF;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.another_reading(text, text[], jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.another_reading(text, text[], jsonb) IS
    'AI Worker: a name without schema in a statement, or an operator, that another search path could give to something else, as sqlstate, message and hint, NULL if there is none; for where no view can be made';

-- The server prints what is built in without its schema, and casts that nobody wrote.
CREATE OR REPLACE FUNCTION ai_worker.prints_a_namesake(nodes text[], schemas text[]) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM (
              SELECT t.typnamespace AS schema
                FROM unnest(ai_worker.types_in(nodes)) AS u (oid)
                JOIN pg_type AS o ON o.oid = u.oid
                JOIN pg_type AS b ON b.oid IN (o.oid, o.typelem) AND b.oid < 16384 AND format_type(b.oid, NULL) = quote_ident(b.typname)
                JOIN pg_type AS t ON t.typname = b.typname AND t.oid >= 16384
               UNION
              SELECT t.collnamespace
                FROM unnest(nodes) AS u (n)
               CROSS JOIN regexp_matches(u.n, ' :collOid ([0-9]+)', 'g') AS f (part)
                JOIN pg_collation AS b ON b.oid = f.part[1]::oid AND b.oid < 16384
                JOIN pg_collation AS t ON t.collname = b.collname AND t.oid >= 16384
               WHERE strpos(u.n, ' :collOid ') > 0
               UNION
              SELECT t.relnamespace
                FROM unnest(nodes) AS u (n)
                JOIN pg_class AS b ON b.oid = CASE WHEN strpos(u.n, ' :relid ') > 0 THEN substring(u.n FROM ' :relid ([0-9]+)')::oid END AND b.oid < 16384
                JOIN pg_class AS t ON t.relname = b.relname AND t.oid >= 16384
               UNION
              SELECT c.cfgnamespace FROM pg_ts_config AS c
               WHERE c.oid >= 16384 AND array_to_string(nodes, '') ~ format('CONST :consttype (%s|%s) ', 'regconfig'::regtype::oid, 'regdictionary'::regtype::oid)) AS s
          JOIN pg_namespace AS n ON n.oid = s.schema
         WHERE n.oid = pg_my_temp_schema() OR n.nspname = ANY (schemas) OR ai_worker.is_shared(n.oid));
END
$$;
REVOKE ALL ON FUNCTION ai_worker.prints_a_namesake(text[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.prints_a_namesake(text[], text[]) IS
    'AI Worker: whether a rule printed would name a built-in type, collation, catalog or text search configuration that another schema has too';

-- Function of the server or column: the model saw a column or table of that name and forgot the quotes.
CREATE OR REPLACE FUNCTION ai_worker.keyword_for_a_name(relations oid[], names jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object(
                   'sqlstate', '0A000',
                   'message', format('%s is a function of the server here; the %s is written "%s"', w.name, n.what, n.name))
          FROM jsonb_to_recordset(names) AS w (kind text, name text)
         CROSS JOIN LATERAL (
               SELECT 'column of ' || quote_ident(c.relname) AS what, a.attname AS name
                 FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
                WHERE a.attrelid = ANY (relations) AND lower(a.attname) = w.name AND a.attnum > 0 AND NOT a.attisdropped
                UNION ALL
               SELECT 'table', c.relname FROM pg_class AS c WHERE c.oid = ANY (relations) AND lower(c.relname) = w.name) AS n
         WHERE w.kind = 'keyword'
         LIMIT 1);
END
$$;
REVOKE ALL ON FUNCTION ai_worker.keyword_for_a_name(oid[], jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.keyword_for_a_name(oid[], jsonb) IS
    'AI Worker: an error if one of these relations, or a column of theirs, has the name of a function that a statement calls by a keyword; NULL if none has';

CREATE OR REPLACE FUNCTION ai_worker.namesake_kind(word_kind text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN word_kind IN ('type_place', 'type_maybe') THEN 'type' ELSE word_kind END
$$;
REVOKE ALL ON FUNCTION ai_worker.namesake_kind(text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.namesake_kind(text) IS 'AI Worker: as what a word of a statement can have a namesake';

-- A guess, which the server proves right or wrong.
CREATE OR REPLACE FUNCTION ai_worker.qualify(statement text, schemas text[], names jsonb, rule_uses jsonb, namesakes jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relations CONSTANT oid[] := ai_worker.used(rule_uses, 'pg_class'::regclass);
    types CONSTANT oid[] := ai_worker.used(rule_uses, 'pg_type'::regclass);
    functions CONSTANT oid[] := ai_worker.used(rule_uses, 'pg_proc'::regclass);
    place record;
BEGIN
    FOR place IN
        SELECT DISTINCT ON (p.start) p.start, p.text, p.length
          FROM (SELECT w.start, quote_ident(n.nspname) || '.' AS text, 0 AS length, array_position(schemas, n.nspname::text) AS rank
                  FROM jsonb_to_recordset(names) AS w (kind text, name text, start integer)
                  JOIN (SELECT 'place' AS kind, c.relname AS name, c.relnamespace AS schema FROM pg_class AS c WHERE c.oid = ANY (relations)
                         UNION ALL
                        SELECT 'type_place', e.typname, e.typnamespace
                          FROM pg_type AS t JOIN pg_type AS e ON e.oid IN (t.oid, t.typelem) WHERE t.oid = ANY (types) AND e.oid >= 16384
                         UNION ALL
                        SELECT 'call', p.proname, p.pronamespace FROM pg_proc AS p WHERE p.oid = ANY (functions)) AS o
                    ON o.kind = w.kind AND o.name = w.name
                  JOIN pg_namespace AS n ON n.oid = o.schema
                 WHERE w.start IS NOT NULL
                 UNION ALL
                SELECT w.start, CASE w.kind WHEN 'symbol' THEN ' OPERATOR(pg_catalog.' || s.name || ') ' ELSE 'pg_catalog.' END,
                       CASE w.kind WHEN 'symbol' THEN length(w.name) ELSE 0 END, NULL
                  FROM jsonb_to_recordset(names) AS w (kind text, name text, start integer)
                  JOIN jsonb_to_recordset(namesakes) AS s (kind text, name text)
                    ON w.start IS NOT NULL AND s.kind = ai_worker.namesake_kind(w.kind) AND s.name = CASE w.name WHEN '!=' THEN '<>' ELSE w.name END) AS p
         ORDER BY p.start DESC, p.rank
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
    'AI Worker: a statement with the schemas of its relations, types and functions, and of what is built in and has namesakes, where these may be named';

CREATE OR REPLACE FUNCTION ai_worker.namesake_error(namesake jsonb) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
               'sqlstate', '0A000',
               'message', format('under another search path %s %s could be the one of schema %I',
                                 CASE WHEN w.kind IN ('call', 'attribute') THEN 'function' WHEN w.kind = 'symbol' THEN 'operator'
                                      WHEN w.kind = 'place' THEN 'relation' ELSE w.kind END, w.name, w.schema),
               'hint', CASE WHEN w.kind = 'symbol'
                            THEN format('Write it with its schema, in parentheses: (a OPERATOR(pg_catalog.%s) b), and not as a keyword.', w.name)
                            WHEN w.kind IN ('call', 'attribute')
                            THEN format('Write a call with its schema: %1$I.%2$I(a), a cast as CAST(a AS type), and a column behind the alias of its table and a dot.',
                                        'pg_catalog', w.name)
                            ELSE format('Write it with its schema: %I.%I', 'pg_catalog', w.name) END)
      FROM jsonb_to_record(namesake) AS w (kind text, name text, schema text)
$$;
REVOKE ALL ON FUNCTION ai_worker.namesake_error(jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.namesake_error(jsonb) IS 'AI Worker: that a name without schema has a namesake, as sqlstate, message and hint';

-- Which of the names that have namesakes are what they look like the server tells: with its schema a type, relation, collation or call
-- is what it was, and elsewhere no schema may stand.
CREATE OR REPLACE FUNCTION ai_worker.qualify_namesakes(
    statement text, schemas text[], names jsonb, rule_tree text, rule_uses jsonb, namesakes jsonb, OUT qualified text, OUT refused jsonb)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    most_tries CONSTANT integer := 40;
    bare_path CONSTANT text := 'pg_catalog, pg_temp';
    path CONSTANT text := ai_worker.query_path(schemas);
    again record;
    word record;
    tries integer := 0;
BEGIN
    qualified := ai_worker.qualify(statement, schemas, names, rule_uses, namesakes);
    SELECT a.* INTO again FROM ai_worker_prover.analyse(qualified, bare_path, NULL) AS a;
    IF again.rule_tree = rule_tree THEN
        RETURN;
    END IF;
    FOR word IN
        SELECT DISTINCT ON (w.start, ai_worker.namesake_kind(w.kind)) to_jsonb(s) AS namesake, s.kind, w.start
          FROM jsonb_to_recordset(names) AS w (kind text, name text, start integer)
          JOIN jsonb_to_recordset(namesakes) AS s (kind text, name text, schema text)
            ON w.start IS NOT NULL AND s.kind = ai_worker.namesake_kind(w.kind) AND s.name = w.name AND s.kind <> 'symbol'
         WHERE s.kind <> 'call' OR NOT EXISTS (SELECT FROM pg_proc AS p WHERE p.oid = ANY (ai_worker.used(rule_uses, 'pg_proc'::regclass)) AND p.proname = w.name)
    LOOP
        tries := tries + 1;
        SELECT a.* INTO again FROM ai_worker_prover.analyse(
            concat(left(statement, word.start - 1), 'pg_catalog.', substr(statement, word.start)), path, NULL) AS a;
        CONTINUE WHEN again.rule_tree = rule_tree AND tries <= most_tries;
        IF tries > most_tries OR word.kind = 'call' AND again.error ->> 'sqlstate' IS DISTINCT FROM '42601' THEN
            refused := word.namesake;
            RETURN;
        END IF;
        names := (SELECT jsonb_agg(w.word) FROM jsonb_array_elements(names) AS w (word)
                   WHERE (w.word ->> 'start')::integer IS DISTINCT FROM word.start OR ai_worker.namesake_kind(w.word ->> 'kind') <> word.kind);
    END LOOP;
    qualified := ai_worker.qualify(statement, schemas, names, rule_uses, namesakes);
    SELECT a.* INTO again FROM ai_worker_prover.analyse(qualified, bare_path, NULL) AS a;
    IF again.rule_tree IS DISTINCT FROM rule_tree THEN
        refused := namesakes -> 0;
    END IF;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.qualify_namesakes(text, text[], jsonb, text, jsonb, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.qualify_namesakes(text, text[], jsonb, text, jsonb, jsonb) IS
    'AI Worker: a statement with the schemas that it needs to mean the same under every search path though these namesakes exist, or the one that cannot be told apart';

-- Whether there is a schema out of scope is nobody's business.
CREATE OR REPLACE FUNCTION ai_worker.without_schemas(error jsonb, statement text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF error ->> 'sqlstate' IN ('3F000', '42501')
       -- A column with the schema of its table; from PostgreSQL 16 on a configuration of text search in no schema.
       OR error ->> 'sqlstate' = '42704' AND error ->> 'message' ~ '^text search [a-z]+ "[^"]*[.]'
       OR error ->> 'sqlstate' = '42P01' AND statement ~ '[.] *("[^"]*"|[^ ."]+) *[.]' THEN
        RETURN jsonb_build_object(
            'sqlstate', '0A000', 'message', 'it names a schema that is not in scope, or a table with its schema that is not in FROM');
    END IF;
    RETURN error;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.without_schemas(jsonb, text) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.without_schemas(jsonb, text) IS
    'AI Worker: an error of the server, but for what it tells of schemas that a statement names out of scope';

CREATE OR REPLACE FUNCTION ai_worker.resolve_statement(
    statement text, schemas text[], names jsonb, allowed text[], OUT objects jsonb, OUT names_only text, OUT qualified text, OUT error jsonb)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET jit = off
-- Planning these queries takes longer than they do.
SET plan_cache_mode = force_generic_plan
-- How few rows there are is not known to a plan, which would hash whole catalogs.
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    extensions CONSTANT text[] := ARRAY(SELECT ai_worker.extension_schemas(schemas));
    closed CONSTANT text[] :=
        ARRAY(SELECT e.name FROM unnest(extensions) AS e (name) WHERE NOT has_schema_privilege('ai_worker_prover', e.name, 'USAGE'));
    path CONSTANT text := ai_worker.query_path(schemas);
    bare_path CONSTANT text := 'pg_catalog, pg_temp';
    -- What may hold a date or an interval that sessions read in different ways. Whether it does the server says.
    ambiguous CONSTANT text :=
        '''[^'']*([[:<:]][0-9]{1,2}[^[:alnum:]'']+([0-9]{1,2}|[[:alpha:]]{3,9})[^[:alnum:]'']+[0-9]{1,4}(?![0-9])'
        '|[[:alpha:]]{3}[^[:alnum:]'']+[0-9]{1,2}[^[:alnum:]'']+[0-9]{1,2}(?![0-9])|[[:space:]'']-[0-9]+[^''0-9]* [0-9])'
        '|''[[:space:]]*-[0-9]+[^''0-9]* [0-9]';
    analysis record;
    again record;
    nodes text[];
    namesakes jsonb;
    refused jsonb;
    keyword_symbols CONSTANT text[] :=
        ARRAY(SELECT w.name FROM jsonb_to_recordset(names) AS w (kind text, name text) WHERE w.kind = 'keyword_symbol');
    same jsonb;
BEGIN
    error := ai_worker.unprovable(schemas);
    IF error IS NOT NULL THEN
        RETURN;
    END IF;
    -- There the rest of the number would be a label.
    IF current_setting('server_version_num')::integer < 160000 AND jsonb_path_exists(names, '$[*] ? (@.kind == "number")') THEN
        error := jsonb_build_object('sqlstate', '42601', 'message', format('PostgreSQL %s does not know the number %s',
            current_setting('server_version'), jsonb_path_query_first(names, '$[*] ? (@.kind == "number")') ->> 'name'));
        RETURN;
    END IF;
    -- Before the server sees a literal of theirs, for it would run their input functions; and rows of system catalogs.
    SELECT jsonb_build_object(
               'sqlstate', '0A000', 'message', CASE WHEN o.runs_code
                   THEN format('casting to type %s.%s runs functions that allowed_functions does not list', o.schema, o.name)
                   ELSE format('type %s.%s is not in scope', o.schema, o.name) END)
      INTO error
      FROM ai_worker.named_types(schemas || extensions, names) AS o
     WHERE o.kind = 'type' AND o.runs_code AND o.name <> ALL (allowed) AND o.schema || '.' || o.name <> ALL (allowed)
        OR o.kind IN ('type', 'definition') AND o.trait = 'c' AND o.schema = 'pg_catalog'
     LIMIT 1;
    IF error IS NOT NULL THEN
        RETURN;
    END IF;
    names_only := ai_worker.no_view();
    IF names_only IS NOT NULL THEN
        SELECT COALESCE(jsonb_agg(to_jsonb(o)), '[]') INTO objects FROM ai_worker.named_objects(schemas || extensions, names) AS o;
        error := COALESCE(
            ai_worker.keyword_for_a_name(
                ARRAY(SELECT c.oid
                        FROM jsonb_to_recordset(names) AS w (kind text, schema text, name text)
                        JOIN pg_class AS c ON w.kind = 'relation' AND c.relname = w.name
                        JOIN pg_namespace AS n ON n.oid = c.relnamespace
                       WHERE n.nspname = ANY (schemas) AND (w.schema IS NULL OR w.schema = n.nspname)), names),
            ai_worker_prover.prepare(statement, path), ai_worker.another_reading(statement, schemas || extensions, names));
        error := ai_worker.without_schemas(error, statement);
        RETURN;
    END IF;
    SELECT a.* INTO analysis FROM ai_worker_prover.analyse(statement, path, NULL) AS a;
    error := analysis.error;
    IF error IS NOT NULL THEN
        error := ai_worker.without_schemas(error, statement);
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
    IF error IS NULL AND (statement ~ ambiguous OR strpos(statement, chr(92)) > 0)
       AND (SELECT a.rule_tree IS NULL OR a.rule_tree IS DISTINCT FROM b.rule_tree
              FROM ai_worker_prover.analyse(statement, path, 'mdy') AS a, ai_worker_prover.analyse(statement, path, 'dmy') AS b) THEN
        error := jsonb_build_object(
            'sqlstate', '0A000', 'message', 'a date or an interval in it is read in another way where datestyle or intervalstyle is another',
            'hint', 'Write dates as YYYY-MM-DD, and the sign of an interval before each of its parts.');
    END IF;
    IF error IS NOT NULL THEN
        RETURN;
    END IF;
    error := ai_worker.keyword_for_a_name(ai_worker.used(analysis.rule_uses, 'pg_class'::regclass), names);
    IF error IS NOT NULL THEN
        RETURN;
    END IF;
    namesakes := ai_worker.builtin_namesakes(nodes, schemas || extensions)
                 || (SELECT COALESCE(jsonb_agg(to_jsonb(w)), '[]') FROM ai_worker.word_namesakes(statement, schemas || extensions, names) AS w);
    -- Neither these nor what keywords call may be written with a schema.
    SELECT to_jsonb(w) INTO refused
      FROM jsonb_to_recordset(namesakes) AS w (kind text, name text, schema text)
     WHERE CASE w.kind WHEN 'configuration' THEN true
                       WHEN 'symbol' THEN w.name = ANY (keyword_symbols)
                       ELSE w.kind IN ('call', 'attribute') AND ai_worker.is_attribute(w.name, nodes, schemas || extensions, names) END
     LIMIT 1;
    namesakes := jsonb_path_query_array(namesakes, '$[*] ? (@.kind != "attribute")');
    IF refused IS NULL AND namesakes <> '[]' THEN
        -- What the server prints has no schema where something is built in.
        SELECT q.qualified, q.refused INTO qualified, refused
          FROM ai_worker.qualify_namesakes(statement, schemas, names, analysis.rule_tree, analysis.rule_uses, namesakes) AS q;
    END IF;
    IF refused IS NOT NULL THEN
        error := ai_worker.namesake_error(refused);
        RETURN;
    END IF;
    IF namesakes = '[]' THEN
        IF schemas = '{public}' AND extensions = '{}' AND NOT ai_worker.has_twin(analysis.rule_uses) THEN
            RETURN;
        END IF;
        -- Under the search path of whoever runs it, names could mean something else. It stays as it is if it needs none, or with the
        -- schemas of what it names; else it is what the server prints.
        qualified := ai_worker.qualify(statement, schemas, names, analysis.rule_uses, '[]');
        FOREACH qualified IN ARRAY CASE WHEN qualified = statement THEN ARRAY[statement] ELSE ARRAY[qualified, statement] END LOOP
            SELECT a.* INTO again FROM ai_worker_prover.analyse(qualified, bare_path, NULL) AS a;
            IF again.rule_tree = analysis.rule_tree THEN
                RETURN;
            END IF;
        END LOOP;
    ELSE
        RETURN;
    END IF;
    -- It prints a literal as it was read, so that no literal may depend on who reads it, or when.
    SELECT CASE WHEN a.rule_tree = b.rule_tree AND statement !~* '''[[:space:]]*now[[:space:]]*''|u&''' THEN a.qualified END INTO qualified
      FROM ai_worker_prover.analyse(statement, path, 'MDY') AS a, ai_worker_prover.analyse(statement, path, 'DMY') AS b;
    SELECT a.* INTO again FROM ai_worker_prover.analyse(qualified, bare_path, NULL) AS a;
    IF again.error IS NULL THEN
        SELECT r.objects INTO same FROM ai_worker.resolve_rule(ai_worker.rule_nodes(again.rule_tree), again.rule_uses) AS r;
    END IF;
    IF same IS DISTINCT FROM objects OR ai_worker.prints_a_namesake(nodes, schemas || extensions) THEN
        qualified := '';
        -- What a keyword calls is found by the search path alone.
        SELECT jsonb_build_object(
                   'sqlstate', '0A000',
                   'message', format('a keyword stands for operator %s of schema %I, which another search path does not find', o.oprname, n.nspname),
                   'hint', format('Write the operator with its schema instead of IS DISTINCT FROM, NULLIF, CASE x WHEN, USING, NATURAL, IN and the like: '
                                  '(a OPERATOR(%I.%s) b)', n.nspname, o.oprname))
          INTO error
          FROM pg_operator AS o JOIN pg_namespace AS n ON n.oid = o.oprnamespace
         WHERE o.oid = ANY (ai_worker.used(analysis.rule_uses, 'pg_operator'::regclass)) AND o.oid >= 16384 AND o.oprname = ANY (keyword_symbols)
         LIMIT 1;
    END IF;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.resolve_statement(text, text[], jsonb, text[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.resolve_statement(text, text[], jsonb, text[]) IS
    'AI Worker: what one query under these schemas reads and calls, by what the server resolved, without running or planning it; the server''s error if it is none; and where no view can be made why not (names_only), with all that its names can mean; qualified if under another search path it could mean something else, empty if that cannot be done';
