import unittest

import seed
from shop import cart, catalog, database


class Cart(unittest.TestCase):
    def setUp(self):
        self.database = database.connect(":memory:")
        database.migrate(self.database)
        seed.fill(self.database)

    def tearDown(self):
        self.database.close()

    def test_is_empty_at_first(self):
        self.assertEqual(cart.contents(self.database, "a"), {"lines": [], "pieces": 0, "saved": 0, "total": 0})

    def test_adds_up_and_knows_what_was_saved(self):
        cart.add(self.database, "a", 7, 2)
        cart.add(self.database, "a", 7, 3)
        cart.add(self.database, "a", 1)
        contents = cart.contents(self.database, "a")
        self.assertEqual([(line["product_id"], line["quantity"]) for line in contents["lines"]], [(1, 1), (7, 5)])
        self.assertEqual(contents["pieces"], 6)
        self.assertEqual(contents["total"], 3450 + 4028)
        self.assertEqual(contents["saved"], 5 * 895 - 4028)

    def test_belongs_to_one_visitor(self):
        cart.add(self.database, "a", 1)
        self.assertEqual(cart.contents(self.database, "b")["pieces"], 0)

    def test_holds_no_more_than_there_is(self):
        cart.add(self.database, "a", 8, 3)
        with self.assertRaisesRegex(cart.OutOfStock, "only 3 of Swift brick are left"):
            cart.add(self.database, "a", 8)
        self.assertEqual(cart.contents(self.database, "a")["pieces"], 3)

    def test_refuses_an_unknown_product(self):
        with self.assertRaises(LookupError):
            cart.add(self.database, "a", 999)

    def test_best_sellers_come_first(self):
        self.assertEqual([product["id"] for product in catalog.products(self.database)][:3], [3, 8, 7])

    def test_migrating_and_seeding_twice_changes_nothing(self):
        before = list(self.database.iterdump())
        self.assertEqual(database.migrate(self.database), [])
        seed.fill(self.database)
        self.assertEqual(list(self.database.iterdump()), before)


if __name__ == "__main__":
    unittest.main()
