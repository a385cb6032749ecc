CREATE TABLE products (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  maker TEXT NOT NULL,
  about TEXT NOT NULL,
  price INTEGER NOT NULL CHECK (price > 0), -- cents
  stock INTEGER NOT NULL CHECK (stock >= 0),
  drawing TEXT NOT NULL,
  colour TEXT NOT NULL
);

CREATE TABLE cart_lines (
  cart TEXT NOT NULL,
  product_id INTEGER NOT NULL REFERENCES products (id),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (cart, product_id)
);
