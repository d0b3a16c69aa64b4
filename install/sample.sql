-- A small shop to ask questions about: every run gives the same rows, but for the dates, which end today.

CREATE TYPE order_status AS ENUM ('pending', 'paid', 'shipped', 'delivered', 'cancelled', 'returned');
COMMENT ON TYPE order_status IS 'Where an order stands; cancelled and returned orders bring no revenue';

CREATE TABLE users (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    full_name text NOT NULL,
    city text NOT NULL,
    country char(2) NOT NULL,
    newsletter boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE users IS 'Customers with an account';
COMMENT ON COLUMN users.id IS 'Customer number';
COMMENT ON COLUMN users.email IS 'Login and address for mail, lower case';
COMMENT ON COLUMN users.full_name IS 'First and last name';
COMMENT ON COLUMN users.city IS 'City of the postal address';
COMMENT ON COLUMN users.country IS 'Country of the postal address, ISO 3166-1 alpha-2';
COMMENT ON COLUMN users.newsletter IS 'True if the customer wants the newsletter';
COMMENT ON COLUMN users.created_at IS 'When the account was opened';

CREATE TABLE categories (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);
COMMENT ON TABLE categories IS 'Departments of the shop';
COMMENT ON COLUMN categories.id IS 'Department number';
COMMENT ON COLUMN categories.name IS 'Name as customers see it';

CREATE TABLE products (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category_id integer NOT NULL REFERENCES categories,
    name text NOT NULL UNIQUE,
    price numeric(10, 2) NOT NULL CHECK (price > 0),
    stock integer NOT NULL CHECK (stock >= 0),
    discontinued boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE products IS 'Articles on sale';
COMMENT ON COLUMN products.id IS 'Article number';
COMMENT ON COLUMN products.category_id IS 'Department that sells it';
COMMENT ON COLUMN products.name IS 'Name as customers see it';
COMMENT ON COLUMN products.price IS 'Price today in euros, tax included';
COMMENT ON COLUMN products.stock IS 'Pieces in the warehouse';
COMMENT ON COLUMN products.discontinued IS 'True if it is not ordered from the supplier any more';

CREATE TABLE orders (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users,
    status order_status NOT NULL,
    ordered_at timestamptz NOT NULL,
    shipped_at timestamptz CHECK (shipped_at >= ordered_at)
);
COMMENT ON TABLE orders IS 'Orders, one row for each checkout; what was bought is in order_items';
COMMENT ON COLUMN orders.id IS 'Order number';
COMMENT ON COLUMN orders.user_id IS 'Customer who ordered';
COMMENT ON COLUMN orders.status IS 'Where the order stands';
COMMENT ON COLUMN orders.ordered_at IS 'When the customer checked out';
COMMENT ON COLUMN orders.shipped_at IS 'When the parcel left the warehouse; NULL before that';

CREATE TABLE order_items (
    order_id integer NOT NULL REFERENCES orders,
    product_id integer NOT NULL REFERENCES products,
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_price numeric(10, 2) NOT NULL CHECK (unit_price > 0),
    PRIMARY KEY (order_id, product_id)
);
COMMENT ON TABLE order_items IS 'Articles of each order';
COMMENT ON COLUMN order_items.order_id IS 'Order that it belongs to';
COMMENT ON COLUMN order_items.product_id IS 'Article bought';
COMMENT ON COLUMN order_items.quantity IS 'Pieces bought';
COMMENT ON COLUMN order_items.unit_price IS 'Price of one piece in euros on the day of the order';

CREATE TABLE reviews (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id integer NOT NULL REFERENCES products,
    user_id integer NOT NULL REFERENCES users,
    rating smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    comment text,
    created_at timestamptz NOT NULL,
    UNIQUE (product_id, user_id)
);
COMMENT ON TABLE reviews IS 'What customers say about articles';
COMMENT ON COLUMN reviews.id IS 'Review number';
COMMENT ON COLUMN reviews.product_id IS 'Article reviewed';
COMMENT ON COLUMN reviews.user_id IS 'Customer who wrote it';
COMMENT ON COLUMN reviews.rating IS 'Stars, 1 (bad) to 5 (good)';
COMMENT ON COLUMN reviews.comment IS 'Text of the review; NULL for stars alone';
COMMENT ON COLUMN reviews.created_at IS 'When it was written';

CREATE INDEX orders_user_id ON orders (user_id);
COMMENT ON INDEX orders_user_id IS 'Orders of one customer';
CREATE INDEX orders_ordered_at ON orders (ordered_at);
COMMENT ON INDEX orders_ordered_at IS 'Orders of a period';
CREATE INDEX order_items_product_id ON order_items (product_id);
COMMENT ON INDEX order_items_product_id IS 'Sales of one article';
CREATE INDEX reviews_user_id ON reviews (user_id);
COMMENT ON INDEX reviews_user_id IS 'Reviews of one customer';

-- n * 0.618… % 1, and the like with other irrational numbers, spreads evenly over 0 to 1 and is the same in every run.

INSERT INTO users (email, full_name, city, country, newsletter, created_at)
SELECT lower(first_name || '.' || last_name) || n || '@example.com',
       first_name || ' ' || last_name,
       places[place][1],
       places[place][2],
       n % 3 = 0,
       now() - make_interval(mins => (n * 0.7548776662 % 1 * 1093 * 1440)::integer)
FROM generate_series(1, 600) AS n
CROSS JOIN LATERAL (
    SELECT (ARRAY['Anna', 'Ben', 'Carla', 'David', 'Elena', 'Farid', 'Greta', 'Hugo', 'Ines', 'Jonas', 'Katja',
                  'Luca', 'Marta', 'Nils', 'Olga', 'Paul', 'Rosa', 'Sven', 'Tara', 'Viktor'])[1 + n % 20] AS first_name,
           (ARRAY['Almeida', 'Bauer', 'Costa', 'Dubois', 'Eriksen', 'Fischer', 'Garcia', 'Haas', 'Ivanov', 'Jansen',
                  'Kowalski', 'Lopez', 'Meyer', 'Novak', 'Olsen', 'Petit', 'Rossi'])[1 + n % 17] AS last_name,
           ARRAY[['Berlin', 'DE'], ['Paris', 'FR'], ['Madrid', 'ES'], ['Hamburg', 'DE'], ['Milan', 'IT'],
                 ['Munich', 'DE'], ['Vienna', 'AT'], ['Lyon', 'FR'], ['Amsterdam', 'NL'], ['Lisbon', 'PT'],
                 ['Zurich', 'CH']] AS places,
           1 + floor(power(n * 0.6180339887 % 1, 1.5) * 11)::integer AS place
) AS person
ORDER BY n;

INSERT INTO categories (name)
VALUES ('Books'), ('Electronics'), ('Garden'), ('Home'), ('Sports'), ('Toys');

INSERT INTO products (category_id, name, price, stock, discontinued)
SELECT 1 + (n - 1) % 6,
       (ARRAY['Classic', 'Compact', 'Deluxe', 'Basic', 'Pro', 'Mini', 'Travel', 'Family', 'Eco', 'Night'])[1 + (n - 1) / 12]
           || ' ' || (ARRAY['Atlas', 'Headphones', 'Watering Can', 'Desk Lamp', 'Yoga Mat', 'Puzzle', 'Cookbook',
                            'Keyboard', 'Plant Pot', 'Blanket', 'Football', 'Train Set'])[1 + (n - 1) % 12],
       round(4.99 + power(n * 0.7548776662 % 1, 2) * 245, 2),
       greatest(0, (n * 53) % 97 - 4),
       n % 17 = 0
FROM generate_series(1, 120) AS n
ORDER BY n;

-- Some customers order often, some never did; nobody orders before the account is open.
INSERT INTO orders (user_id, status, ordered_at, shipped_at)
SELECT user_id,
       status,
       ordered_at,
       CASE WHEN status IN ('shipped', 'delivered', 'returned')
            THEN least(ordered_at + make_interval(hours => 6 + (n * 13) % 66), now()) END
FROM generate_series(1, 3000) AS n
JOIN users AS u ON u.id = 1 + floor(power(n * 0.6180339887 % 1, 1.5) * 570)::integer * 377 % 600
CROSS JOIN LATERAL (
    SELECT u.id AS user_id,
           now() - (now() - greatest(u.created_at, now() - interval '2 years'))
                   * power(n * 0.5698402910 % 1, 1.15)::double precision AS ordered_at
) AS moment
CROSS JOIN LATERAL (
    SELECT (CASE
        WHEN (n * 29) % 100 < 6 THEN 'cancelled'
        WHEN ordered_at > now() - interval '2 days' THEN CASE WHEN n % 2 = 0 THEN 'pending' ELSE 'paid' END
        WHEN ordered_at > now() - interval '7 days' THEN CASE WHEN n % 4 = 0 THEN 'paid' ELSE 'shipped' END
        WHEN (n * 29) % 100 < 10 THEN 'returned'
        ELSE 'delivered'
    END)::order_status AS status
) AS progress
ORDER BY n;

INSERT INTO order_items (order_id, product_id, quantity, unit_price)
SELECT o.id, p.id, 1 + (o.id * line) % 3, round(p.price * (100 - (o.id % 4) * 5) / 100, 2)
FROM orders AS o
CROSS JOIN LATERAL generate_series(1, 1 + o.id % 4) AS line
JOIN products AS p ON p.id = 1 + floor(power((o.id * 4 + line) * 0.7548776662 % 1, 1.3) * 115)::integer * 47 % 120
ORDER BY o.id, line;

-- Customers review what they have received.
INSERT INTO reviews (product_id, user_id, rating, comment, created_at)
SELECT DISTINCT ON (i.product_id, o.user_id)
       i.product_id,
       o.user_id,
       (ARRAY[5, 4, 5, 3, 4, 5, 2, 4, 5, 1])[1 + floor((o.id + i.product_id) * 0.6180339887 % 1 * 10)::integer],
       (ARRAY[NULL, 'Works as described.', 'Good value.', 'Arrived quickly.', NULL,
              'Smaller than I thought.', 'Would buy again.'])[1 + floor((o.id + i.product_id) * 0.7548776662 % 1 * 7)::integer],
       o.shipped_at + make_interval(days => 2 + o.id % 9)
FROM orders AS o
JOIN order_items AS i ON i.order_id = o.id
WHERE o.status = 'delivered' AND (o.id + i.product_id) % 5 = 0 AND o.shipped_at < now() - interval '12 days'
ORDER BY i.product_id, o.user_id, o.id;

ANALYZE users, categories, products, orders, order_items, reviews;
