"""Who visits the shop: companies with contacts, their devices, and passers-by."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from dev.generator.catalogue import Row
from dev.generator.profile import Branch, Profile

FIRST_NAMES = (
    "Robin",
    "Alex",
    "Sam",
    "Jordan",
    "Casey",
    "Morgan",
    "Taylor",
    "Jamie",
    "Quinn",
    "Avery",
    "Dana",
    "Kim",
    "Noor",
    "Mika",
    "Toni",
    "Renée",
    "José",
)
LAST_NAMES = (
    "Vale",
    "Marsh",
    "Holt",
    "Brook",
    "Lind",
    "Stone",
    "Reed",
    "Frost",
    "Hale",
    "Birch",
    "Moor",
    "Thorn",
    "Wynn",
    "Ash",
    "Dale",
    "Finch",
    "Grün",
    "Núñez",
)
COMPANY_NAMES = (
    "Alderbrook",
    "Brindlemoor",
    "Cobaltine",
    "Dunmarrow",
    "Eskdale Bay",
    "Ferrowick",
    "Gristane",
    "Hollowmere",
    "Ironquay",
    "Juniper Flats",
    "Kestrelby",
    "Larchmond",
    "Millrace",
    "Northwold",
    "Oxbow Ridge",
    "Pinefall",
)
TRADES = (
    "Mechanical",
    "Plumbing",
    "Fabrication",
    "Electric",
    "Maintenance",
    "Process Systems",
    "Contracting",
    "Machine Works",
    "Water Services",
    "Refrigeration",
)
UNKNOWN_BRANCH = "D99"


@dataclass(frozen=True, slots=True)
class Company:
    """A business customer; `branch_id` is where the shop thinks it buys."""

    company_id: str
    name: str
    branch_id: str
    weight: float
    trend: float


@dataclass(frozen=True, slots=True)
class Contact:
    """A person who buys. `is_listed` is false when the customer file does not know them."""

    contact_id: str
    name: str
    email: str
    phone: str
    company: Company
    owner: str
    is_listed: bool
    account_id: str
    devices: tuple[Visitor, ...]


@dataclass(slots=True)
class Visitor:
    """A browser. `pseudo_id` is None for somebody who denied consent."""

    pseudo_id: str | None
    device: Row
    geo: Row
    source: Row
    first_touch: int | None = None
    sessions: int = 0
    revenue: float = 0.0


@dataclass(slots=True)
class People:
    """Everybody of one tenant."""

    contacts: list[Contact] = field(default_factory=list)
    spares: list[Contact] = field(default_factory=list)

    def pair(self, rng: random.Random) -> tuple[Contact, Contact]:
        """Two contacts of one company."""
        first = rng.choice(self.contacts)
        second = self.colleague(rng, first)
        if second.company is first.company:
            return first, second
        return self.contacts[0], self.contacts[1]

    def colleague(self, rng: random.Random, contact: Contact) -> Contact:
        """Another contact of the same company if there is one, else anybody else."""
        others = [c for c in self.contacts if c is not contact]
        same = [c for c in others if c.company is contact.company]
        return rng.choice(same or others)


DESKTOPS: tuple[Row, ...] = (
    {"operating_system": "Windows", "operating_system_version": "Windows 11", "browser": "Edge"},
    {"operating_system": "Windows", "operating_system_version": "Windows 10", "browser": "Chrome"},
    {"operating_system": "Macintosh", "operating_system_version": "15.1", "browser": "Safari"},
    {"operating_system": "Linux", "operating_system_version": "(not set)", "browser": "Firefox"},
)
PHONES: tuple[Row, ...] = (
    {"operating_system": "iOS", "operating_system_version": "18.2", "browser": "Safari"},
    {"operating_system": "Android", "operating_system_version": "15", "browser": "Chrome"},
)
SOURCES: tuple[tuple[int, Row], ...] = (
    (34, {"name": "(direct)", "medium": "(none)", "source": "(direct)"}),
    (38, {"name": "(organic)", "medium": "organic", "source": "google"}),
    (12, {"name": "reorder_reminder", "medium": "email", "source": "newsletter"}),
    (9, {"name": "brand_search", "medium": "cpc", "source": "google"}),
    (7, {"name": "(referral)", "medium": "referral", "source": "partner-portal.test"}),
)
CONTINENTS = {
    "America": ("Americas", "Northern America", "United States"),
    "Europe": ("Europe", "Western Europe", "Germany"),
}


def make_people(rng: random.Random, profile: Profile) -> People:
    """Companies with 1 to 4 contacts each; every 25th contact is missing from the customer file.

    The last three contacts are also `spares`: one of an unknown branch, one of the closed
    branch, one that the customer file misses.
    """
    people = People()
    numbers = iter(range(10_000))
    for index in range(profile.companies):
        branch = rng.choices(profile.branches, [b.weight for b in profile.branches])[0]
        company = _company(rng, index, branch)
        count = rng.choice((1, 1, 2, 2, 3, 4)) if index else 2
        people.contacts.extend(_contact(rng, profile, company, next(numbers)) for _ in range(count))
    closed = next(b for b in profile.branches if not b.is_active)
    for offset, (branch_id, is_listed) in enumerate(
        ((UNKNOWN_BRANCH, True), (closed.branch_id, True), (profile.branches[0].branch_id, False))
    ):
        company = Company(f"{90_001 + offset}", f"Saltmarsh {TRADES[offset]}", branch_id, 2.0, 0.0)
        people.spares.append(_contact(rng, profile, company, next(numbers), is_listed=is_listed))
    people.contacts.extend(people.spares)
    return people


def _company(rng: random.Random, index: int, branch: Branch) -> Company:
    name = COMPANY_NAMES[index % len(COMPANY_NAMES)]
    trade = TRADES[(index // len(COMPANY_NAMES) + index) % len(TRADES)]
    suffix = "" if index < len(COMPANY_NAMES) * len(TRADES) else f" {index}"
    return Company(
        f"{10_233 + index * 3}",
        f"{name} {trade}{suffix}",
        branch.branch_id,
        min(rng.paretovariate(1.3), 12.0),
        branch.trend,
    )


def _contact(
    rng: random.Random,
    profile: Profile,
    company: Company,
    number: int,
    is_listed: bool | None = None,
) -> Contact:
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    domain = company.name.lower().replace(" ", "-")
    devices = [make_visitor(rng, profile, is_phone=False)]
    if rng.random() < 0.35:
        devices.append(make_visitor(rng, profile, is_phone=True))
    return Contact(
        contact_id=f"W{20_101 + number * 3}",
        name=f"{first} {last}",
        email=f"contact{number}@{domain}.test",
        phone=f"555-01{number % 100:02d}" if rng.random() < 0.85 else "",
        company=company,
        owner=rng.choice((*profile.owners, "")),
        is_listed=number % 25 != 24 if is_listed is None else is_listed,
        account_id=f"acct-{rng.getrandbits(40):010x}",
        devices=tuple(devices),
    )


def make_visitor(rng: random.Random, profile: Profile, *, is_phone: bool | None = None) -> Visitor:
    """A browser that was never here before."""
    phone = rng.random() < 0.22 if is_phone is None else is_phone
    return Visitor(
        pseudo_id=f"{rng.randrange(10**8, 2**31)}.{rng.randrange(1_690_000_000, 1_790_000_000)}",
        device=_device(rng, profile, phone),
        geo=_geo(rng, profile),
        source=rng.choices([s for _, s in SOURCES], [w for w, _ in SOURCES])[0],
    )


def _device(rng: random.Random, profile: Profile, is_phone: bool) -> Row:
    system = rng.choice(PHONES if is_phone else DESKTOPS)
    browser = {"browser": system["browser"], "browser_version": f"{rng.randint(126, 142)}.0"}
    return {
        "category": "mobile" if is_phone else "desktop",
        "operating_system": system["operating_system"],
        "operating_system_version": system["operating_system_version"],
        "language": "de-de" if profile.zone == "Europe/Berlin" else "en-us",
        "is_limited_ad_tracking": "No",
        "web_info": {**browser, "hostname": profile.host},
    }


def _geo(rng: random.Random, profile: Profile) -> Row:
    branch = rng.choices(profile.branches, [b.weight for b in profile.branches])[0]
    area = "Europe" if profile.zone == "Europe/Berlin" else "America"
    continent, sub_continent, country = CONTINENTS[area]
    return {
        "city": branch.city if rng.random() < 0.9 else "(not set)",
        "country": country,
        "continent": continent,
        "region": branch.region,
        "sub_continent": sub_continent,
        "metro": "(not set)",
    }
