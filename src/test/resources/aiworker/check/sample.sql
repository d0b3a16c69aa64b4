-- A sample schema for the corpus and the attacks.
CREATE SCHEMA sales;
CREATE SCHEMA secret;
CREATE TYPE order_state AS ENUM ('new', 'paid', 'shipped', 'cancelled');
CREATE DOMAIN percentage AS numeric CHECK (VALUE >= 0 AND VALUE <= 100);

CREATE TABLE users (
  id integer PRIMARY KEY,
  name text NOT NULL,
  email text UNIQUE,
  country char(2),
  created_at timestamptz NOT NULL,
  birthday date,
  is_active boolean NOT NULL,
  profile jsonb NOT NULL,
  tags text[] NOT NULL,
  manager_id integer REFERENCES users,
  version integer NOT NULL DEFAULT 1,
  count integer NOT NULL DEFAULT 0
);
CREATE TABLE products (
  id integer PRIMARY KEY,
  name text NOT NULL,
  category text NOT NULL,
  price numeric(10, 2) NOT NULL,
  discount percentage,
  attributes jsonb NOT NULL,
  dimensions integer[] NOT NULL,
  available daterange NOT NULL,
  description text
);
CREATE TABLE orders (
  id integer PRIMARY KEY,
  user_id integer NOT NULL REFERENCES users,
  state order_state NOT NULL,
  ordered_at timestamp NOT NULL,
  shipped_on date,
  note text
);
CREATE TABLE order_items (
  order_id integer NOT NULL REFERENCES orders,
  line integer NOT NULL,
  product_id integer NOT NULL REFERENCES products,
  quantity integer NOT NULL,
  unit_price numeric(10, 2) NOT NULL,
  PRIMARY KEY (order_id, line)
);
CREATE TABLE "Event Log" (
  "Id" integer PRIMARY KEY,
  "at" timestamptz NOT NULL,
  "type" text NOT NULL,
  "value" double precision,
  "key" text,
  "data" json,
  "user" integer,
  "Größe" text,
  number integer,
  level integer,
  "order" integer
);
CREATE TABLE sales.targets (
  year integer NOT NULL,
  month integer NOT NULL,
  region text NOT NULL,
  amount numeric NOT NULL,
  PRIMARY KEY (year, month, region)
);
CREATE TABLE secret.salaries (user_id integer PRIMARY KEY, amount numeric NOT NULL);
CREATE VIEW active_users AS SELECT id, name, country FROM users WHERE is_active;

INSERT INTO users
SELECT i, (ARRAY['Ann', 'Bob', 'Cem', 'Dora', 'Émile', 'O''Neil'])[1 + i % 6] || ' ' || i,
  CASE WHEN i % 7 <> 0 THEN 'user' || i || '@example.org' END,
  (ARRAY['DE', 'FR', 'TR', 'US'])[1 + i % 4],
  timestamptz '2023-01-01 08:00+00' + i * interval '37 hours',
  CASE WHEN i % 5 <> 0 THEN date '1960-01-01' + i * 211 END,
  i % 3 <> 0,
  jsonb_build_object('age', 20 + i % 50, 'city', (ARRAY['Berlin', 'Paris', 'Izmir'])[1 + i % 3],
    'prefs', jsonb_build_object('lang', (ARRAY['de', 'fr', 'tr'])[1 + i % 3], 'news', i % 2 = 0),
    'scores', jsonb_build_array(i % 10, i % 7)),
  (ARRAY[ARRAY['vip', 'beta'], ARRAY['new', 'none'], ARRAY['vip', 'old']])[1 + i % 3 : 1 + i % 3][1:2],
  CASE WHEN i > 10 THEN 1 + i % 10 END, i % 4, i % 9
FROM generate_series(1, 200) AS i;
UPDATE users SET tags = ARRAY(SELECT unnest(tags));
INSERT INTO products
SELECT i, 'Product ' || i, (ARRAY['books', 'games', 'tools', 'toys'])[1 + i % 4],
  (i * 7 % 100) + 0.99, CASE WHEN i % 3 = 0 THEN i % 50 END,
  jsonb_build_object('color', (ARRAY['red', 'blue'])[1 + i % 2], 'weight', i * 1.5, 'tags', jsonb_build_array('t' || i % 3, 't' || i % 5)),
  ARRAY[i, i * 2, i * 3], daterange(date '2024-01-01' + i, date '2024-06-01' + i * 3),
  CASE WHEN i % 4 = 0 THEN 'A fine ' || (ARRAY['small', 'big'])[1 + i % 2] || E' thing\nfor 100% of \\people' END
FROM generate_series(1, 60) AS i;
INSERT INTO orders
SELECT i, 1 + i * 13 % 200, (ARRAY['new', 'paid', 'shipped', 'cancelled']::order_state[])[1 + i % 4],
  timestamp '2024-01-01 09:00' + i * interval '5 hours 17 minutes',
  CASE WHEN i % 4 = 2 THEN date '2024-01-02' + i / 4 END, CASE WHEN i % 10 = 0 THEN 'urgent' END
FROM generate_series(1, 900) AS i;
INSERT INTO order_items
SELECT o.id, l, 1 + (o.id * l) % 60, 1 + (o.id + l) % 5, ((o.id * l * 7) % 100) + 0.99
FROM orders o, generate_series(1, 1 + o.id % 3) AS l;
INSERT INTO "Event Log"
SELECT i, timestamptz '2024-03-01 00:00+00' + i * interval '11 minutes', (ARRAY['click', 'view', 'buy'])[1 + i % 3],
  i * 0.37, 'k' || i % 20, json_build_object('n', i, 'deep', json_build_object('x', i % 4)), 1 + i % 200,
  (ARRAY['groß', 'klein'])[1 + i % 2], i % 13, i % 4, i % 6
FROM generate_series(1, 500) AS i;
INSERT INTO sales.targets
SELECT y, m, r, y * m + length(r) FROM generate_series(2023, 2024) AS y, generate_series(1, 12) AS m,
  unnest(ARRAY['north', 'south']) AS r;
INSERT INTO secret.salaries SELECT id, 1000 + id FROM users;

CREATE TABLE executed (at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE FUNCTION leave_trace(integer) RETURNS integer LANGUAGE sql VOLATILE
  AS 'INSERT INTO public.executed DEFAULT VALUES; SELECT $1';
CREATE FUNCTION safe_double(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE FUNCTION pay(users) RETURNS integer LANGUAGE sql VOLATILE AS 'SELECT public.leave_trace(1)';
CREATE FUNCTION secret.reveal() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION trace_sum(integer, integer) RETURNS integer LANGUAGE sql VOLATILE AS 'SELECT public.leave_trace(1)';
CREATE OPERATOR ### (LEFTARG = integer, RIGHTARG = integer, FUNCTION = trace_sum);
CREATE DOMAIN tracing AS integer CHECK (leave_trace(VALUE) > 0);
CREATE TYPE secret.mood AS ENUM ('good', 'bad');
CREATE SEQUENCE tickets;
CREATE TABLE ai_worker_cache (prompt_text text);
