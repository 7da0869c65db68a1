"""The list of special cases and when they happen."""

from __future__ import annotations

from collections.abc import Callable

from dev.generator import odd_carts, odd_orders, odd_visits
from dev.generator.day import WEEKDAYS, Day

# each scene with how often it comes back after its first time, per 1,000 ordinary sessions
SCENES: tuple[tuple[Callable[[Day], None], float], ...] = (
    (odd_orders.order_repeated_at_once, 0.25),
    (odd_orders.order_repeated_days_later, 0.15),
    (odd_orders.placeholder_ids, 0.05),
    (odd_orders.order_without_revenue, 0.06),
    (odd_orders.order_of_nan, 0.05),
    (odd_orders.order_in_other_currency, 0.2),
    (odd_orders.order_of_many_lines, 0.05),
    (odd_orders.order_after_midnight, 0.25),
    (odd_orders.order_and_activity_at_one_instant, 0.1),
    (odd_orders.orders_refunded, 0.05),
    (odd_orders.refund_of_unknown_order, 0.1),
    (odd_orders.refund_before_order, 0.1),
    (odd_orders.refund_in_the_session_of_the_order, 0.1),
    (odd_visits.sign_in_mid_session, 0.5),
    (odd_visits.two_contacts_in_one_session, 0.5),
    (odd_visits.known_browser_not_signed_in, 0.5),
    (odd_visits.consent_denied, 0.1),
    (odd_visits.half_identified, 0.3),
    (odd_visits.colliding_session_ids, 0.2),
    (odd_visits.dotted_visitor, 0.3),
    (odd_visits.engagement_in_every_shape, 0.1),
    (odd_visits.unlisted_people, 0.3),
    (odd_visits.odd_properties, 0.2),
    (odd_visits.hostile_words, 0.03),
    (odd_visits.spellings_of_one_term, 0.1),
    (odd_visits.searches_that_sell, 0.2),
    (odd_visits.twin_rows, 0.2),
    (odd_visits.long_absence_in_a_session, 0.1),
    (odd_carts.cart_over_two_devices, 0.2),
    (odd_carts.cart_emptied, 0.3),
    (odd_carts.cart_without_prices, 0.1),
    (odd_carts.cart_of_several_lines_in_one_event, 0.1),
    (odd_carts.cart_after_an_order, 0.2),
    (odd_carts.cart_ordered_by_a_colleague, 0.2),
    (odd_carts.cart_ordered_exactly_a_day_later, 0.05),
    (odd_carts.cart_recovered_days_later, 0.3),
)


def play_scenes(day: Day) -> None:
    """Play what is due: every scene once, early enough for its sequel, and again at its rate.

    The current day has a morning even in the smallest tenant.
    """
    calendar = day.world.calendar
    stages = _stages(day)
    for number, (scene, rate) in enumerate(SCENES):
        is_first = day.index == stages[number % len(stages)]
        often = rate / 1000 * day.world.profile.sessions_per_day * day.world.profile.peculiarities
        often *= WEEKDAYS[day.date.weekday()]
        if is_first or day.rng.random() < often:
            scene(day)
    if day.index == calendar.closed:
        odd_visits.known_browser_not_signed_in(day)
    for sequel in calendar.due(day.index):
        sequel(day)


def _stages(day: Day) -> list[int]:
    """Days for first appearances: working days that leave two more days for the sequel."""
    calendar = day.world.calendar
    early = range(max(1, calendar.closed - 2))
    return [index for index in early if calendar.days[index].weekday() < 5] or list(early)
