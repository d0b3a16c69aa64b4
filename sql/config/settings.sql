-- The settings: one row.

CREATE TABLE IF NOT EXISTS public.ai_worker_config (
    only_row boolean PRIMARY KEY DEFAULT true
        CONSTRAINT ai_worker_config_one_row CHECK (only_row),
    model varchar(100) NOT NULL DEFAULT 'gpt-4o-mini'
        CONSTRAINT ai_worker_config_model CHECK (model ~ '^[^|[:space:]]+$'),
    base_url text NOT NULL DEFAULT 'https://api.openai.com/v1'
        -- What the client can use: a host (the last part of a name begins with a letter), and perhaps port, path and query.
        CONSTRAINT ai_worker_config_base_url
        CHECK (base_url ~ ('^https?://'
                   || '(([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?[.])*[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?[.]?'
                   || '|[0-9]{1,3}([.][0-9]{1,3}){3}|[[][0-9A-Fa-f:.]+[]])'
                   || '(:[0-9]{1,5})?'
                   || '(/([A-Za-z0-9._~!$&()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?'
                   || '([?]([A-Za-z0-9._~!$&()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?$')
               AND COALESCE(substring(base_url FROM '^[^/]*//[^/?]*:([0-9]{1,5})([/?]|$)')::integer, 443) BETWEEN 1 AND 65535),
    allow_plain_http boolean NOT NULL DEFAULT false,
    api_key_file text
        CONSTRAINT ai_worker_config_api_key_file CHECK (starts_with(api_key_file, '/')),
    api_key_header text
        CONSTRAINT ai_worker_config_api_key_header
        CHECK (api_key_header ~ '^[A-Za-z0-9-]{1,100}$'
               AND lower(api_key_header) !~ '^(host|connection|keep-alive|expect|upgrade|transfer-encoding|te|trailer|(content|proxy)-.*)$'),
    api_version text
        CONSTRAINT ai_worker_config_api_version
        CHECK (api_version IS NULL
               OR api_version ~ '^[A-Za-z0-9._-]{1,100}$' AND base_url !~* '[?&]api-version='),
    organization text
        CONSTRAINT ai_worker_config_organization CHECK (organization ~ '^[!-~]{1,200}$'),
    project text
        CONSTRAINT ai_worker_config_project CHECK (project ~ '^[!-~]{1,200}$'),
    headers jsonb NOT NULL DEFAULT '{}'
        CONSTRAINT ai_worker_config_headers
        CHECK (jsonb_typeof(headers) = 'object'
               AND length(headers::text) <= 8000
               AND NOT jsonb_path_exists(headers, '$.keyvalue() ? (@.value.type() != "string"
                   || !(@.value like_regex "^[!-~]([ -~]*[!-~])?$")
                   || !(@.key like_regex "^[A-Za-z0-9-]+$")
                   || @.key like_regex "^(host|connection|keep-alive|expect|upgrade|transfer-encoding|te|trailer|(content|proxy)-.*|authorization|api-key|x-api-key)$" flag "i")',
                   silent => true)),
    proxy text
        CONSTRAINT ai_worker_config_proxy
        CHECK (proxy ~ '^http://([A-Za-z0-9.-]+|[[][0-9A-Fa-f:.]+[]]):[0-9]{1,5}/?$'
               AND substring(proxy FROM ':([0-9]{1,5})/?$')::integer BETWEEN 1 AND 65535),
    ca_file text
        CONSTRAINT ai_worker_config_ca_file CHECK (starts_with(ca_file, '/')),
    seed bigint,
    max_completion_tokens integer
        CONSTRAINT ai_worker_config_max_completion_tokens
        CHECK (max_completion_tokens BETWEEN 1 AND 1000000),
    schemas text[] NOT NULL DEFAULT '{public}'
        CONSTRAINT ai_worker_config_schemas
        CHECK (cardinality(schemas) > 0 AND array_position(schemas, NULL) IS NULL AND 'ai_worker' <> ALL (schemas)),
    allowed_functions text[] NOT NULL DEFAULT '{}'
        CONSTRAINT ai_worker_config_allowed_functions
        CHECK (array_position(allowed_functions, NULL) IS NULL),
    row_limit integer NOT NULL DEFAULT 1000
        CONSTRAINT ai_worker_config_row_limit CHECK (row_limit BETWEEN 1 AND 1000000),
    system_catalogs boolean NOT NULL DEFAULT false,
    max_cost double precision DEFAULT 1000000000
        CONSTRAINT ai_worker_config_max_cost CHECK (max_cost > 0 AND max_cost < 'Infinity'),
    store_prompts text NOT NULL DEFAULT 'plain'
        CONSTRAINT ai_worker_config_store_prompts CHECK (store_prompts IN ('plain', 'hash', 'off')),
    max_prompt_chars integer NOT NULL DEFAULT 8000
        CONSTRAINT ai_worker_config_max_prompt_chars CHECK (max_prompt_chars BETWEEN 1 AND 1000000),
    context_tokens integer NOT NULL DEFAULT 8000
        CONSTRAINT ai_worker_config_context_tokens CHECK (context_tokens BETWEEN 100 AND 1000000),
    notes_tokens integer NOT NULL DEFAULT 1000
        CONSTRAINT ai_worker_config_notes_tokens CHECK (notes_tokens BETWEEN 0 AND 100000),
    value_hints boolean NOT NULL DEFAULT false,
    value_hints_hidden text[] NOT NULL DEFAULT '{}'
        CONSTRAINT ai_worker_config_value_hints_hidden
        CHECK (array_position(value_hints_hidden, NULL) IS NULL AND array_position(value_hints_hidden, '') IS NULL),
    few_shot integer NOT NULL DEFAULT 3
        CONSTRAINT ai_worker_config_few_shot CHECK (few_shot BETWEEN 0 AND 10),
    few_shot_from text NOT NULL DEFAULT 'verified'
        CONSTRAINT ai_worker_config_few_shot_from CHECK (few_shot_from IN ('verified', 'cache')),
    request_timeout_ms integer NOT NULL DEFAULT 30000
        CONSTRAINT ai_worker_config_request_timeout_ms CHECK (request_timeout_ms BETWEEN 100 AND 600000),
    max_retries integer NOT NULL DEFAULT 2
        CONSTRAINT ai_worker_config_max_retries CHECK (max_retries BETWEEN 0 AND 10),
    repair_rounds integer NOT NULL DEFAULT 1
        CONSTRAINT ai_worker_config_repair_rounds CHECK (repair_rounds BETWEEN 0 AND 5),
    flight_wait_ms integer NOT NULL DEFAULT 30000
        CONSTRAINT ai_worker_config_flight_wait_ms CHECK (flight_wait_ms BETWEEN 0 AND 600000),
    cache_enabled boolean NOT NULL DEFAULT true,
    default_ttl interval NOT NULL DEFAULT '1 hour'
        CONSTRAINT ai_worker_config_default_ttl
        CHECK (default_ttl BETWEEN interval '1 second' AND interval '10 years'),
    max_entries bigint NOT NULL DEFAULT 100000
        CONSTRAINT ai_worker_config_max_entries CHECK (max_entries >= 1),
    max_bytes bigint NOT NULL DEFAULT 1073741824
        CONSTRAINT ai_worker_config_max_bytes CHECK (max_bytes >= 1024),
    allow_unsafe_signals boolean NOT NULL DEFAULT false,
    require_statement_timeout boolean NOT NULL DEFAULT false,
    max_sessions integer
        CONSTRAINT ai_worker_config_max_sessions CHECK (max_sessions BETWEEN 1 AND 100000),
    jvm_options text
        CONSTRAINT ai_worker_config_jvm_options CHECK (' ' || jvm_options ~ ('^( -('
            || 'Xmx(3[2-9]|[4-9][0-9]|[1-9][0-9]{2,5})[mM]|Xmx[1-9][0-9]{0,2}[gG]|X(ms|mn)[1-9][0-9]{0,5}[kKmM]|X(ms|mn)[1-9][0-9]{0,2}[gG]'
            || '|Xss([89]|[1-9][0-9]{1,2})[mM]|XX:TieredStopAtLevel=[0-4]|XX:ActiveProcessorCount=[1-9][0-9]{0,2}'
            || '|XX:(ReservedCodeCacheSize|MaxMetaspaceSize|MaxDirectMemorySize)=[1-9][0-9]{0,5}[mM]'
            || '|Djava[.]net[.]prefer(IPv4Stack|IPv6Addresses)=(true|false)))+$'))
);
REVOKE ALL ON TABLE public.ai_worker_config FROM PUBLIC;

COMMENT ON TABLE public.ai_worker_config IS
    'AI Worker: settings, one row. UPDATE it; a value out of range is refused';
COMMENT ON COLUMN public.ai_worker_config.only_row IS 'Always true: there is one row';
COMMENT ON COLUMN public.ai_worker_config.model IS 'Model name that the endpoint knows; part of the cache key';
COMMENT ON COLUMN public.ai_worker_config.base_url IS
    'Chat Completions endpoint up to, not including, /chat/completions';
COMMENT ON COLUMN public.ai_worker_config.allow_plain_http IS
    'true: http:// is allowed to hosts other than this one, and anyone on the way can read prompts and key';
COMMENT ON COLUMN public.ai_worker_config.api_key_file IS
    'Absolute path of a file that holds the API key and that the server''s OS user can read; NULL: OPENAI_API_KEY in the server''s environment';
COMMENT ON COLUMN public.ai_worker_config.api_key_header IS
    'Header that carries the key: Authorization, as a bearer token, or another, such as api-key, as it is; NULL: api-key at Azure''s hosts, else Authorization';
COMMENT ON COLUMN public.ai_worker_config.api_version IS 'Sent as api-version in the URL''s query, as Azure OpenAI wants it; NULL: not sent';
COMMENT ON COLUMN public.ai_worker_config.organization IS 'Sent as OpenAI-Organization; NULL: not sent';
COMMENT ON COLUMN public.ai_worker_config.project IS 'Sent as OpenAI-Project; NULL: not sent';
COMMENT ON COLUMN public.ai_worker_config.headers IS
    'Further headers for the endpoint, an object of texts. Values are in dumps; the API key does not belong here';
COMMENT ON COLUMN public.ai_worker_config.proxy IS
    'HTTP proxy, http://host:port, for endpoints on other machines; NULL: none';
COMMENT ON COLUMN public.ai_worker_config.ca_file IS
    'Absolute path of a PEM file on the server with the certificates to trust for https; NULL: Java''s own';
COMMENT ON COLUMN public.ai_worker_config.seed IS 'Sent as seed where the endpoint takes it; NULL: not sent';
COMMENT ON COLUMN public.ai_worker_config.max_completion_tokens IS
    'Most tokens of one answer, sent as max_completion_tokens or, where the endpoint knows only that, max_tokens; NULL: the endpoint''s own limit';
COMMENT ON COLUMN public.ai_worker_config.schemas IS
    'Schemas that queries may read, in search-path order; ai_worker_prover needs USAGE on them';
COMMENT ON COLUMN public.ai_worker_config.allowed_functions IS
    'Functions outside pg_catalog, or volatile ones, that queries may call: name or schema.name';
COMMENT ON COLUMN public.ai_worker_config.row_limit IS 'Most rows that a query may return; its LIMIT is capped to this';
COMMENT ON COLUMN public.ai_worker_config.system_catalogs IS
    'true: queries may also read information_schema and harmless views and tables of pg_catalog; the README lists them';
COMMENT ON COLUMN public.ai_worker_config.max_cost IS
    'Highest cost that the planner may expect of a query, in its own units; NULL: any. Judged when ai_run_sql runs it, as its caller';
COMMENT ON COLUMN public.ai_worker_config.require_statement_timeout IS
    'true: ai_run_sql refuses to run anything in a session without a statement_timeout';
COMMENT ON COLUMN public.ai_worker_config.store_prompts IS
    'What new entries keep of the prompt: plain: its text, hash: its SHA-256 in hex, off: nothing';
COMMENT ON COLUMN public.ai_worker_config.max_prompt_chars IS 'Longest prompt, in characters';
COMMENT ON COLUMN public.ai_worker_config.context_tokens IS
    'Budget of the schema description sent to the model, in tokens of about four characters';
COMMENT ON COLUMN public.ai_worker_config.notes_tokens IS
    'Budget of what ai_worker_notes tells the model, in tokens of about four characters; 0: nothing, but for synonyms';
COMMENT ON COLUMN public.ai_worker_config.value_hints IS
    'true: the model is also told the most common values of text columns with few values, where ai_worker may read the column';
COMMENT ON COLUMN public.ai_worker_config.value_hints_hidden IS
    'Columns whose values value_hints never tells: column, table.column or schema.table.column, unquoted, in the catalog''s case';
COMMENT ON COLUMN public.ai_worker_config.few_shot IS
    'Most answers from the cache that the model is shown as examples; 0: none';
COMMENT ON COLUMN public.ai_worker_config.few_shot_from IS
    'Which answers may be examples: verified: those of ai_worker_verify, cache: popular ones too, which hold other callers'' words';
COMMENT ON COLUMN public.ai_worker_config.request_timeout_ms IS
    'Longest wait for one reply of the model, retries included, in milliseconds';
COMMENT ON COLUMN public.ai_worker_config.max_retries IS 'Retries of one request after a passing failure';
COMMENT ON COLUMN public.ai_worker_config.repair_rounds IS
    'How often a refused statement goes back to the model with the reason';
COMMENT ON COLUMN public.ai_worker_config.flight_wait_ms IS
    'Longest wait for another session that is asking the model the same, in milliseconds';
COMMENT ON COLUMN public.ai_worker_config.cache_enabled IS 'false: neither read nor write the cache';
COMMENT ON COLUMN public.ai_worker_config.default_ttl IS 'Lifetime of a cache entry; it does not slide';
COMMENT ON COLUMN public.ai_worker_config.max_entries IS 'Entries kept besides verified ones; clean-up evicts the least recently used beyond';
COMMENT ON COLUMN public.ai_worker_config.max_bytes IS
    'Bytes of prompts and statements kept besides those of verified entries; clean-up evicts the least recently used beyond';
COMMENT ON COLUMN public.ai_worker_config.allow_unsafe_signals IS
    'true: PL/Java may be used though it keeps the server''s signal handlers replaced; its sessions are then hard to end';
COMMENT ON COLUMN public.ai_worker_config.max_sessions IS
    'Most backends of the server in which Java may run at a time for Java to start in another one for this database; NULL: any number';
COMMENT ON COLUMN public.ai_worker_config.jvm_options IS
    'Options for Java, with single spaces between them, such as -Xmx128m; they count after ours, and in sessions in which Java starts later. On PL/Java run install/install.sh after a change. NULL: none';

-- The hint of a refused setting is the comment on its constraint.
COMMENT ON CONSTRAINT ai_worker_config_one_row ON public.ai_worker_config IS 'UPDATE the one row that is there';
COMMENT ON CONSTRAINT ai_worker_config_model ON public.ai_worker_config IS
    'use the model''s name as the endpoint spells it, without white space and without |';
COMMENT ON CONSTRAINT ai_worker_config_base_url ON public.ai_worker_config IS
    'use a URL such as https://api.openai.com/v1 or http://127.0.0.1:11434/v1, without user name and password; %20 and the like stand for special characters';
COMMENT ON CONSTRAINT ai_worker_config_api_key_file ON public.ai_worker_config IS
    'use an absolute path on the server, or NULL for OPENAI_API_KEY in the server''s environment';
COMMENT ON CONSTRAINT ai_worker_config_api_key_header ON public.ai_worker_config IS
    'use a header name such as api-key or Authorization, or NULL for the endpoint''s usual one';
COMMENT ON CONSTRAINT ai_worker_config_api_version ON public.ai_worker_config IS
    'use a version such as 2024-10-21, and name it here or in base_url, not in both';
COMMENT ON CONSTRAINT ai_worker_config_organization ON public.ai_worker_config IS
    'use an id such as org-123, printable ASCII without white space, or NULL for none';
COMMENT ON CONSTRAINT ai_worker_config_project ON public.ai_worker_config IS
    'use an id such as proj_123, printable ASCII without white space, or NULL for none';
COMMENT ON CONSTRAINT ai_worker_config_headers ON public.ai_worker_config IS
    'use an object of texts such as {"X-Team": "data"}: names of letters, digits and -, none that HTTP itself needs; values of printable ASCII; the key belongs in api_key_file, and the name of its header in api_key_header';
COMMENT ON CONSTRAINT ai_worker_config_proxy ON public.ai_worker_config IS
    'use http://host:port without user, password and path, or NULL for none';
COMMENT ON CONSTRAINT ai_worker_config_ca_file ON public.ai_worker_config IS
    'use an absolute path on the server, or NULL for Java''s own certificates';
COMMENT ON CONSTRAINT ai_worker_config_max_completion_tokens ON public.ai_worker_config IS
    'use 1 to 1000000 tokens, or NULL for the endpoint''s own limit';
COMMENT ON CONSTRAINT ai_worker_config_schemas ON public.ai_worker_config IS
    'name at least one schema, for example {public}, and not ai_worker, which is ours';
COMMENT ON CONSTRAINT ai_worker_config_allowed_functions ON public.ai_worker_config IS
    'list function names without NULL, for example {public.geo_distance}';
COMMENT ON CONSTRAINT ai_worker_config_row_limit ON public.ai_worker_config IS 'use 1 to 1000000 rows';
COMMENT ON CONSTRAINT ai_worker_config_max_cost ON public.ai_worker_config IS
    'use a finite cost over 0, as EXPLAIN shows it, or NULL for no ceiling';
COMMENT ON CONSTRAINT ai_worker_config_store_prompts ON public.ai_worker_config IS 'use plain, hash or off';
COMMENT ON CONSTRAINT ai_worker_config_max_prompt_chars ON public.ai_worker_config IS 'use 1 to 1000000 characters';
COMMENT ON CONSTRAINT ai_worker_config_context_tokens ON public.ai_worker_config IS 'use 100 to 1000000 tokens';
COMMENT ON CONSTRAINT ai_worker_config_notes_tokens ON public.ai_worker_config IS 'use 0 to 100000 tokens';
COMMENT ON CONSTRAINT ai_worker_config_value_hints_hidden ON public.ai_worker_config IS
    'list columns without NULL and empty names, for example {iban, patients.illness}';
COMMENT ON CONSTRAINT ai_worker_config_few_shot ON public.ai_worker_config IS 'use 0 to 10 examples';
COMMENT ON CONSTRAINT ai_worker_config_few_shot_from ON public.ai_worker_config IS 'use verified or cache';
COMMENT ON CONSTRAINT ai_worker_config_request_timeout_ms ON public.ai_worker_config IS
    'use 100 to 600000 milliseconds';
COMMENT ON CONSTRAINT ai_worker_config_max_retries ON public.ai_worker_config IS 'use 0 to 10 retries';
COMMENT ON CONSTRAINT ai_worker_config_repair_rounds ON public.ai_worker_config IS 'use 0 to 5 rounds';
COMMENT ON CONSTRAINT ai_worker_config_flight_wait_ms ON public.ai_worker_config IS 'use 0 to 600000 milliseconds';
COMMENT ON CONSTRAINT ai_worker_config_default_ttl ON public.ai_worker_config IS 'use 1 second to 10 years';
COMMENT ON CONSTRAINT ai_worker_config_max_entries ON public.ai_worker_config IS 'use 1 or more entries';
COMMENT ON CONSTRAINT ai_worker_config_max_bytes ON public.ai_worker_config IS 'use 1024 bytes or more';
COMMENT ON CONSTRAINT ai_worker_config_max_sessions ON public.ai_worker_config IS
    'use 1 to 100000 sessions, or NULL for any number';
COMMENT ON CONSTRAINT ai_worker_config_jvm_options ON public.ai_worker_config IS
    'use, with single spaces between them: -Xmx of 32m or more, -Xms, -Xmn, -Xss of 8m or more (in m; less would let recursion crash the server), -XX:TieredStopAtLevel=, -XX:ActiveProcessorCount=, -XX:ReservedCodeCacheSize=, -XX:MaxMetaspaceSize=, -XX:MaxDirectMemorySize= (in m), -Djava.net.preferIPv4Stack=true. Other options can run programs and write files as the server''s OS user, so on PL/Java a superuser may put them into pljava.vmoptions, and nobody into this';

-- A CHECK alone cannot say what to do instead, so this trigger applies the table's own CHECKs first and says it.
CREATE OR REPLACE FUNCTION ai_worker.explain_refusal() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rule record;
    holds boolean;
BEGIN
    -- The server's own error would show the row, and headers and URLs may hold secrets.
    FOR rule IN
        SELECT a.attname FROM pg_attribute AS a
         WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped
           AND to_jsonb(NEW) -> a.attname = 'null'
         ORDER BY a.attnum
    LOOP
        RAISE EXCEPTION '% cannot be NULL', rule.attname
            USING ERRCODE = 'not_null_violation', HINT = 'use DEFAULT for what it was at first',
                  COLUMN = rule.attname, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END LOOP;
    FOR rule IN
        SELECT c.conname, pg_get_expr(c.conbin, c.conrelid) AS expression, a.attname,
               obj_description(c.oid, 'pg_constraint') AS hint
          FROM pg_constraint AS c
          JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
         WHERE c.conrelid = TG_RELID AND c.contype = 'c'
         ORDER BY a.attnum
    LOOP
        EXECUTE format('SELECT %s FROM (SELECT ($1).*) AS new_row', rule.expression) INTO holds USING NEW;
        IF NOT holds THEN
            RAISE EXCEPTION '% cannot be %', rule.attname,
                CASE WHEN rule.attname IN ('base_url', 'headers', 'proxy') THEN 'this'
                     ELSE quote_nullable(to_jsonb(NEW) ->> rule.attname) END
                USING ERRCODE = 'check_violation',
                      DETAIL = format('The rule is %s.', rule.expression),
                      HINT = rule.hint,
                      CONSTRAINT = rule.conname, COLUMN = rule.attname,
                      TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.explain_refusal() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.explain_refusal() IS
    'AI Worker: refuses a bad setting, quota or note with a hint, by the CHECKs of its table';

DROP TRIGGER IF EXISTS ai_worker_config_explain ON public.ai_worker_config;
CREATE TRIGGER ai_worker_config_explain BEFORE INSERT OR UPDATE ON public.ai_worker_config
    FOR EACH ROW EXECUTE FUNCTION ai_worker.explain_refusal();
COMMENT ON TRIGGER ai_worker_config_explain ON public.ai_worker_config IS 'Refuses a bad setting with a hint';

INSERT INTO public.ai_worker_config DEFAULT VALUES ON CONFLICT DO NOTHING;

CREATE OR REPLACE FUNCTION ai_worker.settings() RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings jsonb;
    missing text;
BEGIN
    BEGIN
        SELECT to_jsonb(c) INTO STRICT settings FROM public.ai_worker_config AS c;
    EXCEPTION
        WHEN no_data_found THEN
            RAISE EXCEPTION 'ai_worker_config has no row'
                USING ERRCODE = 'IA004', DETAIL = 'The settings are its one row.',
                      HINT = 'INSERT INTO public.ai_worker_config DEFAULT VALUES';
        WHEN undefined_table THEN
            RAISE EXCEPTION 'ai_worker_config is missing'
                USING ERRCODE = 'IA004', DETAIL = SQLERRM,
                      HINT = 'Run install/install.sh again on this database: it repairs what is missing and keeps the cache.';
    END;
    -- Those that are used in SQL; Java looks for its own.
    SELECT string_agg(s.name, ', ') INTO missing
      FROM unnest(ARRAY['model', 'schemas', 'max_prompt_chars', 'flight_wait_ms', 'cache_enabled', 'value_hints',
                        'value_hints_hidden', 'few_shot', 'few_shot_from', 'store_prompts', 'default_ttl', 'max_entries',
                        'max_bytes']) AS s (name)
     WHERE settings -> s.name IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'ai_worker_config is incomplete'
            USING ERRCODE = 'IA004', DETAIL = format('It lacks %s.', missing),
                  HINT = 'Run install/install.sh again on this database: it repairs what is missing and keeps the cache.';
    END IF;
    RETURN settings;
END
$$;
REVOKE ALL ON FUNCTION ai_worker.settings() FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.settings() IS 'AI Worker: the row of ai_worker_config, keys being its columns';
