"""What a visitor wants to buy. A cart is found by the random key in the visitor's cookie."""

import sqlite3

from shop import catalog
from shop.money import line_total


class OutOfStock(Exception):
    pass


def add(database: sqlite3.Connection, key: str, product_id: int, quantity: int = 1) -> None:
    """Adds pieces of a product. LookupError for an unknown product, OutOfStock if there are not enough."""
    product = catalog.product(database, product_id)
    if product is None:
        raise LookupError(f"there is no product {product_id}")
    row = database.execute("SELECT quantity FROM cart_lines WHERE cart = ? AND product_id = ?", (key, product_id)).fetchone()
    wanted = quantity + (row["quantity"] if row else 0)
    if wanted > product["stock"]:
        raise OutOfStock(f"only {product['stock']} of {product['name']} are left")
    set_quantity(database, key, product_id, wanted)


def set_quantity(database: sqlite3.Connection, key: str, product_id: int, quantity: int) -> None:
    if quantity <= 0:
        database.execute("DELETE FROM cart_lines WHERE cart = ? AND product_id = ?", (key, product_id))
        return
    database.execute(
        """INSERT INTO cart_lines (cart, product_id, quantity) VALUES (?, ?, ?)
           ON CONFLICT (cart, product_id) DO UPDATE SET quantity = excluded.quantity""",
        (key, product_id, quantity),
    )


def clear(database: sqlite3.Connection, key: str) -> None:
    database.execute("DELETE FROM cart_lines WHERE cart = ?", (key,))


def contents(database: sqlite3.Connection, key: str) -> dict:
    """The cart's lines with their totals, all prices in cents."""
    rows = database.execute(
        """SELECT product_id, name, drawing, colour, price, quantity FROM cart_lines JOIN products ON id = product_id
           WHERE cart = ? ORDER BY product_id""",
        (key,),
    )
    lines = [dict(row) for row in rows]
    for line in lines:
        line["total"] = line_total(line["price"], line["quantity"])
        line["saved"] = line["price"] * line["quantity"] - line["total"]
    return {
        "lines": lines,
        "pieces": sum(line["quantity"] for line in lines),
        "saved": sum(line["saved"] for line in lines),
        "total": sum(line["total"] for line in lines),
    }
