"""Rates and averages: computed from unrounded sums and rounded once, half up, everywhere alike."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")


def per_cent(part: int, whole: int) -> Decimal | None:
    """`part` ÷ `whole` in per cent with two decimals; None when `whole` is 0."""
    return _rounded(Decimal(part) * 100 / whole) if whole else None


def average(total: Decimal, count: int) -> Decimal | None:
    """`total` ÷ `count` to the cent; None when `count` is 0."""
    return _rounded(total / count) if count else None


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)
