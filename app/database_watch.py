"""An end for every wait on PostgreSQL, and no queue for a server that is away.

A connection of a web request gives up on an answer after seconds, and a request on all its
answers together. So many requests may wait at once; the threads beyond that answer what needs no
database. Whoever waits for a place asks the server for a sign of life, and when there is none,
everybody is refused at once until a thread of its own finds the server again.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
REQUEST_S = 9.0  # for all answers of one request together
STATEMENT_S = 6.0  # after which the server ends a statement by itself
ANSWER_S = 7.0  # longer, so that a server that lives speaks first
PING_S = 1.5
CONNECT_S = 2
SIGN_AFTER_S, SIGN_S = 0.3, 0.6
_AGAIN_S = 0.2

V = TypeVar("V")
# When the request has to end; None outside of requests, where nothing is limited.
_ends_at: ContextVar[float | None] = ContextVar("ends_at", default=None)


class DatabaseAway(OperationalError):
    """PostgreSQL does not answer, so it was not asked."""

    def __init__(self) -> None:
        super().__init__(None, None, psycopg.OperationalError("it does not answer"))


class Wire(psycopg.Connection[Any]):
    """A connection that ends itself when an answer takes too long."""

    most_s: float = ANSWER_S

    def wait(
        self, gen: PQGen[V], interval: float = 0.1, timeout: float | None = None
    ) -> V:
        """What psycopg waits for, or an end of the connection.

        Raises:
            psycopg.OperationalError: there was no answer in time.
        """
        if is_limited():
            timeout = min(self.most_s, time_left(), timeout or math.inf)
        try:
            return super().wait(gen, interval, timeout)
        except _WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError("the server did not answer in time") from None

    @contextmanager
    def within(self, most_s: float) -> Iterator[None]:
        """Give each answer in the block no longer than this."""
        self.most_s = most_s
        try:
            yield
        finally:
            self.most_s = ANSWER_S


def begin_request() -> None:
    """From now on this thread answers a request."""
    _ends_at.set(time.monotonic() + REQUEST_S)


def end_request() -> None:
    """The answer is made. What is still streamed may take its time, but no statement of it."""
    _ends_at.set(math.inf)


def is_limited() -> bool:
    """Whether this thread answers requests."""
    return _ends_at.get() is not None


def time_left() -> float:
    """Seconds until the request has to end; never nothing, so that what has come is taken."""
    return max(0.05, (_ends_at.get() or math.inf) - time.monotonic())


@dataclass
class Watch:
    """Who waits for one server. `lose` is called when it falls silent, to let go of connections."""

    url: str
    lose: Callable[[], None]
    is_away: bool = False
    _used: dict[int, int] = field(default_factory=dict)
    _free: threading.Condition = field(default_factory=threading.Condition)
    _asking: threading.Lock = field(default_factory=threading.Lock)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "database"))
    _wire: Wire | None = None
    _is_over: bool = False

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among those who may wait; one a thread, however nested.

        Raises:
            DatabaseAway: the server is known to be away, or there was no place in time.
        """
        thread = threading.get_ident()
        give_up_at = time.monotonic() + time_left()
        while not self._take(thread):
            if time.monotonic() > give_up_at or not self._shows_life():
                raise DatabaseAway
        try:
            yield
        finally:
            self._give_back(thread)

    def note_silence(self) -> None:
        """Refuse everybody until the server answers again."""
        with self._free:
            if self.is_away or self._is_over:
                return
            self.is_away = True
            self._free.notify_all()
        logger.error("database.silent")
        self.lose()
        threading.Thread(target=self._look, name="database-look", daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._is_over = True
        self._pool.shutdown(wait=False)

    def _take(self, thread: int) -> bool:
        """Whether there was a place within a moment."""
        with self._free:
            self._free.wait_for(lambda: self.is_away or self._has_place(thread), SIGN_AFTER_S)
            if self.is_away:
                raise DatabaseAway
            if not self._has_place(thread):
                return False
            self._used[thread] = self._used.get(thread, 0) + 1
            return True

    def _has_place(self, thread: int) -> bool:
        return thread in self._used or len(self._used) < PLACES

    def _give_back(self, thread: int) -> None:
        with self._free:
            self._used[thread] -= 1
            if not self._used[thread]:
                del self._used[thread]
                self._free.notify()

    def _shows_life(self) -> bool:
        """Ask for a sign of life; one thread does, the others take its word."""
        if not self._asking.acquire(blocking=False):
            return True
        try:
            self._pool.submit(self._ask).result(SIGN_S)
        except (TimeoutError, psycopg.Error):
            self.note_silence()
            return False
        finally:
            self._asking.release()
        return True

    def _ask(self) -> None:
        if self._wire is None or self._wire.closed:
            self._wire = Wire.connect(self.url, autocommit=True, connect_timeout=CONNECT_S)
        begin_request()
        with self._wire.within(PING_S):
            self._wire.execute("select 1")

    def _look(self) -> None:
        """Ask again and again until there is an answer."""
        while not self._is_over:
            with suppress(psycopg.Error):
                with Wire.connect(self.url, autocommit=True, connect_timeout=CONNECT_S) as wire:
                    begin_request()
                    with wire.within(PING_S):
                        wire.execute("select 1")
                with self._free:
                    self.is_away = False
                    self._wire = None
                logger.info("database.answers")
                return
            time.sleep(_AGAIN_S)
