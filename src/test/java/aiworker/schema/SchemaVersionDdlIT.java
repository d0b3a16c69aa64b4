package aiworker.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import aiworker.testing.TestCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What makes old answers miss, what does not, and that undoing it makes them hit again. */
class SchemaVersionDdlIT {
  private static SchemaFixture db;

  @BeforeAll
  static void createSchema() throws Exception {
    db = new SchemaFixture();
    db.run(
        """
        CREATE SCHEMA app;
        CREATE SCHEMA elsewhere;
        CREATE ROLE version_reader;
        CREATE SCHEMA lone AUTHORIZATION version_reader;
        CREATE FUNCTION lone.upper(varchar) RETURNS text LANGUAGE sql AS 'SELECT $1';
        CREATE TYPE mood AS ENUM ('happy', 'sad');
        CREATE DOMAIN grade AS text CHECK (VALUE IN ('A', 'B'));
        CREATE TYPE address AS (street text, city text);
        CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TABLE users (
          id int PRIMARY KEY,
          name varchar(40) NOT NULL,
          manager int CONSTRAINT boss REFERENCES users,
          mood mood DEFAULT 'happy',
          grade grade,
          home address,
          born timestamptz CONSTRAINT born_check CHECK (born > '2000-01-01 00:00:00+00'),
          code text);
        COMMENT ON TABLE users IS 'people';
        COMMENT ON COLUMN users.name IS 'what we call them';
        CREATE TABLE app.orders (
          id int NOT NULL, buyer int REFERENCES users, total numeric,
          tax numeric GENERATED ALWAYS AS (total / 5) STORED);
        CREATE VIEW happy AS SELECT id, name FROM users WHERE mood = 'happy' AND born < '2020-01-01 00:00:00+00';
        CREATE MATERIALIZED VIEW app.totals AS SELECT buyer, sum(total) AS total FROM app.orders GROUP BY buyer;
        CREATE TABLE event (at date NOT NULL, what text) PARTITION BY RANGE (at);
        CREATE TABLE event_old PARTITION OF event FOR VALUES FROM ('2000-01-01') TO ('2001-01-01');
        CREATE FOREIGN DATA WRAPPER nothing;
        CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
        CREATE TABLE elsewhere.hidden (id int);
        CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
        CREATE FUNCTION elsewhere.same(a int, b int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
        CREATE FUNCTION elsewhere.never(i int, t text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
        CREATE OPERATOR app.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = elsewhere.same);
        CREATE AGGREGATE app.biggest(int) (SFUNC = int4larger, STYPE = int);
        CREATE TYPE elsewhere.pair AS (a int, b int);
        """);
    if (TestCluster.major() >= 14) {
      db.run(
          "CREATE FUNCTION head() RETURNS bigint LANGUAGE sql STABLE RETURN (SELECT count(*) FROM users)");
    }
  }

  @AfterAll
  static void close() throws Exception {
    db.run("DROP OWNED BY version_reader CASCADE");
    db.run("DROP ROLE version_reader");
    db.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          CREATE TABLE more (id int) | DROP TABLE more
          DROP TABLE elsewhere.hidden; CREATE TABLE app.hidden (id int) | DROP TABLE app.hidden; CREATE TABLE elsewhere.hidden (id int)
          CREATE TABLE heir () INHERITS (users) | DROP TABLE heir
          CREATE TABLE elsewhere.users (id int) | DROP TABLE elsewhere.users
          CREATE FUNCTION elsewhere.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT $1' | DROP FUNCTION elsewhere.lower(varchar)
          CREATE FUNCTION elsewhere.code(users) RETURNS text LANGUAGE sql AS 'SELECT current_user::text' | DROP FUNCTION elsewhere.code(users)
          CREATE DOMAIN elsewhere.length AS text | DROP DOMAIN elsewhere.length
          GRANT USAGE ON SCHEMA lone TO PUBLIC | REVOKE USAGE ON SCHEMA lone FROM PUBLIC
          CREATE OPERATOR elsewhere.~~ (LEFTARG = int, RIGHTARG = text, FUNCTION = elsewhere.never) | DROP OPERATOR elsewhere.~~ (int, text)
          ALTER TABLE users RENAME TO people | ALTER TABLE people RENAME TO users
          ALTER TABLE users SET SCHEMA app | ALTER TABLE app.users SET SCHEMA public
          ALTER TABLE users SET SCHEMA elsewhere | ALTER TABLE elsewhere.users SET SCHEMA public
          ALTER SCHEMA app RENAME TO apps | ALTER SCHEMA apps RENAME TO app
          ALTER TABLE users ADD COLUMN extra int | ALTER TABLE users DROP COLUMN extra
          ALTER TABLE users DROP COLUMN code | ALTER TABLE users ADD COLUMN code text
          ALTER TABLE users RENAME COLUMN name TO title | ALTER TABLE users RENAME COLUMN title TO name
          ALTER TABLE app.orders ALTER COLUMN id TYPE bigint | ALTER TABLE app.orders ALTER COLUMN id TYPE int
          ALTER TABLE users ALTER COLUMN code TYPE varchar(9) | ALTER TABLE users ALTER COLUMN code TYPE text
          ALTER TABLE users ALTER COLUMN code TYPE text COLLATE "POSIX" | ALTER TABLE users ALTER COLUMN code TYPE text
          ALTER TABLE users ALTER COLUMN code SET NOT NULL | ALTER TABLE users ALTER COLUMN code DROP NOT NULL
          ALTER TABLE users ALTER COLUMN name DROP NOT NULL | ALTER TABLE users ALTER COLUMN name SET NOT NULL
          ALTER TABLE app.orders ADD PRIMARY KEY (id) | ALTER TABLE app.orders DROP CONSTRAINT orders_pkey
          ALTER TABLE users ADD CONSTRAINT one UNIQUE (name) | ALTER TABLE users DROP CONSTRAINT one
          ALTER TABLE users ADD CONSTRAINT one UNIQUE (name, code) | ALTER TABLE users DROP CONSTRAINT one
          ALTER TABLE app.orders ADD CONSTRAINT self FOREIGN KEY (id) REFERENCES users | ALTER TABLE app.orders DROP CONSTRAINT self
          ALTER TABLE users DROP CONSTRAINT boss | ALTER TABLE users ADD CONSTRAINT boss FOREIGN KEY (manager) REFERENCES users
          ALTER TABLE users ADD CONSTRAINT ok CHECK (code IN ('a', 'b')) | ALTER TABLE users DROP CONSTRAINT ok
          ALTER TABLE users DROP CONSTRAINT born_check | ALTER TABLE users ADD CONSTRAINT born_check CHECK (born > '2000-01-01 00:00:00+00')
          ALTER TABLE app.orders ADD COLUMN twice numeric GENERATED ALWAYS AS (total * 2) STORED | ALTER TABLE app.orders DROP COLUMN twice
          ALTER TABLE app.orders DROP COLUMN tax, ADD COLUMN tax numeric GENERATED ALWAYS AS (total / 4) STORED | ALTER TABLE app.orders DROP COLUMN tax, ADD COLUMN tax numeric GENERATED ALWAYS AS (total / 5) STORED
          ALTER TABLE app.orders ALTER COLUMN tax DROP EXPRESSION | ALTER TABLE app.orders DROP COLUMN tax, ADD COLUMN tax numeric GENERATED ALWAYS AS (total / 5) STORED
          COMMENT ON TABLE users IS 'persons' | COMMENT ON TABLE users IS 'people'
          COMMENT ON TABLE users IS NULL | COMMENT ON TABLE users IS 'people'
          COMMENT ON COLUMN users.name IS 'x' | COMMENT ON COLUMN users.name IS 'what we call them'
          COMMENT ON COLUMN users.code IS 'x' | COMMENT ON COLUMN users.code IS NULL
          COMMENT ON COLUMN users.name IS NULL; COMMENT ON COLUMN users.code IS 'what we call them' | COMMENT ON COLUMN users.code IS NULL; COMMENT ON COLUMN users.name IS 'what we call them'
          COMMENT ON VIEW happy IS 'x' | COMMENT ON VIEW happy IS NULL
          COMMENT ON COLUMN happy.id IS 'x' | COMMENT ON COLUMN happy.id IS NULL
          COMMENT ON TYPE mood IS 'x' | COMMENT ON TYPE mood IS NULL
          COMMENT ON DOMAIN grade IS 'x' | COMMENT ON DOMAIN grade IS NULL
          COMMENT ON TYPE address IS 'x' | COMMENT ON TYPE address IS NULL
          COMMENT ON SCHEMA app IS 'x' | COMMENT ON SCHEMA app IS NULL
          CREATE TYPE colour AS ENUM ('red') | DROP TYPE colour
          ALTER TYPE mood RENAME VALUE 'sad' TO 'blue' | ALTER TYPE mood RENAME VALUE 'blue' TO 'sad'
          ALTER TYPE mood RENAME TO feeling | ALTER TYPE feeling RENAME TO mood
          CREATE DOMAIN email AS text | DROP DOMAIN email
          ALTER DOMAIN grade ADD CONSTRAINT short CHECK (length(VALUE) = 1) | ALTER DOMAIN grade DROP CONSTRAINT short
          ALTER DOMAIN grade SET NOT NULL | ALTER DOMAIN grade DROP NOT NULL
          ALTER TYPE address ADD ATTRIBUTE country text | ALTER TYPE address DROP ATTRIBUTE country
          CREATE TYPE floats AS RANGE (subtype = float8) | DROP TYPE floats
          CREATE VIEW sad AS SELECT * FROM users | DROP VIEW sad
          DROP VIEW happy | CREATE VIEW happy AS SELECT id, name FROM users WHERE mood = 'happy' AND born < '2020-01-01 00:00:00+00'
          CREATE OR REPLACE VIEW happy AS SELECT id, name FROM users WHERE mood = 'sad' | CREATE OR REPLACE VIEW happy AS SELECT id, name FROM users WHERE mood = 'happy' AND born < '2020-01-01 00:00:00+00'
          ALTER VIEW happy RENAME COLUMN name TO title | ALTER VIEW happy RENAME COLUMN title TO name
          CREATE MATERIALIZED VIEW sad AS SELECT * FROM users | DROP MATERIALIZED VIEW sad
          DROP MATERIALIZED VIEW app.totals; CREATE VIEW app.totals AS SELECT buyer, sum(total) AS total FROM app.orders GROUP BY buyer | DROP VIEW app.totals; CREATE MATERIALIZED VIEW app.totals AS SELECT buyer, sum(total) AS total FROM app.orders GROUP BY buyer
          CREATE FOREIGN TABLE far (id int) SERVER nowhere | DROP FOREIGN TABLE far
          CREATE TABLE split (id int) PARTITION BY HASH (id) | DROP TABLE split
          ALTER TABLE event DETACH PARTITION event_old | ALTER TABLE event ATTACH PARTITION event_old FOR VALUES FROM ('2000-01-01') TO ('2001-01-01')
          ALTER TABLE event ADD COLUMN who int | ALTER TABLE event DROP COLUMN who
          CREATE FUNCTION twice(t text) RETURNS text LANGUAGE sql AS 'SELECT $1' | DROP FUNCTION twice(text)
          CREATE FUNCTION lower(m mood) RETURNS text LANGUAGE sql AS 'SELECT null' | DROP FUNCTION lower(mood)
          CREATE FUNCTION app.anything(VARIADIC i int[]) RETURNS int LANGUAGE sql AS 'SELECT 1' | DROP FUNCTION app.anything(int[])
          CREATE PROCEDURE nothing() LANGUAGE sql AS '' | DROP PROCEDURE nothing()
          CREATE OR REPLACE FUNCTION twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 3' | CREATE OR REPLACE FUNCTION twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2'
          CREATE OR REPLACE FUNCTION head() RETURNS bigint LANGUAGE sql STABLE RETURN (SELECT sum(id) FROM users) | CREATE OR REPLACE FUNCTION head() RETURNS bigint LANGUAGE sql STABLE RETURN (SELECT count(*) FROM users)
          CREATE OR REPLACE FUNCTION twice(i int DEFAULT 4) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2' | DROP FUNCTION twice(int); CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2'
          DROP FUNCTION twice(int); CREATE FUNCTION twice(i int) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2' | DROP FUNCTION twice(int); CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2'
          ALTER FUNCTION twice(int) VOLATILE | ALTER FUNCTION twice(int) IMMUTABLE
          ALTER FUNCTION twice(int) STRICT | ALTER FUNCTION twice(int) CALLED ON NULL INPUT
          ALTER FUNCTION twice(int) SECURITY DEFINER | ALTER FUNCTION twice(int) SECURITY INVOKER
          ALTER FUNCTION twice(int) SET search_path = app | ALTER FUNCTION twice(int) RESET search_path
          ALTER FUNCTION twice(int) RENAME TO double | ALTER FUNCTION double(int) RENAME TO twice
          ALTER FUNCTION twice(int) SET SCHEMA app | ALTER FUNCTION app.twice(int) SET SCHEMA public
          CREATE AGGREGATE smallest(int) (SFUNC = int4smaller, STYPE = int) | DROP AGGREGATE smallest(int)
          CREATE OR REPLACE AGGREGATE app.biggest(int) (SFUNC = int4smaller, STYPE = int) | CREATE OR REPLACE AGGREGATE app.biggest(int) (SFUNC = int4larger, STYPE = int)
          CREATE OPERATOR = (LEFTARG = int, RIGHTARG = text, FUNCTION = elsewhere.never) | DROP OPERATOR = (int, text)
          CREATE OPERATOR app.!! (RIGHTARG = int, FUNCTION = twice) | DROP OPERATOR app.!! (NONE, int)
          ALTER OPERATOR app.=== (int, int) SET SCHEMA elsewhere | ALTER OPERATOR elsewhere.=== (int, int) SET SCHEMA app
          CREATE OR REPLACE FUNCTION elsewhere.same(a int, b int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false' | CREATE OR REPLACE FUNCTION elsewhere.same(a int, b int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'
          CREATE CAST (text AS mood) WITH INOUT AS IMPLICIT | DROP CAST (text AS mood)
          CREATE EXTENSION pg_buffercache SCHEMA public | DROP EXTENSION pg_buffercache
          CREATE EXTENSION citext SCHEMA app | DROP EXTENSION citext
          """)
  void changesTheVersionUntilUndone(String change, String undo) throws Exception {
    Assumptions.assumeTrue(
        !change.contains(" RETURN (") || TestCluster.major() >= 14,
        "PostgreSQL 13: not with function bodies of standard SQL");
    String before = db.fingerprint();
    db.run(change);
    assertNotEquals(before, db.fingerprint());
    db.run(undo);
    assertEquals(before, db.fingerprint());
  }

  /** An enum's value cannot be dropped, so the undoing makes everything anew. */
  @ParameterizedTest
  @CsvSource({"ALTER TYPE mood ADD VALUE 'numb'", "ALTER TYPE mood ADD VALUE 'numb' BEFORE 'sad'"})
  void changesTheVersionUntilMadeAnew(String change) throws Exception {
    String before = db.fingerprint();
    db.run(change);
    assertNotEquals(before, db.fingerprint());
    db.run(
        """
        DROP VIEW happy;
        ALTER TABLE users ALTER COLUMN mood DROP DEFAULT, ALTER COLUMN mood TYPE text;
        DROP TYPE mood;
        CREATE TYPE mood AS ENUM ('happy', 'sad');
        ALTER TABLE users ALTER COLUMN mood TYPE mood USING mood::mood;
        CREATE VIEW happy AS SELECT id, name FROM users WHERE mood = 'happy' AND born < '2020-01-01 00:00:00+00';
        """);
    assertEquals(before, db.fingerprint());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          INSERT INTO users VALUES (7, 'x') | DELETE FROM users WHERE id = 7
          INSERT INTO users SELECT n, 'x' FROM generate_series(100, 999) n; ANALYZE users | TRUNCATE users CASCADE
          ANALYZE | VACUUM
          VACUUM FULL users | REINDEX TABLE users
          REFRESH MATERIALIZED VIEW app.totals | SELECT 1
          CREATE INDEX by_name ON users (name) | DROP INDEX by_name
          CREATE UNIQUE INDEX by_code ON users (code) WHERE code > 'a' | DROP INDEX by_code
          CREATE STATISTICS both_of ON name, code FROM users | DROP STATISTICS both_of
          GRANT SELECT ON users TO version_reader | REVOKE SELECT ON users FROM version_reader
          GRANT SELECT (name) ON users TO version_reader | REVOKE SELECT (name) ON users FROM version_reader
          ALTER TABLE users OWNER TO version_reader | ALTER TABLE users OWNER TO postgres
          ALTER TABLE users ENABLE ROW LEVEL SECURITY | ALTER TABLE users DISABLE ROW LEVEL SECURITY
          CREATE POLICY own ON users USING (true) | DROP POLICY own ON users
          CREATE TRIGGER fire BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION fire() | DROP TRIGGER fire ON users
          CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END' | DROP FUNCTION f()
          CREATE FUNCTION ai_worker_f() RETURNS int LANGUAGE sql AS 'SELECT 1' | DROP FUNCTION ai_worker_f()
          CREATE FUNCTION ai_generate_sql(prompt text, schema_version text) RETURNS jsonb LANGUAGE sql AS 'SELECT null::jsonb' | DROP FUNCTION ai_generate_sql(text, text)
          CREATE FUNCTION elsewhere.f() RETURNS int LANGUAGE sql AS 'SELECT 1' | DROP FUNCTION elsewhere.f()
          CREATE FUNCTION lone.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT $1' | DROP FUNCTION lone.lower(varchar)
          CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1' | DROP FUNCTION pg_temp.f()
          CREATE OPERATOR elsewhere.!!! (RIGHTARG = int, FUNCTION = twice) | DROP OPERATOR elsewhere.!!! (NONE, int)
          CREATE CAST (text AS elsewhere.pair) WITH INOUT | DROP CAST (text AS elsewhere.pair)
          CREATE TYPE pg_temp.mine AS (a int); CREATE CAST (mood AS pg_temp.mine) WITH INOUT | DROP TYPE pg_temp.mine CASCADE
          ALTER FUNCTION twice(int) COST 7 | ALTER FUNCTION twice(int) COST 100
          ALTER FUNCTION twice(int) OWNER TO version_reader | ALTER FUNCTION twice(int) OWNER TO postgres
          GRANT EXECUTE ON FUNCTION twice TO version_reader | REVOKE EXECUTE ON FUNCTION twice FROM version_reader
          COMMENT ON FUNCTION twice(int) IS 'x' | COMMENT ON FUNCTION twice(int) IS NULL
          ALTER TABLE users ALTER COLUMN mood SET DEFAULT 'sad' | ALTER TABLE users ALTER COLUMN mood DROP DEFAULT
          ALTER TABLE users ALTER COLUMN code SET STATISTICS 500 | ALTER TABLE users ALTER COLUMN code SET STATISTICS -1
          ALTER TABLE users ALTER COLUMN code SET STORAGE EXTERNAL | ALTER TABLE users ALTER COLUMN code SET STORAGE EXTENDED
          ALTER TABLE users SET (fillfactor = 80) | ALTER TABLE users RESET (fillfactor)
          ALTER TABLE app.orders SET UNLOGGED | ALTER TABLE app.orders SET LOGGED
          ALTER TABLE users REPLICA IDENTITY FULL | ALTER TABLE users REPLICA IDENTITY DEFAULT
          ALTER TABLE users RENAME CONSTRAINT boss TO chief | ALTER TABLE users RENAME CONSTRAINT chief TO boss
          COMMENT ON CONSTRAINT boss ON users IS 'x' | COMMENT ON CONSTRAINT boss ON users IS NULL
          CREATE SEQUENCE counter | DROP SEQUENCE counter
          CREATE TEMP TABLE scratch (id int) | DROP TABLE scratch
          CREATE TEMP TABLE users (id int) | DROP TABLE pg_temp.users
          CREATE TABLE ai_worker_more (id int) | DROP TABLE ai_worker_more
          CREATE VIEW ai_worker_view AS SELECT * FROM users | DROP VIEW ai_worker_view
          CREATE TYPE ai_worker_kind AS ENUM ('x') | DROP TYPE ai_worker_kind
          CREATE EXTENSION pg_buffercache SCHEMA elsewhere | DROP EXTENSION pg_buffercache
          CREATE TABLE event_new PARTITION OF event FOR VALUES FROM ('2001-01-01') TO ('2002-01-01') | DROP TABLE event_new
          CREATE TABLE elsewhere.more (id int) | DROP TABLE elsewhere.more
          COMMENT ON TABLE elsewhere.hidden IS 'x' | COMMENT ON TABLE elsewhere.hidden IS NULL
          SET timezone = 'Asia/Tokyo' | RESET timezone
          SET datestyle = 'ISO, DMY' | RESET datestyle
          SET quote_all_identifiers = on | RESET quote_all_identifiers
          SET intervalstyle = 'iso_8601' | RESET intervalstyle
          SET search_path = elsewhere, app | RESET search_path
          SET standard_conforming_strings = off | RESET standard_conforming_strings
          SET ROLE pg_monitor; RESET ROLE | SET lock_timeout = 0
          """)
  void leavesTheVersion(String change, String undo) throws Exception {
    String before = db.fingerprint();
    db.run(change);
    assertEquals(before, db.fingerprint());
    db.run(undo);
    assertEquals(before, db.fingerprint());
  }
}
