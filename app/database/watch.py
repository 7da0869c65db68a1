"""Limits every wait on PostgreSQL, so that requests do not queue for a dead server.

A web request waits seconds for one answer, and seconds for all its answers together. Only a limited
number of requests may wait at once. If half of them wait too long, further ones are refused, which
keeps threads free for requests without the database. If a new connection gets no answer either,
every request is refused until one does.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import _WaitTimeout
from sqlalchemy.exc import OperationalError

from app.log import logger

PLACES = 8
REQUEST_S = 7.0  # for all answers of one request together
STATEMENT_S = 5.0  # after which the server itself cancels a statement
ANSWER_S = 5.5  # longer, so that a live server reports first
PING_S = 1.5
CONNECT_S = 2
STUCK_S = 0.6  # for one answer, while others wait for a place
_AGAIN_S = 0.2

V = TypeVar("V")
_asked_at: dict[int, float] = {}  # when each thread began to wait for an answer
# When the request has to end; None outside requests, which have no limit.
_ends_at: ContextVar[float | None] = ContextVar("ends_at", default=None)


class DatabaseAway(OperationalError):
    """PostgreSQL does not answer, so it was not asked."""

    def __init__(self) -> None:
        super().__init__(None, None, psycopg.OperationalError("it does not answer"))


class Wire(psycopg.Connection[Any]):
    """A connection that closes itself if an answer takes too long."""

    most_s: float = ANSWER_S

    def wait(self, gen: PQGen[V], interval: float = 0.1, timeout: float | None = None) -> V:
        """Wait as psycopg does, but close the connection after too long.

        Raises:
            psycopg.OperationalError: there was no answer in time.
        """
        if is_limited():
            timeout = min(self.most_s, time_left(), timeout or math.inf)
        try:
            with asking():
                return super().wait(gen, interval, timeout)
        except _WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError("the server did not answer in time") from None

    @contextmanager
    def within(self, most_s: float) -> Iterator[None]:
        """Allow each answer in the block at most this long."""
        self.most_s = most_s
        try:
            yield
        finally:
            self.most_s = ANSWER_S


@contextmanager
def asking() -> Iterator[None]:
    """Mark this thread as waiting for the server during the block."""
    thread = threading.get_ident()
    _asked_at[thread] = time.monotonic()
    try:
        yield
    finally:
        del _asked_at[thread]


def begin_request() -> None:
    """Mark this thread as serving a request from now on."""
    _ends_at.set(time.monotonic() + REQUEST_S)


def end_request() -> None:
    """Lift the limit when the response is ready; the rest may be streamed slowly."""
    _ends_at.set(math.inf)


def is_limited() -> bool:
    """Whether this thread serves a request."""
    return _ends_at.get() is not None


def time_left() -> float:
    """Seconds until the request has to end; never 0, so that data already received is read."""
    return max(0.05, (_ends_at.get() or math.inf) - time.monotonic())


@dataclass
class Watch:
    """The requests waiting for one server. `let_go` drops idle connections when it falls silent."""

    url: str
    let_go: Callable[[], None]
    is_away: bool = False
    _used: dict[int, int] = field(default_factory=dict)
    _free: threading.Condition = field(default_factory=threading.Condition)
    _is_over: bool = False

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among the waiting requests; one per thread, even when nested.

        Raises:
            DatabaseAway: the server is known to be unavailable, or the waiting requests are stuck.
        """
        if not is_limited():
            yield
            return
        thread = threading.get_ident()
        self._take(thread)
        try:
            yield
        finally:
            self._give_back(thread)

    def note_silence(self) -> None:
        """Refuse every request until the server answers again."""
        with self._free:
            if self.is_away or self._is_over:
                return
            self.is_away = True
            self._free.notify_all()
        logger.error("database.silent")
        self.let_go()
        threading.Thread(target=self._look, name="database-look", daemon=True).start()

    def close(self) -> None:
        self._is_over = True

    def _take(self, thread: int) -> None:
        """Wait for a place, unless the requests that have one are stuck."""
        with self._free:
            while not self.is_away and not self._has_place(thread):
                if self._is_stuck() or time_left() < 1:
                    raise DatabaseAway
                self._free.wait(0.1)
            if self.is_away:
                raise DatabaseAway
            self._used[thread] = self._used.get(thread, 0) + 1

    def _is_stuck(self) -> bool:
        """Whether half of the waiting requests have long waited for the same answer."""
        late = time.monotonic() - STUCK_S
        return 2 * sum(_asked_at.get(one, late + 1) < late for one in self._used) >= PLACES

    def _has_place(self, thread: int) -> bool:
        return thread in self._used or len(self._used) < PLACES

    def _give_back(self, thread: int) -> None:
        with self._free:
            self._used[thread] -= 1
            if not self._used[thread]:
                del self._used[thread]
                self._free.notify()

    def _look(self) -> None:
        """Check repeatedly until the server answers."""
        begin_request()
        while not self._is_over:
            with suppress(psycopg.Error):
                with Wire.connect(self.url, autocommit=True, connect_timeout=CONNECT_S) as wire:
                    begin_request()
                    with wire.within(PING_S):
                        wire.execute("select 1")
                with self._free:
                    self.is_away = False
                logger.info("database.answers")
                return
            time.sleep(_AGAIN_S)
