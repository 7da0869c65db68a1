"""Steps that happen to a tenant, and what the rules say must be stored after each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID
from zlib import crc32

from app.ingest.store.event_tables import EVENT_TABLES, output_columns
from app.settings.provision import add_member
from dev.generate import generate, tiny
from tests.ingest.replace.export_server import DENIED, Cells
from tests.ingest.replace.rows import TYPES
from tests.ingest.replace.steps import (
    LENGTH,
    BringContacts,
    Drop,
    Kind,
    Load,
    Publish,
    SayNothing,
    Step,
)
from tests.ingest.replace.world import FIRST, World, days
from tests.loading import Row, answered

ANN = "ann@acme.test"


@dataclass
class History:
    """A tenant's world, the whole rows of each day, and from what every place was loaded."""

    world: World
    shop: list[list[Cells]]
    loaded: dict[tuple[str, date], tuple[str, int]] = field(default_factory=dict)

    def take(self, step: Step) -> None:
        """Let it happen, and see that exactly the right rows are stored afterwards."""
        if isinstance(step, Publish):
            self._publish(step.day, step.kind, step.thirds)
        elif isinstance(step, Drop):
            self._drop(step.day, step.kind)
        elif isinstance(step, SayNothing):
            self.world.say_nothing(step.words)
        elif isinstance(step, BringContacts):
            self.world.bring_contacts(step.contacts)
        elif step.fate in ("runs", "swapped"):
            self._load(step)
        else:
            self._refuse(step)
        self.world.check()

    def _publish(self, day: int, kind: Kind, thirds: int) -> None:
        rows = self.shop[day]
        self.world.publish(_name(day, kind), rows[: len(rows) * thirds // 3])

    def _drop(self, day: int, kind: Kind) -> None:
        self.world.export.tables.pop(_name(day, kind), None)

    def _load(self, step: Load) -> None:
        """Run the job; then note what it must have asked for, answered and stored."""
        world = self.world
        first, last = _range(step)
        world.export.refused = dict.fromkeys(step.refused, DENIED)
        world.export.queries.clear()
        if step.fate == "swapped" and len(step.refused) < len(TYPES):
            self._swap_midway(step)
            job = world.load(first, last)
            world.export.on_query = None
            asked = self._places(first, last)
        else:
            job = world.load(first, last, changed_only=step.changed_only)
            asked = self._places(first, last, changed_only=step.changed_only)
        types = {event_type for event_type, _ in asked}
        has_gaps = any(world.table_of(day) is None for day in days(first, last))
        assert set(world.export.queries) == types
        assert job.status == _status(types, step.refused, has_gaps=has_gaps)
        world.expect(first, last, but=sorted(step.refused))
        self.loaded |= {
            place: source for place, source in asked.items() if place[0] in types - step.refused
        }

    def _places(
        self, first: date, last: date, *, changed_only: bool = False
    ) -> dict[tuple[str, date], tuple[str, int]]:
        """Every (event type, day) that a job for those days has to read, and from what."""
        tables = {day: self.world.table_of(day) for day in days(first, last)}
        sources = {
            (event_type, day): (name, self.world.export.tables[name].modified_ms)
            for day, name in tables.items()
            if name
            for event_type in TYPES
        }
        return {
            place: source
            for place, source in sources.items()
            if not changed_only or self.loaded.get(place) != source
        }

    def _swap_midway(self, step: Load) -> None:
        """The first day has an intraday table, until a type is asked for that will be read."""
        self._drop(step.first, "")
        self._publish(step.first, "intraday_", 1)
        trigger = next(name for name in TYPES if name not in step.refused)

        def swap(event_type: str) -> None:
            if event_type == trigger and _name(step.first, "intraday_") in self.world.export.tables:
                self._publish(step.first, "", 3)
                self._drop(step.first, "intraday_")

        self.world.export.on_query = swap

    def _refuse(self, step: Load) -> None:
        """Queue the job, let its fate come upon it, and see that it asks for nothing."""
        add_member(self.world.tenant_id, ANN, "admin")
        self.world.export.queries.clear()
        job_id = self.world.queue(*_range(step), started_by=ANN, changed_only=step.changed_only)
        with _fate(self.world, step, job_id):
            job = self.world.run(job_id)
        assert job.status == ("cancelled" if step.fate == "cancelled" else "failed")
        assert self.world.export.queries == []


@contextmanager
def _fate(world: World, step: Load, job_id: UUID) -> Iterator[None]:
    """What keeps the job from running."""
    suspend = "update tenant set is_suspended = %s where tenant_id = %s"
    if step.fate == "cancelled":
        world.cancel(job_id)
    elif step.fate == "demoted":
        add_member(world.tenant_id, ANN, "viewer")
    else:
        world.superuser.execute(suspend, (True, world.tenant_id))
    yield
    world.superuser.execute(suspend, (False, world.tenant_id))


def _status(types: set[str], refused: frozenset[str], *, has_gaps: bool) -> str:
    """How a job ends that asked for these types, of which some were refused."""
    if types and types <= refused:
        return "failed"
    return "completed_with_warnings" if types & refused or has_gaps else "completed"


def _name(day: int, kind: Kind) -> str:
    return f"events_{kind}{FIRST + timedelta(days=day):%Y%m%d}"


def _range(step: Load) -> tuple[date, date]:
    last = min(step.first + step.length, LENGTH) - 1
    return FIRST + timedelta(days=step.first), FIRST + timedelta(days=last)


def generated_shop(seed: int) -> list[list[Cells]]:
    """The rows of each day of a small shop, whose sessions and orders reach over days."""
    profile = tiny(seed, days=LENGTH, zone="UTC", currency="USD")
    last = FIRST + timedelta(days=LENGTH - 1)
    tables = generate(profile, FIRST, last, seed)
    return [[_renamed(cells) for cells in _cells(rows)] for _, rows in tables]


def _renamed(cells: Cells) -> Cells:
    """The same, with ids that name nobody or somebody depending on words and files."""
    names = ("house", "Kiosk", "unknown", "undefined", None, None, None, None)
    name = names[crc32((cells["user_pseudo_id"] or "").encode()) % len(names)]
    return cells if name is None else cells | {"user_id": name, "company_id": name}


def _cells(rows: Sequence[Row]) -> list[Cells]:
    """What the queries answer for the exported rows of a day."""
    return [
        dict(zip(output_columns(table), cells, strict=True))
        for table in EVENT_TABLES.values()
        for cells in answered(table, "", rows)
    ]
