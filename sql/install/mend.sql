-- Gives the tables that are there the columns, constraints and indexes of their models, which install.sh has made in schema
-- ai_worker_model of the very text that would create them. What is not there the next files create.

-- Without triggers, which may be damaged too: the sums that they keep are counted anew in the end.
CREATE FUNCTION ai_worker_model.change(statement text) RETURNS bigint
LANGUAGE plpgsql
SET session_replication_role = replica
AS $$
DECLARE
    changed bigint;
BEGIN
    EXECUTE statement;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END
$$;

DO $$
DECLARE
    made record;
    part record;
    change text;
    lost bigint;
BEGIN
    -- The next files can replace a view, but not by one with other columns.
    FOR made IN
        SELECT i.object FROM ai_worker.inventory() AS i
         WHERE starts_with(i.object, 'view ') AND NOT starts_with(i.object, 'view column ')
           AND NOT EXISTS (SELECT FROM ai_worker.installed AS r
                            WHERE r.object = i.object AND r.digest = encode(sha256(convert_to(i.definition, 'UTF8')), 'hex'))
    LOOP
        BEGIN
            EXECUTE 'DROP ' || made.object;
        EXCEPTION WHEN dependent_objects_still_exist THEN
            NULL;
        END;
    END LOOP;

    FOR made IN
        SELECT m.oid AS model, c.oid AS table_id, c.oid::regclass AS name, n.nspname AS schema,
               c.relname NOT IN ('ai_worker_config', 'ai_worker_notes', 'ai_worker_quotas') AS cache,
               CASE WHEN m.relpersistence <> c.relpersistence AND c.relname <> 'cache_hits'
                    THEN CASE m.relpersistence WHEN 'u' THEN 'SET UNLOGGED' ELSE 'SET LOGGED' END END AS persistence
          FROM pg_class AS m
          JOIN pg_class AS c ON c.relname = m.relname AND c.relkind = 'r'
          JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname IN ('public', 'ai_worker')
         WHERE m.relnamespace = 'ai_worker_model'::regnamespace AND m.relkind = 'r'
    LOOP
        IF made.persistence IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %s %s', made.name, made.persistence);
        END IF;
        -- What differs goes first, for it may stand in the way of a column's change.
        FOR change IN
            SELECT format('DROP INDEX %s', i.indexrelid::regclass)
              FROM pg_index AS i
              JOIN pg_class AS c ON c.oid = i.indexrelid
              JOIN pg_class AS m ON m.relnamespace = 'ai_worker_model'::regnamespace AND m.relname = c.relname
              JOIN pg_index AS x ON x.indexrelid = m.oid
             WHERE i.indrelid = made.table_id AND NOT EXISTS (SELECT FROM pg_constraint AS o WHERE o.conindid = i.indexrelid)
               AND (NOT i.indisvalid
                    OR pg_get_indexdef(i.indexrelid)
                       <> replace(pg_get_indexdef(m.oid), ' ON ai_worker_model.', ' ON ' || made.schema || '.'))
             UNION ALL
            SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', made.name, c.conname)
              FROM pg_constraint AS c JOIN pg_constraint AS m ON m.conrelid = made.model AND m.conname = c.conname
             WHERE c.conrelid = made.table_id AND c.contype <> 'n'
               AND (NOT c.convalidated OR pg_get_constraintdef(c.oid) <> pg_get_constraintdef(m.oid))
        LOOP
            EXECUTE change;
        END LOOP;

        FOR part IN
            SELECT m.attname AS name, format_type(m.atttypid, m.atttypmod) AS type, m.attnotnull AS required,
                   m.attidentity AS identity, pg_get_expr(d.adbin, d.adrelid) AS value,
                   c.attname IS NOT NULL AS is_there, format_type(c.atttypid, c.atttypmod) AS old_type,
                   c.attnotnull AS old_required, c.attidentity AS old_identity,
                   pg_get_expr(o.adbin, o.adrelid) AS old_value
              FROM pg_attribute AS m
              LEFT JOIN pg_attrdef AS d ON d.adrelid = m.attrelid AND d.adnum = m.attnum
              LEFT JOIN pg_attribute AS c ON c.attrelid = made.table_id AND c.attname = m.attname AND NOT c.attisdropped
              LEFT JOIN pg_attrdef AS o ON o.adrelid = c.attrelid AND o.adnum = c.attnum
             WHERE m.attrelid = made.model AND m.attnum > 0 AND NOT m.attisdropped
             ORDER BY m.attnum
        LOOP
            change := 'ALTER TABLE ' || made.name || CASE WHEN part.is_there THEN ' ALTER COLUMN %1$I ' ELSE ' ADD COLUMN %1$I ' END;
            IF NOT part.is_there OR part.required AND NOT part.old_required THEN
                lost := 0;
                IF part.required AND part.value IS NULL AND part.identity = '' THEN
                    lost := ai_worker_model.change(format('DELETE FROM %s', made.name)
                        || CASE WHEN part.is_there THEN format(' WHERE %I IS NULL', part.name) ELSE '' END);
                ELSIF part.is_there AND part.value IS NOT NULL THEN
                    PERFORM ai_worker_model.change(format('UPDATE %s SET %I = DEFAULT WHERE %2$I IS NULL', made.name, part.name));
                END IF;
                IF lost > 0 THEN
                    RAISE WARNING '% rows of % are gone: they had lost their %', lost, made.name, part.name;
                END IF;
            END IF;
            IF NOT part.is_there THEN
                EXECUTE format(change || '%2$s', part.name, concat_ws(' ', part.type, 'DEFAULT ' || part.value,
                    CASE part.identity WHEN 'a' THEN 'GENERATED ALWAYS AS IDENTITY' END,
                    CASE WHEN part.required THEN 'NOT NULL' END));
                CONTINUE;
            END IF;
            IF part.type <> part.old_type THEN
                EXECUTE format(change || 'DROP DEFAULT', part.name);
                EXECUTE format(change || 'TYPE %2$s USING %1$I::%2$s', part.name, part.type);
                part.old_value := NULL;
            END IF;
            IF part.value IS DISTINCT FROM part.old_value THEN
                EXECUTE format(change || '%2$s', part.name, COALESCE('SET DEFAULT ' || part.value, 'DROP DEFAULT'));
            END IF;
            IF part.required AND NOT part.old_required THEN
                EXECUTE format(change || 'SET NOT NULL', part.name);
            ELSIF part.old_required AND NOT part.required THEN
                EXECUTE format(change || 'DROP NOT NULL', part.name);
            END IF;
            IF part.identity = 'a' AND part.old_identity = '' THEN
                EXECUTE format(change || 'ADD GENERATED ALWAYS AS IDENTITY', part.name);
                EXECUTE format('SELECT setval(pg_get_serial_sequence(%L, %L), max(%I)) FROM %1$s', made.name, part.name, part.name);
            END IF;
        END LOOP;

        FOR part IN
            SELECT m.conname AS name, pg_get_constraintdef(m.oid) AS definition,
                   CASE m.contype WHEN 'c' THEN pg_get_expr(m.conbin, m.conrelid) END AS rule
              FROM pg_constraint AS m
             WHERE m.conrelid = made.model AND m.contype <> 'n'
               AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conrelid = made.table_id AND c.conname = m.conname)
        LOOP
            IF made.cache AND part.rule IS NOT NULL THEN
                lost := ai_worker_model.change(format('DELETE FROM %s WHERE NOT (%s)', made.name, part.rule));
                IF lost > 0 THEN
                    RAISE WARNING '% rows of % are gone: they broke the rule %', lost, made.name, part.rule;
                END IF;
            END IF;
            EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', made.name, part.name, part.definition);
        END LOOP;
    END LOOP;
END
$$;
DROP SCHEMA ai_worker_model CASCADE;
