"""What people do in the shop: look, search, fill carts, order, send things back."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from dev.generator.catalogue import Product, Row, good_term
from dev.generator.day import Line, Order
from dev.generator.session import NOT_SET_ID, Session, exported_items, param

LANDINGS = (
    ("/", "Industrial supplies"),
    ("/catalogue", "Catalogue"),
    ("/promotions", "Promotions"),
    ("/account/orders", "My orders"),
)


def land(session: Session) -> None:
    """The first page of a visit."""
    rng = session.day.rng
    if rng.random() < 0.3:
        product = session.day.world.catalogue.pick(rng)
        session.page(product.path, product.name)
        return
    path, title = rng.choices(LANDINGS, (60, 20, 12, 8))[0]
    session.page(path, title)


def linger(session: Session) -> None:
    """Read the page: scrolling and engagement time, which the product ignores."""
    rng = session.day.rng
    session.wait()
    if rng.random() < 0.35:
        session.emit("scroll", param("percent_scrolled", 90))
    if rng.random() < 0.7:
        session.emit("user_engagement", param("engagement_time_msec", rng.randrange(900, 90_000)))
        session.wait(rng.uniform(0.5, 3))


def view(session: Session, product: Product) -> None:
    """A product page."""
    linger(session)
    session.page(product.path, product.name)
    money = (param("currency", session.day.world.profile.currency), param("value", product.price))
    session.emit("view_item", *money, items=[product.record])


def browse(session: Session, pages: int) -> None:
    """Wander through categories and products."""
    rng = session.day.rng
    for _ in range(pages):
        product = session.day.world.catalogue.pick(rng)
        linger(session)
        if rng.random() < 0.55:
            view(session, product)
            continue
        session.page(f"/c/{quote(product.category.lower())}", product.category)


def search(session: Session, term: str, *, found: bool) -> None:
    """One search: its page, and its event in one of the three names the shop ever used."""
    rng = session.day.rng
    session.wait()
    session.page(f"/search?q={quote(term)}", "Search")
    name = "view_search_results"
    if not found:
        name = rng.choices(("no_search_results", "view_search_results_no_results"), (85, 15))[0]
    session.emit(name, param("search_term", term), param("unique_search_term", 1))


def find(session: Session) -> Product:
    """A search that leads to a product, which is then viewed."""
    rng = session.day.rng
    product = session.day.world.catalogue.pick(rng)
    search(session, good_term(rng, product), found=True)
    view(session, product)
    return product


def add(session: Session, line: Line, *, seconds: float | None = None) -> Row:
    """Put a line into the cart."""
    return _cart_event(session, "add_to_cart", [line], seconds)


def remove(session: Session, line: Line, *, seconds: float | None = None) -> Row:
    """Take a line, or a part of it, out of the cart."""
    return _cart_event(session, "remove_from_cart", [line], seconds)


def _cart_event(session: Session, name: str, lines: list[Line], seconds: float | None) -> Row:
    session.wait(seconds)
    value = round(sum(line.value for line in lines), 2)
    money = (param("currency", session.day.world.profile.currency), param("value", value))
    return session.emit(name, *money, items=exported_items(lines), ecommerce=dict(NOT_SET_ID))


def some_line(session: Session, product: Product | None = None) -> Line:
    """A product in a quantity that fits its price; rarely a whole project's worth."""
    rng = session.day.rng
    chosen = product or session.day.world.catalogue.pick(rng)
    quantities = (1, 2, 3, 5, 10, 20) if chosen.price < 40 else (1, 1, 1, 2, 3)
    quantity = rng.choice(quantities)
    return Line(chosen.record, quantity * 6 if rng.random() < 0.02 else quantity)


def fill_cart(session: Session) -> list[Line]:
    """View and add a few products, change one's mind about some; what is left in the cart."""
    rng = session.day.rng
    wanted = min(1 + int(rng.expovariate(0.7)), 12)
    lines: list[Line] = []
    for _ in range(wanted):
        product = find(session) if rng.random() < 0.3 else session.day.world.catalogue.pick(rng)
        if rng.random() < 0.7:
            view(session, product)
        lines.append(some_line(session, product))
        add(session, lines[-1])
    if len(lines) > 1 and rng.random() < 0.25:
        remove(session, lines.pop(rng.randrange(len(lines))))
    return lines


def check_out(session: Session, lines: list[Line]) -> None:
    """Go to the till: a cart page and begin_checkout."""
    session.wait()
    session.page("/cart", "Cart")
    _cart_event(session, "begin_checkout", lines, None)


def order(
    session: Session,
    lines: list[Line],
    *,
    transaction_id: str | None = None,
    currency: str | None = None,
    seconds: float | None = None,
) -> Order:
    """Order the lines; the result is what a repeat or a refund of the order needs."""
    world = session.day.world
    placed = Order(
        transaction_id=world.next_transaction_id() if transaction_id is None else transaction_id,
        revenue=round(sum(line.value for line in lines), 2),
        currency=currency or world.profile.currency,
        lines=lines,
        visitor=session.visitor,
        contact=session.contact,
        ga_session_id=session.ga_session_id,
    )
    session.wait(seconds)
    if seconds is None:
        session.page("/checkout/thank-you", "Thank you for your order")
    placed.at = session.at
    session.visitor.revenue += placed.revenue
    purchase(session, placed)
    return placed


def purchase(session: Session, placed: Order) -> Row:
    """The purchase event of an order, now; called again, it is a repeat of the same order."""
    shipping = round(8.5 + 0.01 * placed.revenue, 2)
    money = {
        "purchase_revenue": placed.revenue,
        "shipping_value": shipping,
        "tax_value": round(placed.revenue * 0.08, 2),
    }
    ecommerce: Row = {
        "total_item_quantity": str(sum(line.quantity for line in placed.lines)),
        **money,
        "unique_items": str(len(placed.lines)),
        "transaction_id": placed.transaction_id,
    }
    items = exported_items(placed.lines)
    for item, line in zip(items, placed.lines, strict=True):
        item["item_revenue"] = round(line.value, 2)
    params = [
        param("transaction_id", placed.transaction_id),
        param("currency", placed.currency),
        param("value", placed.revenue),
        param("shipping", shipping),
    ]
    return session.emit("purchase", *params, items=items, ecommerce=ecommerce)


def refund(
    session: Session, placed: Order, *, value: float | None = None, lines: Sequence[Line] = ()
) -> Row:
    """A refund of an order: by value, by the lines sent back, or, with neither, of all of it."""
    items = exported_items(lines)
    for item, line in zip(items, lines, strict=True):
        item["item_refund"] = round(line.value, 2)
    ecommerce: Row = {"transaction_id": placed.transaction_id}
    params = [param("transaction_id", placed.transaction_id), param("currency", placed.currency)]
    if value is not None:
        ecommerce["refund_value"] = value
        params.append(param("value", value))
    return session.emit("refund", *params, items=items, ecommerce=ecommerce)
