"""Two versions of one shop's export and customer files, and every mix of them by month."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from app.ingest.store.event_tables import EVENT_TABLES, output_columns
from dev.generate import generate, late_day, tiny
from dev.generator.customer_files import write_branches, write_contacts
from tests.ingest.bigquery_state import Cells, FakeBigQuery, FakeTable
from tests.loading import answered

FIRST, LAST = date(2025, 3, 30), date(2025, 4, 3)
SPLIT_FROM = date(2025, 3, 1)  # with it the range is longer than one job loads by itself
MONTHS = (3, 4)
# A state says for each month which version is loaded; the customer files go with the first.
STATES = tuple("".join(mix) for mix in itertools.product("AB", repeat=2))
_SEED = 7
_COMPANY = "customer_number"  # the column of the csv file


class Source:
    """What BigQuery and the SFTP server hold, in the version that was published last."""

    def __init__(self, server: FakeBigQuery, files: Path) -> None:
        self._server = server
        self._files = files
        self._modified_ms = itertools.count(1_750_000_000_000, 60_000)
        self._tables = {"A": dict(_first_version()), "B": dict(_second_version())}
        self._contacts = _customer_files(files)

    def publish(self, state: str) -> None:
        """Every table is new, as after a rewrite by Google."""
        modified_ms = next(self._modified_ms)
        self._server.jobs.clear()
        self._server.calls.clear()
        for name, day in self._tables["A"].items():
            month = int(name[-4:-2])
            rows = self._tables[state[MONTHS.index(month)]].get(name, day)
            self._server.tables[name] = FakeTable(rows=rows, modified_ms=modified_ms)
        for name, content in self._contacts[state[0]].items():
            fresh = self._files / f"{name}.new"
            fresh.write_bytes(content)
            fresh.rename(self._files / name)


def _first_version() -> Iterator[tuple[str, list[Cells]]]:
    profile = tiny(_SEED, days=5, zone="UTC", currency="USD")
    for name, rows in generate(profile, FIRST, LAST, _SEED):
        yield name, _cells(name, rows)


def _second_version() -> Iterator[tuple[str, list[Cells]]]:
    """Every day has grown, and every ninth row of before is gone."""
    profile = tiny(_SEED, days=5, zone="UTC", currency="USD")
    for name, rows in generate(profile, FIRST, LAST, _SEED):
        kept = [row for index, row in enumerate(rows) if index % 9]
        day = date(int(name[-8:-4]), int(name[-4:-2]), int(name[-2:]))
        grown = late_day(profile, day, kept, _SEED, share=0.3)[1]
        yield name, _cells(name, grown)


def _cells(name: str, rows: Any) -> list[Cells]:
    return [
        dict(zip(output_columns(table), cells, strict=True))
        for table in EVENT_TABLES.values()
        for cells in answered(table, name, rows)
    ]


def _customer_files(files: Path) -> dict[str, dict[str, bytes]]:
    """Version B lacks the last contact, names everybody anew, and moves some to another company."""
    files.mkdir(parents=True, exist_ok=True)
    profile = tiny(_SEED, days=5, zone="UTC", currency="USD")
    contacts = write_contacts(files, profile, _SEED)
    branches = write_branches(files, profile)
    first = {path.name: path.read_bytes() for path in (contacts, branches)}
    return {"A": first, "B": {name: _changed(content) for name, content in first.items()}}


def _changed(content: bytes) -> bytes:
    lines = list(csv.reader(io.StringIO(content.decode()), delimiter=";"))
    for number, line in enumerate(lines[1:]):
        line[1] += " again"
        if _COMPANY in lines[0] and number % 3 == 0:
            line[lines[0].index(_COMPANY)] = "9001"
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerows(lines[:-1] if len(lines) > 8 else lines)
    return written.getvalue().encode()
