"""Fills a database with something to look at; what is there already stays."""

from shop import database, settings

PRODUCTS = [
    ("Tit box", "Oak & Owl", "Untreated oak, a 32 mm hole, opens at the side for the autumn clean.", 3450, 24, "box", "#c98f4e"),
    ("Window feeder", "Clearwing", "Three strong suction cups, and breakfast at eye level.", 1990, 40, "feeder", "#5a9bd4"),
    ("Sunflower hearts, 2 kg", "Fieldmouse", "No husks, no mess under the feeder.", 1125, 120, "bag", "#e0b13c"),
    ("Stone bird bath", "Oak & Owl", "Shallow on one side, for small visitors. Frost-proof.", 8900, 6, "bath", "#8b9aa3"),
    ("Pocket binoculars 8×25", "Farlook", "210 grams, and bright enough for dusk.", 14900, 9, "binoculars", "#5f6f52"),
    ("Garden Birds, a field guide", "Hedge Press", "160 species, drawn by hand, sorted by colour.", 2480, 31, "book", "#b5544d"),
    ("Fat balls, box of 12", "Fieldmouse", "With mealworms. No nets for feet to be caught in.", 895, 200, "balls", "#b08968"),
    ("Swift brick", "Oak & Owl", "Built into the wall once, used for thirty summers.", 4200, 3, "brick", "#a8563c"),
    ("Dawn chorus mug", "Kiln Lane", "A wren on the outside, coffee on the inside.", 1650, 48, "mug", "#4f8a8b"),
    ("Meadow seed mix", "Fieldmouse", "Forty wild flowers for ten square metres.", 640, 0, "flower", "#d17ba0"),
    ("Wren, a linocut", "Hedge Press", "Printed by hand on cotton paper, numbered, A4.", 5500, 12, "print", "#6b5b95"),
    ("Hedgehog shelter", "Oak & Owl", "Not a bird. We could not say no.", 6725, 4, "shelter", "#7d6b4f"),
]

CUSTOMERS = [
    ("Amara Okafor", "amara@example.com"),
    ("Björn Lindqvist", "bjorn@example.com"),
    ("Chiara Russo", "chiara@example.com"),
    ("Dinh Thu Ha", "ha@example.com"),
    ("Esther O'Neill", "esther@example.com"),
    ("Farid Haddad", "farid@example.com"),
]

# Customer, day, and (product, pieces).
ORDERS = [
    (1, "2026-03-02", [(3, 4), (7, 2)]),
    (2, "2026-03-05", [(1, 2), (6, 1)]),
    (3, "2026-03-09", [(5, 1)]),
    (4, "2026-03-14", [(3, 3), (2, 1), (9, 2)]),
    (5, "2026-03-21", [(8, 6)]),
    (1, "2026-04-01", [(1, 1), (7, 3)]),
    (6, "2026-04-03", [(4, 1), (11, 1)]),
    (2, "2026-04-11", [(9, 1), (3, 2)]),
]


def fill(connection) -> None:
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT OR IGNORE INTO products (id, name, maker, about, price, stock, drawing, colour) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(number, *product) for number, product in enumerate(PRODUCTS, 1)],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO customers (id, name, email) VALUES (?, ?, ?)",
        [(number, *customer) for number, customer in enumerate(CUSTOMERS, 1)],
    )
    for number, (customer, day, lines) in enumerate(ORDERS, 1):
        connection.execute("INSERT OR IGNORE INTO orders VALUES (?, ?, ?)", (number, customer, day))
        connection.executemany("INSERT OR IGNORE INTO order_lines VALUES (?, ?, ?)", [(number, *line) for line in lines])
    connection.execute("COMMIT")


def main() -> None:
    connection = database.connect(settings.database_path())
    database.migrate(connection)
    fill(connection)
    print(f"{len(PRODUCTS)} products, {len(CUSTOMERS)} customers, {len(ORDERS)} orders")
    connection.close()


if __name__ == "__main__":
    main()
