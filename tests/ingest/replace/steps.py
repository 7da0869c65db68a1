"""What may happen to an export and to the jobs that load it, as hypothesis draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st

from tests.ingest.replace.rows import TYPES

LENGTH = 4  # days that things happen to
Kind = Literal["", "intraday_", "fresh_"]
Fate = Literal["runs", "swapped", "cancelled", "suspended", "demoted"]


@dataclass(frozen=True)
class Publish:
    """A day's table appears, or is created again, with so many thirds of the day's rows."""

    day: int
    kind: Kind
    thirds: int


@dataclass(frozen=True)
class Drop:
    """A day's table goes away, if it is there."""

    day: int
    kind: Kind


@dataclass(frozen=True)
class SayNothing:
    """The tenant's own words for nothing are these, and loaded days follow."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class BringContacts:
    """A customer file of these contacts is loaded."""

    contacts: tuple[str, ...]


@dataclass(frozen=True)
class Load:
    """A job for some days, in which `refused` types fail.

    One that is `swapped` reads everything, and loses the table of its first day to another one
    meanwhile. The last three fates keep a job from running.
    """

    first: int
    length: int
    changed_only: bool
    refused: frozenset[str]
    fate: Fate


Step = Publish | Drop | SayNothing | BringContacts | Load
EVERYTHING = Load(0, LENGTH, False, frozenset(), "runs")

_DAYS = st.integers(0, LENGTH - 1)
_KINDS: st.SearchStrategy[Kind] = st.sampled_from(("", "intraday_", "fresh_"))
_RUNS: st.SearchStrategy[Fate] = st.sampled_from(("runs", "runs", "runs", "swapped"))
_STAYS: st.SearchStrategy[Fate] = st.sampled_from(("cancelled", "suspended", "demoted"))
_FEW = st.frozensets(st.sampled_from(TYPES), max_size=2)
_LOADS: st.SearchStrategy[Step] = st.builds(
    Load,
    first=_DAYS,
    length=st.integers(1, LENGTH),
    changed_only=st.booleans(),
    refused=st.one_of(st.just(frozenset()), _FEW, _FEW, st.just(frozenset(TYPES))),
    fate=st.one_of(_RUNS, _RUNS, _STAYS),
)
_CHANGES: st.SearchStrategy[Step] = st.one_of(
    st.builds(Publish, day=_DAYS, kind=_KINDS, thirds=st.integers(0, 3)),
    st.builds(Publish, day=_DAYS, kind=st.just(""), thirds=st.integers(0, 2)),
    st.builds(Drop, day=_DAYS, kind=_KINDS),
    st.builds(SayNothing, st.sampled_from([(), ("house",), ("house", "kiosk")])),
    st.builds(BringContacts, st.sampled_from([("House", "Unknown"), ("KIOSK", "kiosk"), ()])),
)
ROUNDS = st.lists(
    st.tuples(st.lists(_CHANGES, min_size=1, max_size=4), _LOADS), min_size=2, max_size=7
)
