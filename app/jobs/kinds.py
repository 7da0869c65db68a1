"""Which kinds of jobs exist and who does them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from app.jobs.run import Run

Handler = Callable[["Run"], None]
QueueName = Literal["quick", "slow"]


@dataclass(frozen=True)
class Kind:
    """One kind of job. `roles` None: any member may start it."""

    name: str
    handler: Handler
    queue: QueueName
    roles: tuple[str, ...] | None


_kinds: dict[str, Kind] = {}


def job(
    kind: str, *, queue: QueueName = "slow", roles: tuple[str, ...] | None = None
) -> Callable[[Handler], Handler]:
    """Register the decorated function as what does jobs of this kind.

    Workers look into "quick" before "slow": use it where somebody waits for seconds.
    `roles` are those a member must still have when the job starts.
    """

    def register(handler: Handler) -> Handler:
        _kinds[kind] = Kind(kind, handler, queue, roles)
        return handler

    return register


def find_kind(name: str) -> Kind | None:
    """The kind of that name; None when this process does not know it."""
    return _kinds.get(name)
