"""Demo tenants: B2B distributors whose web shops export to GA4, made up but believable.

Rows have the exact shape of `bq extract` (NDJSON, INT64 as strings, nulls left out) and every
trap of real exports. The same arguments give the same bytes on any machine.

    python -m dev.generate --profile acme --today 2026-11-22 --to DIRECTORY
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

from dev.generator.calendar import Calendar
from dev.generator.catalogue import Row
from dev.generator.customer_files import write_branches, write_contacts
from dev.generator.day import Day, make_world
from dev.generator.export_files import read_table, write_table, write_tables
from dev.generator.late import grow
from dev.generator.peculiar import play_scenes
from dev.generator.profile import Profile, acme, globex, seeded, tiny
from dev.generator.visits import cookieless_events, ordinary_visit

__all__ = [
    "Profile",
    "acme",
    "generate",
    "globex",
    "late_day",
    "tiny",
    "write_late_day",
    "write_tenant",
]


def generate(
    profile: Profile, first: date, last: date, seed: int, *, intraday_hour: int | None = None
) -> Iterator[tuple[str, Iterable[Row]]]:
    """Tables of the export in order of their days: `events_YYYYMMDD` for `first` to `last`.

    With `intraday_hour` the day after `last` follows as `events_intraday_YYYYMMDD`, with what
    happened before that hour (0 to 23) in the property's zone. Rows are not in time order.
    """
    calendar = Calendar(first, last, profile.zone, intraday_hour)
    world = make_world(profile, seed, calendar)
    for index in range(calendar.count):
        day = Day(world, index, seeded(profile.slug, seed, calendar.days[index]))
        play_scenes(day)
        for _ in range(day.demand()):
            ordinary_visit(day)
        cookieless_events(day)
        yield calendar.table(index), calendar.take(index)


def late_day(
    profile: Profile, day: date, rows: Iterable[Row], seed: int, *, share: float = 0.15
) -> tuple[str, list[Row]]:
    """The daily table of `day` exported again later: all of `rows`, and about `share` more.

    What arrives late are whole sessions, further events of sessions known before, and orders.
    Rows of an intraday table become those of the daily table that replaces it.
    """
    return f"events_{day:%Y%m%d}", grow(profile, day, list(rows), seed, share)


def write_tenant(
    directory: Path,
    profile: Profile,
    today: date,
    seed: int = 1,
    *,
    days: int | None = None,
    intraday_hour: int | None = 11,
) -> list[Path]:
    """Write `ga4/*.json.gz` and `sftp/` (contacts and branches) below `directory`.

    The last closed day is the one before `today` (the property's own date); `days` defaults to
    the profile's. Tables of an earlier range are removed.
    """
    ga4, sftp = directory / "ga4", directory / "sftp"
    last = today - timedelta(days=1)
    first = last - timedelta(days=(days or profile.days) - 1)
    tables = generate(profile, first, last, seed, intraday_hour=intraday_hour)
    written = write_tables(ga4, tables)
    sftp.mkdir(parents=True, exist_ok=True)
    people_files = [write_contacts(sftp, profile, seed), write_branches(sftp, profile)]
    return written + people_files


def write_late_day(
    directory: Path, profile: Profile, day: date, seed: int = 1, *, share: float = 0.15
) -> Path:
    """Let a day written by `write_tenant` grow in place; an intraday table becomes a daily one."""
    ga4 = directory / "ga4"
    daily, intraday = (ga4 / f"events_{kind}{day:%Y%m%d}.json.gz" for kind in ("", "intraday_"))
    source = daily if daily.exists() else intraday
    table, rows = late_day(profile, day, read_table(source), seed, share=share)
    written = write_table(ga4, table, rows)
    intraday.unlink(missing_ok=True)
    return written


def main() -> None:
    """Command line: write one tenant."""
    profiles = {"acme": acme, "globex": globex}
    parser = argparse.ArgumentParser(prog="python -m dev.generate")
    parser.add_argument("--profile", choices=sorted(profiles), default="acme")
    parser.add_argument("--today", type=date.fromisoformat, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    write_tenant(chosen.to, profiles[chosen.profile](), chosen.today, chosen.seed)


if __name__ == "__main__":
    main()
