"""Oracles over a handful of rows written by hand, for tests."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from .oracle import Oracle, OracleSettings
from .rows import Row
from .source import SourceKind


def oracle_of(
    rows: Iterable[Row],
    *,
    time_zone: str = "UTC",
    currency: str = "USD",
    contacts: Iterable[Mapping[str, Any]] = (),  # values as the customer file has them
    locations: Iterable[Mapping[str, Any]] = (),
    loaded: Mapping[date, SourceKind] | None = None,
    now: datetime | None = None,
    nothing_words: tuple[str, ...] = (),
) -> Oracle:
    """An oracle over the rows; without `loaded` every day that has a row is a daily table."""
    settings = OracleSettings(
        time_zone, currency, loaded=loaded, now=now, nothing_words=nothing_words
    )
    return Oracle(None, rows, contacts, locations, settings)


def daily(first: str, last: str) -> dict[date, SourceKind]:
    """Every day from `first` to `last` loaded from its daily table."""
    start = date.fromisoformat(first)
    count = (date.fromisoformat(last) - start).days + 1
    return {start + timedelta(days=offset): SourceKind.DAILY for offset in range(count)}


def overview(oracle: Oracle, first: str, last: str | None = None) -> dict[str, Any]:
    """All figures from `first` to `last` (or of `first` alone), written YYYY-MM-DD."""
    return oracle.overview(date.fromisoformat(first), date.fromisoformat(last or first))


def some(figures: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    """The named figures, in the order asked."""
    return tuple(figures[name] for name in names)
