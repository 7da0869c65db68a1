"""The generator's promises: repeatable, in the export's shape, believable, and able to grow."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dev.bigquery_schema import EVENTS
from dev.generate import acme, generate, globex, late_day, tiny, write_late_day, write_tenant
from dev.generator.catalogue import Row
from dev.generator.profile import Profile
from tests.dev.export_tables import open_tables, record_faults

TODAY = date(2026, 11, 4)
ROOT = Path(__file__).parents[2]


def rows_of(profile: Profile, seed: int, days: int, first: date) -> dict[str, list[Row]]:
    last = first + timedelta(days=days - 1)
    tables = generate(profile, first, last, seed, intraday_hour=9)
    return {table: list(rows) for table, rows in tables}


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    days=st.integers(5, 10),
    first=st.dates(date(2024, 1, 1), date(2027, 1, 1)),
)
def test_rows_have_the_exports_shape_and_lie_in_their_day(
    seed: int, days: int, first: date
) -> None:
    profile = tiny(seed, days=days)
    tables = rows_of(profile, seed, days, first)
    closed = [f"events_{first + timedelta(days=n):%Y%m%d}" for n in range(days)]
    assert [*tables] == [*closed, f"events_intraday_{first + timedelta(days=days):%Y%m%d}"]
    for table, rows in tables.items():
        faults = {fault for row in rows for fault in record_faults(row, EVENTS)}
        assert faults == set()
        assert {row["event_date"] for row in rows} <= {table[-8:]}
        assert {local_day(row, profile.zone) for row in rows} <= {table[-8:]}


def local_day(row: Row, zone: str) -> str:
    instant = datetime.fromtimestamp(int(row["event_timestamp"]) // 10**6, UTC)
    return f"{instant.astimezone(ZoneInfo(zone)):%Y%m%d}"


def test_small_tenant_is_small() -> None:
    sizes = [
        sum(map(len, rows_of(tiny(seed), seed, 7, date(2026, 10, 28)).values()))
        for seed in range(20)
    ]
    assert min(sizes) > 300
    assert max(sizes) < 2_000


def test_same_arguments_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    written = {
        str(path.relative_to(tmp_path / "here")): path.read_bytes()
        for path in write_tenant(tmp_path / "here", globex(), TODAY, 7)
    }
    command = [
        sys.executable,
        "-m",
        "dev.generate",
        "--profile",
        "globex",
        "--today",
        str(TODAY),
        "--to",
        str(tmp_path / "there"),
        "--seed",
        "7",
    ]
    environment = {**os.environ, "PYTHONHASHSEED": "4", "TZ": "Asia/Tokyo"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    there = {name: (tmp_path / "there" / name).read_bytes() for name in written}
    assert there == written


def test_xlsx_bytes_are_repeatable_and_seeds_differ(tmp_path: Path) -> None:
    profile = tiny(1)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_tenant(tmp_path / name, acme(), TODAY, seed, days=1, intraday_hour=None)
    contents = [(tmp_path / name / "sftp/users.xlsx").read_bytes() for name in "abc"]
    assert contents[0] == contents[1] != contents[2]
    assert rows_of(profile, 1, 5, TODAY) != rows_of(profile, 2, 5, TODAY)


def test_files_of_an_earlier_range_are_removed(tmp_path: Path) -> None:
    write_tenant(tmp_path, tiny(1), TODAY - timedelta(days=3), days=5)
    write_tenant(tmp_path, tiny(1), TODAY, days=2, intraday_hour=None)
    names = sorted(path.name for path in (tmp_path / "ga4").iterdir())
    assert names == ["events_20261102.json.gz", "events_20261103.json.gz"]


def test_acme_files_are_workbooks_with_number_cells_and_text_formulas(tmp_path: Path) -> None:
    write_tenant(tmp_path, acme(), TODAY, days=1, intraday_hour=None)
    contacts = openpyxl.load_workbook(tmp_path / "sftp/users.xlsx").active
    branches = openpyxl.load_workbook(tmp_path / "sftp/locations.xlsx").active
    assert contacts is not None
    assert branches is not None
    assert [cell.value for cell in contacts[1]] == [
        "User ID",
        "Name",
        "Email",
        "Phone",
        "Buying Company ERP ID",
        "Company Name",
        "Branch",
        "Account Owner",
    ]
    kinds = Counter(cell.data_type for column in contacts.iter_cols(5, 5, 2) for cell in column)
    assert kinds["n"] > 300
    assert "f" not in {cell.data_type for row in contacts for cell in row}
    status = {row[0].value: row[6].value for row in branches.iter_rows(2)}
    assert list(status) == [f"D{n:02d}" for n in range(1, 15)]
    assert [branch for branch, active in status.items() if active == "No"] == ["D13"]


def test_globex_files_are_csv_with_other_headers(tmp_path: Path) -> None:
    write_tenant(tmp_path, globex(), TODAY, days=1, intraday_hour=None)
    contacts = (tmp_path / "sftp/users.csv").read_text("utf-8-sig").splitlines()
    branches = (tmp_path / "sftp/locations.csv").read_text("utf-8-sig").splitlines()
    assert contacts[0] == (
        "web_user_id;full_name;e_mail;telephone;customer_number;customer_name;branch_id;sales_rep"
    )
    assert branches[0] == "location_id;location_name;town;state;mail;telephone;is_active"
    assert len(branches) == 9


def test_globex_sends_customer_numbers_as_integers() -> None:
    tables = generate(globex(), TODAY, TODAY, 1)
    kinds = {
        kind
        for _, rows in tables
        for row in rows
        for pair in row["user_properties"]
        if pair.get("key") == "WebCustomerId"
        for kind in pair["value"]
    }
    assert {"int_value", "set_timestamp_micros"} <= kinds


@pytest.mark.parametrize("kind", ["daily", "intraday"])
def test_late_day_keeps_its_rows_and_grows(tmp_path: Path, kind: str) -> None:
    profile = tiny(3)
    write_tenant(tmp_path, profile, TODAY, 3, intraday_hour=20)
    day = TODAY if kind == "intraday" else TODAY - timedelta(days=1)
    marker = "intraday_" if kind == "intraday" else ""
    before = lines(tmp_path / f"ga4/events_{marker}{day:%Y%m%d}.json.gz")
    grown = write_late_day(tmp_path, profile, day, 3)
    after = lines(grown)
    assert not before - after
    assert sum(after.values()) >= sum(before.values()) * 1.1
    assert grown.name == f"events_{day:%Y%m%d}.json.gz"
    assert not (tmp_path / f"ga4/events_intraday_{day:%Y%m%d}.json.gz").exists()


def lines(path: Path) -> Counter[str]:
    return Counter(gzip.decompress(path.read_bytes()).decode().splitlines())


def test_late_day_continues_known_sessions_with_new_orders() -> None:
    profile, day = tiny(3), TODAY - timedelta(days=1)
    rows = rows_of(profile, 3, 7, TODAY - timedelta(days=7))[f"events_{day:%Y%m%d}"]
    before = [json.dumps(row) for row in rows]
    table, grown = late_day(profile, day, rows, 3)
    late = grown[len(rows) :]
    orders = [row for row in late if row["event_name"] == "purchase"]
    visitors = {row.get("user_pseudo_id") for row in rows}
    assert table == f"events_{day:%Y%m%d}"
    assert [json.dumps(row) for row in grown[: len(rows)]] == before
    assert any(row["user_pseudo_id"] in visitors for row in orders)
    assert {local_day(row, profile.zone) for row in late} == {f"{day:%Y%m%d}"}
    assert {fault for row in late for fault in record_faults(row, EVENTS)} == set()


def test_acme_is_believable(tmp_path: Path) -> None:
    write_tenant(tmp_path, acme(), date(2026, 11, 23))
    with open_tables(tmp_path / "ga4") as tables:
        events, cookieless, searches = tables.execute("""
            select count(*), avg((session_id is null)::integer) filter (event_name not in
                ('session_start', 'first_visit', 'scroll', 'user_engagement')),
                count(*) filter (event_name like '%no_%')
                / count(*) filter (event_name like '%search%')
            from event""").fetchall()[0]
        conversion, carts, unsold = tables.execute("""
            with visit as (select bool_or(event_name = 'purchase') as sold,
                bool_or(event_name = 'add_to_cart') as has_cart
                from event where session_id is not null group by session_id)
            select avg(sold::integer), avg(has_cart::integer),
                avg((not sold)::integer) filter (has_cart) from visit""").fetchall()[0]
        mean, highest = tables.execute("""
            select avg(revenue), max(revenue) from event
            where event_name = 'purchase' and not isnan(revenue)""").fetchall()[0]
    assert 75_000 < events < 105_000
    assert 0.05 < cookieless < 0.08
    assert 0.1 < searches < 0.14
    assert 0.03 < conversion < 0.055
    assert 0.08 < carts < 0.16
    assert 0.6 < unsold < 0.8
    assert 250 < mean < 900
    assert highest > 8 * mean


def test_acme_grows_and_rests_on_weekends() -> None:
    tables = generate(acme(), date(2026, 9, 25), date(2026, 11, 23), 1)
    starts = {
        table: sum(row["event_name"] == "session_start" for row in rows) for table, rows in tables
    }
    sizes = [*starts.values()]
    weekend = [n for table, n in starts.items() if date.fromisoformat(table[-8:]).weekday() > 4]
    assert sum(sizes[-14:]) > 1.15 * sum(sizes[:14])
    assert max(weekend) < sum(sizes) / len(sizes)
