"""The products."""

import sqlite3

COLUMNS = "id, name, maker, about, price, stock, drawing, colour"


def products(database: sqlite3.Connection) -> list[dict]:
    """All products, what sold best first."""
    rows = database.execute(
        f"""SELECT {COLUMNS}, (SELECT coalesce(sum(quantity), 0) FROM order_lines WHERE product_id = products.id) AS sold
            FROM products ORDER BY sold DESC, id"""
    )
    return [dict(row) for row in rows]


def product(database: sqlite3.Connection, product_id: int) -> dict | None:
    row = database.execute(f"SELECT {COLUMNS} FROM products WHERE id = ?", (product_id,)).fetchone()
    return dict(row) if row else None
