import unittest

from shop.money import format_price, line_total, percent_of


class Money(unittest.TestCase):
    def test_prices_are_written_with_cents_and_thousands(self):
        self.assertEqual(format_price(5), "€0.05")
        self.assertEqual(format_price(1990), "€19.90")
        self.assertEqual(format_price(123456789), "€1,234,567.89")
        self.assertEqual(format_price(-250), "-€2.50")

    def test_half_a_cent_is_rounded_up(self):
        self.assertEqual(percent_of(25, 90), 23)  # 22.5
        self.assertEqual(percent_of(15, 90), 14)  # 13.5
        self.assertEqual(percent_of(24, 90), 22)  # 21.6

    def test_three_of_a_kind_cost_ten_percent_less(self):
        self.assertEqual(line_total(1000, 2), 2000)
        self.assertEqual(line_total(1000, 3), 2700)
        self.assertEqual(line_total(895, 5), 4028)  # 4027.5

    def test_a_huge_order_is_exact_to_the_cent(self):
        self.assertEqual(line_total(9_999_999_999_999_995, 3), 26_999_999_999_999_987)


if __name__ == "__main__":
    unittest.main()
