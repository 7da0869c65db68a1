"""The world a day happens in: its people, shop and calendar."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate

from dev.generator.calendar import SECOND, Calendar
from dev.generator.catalogue import Catalogue, Row
from dev.generator.people import Contact, People, Visitor, make_people, make_visitor
from dev.generator.profile import Profile, seeded

# share of the day's sessions that start in each hour
HOURS = (2, 1, 1, 1, 2, 6, 16, 38, 62, 80, 92, 84, 58, 72, 84, 76, 60, 38, 20, 14, 12, 10, 7, 5)
WEEKDAYS = (1.12, 1.2, 1.16, 1.08, 0.94, 0.34, 0.24)


@dataclass(slots=True)
class Line:
    """A product in a cart."""

    item: Row
    quantity: int

    @property
    def value(self) -> float:
        """Price of the line, in the tenant's currency."""
        return float(self.item["price"]) * self.quantity


@dataclass(slots=True)
class Order:
    """An order as the shop knows it: what a refund or a repeat needs. `revenue` is exported."""

    transaction_id: str
    revenue: float
    currency: str | None
    lines: list[Line]
    visitor: Visitor
    contact: Contact | None
    ga_session_id: int
    at: int = 0


@dataclass(slots=True)
class World:
    """Everything that lasts longer than a day."""

    profile: Profile
    seed: int
    calendar: Calendar
    catalogue: Catalogue
    people: People
    number_prefix: str = ""
    pages: dict[str, tuple[Row, Row]] = field(default_factory=dict)
    _order_count: int = 0

    def next_transaction_id(self) -> str:
        """A new order number."""
        self._order_count += 1
        return f"SO-{self.number_prefix}{104_200 + self._order_count}"


def make_world(profile: Profile, seed: int, calendar: Calendar) -> World:
    """Products and people depend on profile and seed alone, not on the calendar."""
    catalogue = Catalogue(seeded(profile.slug, seed, "catalogue"), profile.products)
    people = make_people(seeded(profile.slug, seed, "people"), profile)
    return World(profile, seed, calendar, catalogue, people)


class Day:
    """One day of the shop; whatever happens on it draws from the day's own random numbers."""

    def __init__(self, world: World, index: int, rng: random.Random) -> None:
        self.world = world
        self.index = index
        self.rng = rng
        self.date: date = world.calendar.days[index]
        self.progress = index / max(1, world.calendar.closed)
        trends = (1 + c.company.trend * self.progress for c in world.people.contacts)
        weights = (c.company.weight for c in world.people.contacts)
        self._weights = list(accumulate(t * w for t, w in zip(trends, weights, strict=True)))

    def at(self, hour: float) -> int:
        """The instant of a wall-clock hour, e.g. 9.5, with random seconds and microseconds."""
        calendar = self.world.calendar
        wall = calendar.midnights[self.index] + int(hour * 3600) * SECOND
        return wall + self._clock_change(hour) + self.rng.randrange(60 * SECOND)

    def _clock_change(self, hour: float) -> int:
        """Microseconds to add after the clock was put forward or back this day."""
        calendar = self.world.calendar
        if self.index + 1 >= len(calendar.midnights) or hour < 3:
            return 0
        length = calendar.midnights[self.index + 1] - calendar.midnights[self.index]
        return length - 24 * 3600 * SECOND

    def arrival(self) -> int:
        """The start of an ordinary session: busy in working hours."""
        hour = self.rng.choices(range(24), HOURS)[0]
        return self.at(hour + self.rng.random() * 0.98)

    def contact(self) -> Contact:
        """One contact, of large and growing companies more often."""
        return self.rng.choices(self.world.people.contacts, cum_weights=self._weights)[0]

    def stranger(self) -> Visitor:
        """A new browser."""
        return make_visitor(self.rng, self.world.profile)

    def later(self, days: int, scene: Callable[[Day], None]) -> None:
        """Let `scene` happen some days from now, if the range lasts that long."""
        self.world.calendar.put_off(self.index + days, scene)

    def in_range(self, days: int, scene: Callable[[Day], None]) -> None:
        """Let `scene` happen some days from now, at the latest on the last closed day."""
        last = max(self.index, self.world.calendar.closed - 1)
        self.world.calendar.put_off(min(self.index + days, last), scene)

    def demand(self) -> int:
        """How many sessions start today: weekday, growth, a slow wave, a promotion week, noise."""
        profile = self.world.profile
        wave = 1 + 0.08 * (1 - abs((self.index % 28) - 14) / 7)
        promotion = 1.25 if 0.55 <= self.progress < 0.66 else 1.0
        noise = self.rng.gauss(1, 0.06)
        growth = 1 + profile.growth * self.progress
        mean = profile.sessions_per_day * WEEKDAYS[self.date.weekday()] / 0.87
        return max(1, round(mean * growth * wave * promotion * noise))
