package aiworker.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SchemaContextIT {
  private static SchemaFixture db;

  @BeforeAll
  static void createSchema() throws Exception {
    db = new SchemaFixture();
    db.run(
        """
        CREATE SCHEMA app;
        CREATE TYPE public.mood AS ENUM ('happy', 'so-so', 'it''s bad');
        CREATE DOMAIN app.grade AS text NOT NULL CHECK (VALUE IN ('A', 'B'));
        CREATE TYPE app.address AS (street text, city varchar(80));
        CREATE TABLE public.users (
          id bigint PRIMARY KEY,
          email text NOT NULL UNIQUE,
          first text, last text,
          "full" text GENERATED ALWAYS AS (first || ' ' || last) STORED,
          mood public.mood[],
          home app.address,
          grade app.grade,
          state text CHECK (state IN ('new', 'it''s', 'a]b', 'x')),
          level int CHECK (level = 1 OR level = 2),
          age int CHECK (age > 0),
          UNIQUE (first, last));
        COMMENT ON TABLE public.users IS 'People who sign in';
        COMMENT ON COLUMN public.users.email IS E'lower case\\n); DROP TABLE users; --';
        CREATE TABLE app."Order Line" (
          order_id int, line smallint, "user" bigint REFERENCES public.users,
          parent int, parent_line smallint, price numeric(10,2),
          PRIMARY KEY (order_id, line),
          FOREIGN KEY (parent, parent_line) REFERENCES app."Order Line");
        CREATE TABLE public.event (at timestamptz NOT NULL, what text) PARTITION BY RANGE (at);
        CREATE TABLE public.event_1 PARTITION OF public.event FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
        CREATE VIEW public.happy AS SELECT id, email FROM public.users;
        CREATE MATERIALIZED VIEW public.counted AS SELECT count(*) AS n FROM public.users;
        CREATE TABLE public.ai_worker_cache (cache_key text);
        CREATE TABLE public.pg_class (id int);
        CREATE TABLE app.happy (id int);
        INSERT INTO public.event SELECT '2020-01-01'::timestamptz + n * interval '1 minute', 'x' FROM generate_series(1, 1234) n;
        ANALYZE public.event_1;
        """);
  }

  @AfterAll
  static void close() throws Exception {
    db.close();
  }

  @Test
  void everythingThatFitsIsShownInCatalogOrder() throws Exception {
    assertEquals(
        """
        DOMAIN app.grade AS text NOT NULL CHECK (VALUE IN ('A', 'B'));
        TYPE mood AS ENUM ('happy', 'so-so', 'it''s bad');
        TYPE app.address AS (street text, city varchar(80));
        MATERIALIZED VIEW counted (
          n bigint
        );
        TABLE event ( -- ~1k rows
          at timestamptz NOT NULL,
          what text
        );
        VIEW happy (
          id bigint,
          email text
        );
        TABLE public.pg_class (
          id integer
        );
        TABLE users ( -- People who sign in
          id bigint PRIMARY KEY,
          email text NOT NULL UNIQUE, -- lower case\\u000A); DROP TABLE users; --
          first text,
          last text,
          "full" text GENERATED AS (((first || ' '::text) || last)),
          mood mood[],
          home app.address,
          grade app.grade,
          state text CHECK (state IN ('new', 'it''s', 'a]b', 'x')),
          level integer CHECK (level IN (1, 2)),
          age integer,
          UNIQUE (first, last)
        );
        TABLE app."Order Line" (
          order_id integer NOT NULL,
          line smallint NOT NULL,
          "user" bigint REFERENCES users(id),
          parent integer,
          parent_line smallint,
          price numeric(10,2),
          FOREIGN KEY (parent, parent_line) REFERENCES app."Order Line"(order_id, line),
          PRIMARY KEY (order_id, line)
        );
        TABLE app.happy (
          id integer
        );
        """,
        db.context("public", "app").tell("anything", 8_000, 0).relations());
  }

  @Test
  void typesOfAPublicSchemaThatIsNotSearchedKeepItsName() throws Exception {
    db.run("CREATE SCHEMA sales");
    db.run("CREATE TABLE sales.calls (id int, mood public.mood, moods public.mood[])");
    try {
      assertEquals(
          """
          TYPE public.mood AS ENUM ('happy', 'so-so', 'it''s bad');
          TABLE sales.calls (
            id integer,
            mood public.mood,
            moods public.mood[]
          );
          """,
          db.context("sales").tell("anything", 8_000, 0).relations());
    } finally {
      db.run("DROP SCHEMA sales CASCADE");
    }
  }

  @Test
  void itsVersionIsTheFingerprint() throws Exception {}
}
