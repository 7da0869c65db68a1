"""How numbers, money and times are written."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.dates import DateRange
from app.format import Format, duration

US = Format()


@pytest.mark.parametrize(
    ("locale", "written"),
    [("en-US", "12,480.50"), ("de-DE", "12.480,50"), ("de-CH", "12’480.50"), ("xx", "12,480.50")],
)
def test_numbers_follow_the_locale(locale: str, written: str) -> None:
    assert Format(locale).number(Decimal("12480.5"), 2) == written


def test_what_is_missing_reads_dash_and_never_zero() -> None:
    written = (US.number(None), US.money(None), US.percent(None), US.size(None), US.day(None))
    assert set(written) == {"–"}


@pytest.mark.parametrize(
    ("locale", "currency", "written"),
    [
        ("en-US", "USD", "−$1,250.00"),
        ("en-US", "CAD", "−1,250.00\u00a0CAD"),
        ("en-CA", "CAD", "−$1,250.00"),
        ("en-GB", "USD", "−1,250.00\u00a0USD"),
        ("en-US", "EUR", "−€1,250.00"),
        ("de-DE", "EUR", "−1.250,00\u00a0€"),
        ("en-US", "JPY", "−¥1,250"),  # CLDR: the yen is ¥ here, the yuan CN¥
        ("en-GB", "JPY", "−1,250\u00a0JPY"),
        ("nl-NL", "EUR", "€\u00a0−1.250,00"),
        ("pl-PL", "PLN", "−1\u00a0250,00\u00a0zł"),
        ("de-CH", "CHF", "−1’250.00\u00a0CHF"),
        ("en-US", "KWD", "−1,250.000\u00a0KWD"),
        ("en-US", "odd", "−1,250.00\u00a0odd"),
    ],
)
def test_money_bears_a_sign_where_it_is_clear_and_its_code_elsewhere(
    locale: str, currency: str, written: str
) -> None:
    assert Format(locale, currency).money(Decimal(-1250)) == written


@pytest.mark.parametrize(
    ("locale", "written"),
    [("en-US", "3.4%"), ("de-DE", "3,4\u00a0%"), ("it-IT", "3,4%"), ("de-AT", "3,4\u00a0%")],
)
def test_per_cent_stands_as_near_as_the_locale_has_it(locale: str, written: str) -> None:
    assert Format(locale).percent(Decimal("3.4")) == written


def test_days_are_written_in_english_whatever_the_numbers_are() -> None:
    day = date(2026, 9, 5)
    german = Format("de-DE")
    assert (german.day(day), german.day_short(day), german.month(day)) == (
        "Sat 5 Sep 2026",
        "5 Sep",
        "September 2026",
    )


def test_cents_go_from_a_thousand_on() -> None:
    assert US.money_short(Decimal("999.99")) == "$999.99"
    assert US.money_short(Decimal("11225.40")) == "$11,225"
    assert US.money(Decimal("-0.001")) == "$0.00"


def test_a_period_writes_what_both_ends_share_once() -> None:
    def period(start: date, end: date) -> str:
        return US.period(DateRange(start, end))

    assert period(date(2026, 11, 15), date(2026, 11, 21)) == "15–21 Nov 2026"
    assert period(date(2026, 11, 28), date(2026, 12, 4)) == "28 Nov – 4 Dec 2026"
    assert period(date(2025, 12, 28), date(2026, 1, 3)) == "28 Dec 2025 – 3 Jan 2026"
    assert period(date(2026, 11, 15), date(2026, 11, 15)) == "15 Nov 2026"


def test_a_sentence_says_on_a_day_and_from_one_to_another() -> None:
    def during(start: date, end: date) -> str:
        return US.during(DateRange(start, end))

    assert during(date(2026, 11, 29), date(2026, 11, 29)) == "on 29 Nov 2026"
    assert during(date(2026, 11, 15), date(2026, 11, 21)) == "from 15 to 21 Nov 2026"
    assert during(date(2026, 11, 28), date(2026, 12, 4)) == "from 28 Nov to 4 Dec 2026"
    assert during(date(2025, 12, 28), date(2026, 1, 3)) == "from 28 Dec 2025 to 3 Jan 2026"


def test_an_instant_is_shown_in_the_tenants_zone_with_its_name() -> None:
    fmt = Format(time_zone="America/New_York")
    moment = datetime(2026, 11, 16, 3, 14, tzinfo=UTC)
    assert fmt.instant(moment) == "Sun 15 Nov 2026, 22:14 EST"
    assert fmt.when(moment, datetime(2026, 11, 16, 15, tzinfo=UTC)) == "yesterday 22:14"
    assert fmt.when(moment, datetime(2026, 11, 16, 4, tzinfo=UTC)) == "today 22:14"
    assert fmt.when(moment, datetime(2027, 1, 1, tzinfo=UTC)) == "15 Nov 22:14"


def test_bytes_are_written_as_google_bills_them() -> None:
    written = [US.size(n) for n in (0, 999, 2_100_000_000)]
    assert written == ["0\u00a0B", "999\u00a0B", "2.1\u00a0GB"]


def test_durations_have_two_parts_at_most() -> None:
    assert [duration(s).replace("\u00a0", " ") for s in (3.6, 102, 7500)] == [
        "4 s",
        "1 min 42 s",
        "2 h 5 min",
    ]
