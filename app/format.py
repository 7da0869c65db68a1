"""Formats figures, money and times for people.

Numbers follow the tenant's locale; words are English. Values that cannot be computed are written
"–", never 0. Compact forms appear only together with the full value (a title).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from app.dates import DateRange, utc_now, zone

NOT_COMPUTABLE = "–"
MINUS = "−"
NARROW_SPACE = "\u202f"
SPACE = "\u00a0"

# Group mark, decimal mark, and the space between a number and its unit.
_MARKS = {
    "en": (",", ".", ""),
    "de": (".", ",", SPACE),
    "de-CH": ("’", ".", SPACE),
    "fr": (NARROW_SPACE, ",", SPACE),
    "es": (".", ",", SPACE),
    "it": (".", ",", SPACE),
    "nl": (".", ",", SPACE),
    "pl": (SPACE, ",", SPACE),
}
# Signs that mean one currency everywhere; "$" does so only where it is the local one.
_SIGNS = {"EUR": "€", "GBP": "£", "INR": "₹", "KRW": "₩", "ILS": "₪", "VND": "₫"}
_LOCAL_DOLLAR = {"en-US": "USD", "en-CA": "CAD", "en-AU": "AUD", "en-NZ": "NZD"}
_DECIMALS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "TND": 3}
_WHOLE_FROM = 1000
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

Number = int | float | Decimal


@dataclass(frozen=True)
class Format:
    """A tenant's format: `locale` like en-US, ISO `currency`, IANA zones."""

    locale: str = "en-US"
    currency: str = "USD"
    time_zone: str = "UTC"
    property_time_zone: str = "UTC"

    @property
    def _marks(self) -> tuple[str, str, str]:
        return _MARKS.get(self.locale) or _MARKS.get(self.locale[:2]) or _MARKS["en"]

    def number(self, value: Number | None, decimals: int = 0) -> str:
        """Grouped digits, rounded half to even: 12,480."""
        if value is None:
            return NOT_COMPUTABLE
        exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
        group, point, _ = self._marks
        digits = f"{abs(exact):,.{decimals}f}".translate({ord(","): group, ord("."): point})
        return f"{MINUS}{digits}" if exact < 0 else digits

    def percent(self, value: Number | None, decimals: int = 1) -> str:
        """A value that is already a percentage: 3.4%."""
        if value is None:
            return NOT_COMPUTABLE
        return f"{self.number(value, decimals)}{self._marks[2]}%"

    def money(self, value: Number | None, currency: str | None = None) -> str:
        """The full amount: $1,250.00, or 1,250.00 CAD where the sign is ambiguous."""
        return self._amount(value, currency, _DECIMALS.get(currency or self.currency, 2))

    def money_short(self, value: Number | None, currency: str | None = None) -> str:
        """The amount without cents from 1,000 on; show the full one in a title."""
        whole = value is not None and not -_WHOLE_FROM < value < _WHOLE_FROM
        return self._amount(value, currency, 0) if whole else self.money(value, currency)

    def _amount(self, value: Number | None, currency: str | None, decimals: int) -> str:
        if value is None:
            return NOT_COMPUTABLE
        code = currency or self.currency
        sign = "$" if _LOCAL_DOLLAR.get(self.locale) == code else _SIGNS.get(code)
        digits = self.number(max(value, -value), decimals)
        minus = MINUS if value < 0 and digits.strip("0.,") else ""
        if sign is None:
            return f"{minus}{digits}{SPACE}{code}"
        if self._marks[2]:
            return f"{minus}{digits}{SPACE}{sign}"
        return f"{minus}{sign}{digits}"

    def size(self, count: int | None) -> str:
        """Bytes in the decimal units that BigQuery bills: 2.1 GB."""
        if count is None:
            return NOT_COMPUTABLE
        value, units = float(count), ["B", "kB", "MB", "GB", "TB"]
        while value >= 1000 and len(units) > 1:
            value, units = value / 1000, units[1:]
        return f"{self.number(value, 0 if units[0] == 'B' else 1)}{SPACE}{units[0]}"

    def day(self, value: date | None) -> str:
        """Sun 15 Nov 2026."""
        return NOT_COMPUTABLE if value is None else f"{value:%a} {value.day} {value:%b %Y}"

    def day_short(self, value: date | None) -> str:
        """15 Nov."""
        return NOT_COMPUTABLE if value is None else f"{value.day} {value:%b}"

    def day_brief(self, value: date | None) -> str:
        """15 Nov, with the year if it is not the current one."""
        if value is None or value.year == utc_now().astimezone(zone(self.time_zone)).year:
            return self.day_short(value)
        return f"{self.day_short(value)} {value.year}"

    def period(self, period: DateRange) -> str:
        """15–21 Nov 2026; common parts are written once."""
        start, end = period.start, period.end
        last = f"{end.day} {end:%b %Y}"
        if start == end:
            return last
        if (start.year, start.month) == (end.year, end.month):
            return f"{start.day}–{last}"
        year = "" if start.year == end.year else f" {start.year}"
        return f"{start.day} {start:%b}{year} – {last}"

    def days(self, start: date, end: date) -> str:
        """The same for two separate days."""
        return self.period(DateRange(start, end))

    def span_short(self, start: date, end: date) -> str:
        """15–21 Nov: a period without its year."""
        if (start.year, start.month) == (end.year, end.month):
            return self.day_short(end) if start == end else f"{start.day}–{self.day_short(end)}"
        return f"{self.day_short(start)} – {self.day_short(end)}"

    def instant(self, value: datetime | None) -> str:
        """Sun 15 Nov 2026, 02:14 EST: in the tenant's zone, with its name."""
        if value is None:
            return NOT_COMPUTABLE
        local = value.astimezone(zone(self.time_zone))
        return f"{self.day(local.date())}, {local:%H:%M} {local:%Z}"

    def utc(self, value: datetime | None) -> str:
        """The same instant for a title: 2026-11-15 07:14:05 UTC."""
        return "" if value is None else f"{value.astimezone(zone('UTC')):%Y-%m-%d %H:%M:%S} UTC"

    def when(self, value: datetime | None, now: datetime | None = None) -> str:
        """Today 02:14, yesterday 16:20, else 15 Nov 16:20; with the year if it is another."""
        if value is None:
            return NOT_COMPUTABLE
        local = value.astimezone(zone(self.time_zone))
        today = (now or utc_now()).astimezone(zone(self.time_zone)).date()
        names = {today: "today", today - timedelta(days=1): "yesterday"}
        year = "" if local.year == today.year else f" {local.year}"
        name = names.get(local.date(), f"{self.day_short(local.date())}{year}")
        return f"{name} {local:%H:%M}"


def csv_line(cells: Iterable[str]) -> str:
    """One line of a CSV file (RFC 4180) that no spreadsheet interprets as a formula.

    A cell that begins like a formula gets a leading apostrophe.
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
    """The word without the number: plural(1, "day") is day, plural(2, "day") days."""
    return singular if count == 1 else many or f"{singular}s"
