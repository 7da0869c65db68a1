"""Formats figures, money and times for people.

Numbers follow the tenant's locale as Babel knows it; words are English. Values that cannot be
computed are written "–", never 0. Compact forms appear only together with the full value (a title).

Babel's data are looked up once per locale and Python writes the digits: a page formats thousands of
numbers, and Babel's own functions take three times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import NamedTuple

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import get_currency_precision, get_currency_symbol

from app.dates import DateRange, utc_now, zone

NOT_COMPUTABLE = "–"
MINUS = "−"
SPACE = "\u00a0"

_LETTERS = re.compile("[A-Z]")
# CLDR names these two as a keyboard has them.
_TYPESET = str.maketrans({"'": "’", "-": MINUS})
_WHOLE_FROM = 1000
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

Number = int | float | Decimal


class _Marks(NamedTuple):
    """How a locale writes numbers; `marks` replaces the comma and the point of Python's."""

    marks: dict[int, str]
    percent: str


class _Frame(NamedTuple):
    """What stands around an amount of one currency, and how many decimals it has."""

    before: str
    after: str
    before_negative: str
    decimals: int


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    """The locale, its language when the country is not known, else American English."""
    for known in (name, name[:2]):
        try:
            return Locale.parse(known, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en", "US")


@lru_cache(maxsize=64)
def _marks(name: str) -> _Marks:
    locale = _locale(name)
    symbols = locale.number_symbols["latn"]
    group, point = symbols["group"].translate(_TYPESET), symbols["decimal"]
    return _Marks({ord(","): group, ord("."): point}, locale.percent_formats[None].suffix[0])


@lru_cache(maxsize=512)
def _frame(name: str, currency: str) -> _Frame:
    """The currency's sign where the locale has one without letters, else its code behind."""
    locale, decimals = _locale(name), get_currency_precision(currency)
    sign = get_currency_symbol(currency, locale)
    if sign == currency or _LETTERS.search(sign):
        return _Frame("", f"{SPACE}{currency}", MINUS, decimals)
    pattern = locale.currency_formats["standard"]
    before, negative = (part.replace("¤", sign) for part in pattern.prefix)
    after = pattern.suffix[0].replace("¤", sign)
    return _Frame(before, after, negative.translate(_TYPESET), decimals)


@lru_cache(maxsize=4096)
def _written(day: date, pattern: str) -> str:
    """A day in English words; a page names the same few days again and again."""
    return format_date(day, pattern, locale="en")


@dataclass(frozen=True)
class Format:
    """A tenant's way of writing: `locale` like en-US, ISO `currency`, IANA zones."""

    locale: str = "en-US"
    currency: str = "USD"
    time_zone: str = "UTC"
    property_time_zone: str = "UTC"

    def number(self, value: Number | None, decimals: int = 0) -> str:
        """Grouped digits, rounded half to even: 12,480."""
        if value is None:
            return NOT_COMPUTABLE
        exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
        digits = f"{abs(exact):,.{decimals}f}".translate(_marks(self.locale).marks)
        return f"{MINUS}{digits}" if exact < 0 else digits

    def percent(self, value: Number | None, decimals: int = 1) -> str:
        """A value that already is per cent: 3.4%."""
        if value is None:
            return NOT_COMPUTABLE
        return f"{self.number(value, decimals)}{_marks(self.locale).percent}"

    def money(self, value: Number | None, currency: str | None = None) -> str:
        """The full amount: $1,250.00, or 1,250.00 CAD where CLDR has no sign without letters."""
        return self._amount(value, _frame(self.locale, currency or self.currency))

    def money_short(self, value: Number | None, currency: str | None = None) -> str:
        """The amount without cents from 1,000 on; the full one belongs in a title."""
        frame = _frame(self.locale, currency or self.currency)
        whole = value is not None and not -_WHOLE_FROM < value < _WHOLE_FROM
        return self._amount(value, frame._replace(decimals=0) if whole else frame)

    def _amount(self, value: Number | None, frame: _Frame) -> str:
        if value is None:
            return NOT_COMPUTABLE
        digits = self.number(max(value, -value), frame.decimals)
        is_negative = value < 0 and digits.strip("0.,")
        return f"{frame.before_negative if is_negative else frame.before}{digits}{frame.after}"

    def size(self, count: int | None) -> str:
        """Bytes in the decimal units BigQuery bills in: 2.1 GB."""
        if count is None:
            return NOT_COMPUTABLE
        value, units = float(count), ["B", "kB", "MB", "GB", "TB"]
        while value >= 1000 and len(units) > 1:
            value, units = value / 1000, units[1:]
        return f"{self.number(value, 0 if units[0] == 'B' else 1)}{SPACE}{units[0]}"

    def day(self, value: date | None) -> str:
        """Sun 15 Nov 2026."""
        return NOT_COMPUTABLE if value is None else _written(value, "EEE d MMM y")

    def day_short(self, value: date | None) -> str:
        """15 Nov."""
        return NOT_COMPUTABLE if value is None else _written(value, "d MMM")

    def day_brief(self, value: date | None) -> str:
        """15 Nov, with the year when it is not the present one."""
        if value is None or value.year == utc_now().astimezone(zone(self.time_zone)).year:
            return self.day_short(value)
        return f"{self.day_short(value)} {value.year}"

    def month(self, value: date) -> str:
        """November 2026."""
        return _written(value, "MMMM y")

    def period(self, period: DateRange) -> str:
        """15–21 Nov 2026; what both ends share is written once."""
        start, end = period.start, period.end
        last = _written(end, "d MMM y")
        if start == end:
            return last
        if (start.year, start.month) == (end.year, end.month):
            return f"{start.day}–{last}"
        first = _written(start, "d MMM" if start.year == end.year else "d MMM y")
        return f"{first} – {last}"

    def during(self, period: DateRange) -> str:
        """On 21 Nov 2026, or from 15 to 21 Nov 2026: as part of a sentence."""
        start, end = period.start, period.end
        if start == end:
            return f"on {self.period(period)}"
        if (start.year, start.month) == (end.year, end.month):
            return f"from {start.day} to {_written(end, 'd MMM y')}"
        first = _written(start, "d MMM" if start.year == end.year else "d MMM y")
        return f"from {first} to {_written(end, 'd MMM y')}"

    def days(self, start: date, end: date) -> str:
        """The same for two days that stand alone."""
        return self.period(DateRange(start, end))

    def span_short(self, start: date, end: date) -> str:
        """15–21 Nov: a period without its year."""
        if (start.year, start.month) == (end.year, end.month):
            return self.day_short(end) if start == end else f"{start.day}–{self.day_short(end)}"
        return f"{self.day_short(start)} – {self.day_short(end)}"

    def instant(self, value: datetime | None) -> str:
        """Sun 15 Nov 2026, 02:14 EST: the tenant's zone, named."""
        if value is None:
            return NOT_COMPUTABLE
        local = value.astimezone(zone(self.time_zone))
        return f"{self.day(local.date())}, {local:%H:%M} {local:%Z}"

    def utc(self, value: datetime | None) -> str:
        """The same instant for a title: 2026-11-15 07:14:05 UTC."""
        return "" if value is None else f"{value.astimezone(zone('UTC')):%Y-%m-%d %H:%M:%S} UTC"

    def when(self, value: datetime | None, now: datetime | None = None) -> str:
        """Today 02:14, yesterday 16:20, else 15 Nov 16:20; the year when it is another."""
        if value is None:
            return NOT_COMPUTABLE
        local = value.astimezone(zone(self.time_zone))
        today = (now or utc_now()).astimezone(zone(self.time_zone)).date()
        names = {today: "today", today - timedelta(days=1): "yesterday"}
        year = "" if local.year == today.year else f" {local.year}"
        name = names.get(local.date(), f"{self.day_short(local.date())}{year}")
        return f"{name} {local:%H:%M}"


def csv_line(cells: Iterable[str]) -> str:
    """One line of a CSV file (RFC 4180) in which no spreadsheet finds a formula to compute.

    A cell that begins as formulas do gets an apostrophe in front.
    """
    safe = (f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in cells)
    return ",".join(_quoted(cell) for cell in safe) + "\r\n"


def _quoted(cell: str) -> str:
    if not any(mark in cell for mark in ',"\r\n'):
        return cell
    return '"' + cell.replace('"', '""') + '"'


def duration(seconds: float | None) -> str:
    """4 s, 1 min 42 s, 2 h 5 min."""
    if seconds is None:
        return NOT_COMPUTABLE
    minutes, rest = divmod(max(0, round(seconds)), 60)
    if minutes == 0:
        return f"{rest}{SPACE}s"
    hours, minutes = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes}{SPACE}min {rest}{SPACE}s"
    return f"{hours}{SPACE}h {minutes}{SPACE}min"


def plural(count: int, singular: str, many: str | None = None) -> str:
    """The word alone: plural(1, "day") is day, plural(2, "day") days."""
    return singular if count == 1 else many or f"{singular}s"
