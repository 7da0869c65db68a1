"""A day that was exported too early and grows when it is exported again."""

from __future__ import annotations

from datetime import date

from dev.generator.calendar import SECOND, Calendar
from dev.generator.catalogue import Row
from dev.generator.day import Day, make_world
from dev.generator.profile import Profile, seeded
from dev.generator.session import Session, exported_items, param
from dev.generator.shopping import some_line
from dev.generator.visits import ordinary_visit


def grow(profile: Profile, day: date, rows: list[Row], seed: int, share: float) -> list[Row]:
    """`rows` and at least `share` more of the same day: new sessions, and more of known ones."""
    calendar = Calendar(day, day, profile.zone, 0)
    world = make_world(profile, seed, calendar)
    world.number_prefix = f"{day:%y%m%d}-"
    late = Day(world, 0, seeded(profile.slug, seed, day, "late", len(rows)))
    wanted = max(3, round(len(rows) * share))
    for row in _continued(late, rows, max(1, wanted // 40)):
        calendar.add(int(row["event_timestamp"]), row)
    while len(calendar.rows(0)) < wanted:
        ordinary_visit(late)
    return rows + calendar.take(0)


def _continued(late: Day, rows: list[Row], count: int) -> list[Row]:
    """Events that follow a known page view: another page, an add to cart, an order."""
    pages = [r for r in rows if r["event_name"] == "page_view" and "user_pseudo_id" in r]
    chosen = late.rng.sample(pages, min(count, len(pages)))
    return [later for page in chosen for later in _sequel(late, page)]


def _sequel(late: Day, page: Row) -> list[Row]:
    line = some_line(Session(late, late.stranger(), 0))
    number = late.world.next_transaction_id()
    revenue = round(line.value, 2)
    money = [param("currency", late.world.profile.currency), param("value", revenue)]
    items = exported_items([line])
    steps: tuple[tuple[str, Row], ...] = (
        ("page_view", {}),
        ("add_to_cart", {"items": items, "event_params": page["event_params"] + money}),
        (
            "purchase",
            {
                "items": items,
                "event_params": [*page["event_params"], *money, param("transaction_id", number)],
                "ecommerce": {"transaction_id": number, "purchase_revenue": revenue},
            },
        ),
    )
    end = late.world.calendar.end - SECOND
    start = int(page["event_timestamp"])
    times = [min(start + n * 20 * SECOND, end) for n in range(1, 4)]
    return [
        {**page, "event_timestamp": str(at), "event_name": name, **changes}
        for at, (name, changes) in zip(times, steps, strict=True)
    ]
