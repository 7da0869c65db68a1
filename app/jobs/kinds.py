"""The kinds of jobs, with their handlers and requests."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

from pydantic import TypeAdapter, ValidationError

from app.errors import Invalid

if TYPE_CHECKING:
    from app.jobs.run import Run

Handler = Callable[..., None]
QueueName = Literal["quick", "slow"]


@dataclass(frozen=True)
class Kind:
    """One kind of job. `roles` None: any member may start it.

    `request` is the type of the handler's second argument, None if it takes only the run.
    """

    name: str
    handler: Handler
    queue: QueueName
    roles: tuple[str, ...] | None
    request: TypeAdapter[Any] | None

    def write(self, request: object | None) -> dict[str, Any]:
        """The request as stored in the job's row.

        Raises:
            TypeError: there is a request and the handler takes none, or the other way round.
        """
        if (request is None) != (self.request is None):
            raise TypeError(f"a job {self.name!r} and its request do not fit")
        if self.request is None:
            return {}
        written: dict[str, Any] = self.request.dump_python(request, mode="json")
        return written

    def perform(self, run: Run) -> None:
        """Call the handler with the run and the request.

        Raises:
            Invalid: another version of the application wrote a request that this one cannot read.
        """
        if self.request is None:
            self.handler(run)
            return
        self.handler(run, self.read(run.params))

    def read(self, params: Mapping[str, Any]) -> object:
        """The request from its stored form.

        Raises:
            Invalid: as perform().
        """
        if self.request is None:
            raise TypeError(f"a job {self.name!r} has no request")
        try:
            return self.request.validate_python(params)
        except ValidationError as error:
            raise Invalid(
                "What this job was asked cannot be read by this version of the application. "
                "Start it again."
            ) from error


_kinds: dict[str, Kind] = {}


def job(
    kind: str, *, queue: QueueName = "slow", roles: tuple[str, ...] | None = None
) -> Callable[[Handler], Handler]:
    """Register the decorated function as the handler of this kind.

    It takes the run and, as an optional second argument, a request: a dataclass of plain values
    given to enqueue(). Workers serve "quick" before "slow": use it if somebody waits for seconds. A
    member must still have one of `roles` when the job starts.
    """

    def register(handler: Handler) -> Handler:
        _kinds[kind] = Kind(kind, handler, queue, roles, _request_type(handler))
        return handler

    return register


def find_kind(name: str) -> Kind | None:
    """The kind of that name; None if this process does not know it."""
    return _kinds.get(name)


def get_kind(name: str) -> Kind:
    """The kind of that name.

    Raises:
        LookupError: no such kind is registered.
    """
    if name not in _kinds:
        raise LookupError(f"no job kind {name!r} is registered")
    return _kinds[name]


def _request_type(handler: Handler) -> TypeAdapter[Any] | None:
    arguments = list(inspect.signature(handler).parameters)
    if len(arguments) == 1:
        return None
    return TypeAdapter(get_type_hints(handler)[arguments[1]])
