"""A figure held against the same figure of another period, in words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.format import NOT_COMPUTABLE, Format

Figure = int | Decimal | None


@dataclass(frozen=True)
class Change:
    """How a figure moved: `direction` is up, down, same, new or unknown.

    `is_good` is None when the movement says nothing by itself.
    """

    direction: str
    text: str
    is_good: bool | None = None

    @property
    def verdict(self) -> str:
        """good, bad or neutral: the name of the colour, never the only sign."""
        return "neutral" if self.is_good is None else "good" if self.is_good else "bad"


def relative_change(now: Figure, base: Figure, fmt: Format, *, more_is_better: bool) -> Change:
    """The change in per cent of the base; a base of 0 reads "new", a negative one says nothing."""
    if now is None or base is None or base < 0:
        return Change("unknown", NOT_COMPUTABLE)
    if base == 0:
        return Change("same", "no change") if now == 0 else Change("new", "new")
    percent = (Decimal(now) - Decimal(base)) / Decimal(base) * 100
    decimals = 0 if abs(percent) >= 10 else 1
    return _moved(percent, fmt.percent(abs(percent), decimals), more_is_better)


def point_change(now: Figure, base: Figure, fmt: Format, *, more_is_better: bool) -> Change:
    """The difference of two percentages, in percentage points."""
    if now is None or base is None:
        return Change("unknown", NOT_COMPUTABLE)
    points = Decimal(now) - Decimal(base)
    return _moved(points, f"{fmt.number(abs(points), 2)} pt", more_is_better)


def _moved(amount: Decimal, text: str, more_is_better: bool) -> Change:
    if round(amount, 2) == 0:
        return Change("same", "no change")
    direction = "up" if amount > 0 else "down"
    return Change(direction, text, (amount > 0) == more_is_better)
