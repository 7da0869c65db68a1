"""The read replica: whether it may answer now, and how far it must have come.

It may answer a read when it has replayed what the primary had written a few seconds ago, so
that nothing shown is older, and the last change of the tenant's rows, so that whoever made it
sees it at once. Positions in the primary's log say so; no two clocks are compared.

A thread looks at both servers every second. When one does not answer in time, every connection
to the replica is cut, also those that somebody waits on: their requests are answered by the
primary instead.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID
from weakref import WeakSet

import psycopg
from redis import Redis, RedisError

from app.log import logger

MOST_BEHIND_S = 5.0
_LOOK_S = 1.0
_ANSWER_S = 2.0
_OVERDUE_S = _LOOK_S + _ANSWER_S
_KEEP_S = 60  # longer than any position that is asked for stays behind
_WRITTEN = "written:"
_PRIMARY = "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
_REPLICA = "select pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint"

Wire = psycopg.Connection[Any]


@dataclass(frozen=True)
class Standing:
    """How the replica stood at a look, in bytes of the primary's log.

    `needed` is where the primary was at the oldest look that still counts.
    """

    looked_at: float
    needed: int
    replayed: int
    written: int

    @property
    def is_usable(self) -> bool:
        """Whether reads that nobody's own change makes wait may go there."""
        return self.replayed >= self.needed

    @property
    def behind_bytes(self) -> int:
        """What it has not replayed yet."""
        return max(0, self.written - self.replayed)


@dataclass
class Replica:
    """One replica of one primary; addresses are libpq URLs."""

    url: str
    primary_url: str
    redis: Redis
    _looks: deque[tuple[float, int]] = field(default_factory=deque)
    _standing: Standing | None = None
    _is_well: bool | None = None
    _wires: WeakSet[Wire] = field(default_factory=WeakSet)
    _lookers: dict[str, Wire] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _end: threading.Event = field(default_factory=threading.Event)
    _watch: threading.Thread | None = None

    def needed(self, tenant_id: UUID) -> int | None:
        """The position that a read of this tenant needs; None: let the primary answer."""
        standing = self.standing()
        if standing is None:
            return None
        try:
            changed = self.redis.zscore(_WRITTEN + str(tenant_id), "position")
        except RedisError:
            return None
        return max(standing.needed, int(changed or 0))

    def note_change(self, tenant_id: UUID, position: int) -> None:
        """Reads of this tenant need at least this position from now on."""
        key = _WRITTEN + str(tenant_id)
        with suppress(RedisError), self.redis.pipeline() as pipe:
            pipe.zadd(key, {"position": position}, gt=True)
            pipe.expire(key, _KEEP_S)
            pipe.execute()

    def standing(self) -> Standing | None:
        """What the last look saw; None when it failed or is overdue."""
        self._watch_on()
        standing = self._standing
        if standing is None or time.monotonic() - standing.looked_at > _OVERDUE_S:
            return None
        return standing

    def keep(self, wire: Wire) -> None:
        """Cut this connection too when the replica falls silent."""
        with self._lock:
            self._wires.add(wire)

    def close(self) -> None:
        """Look no more."""
        self._end.set()

    def _watch_on(self) -> None:
        with self._lock:
            if self._watch is None:
                self._watch = threading.Thread(target=self._look_on, name="replica", daemon=True)
                self._watch.start()

    def _look_on(self) -> None:
        """Look until the end. A look that hangs is cut loose, so that one more thread suffices."""
        with ThreadPoolExecutor(1, "replica-look") as pool:
            while not self._end.is_set():
                try:
                    look = pool.submit(self._look)
                except RuntimeError:  # the interpreter is on its way out
                    return
                try:
                    self._take(look)
                except (TimeoutError, psycopg.Error) as error:
                    self._lose(error)
                self._end.wait(_LOOK_S)
            self._cut_all()

    def _look(self) -> tuple[int, int]:
        """Where the primary is, and what the replica has replayed."""
        return self._ask(self.primary_url, _PRIMARY), self._ask(self.url, _REPLICA)

    def _ask(self, url: str, query: LiteralString) -> int:
        kept = self._lookers.get(url)
        if kept is None or kept.closed:
            timeout_s = int(_ANSWER_S)
            kept = psycopg.connect(url, autocommit=True, connect_timeout=timeout_s)
            self._lookers[url] = kept
        row = kept.execute(query).fetchone()
        if row is None or row[0] is None:
            raise psycopg.OperationalError("this server replays nothing")
        return int(row[0])

    def _take(self, look: Future[tuple[int, int]]) -> None:
        asked_at = time.monotonic()
        written, replayed = look.result(_ANSWER_S)
        while self._looks and self._looks[0][0] < asked_at - MOST_BEHIND_S:
            self._looks.popleft()
        self._looks.append((asked_at, written))
        self._standing = Standing(time.monotonic(), self._looks[0][1], replayed, written)
        if not self._is_well:
            self._is_well = True
            logger.info("replica.answers", behind_bytes=self._standing.behind_bytes)

    def _lose(self, error: Exception) -> None:
        self._standing = None
        self._cut_all()
        if self._is_well is not False:
            self._is_well = False
            logger.error("replica.lost", error=type(error).__name__)

    def _cut_all(self) -> None:
        with self._lock:
            wires = [*self._wires, *self._lookers.values()]
        for wire in wires:
            _cut(wire)
        self._lookers.clear()


def _cut(wire: Wire) -> None:
    """End a connection that another thread may be waiting on."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(wire.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)
