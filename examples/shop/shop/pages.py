"""The page, as HTML."""

from html import escape

from shop import settings
from shop.money import BUNDLE_FROM, BUNDLE_PERCENT, format_price

TITLE = "Finch & Fern"
TAGLINE = "Good things for gardens and their birds"


def drawing(name: str, colour: str) -> str:
    return f'<svg class="drawing" style="--tint:{escape(colour)}" aria-hidden="true"><use href="/static/drawings.svg#{escape(name)}"/></svg>'


def product_card(product: dict) -> str:
    if product["stock"] == 0:
        action = '<span class="sold-out">Sold out</span>'
    else:
        action = (
            '<form method="post" action="/cart" data-cart>'
            f'<input type="hidden" name="product" value="{product["id"]}">'
            f'<button aria-label="Add {escape(product["name"])} to the cart">Add to cart</button></form>'
        )
    few = f'<span class="few">only {product["stock"]} left</span>' if 0 < product["stock"] < 5 else ""
    return f"""<article class="product">
{drawing(product["drawing"], product["colour"])}
<h3>{escape(product["name"])}</h3>
<p class="maker">{escape(product["maker"])} {few}</p>
<p class="about">{escape(product["about"])}</p>
<footer><strong class="price">{format_price(product["price"])}</strong>{action}</footer>
</article>"""


def cart_line(line: dict) -> str:
    saved = f'<small>{format_price(line["saved"])} saved</small>' if line["saved"] else ""
    return f"""<li>{drawing(line["drawing"], line["colour"])}
<span class="what">{escape(line["name"])}<small>{line["quantity"]} × {format_price(line["price"])}</small></span>
<span class="line-total">{format_price(line["total"])}{saved}</span>
<form method="post" action="/cart/remove" data-cart><input type="hidden" name="product" value="{line["product_id"]}">
<button class="quiet" aria-label="Remove {escape(line["name"])}">×</button></form></li>"""


def cart_panel(cart: dict) -> str:
    if not cart["lines"]:
        body = f'<p class="empty">Nothing in it yet. {BUNDLE_FROM} of a kind are {BUNDLE_PERCENT}\u202f% cheaper.</p>'
    else:
        lines = "\n".join(cart_line(line) for line in cart["lines"])
        body = f"""<ul>{lines}</ul>
<p class="total"><span>Total</span><strong>{format_price(cart["total"])}</strong></p>"""
    return f'<section id="cart" aria-live="polite"><h2>Your cart <span class="count">{cart["pieces"]}</span></h2>{body}</section>'


def photo_panel(has_photo: bool) -> str:
    picture = '<img src="/photo" alt="The photo of the day">' if has_photo else "<p class=\"empty\">No photo today. Have you seen a bird?</p>"
    return f"""<section id="photo"><h2>Photo of the day</h2>{picture}
<form method="post" action="/photo" enctype="multipart/form-data">
<input type="file" name="photo" accept="image/png,image/jpeg,image/gif" required aria-label="A photo">
<button class="quiet">Show it</button></form></section>"""


def footer() -> str:
    where = f'<code>{escape(settings.branch() or "no branch")}</code>'
    if settings.commit():
        where += f' at <code>{escape(settings.commit()[:10])}</code>'
    return f"<footer class=\"page\">{escape(TITLE)} · running {where}</footer>"


def page(products: list[dict], cart: dict, has_photo: bool, message: str = "") -> str:
    note = f'<p class="message" role="alert">{escape(message)}</p>' if message else ""
    cards = "\n".join(product_card(product) for product in products)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(TITLE)}</title>
<link rel="stylesheet" href="/static/shop.css">
<link rel="icon" href="/static/icon.svg">
<script src="/static/shop.js" defer></script>
</head>
<body>
<header class="page"><h1>{escape(TITLE)}</h1><p>{escape(TAGLINE)}</p></header>
{note}
<main>
<section id="products" aria-label="Products">
{cards}
</section>
<aside>
{cart_panel(cart)}
{photo_panel(has_photo)}
</aside>
</main>
{footer()}
</body>
</html>
"""
