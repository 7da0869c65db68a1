"""What tells one generated tenant from another: size, place, money, files."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Branch:
    """A place of sale; `weight`: its share of the companies, `trend`: growth over the range."""

    branch_id: str
    name: str
    city: str
    region: str
    weight: float
    trend: float = 0.0
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Profile:
    """One tenant to generate.

    `sessions_per_day` is the mean over a whole week at the start of the range; `growth` is added
    to it until the last day (0.25 = a quarter more). `peculiarities` scales how often the planted
    special cases come back after their first, guaranteed appearance.
    """

    slug: str
    zone: str
    currency: str
    foreign_currency: str
    days: int
    sessions_per_day: float
    growth: float
    companies: int
    products: int
    branches: tuple[Branch, ...]
    owners: tuple[str, ...]
    customer_file: str
    branch_file: str
    is_customer_number_integer: bool = False
    peculiarities: float = 1.0

    @property
    def host(self) -> str:
        """Name of the tenant's web shop."""
        return f"shop.{self.slug}.test"


def seeded(*parts: str | int | date) -> random.Random:
    """Random numbers that depend on `parts` alone, on any machine and in any process."""
    return random.Random(":".join(str(part) for part in parts))


def acme() -> Profile:
    """The large demo tenant: 14 branches in New York's time zone, one of them closed."""
    return Profile(
        slug="acme",
        zone="America/New_York",
        currency="USD",
        foreign_currency="EUR",
        days=45,
        sessions_per_day=176,
        growth=0.4,
        companies=190,
        products=420,
        branches=ACME_BRANCHES,
        owners=("rep.one@acme.test", "rep.two@acme.test", "field.team@acme.test"),
        customer_file="users.xlsx",
        branch_file="locations.xlsx",
    )


def globex() -> Profile:
    """The small demo tenant: 8 branches in Berlin's zone, customer numbers sent as integers."""
    return Profile(
        slug="globex",
        zone="Europe/Berlin",
        currency="EUR",
        foreign_currency="USD",
        days=30,
        sessions_per_day=50,
        growth=0.2,
        companies=56,
        products=160,
        branches=GLOBEX_BRANCHES,
        owners=("aussendienst@globex.test", "innendienst@globex.test"),
        customer_file="users.csv",
        branch_file="locations.csv",
        is_customer_number_integer=True,
    )


def tiny(
    seed: int,
    *,
    days: int = 7,
    sessions_per_day: float | None = None,
    zone: str | None = None,
    currency: str | None = None,
) -> Profile:
    """A tenant of a few hundred events that still has every special case at least once.

    What is not given is drawn from `seed`: zone, currency, branches, companies.
    """
    rng = seeded("tiny", seed)
    own = currency or rng.choice(("USD", "EUR"))
    drawn_zone = rng.choice(TINY_ZONES)
    return Profile(
        slug="tiny",
        zone=zone or drawn_zone,
        currency=own,
        foreign_currency="EUR" if own == "USD" else "USD",
        days=days,
        sessions_per_day=rng.uniform(1, 4) if sessions_per_day is None else sessions_per_day,
        growth=rng.uniform(-0.3, 0.5),
        companies=rng.randint(4, 7),
        products=24,
        branches=(*ACME_BRANCHES[: rng.randint(2, 4)], ACME_BRANCHES[12]),
        owners=("rep.one@acme.test",),
        customer_file=rng.choice(("users.xlsx", "users.csv")),
        branch_file=rng.choice(("locations.xlsx", "locations.csv")),
        is_customer_number_integer=rng.random() < 0.5,
        peculiarities=0.0,
    )


TINY_ZONES = ("America/New_York", "Europe/Berlin", "UTC", "Asia/Kolkata")
ACME_BRANCHES = (
    Branch("D01", "Downtown", "Albany", "New York", 15, 0.25),
    Branch("D02", "Uptown", "Albany", "New York", 12, 0.1),
    Branch("D03", "Harbor", "Newark", "New Jersey", 11, -0.3),
    Branch("D04", "Airport", "Newark", "New Jersey", 8, 0.6),
    Branch("D05", "Riverside", "Trenton", "New Jersey", 8, 0.0),
    Branch("D06", "Mill Street", "Lowell", "Massachusetts", 7, 0.15),
    Branch("D07", "Northside", "Worcester", "Massachusetts", 6, -0.1),
    Branch("D08", "Foundry Park", "Scranton", "Pennsylvania", 6, 0.3),
    Branch("D09", "Canal Yard", "Allentown", "Pennsylvania", 5, 0.0),
    Branch("D10", "Lakeshore", "Erie", "Pennsylvania", 5, -0.4),
    Branch("D11", "Eastgate", "Hartford", "Connecticut", 5, 0.2),
    Branch("D12", "Station Road", "New Haven", "Connecticut", 4, 0.9),
    Branch("D13", "Old Depot", "Providence", "Rhode Island", 2, -0.8, is_active=False),
    Branch("D14", "Hillcrest", "Concord", "New Hampshire", 3, 0.5),
)
GLOBEX_BRANCHES = (
    Branch("B01", "Zentrale", "Berlin", "Berlin", 14, 0.2),
    Branch("B02", "Hafen", "Hamburg", "Hamburg", 11, 0.0),
    Branch("B03", "Süd", "München", "Bayern", 9, 0.4),
    Branch("B04", "Rheinufer", "Köln", "Nordrhein-Westfalen", 8, -0.2),
    Branch("B05", "Messe", "Leipzig", "Sachsen", 6, 0.3),
    Branch("B06", "Nordkreuz", "Bremen", "Bremen", 5, 0.0),
    Branch("B07", "Altes Lager", "Kassel", "Hessen", 2, -0.6, is_active=False),
    Branch("B08", "Weststadt", "Karlsruhe", "Baden-Württemberg", 4, 0.1),
)
