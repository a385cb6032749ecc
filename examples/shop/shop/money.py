"""Prices are whole cents; nothing here is a float."""

BUNDLE_FROM = 3  # pieces of one product
BUNDLE_PERCENT = 10


def percent_of(cents: int, percent: int) -> int:
    """A share of a price, half a cent rounded up, as people expect on a receipt."""
    return (cents * percent + 50) // 100


def line_total(price: int, quantity: int) -> int:
    """What a line of the cart costs: three or more of one product are cheaper."""
    total = price * quantity
    if quantity >= BUNDLE_FROM:
        total = percent_of(total, 100 - BUNDLE_PERCENT)
    return total


def format_price(cents: int) -> str:
    """1234567 as "€12,345.67"."""
    sign = "-" if cents < 0 else ""
    return f"{sign}€{abs(cents) // 100:,}.{abs(cents) % 100:02}"
