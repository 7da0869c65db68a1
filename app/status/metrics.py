"""The metrics for Prometheus: requests, and figures from the database.

With several processes behind one port, `PROMETHEUS_MULTIPROC_DIR` is the folder in which they add
up. The database is read at most once every few seconds, whoever asks.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator

from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy.exc import SQLAlchemyError

from app.database.engine import admin_transaction, pool_use, replica
from app.log import logger
from app.status.measures import Measure, read_measures
from app.status.system import Requests

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10)
_KEEP_S = 10.0
_NAME = "http_request_duration_seconds"
_SECONDS = Histogram(
    _NAME,
    "Time to answer, by route",
    ("method", "route", "status"),
    buckets=_BUCKETS,
)
_POOL_USED = Gauge(
    "database_pool_connections_used", "Connections in use", multiprocess_mode="livesum"
)
_POOL_SIZE = Gauge(
    "database_pool_connections_max", "Connections there may be", multiprocess_mode="livesum"
)


def configure(app: Flask) -> None:
    """Time every request of this application."""
    app.after_request(_observe)


def render() -> Response:
    """All metrics in the Prometheus format."""
    text = generate_latest(_registry()) + generate_latest(_from_database())
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def answered() -> Requests:
    """The requests served so far, by all processes of this service if they add up."""
    counts: dict[float, float] = {}
    errors = 0.0
    for family in _registry().collect():
        for sample in family.samples if family.name == _NAME else ():
            if sample.name == f"{_NAME}_bucket":
                bound = float(sample.labels["le"])
                counts[bound] = counts.get(bound, 0) + sample.value
            if sample.name == f"{_NAME}_count" and sample.labels["status"] == "5xx":
                errors += sample.value
    total = counts.get(float("inf"), 0)
    slow = min((bound for bound, n in counts.items() if n >= 0.95 * total), default=None)
    return Requests(int(total), int(errors), slow if total else None)


def _registry() -> CollectorRegistry:
    """This process's metrics, or those of all processes behind one port."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:  # read by the library, not a setting
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's own
    return registry


def _observe(response: Response) -> Response:
    rule = request.url_rule.rule if request.url_rule else "unmatched"
    took_s = time.perf_counter() - g.get("began", time.perf_counter())
    _SECONDS.labels(request.method, rule, f"{response.status_code // 100}xx").observe(took_s)
    used, size = pool_use()
    _POOL_USED.set(used)
    _POOL_SIZE.set(size)
    return response


class _Measures:
    """The database's measures in Prometheus form."""

    def __init__(self, measures: Iterable[Measure]) -> None:
        self._measures = measures

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for one in self._measures:
            if one.name not in families:
                families[one.name] = GaugeMetricFamily(one.name, one.help, labels=list(one.labels))
            families[one.name].add_metric(list(one.labels.values()), one.value)
        yield from families.values()


_lock = threading.Lock()
_kept: tuple[float, list[Measure]] = (0.0, [])


def kept_measures() -> list[Measure]:
    """The database's measures, at most a few seconds old; `database_up` is 0 if it is down."""
    global _kept
    with _lock:
        if time.monotonic() - _kept[0] > _KEEP_S or not _kept[1]:
            _kept = (time.monotonic(), _read())
        return _kept[1]


def _read() -> list[Measure]:
    help_ = "Whether the database answers"
    try:
        with admin_transaction() as conn:
            return [Measure("database_up", help_, 1.0), *_replica(), *read_measures(conn)]
    except SQLAlchemyError as error:
        logger.warning("metrics.database.away", error=type(error).__name__)
        return [Measure("database_up", help_, 0.0)]


def _replica() -> Iterator[Measure]:
    """The read replica's state at this process's last check; nothing without a replica."""
    if (watched := replica()) is None:
        return
    standing = watched.standing()
    is_usable = standing is not None and standing.is_usable
    yield Measure("replica_up", "Whether the replica may answer", float(is_usable))
    if standing is not None:
        said = "How much of the primary's log the replica has not replayed"
        yield Measure("replica_behind_bytes", said, standing.behind_bytes)


def _from_database() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Measures(kept_measures()))
    return registry
