"""The shop's products and what its visitors type into the search box."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

Row = dict[str, Any]  # a row of the export is an open JSON record


@dataclass(frozen=True, slots=True)
class Product:
    """Something on sale; `record` is its entry in an exported `items` array, without quantity."""

    item_id: str
    name: str
    category: str
    price: float
    path: str
    record: Row


# category: its prefix, the kinds of product in it (name, price of the smallest size)
CATEGORIES: dict[str, tuple[str, tuple[tuple[str, float], ...]]] = {
    "Valves": (
        "VAL",
        (
            ("Ball valve", 14.2),
            ("Gate valve", 21.5),
            ("Check valve", 17.9),
            ("Butterfly valve", 62.0),
            ("Solenoid valve", 88.0),
        ),
    ),
    "Fittings": (
        "FIT",
        (("Elbow 90", 1.9), ("Tee", 2.6), ("Coupling", 1.4), ("Reducer", 2.2), ("Union", 4.8)),
    ),
    "Pipe and tube": (
        "PIP",
        (("Copper tube 10 ft", 18.5), ("Steel pipe 10 ft", 31.0), ("PVC pipe 10 ft", 7.4)),
    ),
    "Fasteners": (
        "FAS",
        (
            ("Hex bolt box of 100", 11.8),
            ("Wood screw box of 200", 9.4),
            ("Lock washer box of 100", 4.9),
            ("Threaded rod", 3.6),
        ),
    ),
    "Safety": (
        "SAF",
        (
            ("Cut gloves pair", 6.9),
            ("Safety glasses", 4.7),
            ("Hard hat", 17.5),
            ("Respirator", 24.0),
            ("Ear muffs", 13.5),
        ),
    ),
    "Electrical": (
        "ELE",
        (
            ("Contactor", 33.0),
            ("Circuit breaker", 19.0),
            ("Junction box", 6.3),
            ("Cable gland", 1.8),
            ("Motor starter", 142.0),
        ),
    ),
    "Motors and drives": ("MOT", (("Gear motor", 265.0), ("Frequency drive", 389.0))),
    "Pumps": ("PUM", (("Transfer pump", 189.0), ("Sump pump", 149.0), ("Dosing pump", 310.0))),
    "Bearings": ("BEA", (("Ball bearing", 8.1), ("Pillow block", 22.4))),
    "Hydraulics": ("HYD", (("Hydraulic hose", 27.0), ("Hydraulic cylinder", 174.0))),
    "Pneumatics": ("PNE", (("Air regulator", 36.0), ("Push-in connector", 2.1))),
    "Tools": ("TOO", (("Torque wrench", 96.0), ("Pipe wrench", 28.0), ("Drill bit set", 34.0))),
    "Adhesives and seals": (
        "SEA",
        (("Thread sealant", 7.7), ("O-ring kit", 16.2), ("Gasket sheet", 12.3)),
    ),
}
SIZES = ("1/4 in", "3/8 in", "1/2 in", "3/4 in", "1 in", "1-1/2 in", "2 in", "3 in", "4 in")
MATERIALS = ("brass", "steel", "stainless", "bronze", "nylon")
FAILING_TERMS = (
    "vavle 3 in",
    "3in vavle",
    "guage pressure",
    "stainles elbow",
    "solonoid 24v",
    "hex blot m8",
    "left hand thread union",
    "titanium coupling",
    "heat pump",
    "solar inverter",
    "fork lift",
    "garden hose",
    "paint roller",
    "welding gas refill",
    "hydrogen fitting",
    "din rail clock",
    "camlock 5 in",
    "resperator n99",
    "bearing puller rental",
    "copper scrap",
    "gasket 17 bolt",
    "explosion proof fan",
    "part 88-1204-x",
    "water softener salt",
    "anti vibration mat",
)
HOSTILE_TERMS = (
    "<script>alert('valve')</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://203.0.113.9/","valve")',
    "+cmd|' /C calc'!A0",
    "valve\u0000 3in",
    "🔧🔩 fittings 🚰",
    "\u202egnp.evlav\u202c صمام كروي",
    "'; drop table purchase; --",
    "{{ 7 * 7 }} ${7*7} %s %n",
    "ｖａｌｖｅ　３ｉｎ",
    "a" * 900,
)


class Catalogue:
    """All products of a shop, with a heavy-tailed popularity."""

    def __init__(self, rng: random.Random, size: int) -> None:
        kinds = [(c, p, k, b) for c, (p, ks) in CATEGORIES.items() for k, b in ks]
        self.products = [
            _product(rng, number, *kinds[number % len(kinds)]) for number in range(size)
        ]
        ranks = list(range(1, size + 1))
        rng.shuffle(ranks)
        self._weights = list(accumulate(rank**-0.7 for rank in ranks))

    def pick(self, rng: random.Random) -> Product:
        """One product, popular ones more often."""
        return rng.choices(self.products, cum_weights=self._weights)[0]


def _product(
    rng: random.Random, number: int, category: str, prefix: str, kind: str, base: float
) -> Product:
    step = rng.randrange(len(SIZES))
    name = f"{kind} {SIZES[step]} {rng.choice(MATERIALS)}"
    price = round(base * (1 + 0.38 * step) * rng.uniform(0.9, 1.25), 2)
    item_id = f"{prefix}-{10234 + number * 7}"
    record: Row = {
        "item_id": item_id,
        "item_name": name,
        "item_brand": "(not set)",
        "item_category": category,
        "item_category2": kind,
        "price": price,
    }
    return Product(item_id, name, category, price, f"/p/{item_id.lower()}", record)


def good_term(rng: random.Random, product: Product) -> str:
    """Words that find `product`, as people type them."""
    words = product.name.split(" ")
    found = rng.choice(
        (words[0], " ".join(words[:2]), product.name, product.item_id, product.category)
    )
    return styled(rng, found) if rng.random() < 0.4 else found.lower()


def failing_term(rng: random.Random, progress: float) -> str:
    """Words that find nothing; "hydrogen fitting" becomes fashionable towards the end."""
    if rng.random() < 0.25 * progress:
        return styled(rng, "hydrogen fitting")
    weights = [1 / (rank + 1) for rank in range(len(FAILING_TERMS))]
    return styled(rng, rng.choices(FAILING_TERMS, weights)[0])


def styled(rng: random.Random, term: str) -> str:
    """The same term in another spelling: case, spaces around or inside, punctuation around it."""
    styles = (
        term,
        term.upper(),
        term.title(),
        f"  {term} ",
        term.replace(" ", "   "),
        f'"{term}"',
        f"{term}?",
        f"{term}...",
        term.replace(" ", "\u00a0"),
    )
    return rng.choices(styles, (30, 5, 5, 3, 3, 2, 2, 1, 1))[0]
