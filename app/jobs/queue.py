"""RQ: lists of job ids in Redis, which only wake idle workers.

An id may be lost (a flush) or doubled (two publishers). Both are harmless: a worker only runs a job
it claimed in PostgreSQL, and the sweeper publishes what waits there. Each notice has its own RQ id,
so that one run's bookkeeping never touches another's.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import sys
from collections.abc import Iterable
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.serializers import JSONSerializer
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.database.redis_client import connect
from app.jobs.doors import short_admin_transaction
from app.jobs.failpoints import reached
from app.jobs.kinds import QueueName, find_kind
from app.jobs.lease import request_stop
from app.jobs.settings import settings
from app.log import logger

QUEUES: tuple[QueueName, ...] = ("quick", "slow")
_ENTRY = "app.jobs.run_job"
_NOTICE_TTL_S = 86_400
_FAILURE_TTL_S = 60
_WORKER_TTL_S = 20
_PR_SET_PDEATHSIG = 1


def publish(job_id: UUID) -> bool:
    """Wake a worker for a committed job. False if that failed: the sweeper does it later."""
    reached("publish.begun")
    try:
        with short_admin_transaction() as conn:
            kind = conn.execute(
                text("select kind from processing_jobs where job_id = :job_id"), {"job_id": job_id}
            ).scalar_one_or_none()
        if kind is not None:
            _push(_publisher(), job_id, kind)
            reached("publish.pushed")
    except (RedisError, OperationalError) as error:
        logger.warning("job.publish.failed", job_id=job_id, error=type(error).__name__)
        return False
    return kind is not None


def publish_missing(waiting: Iterable[tuple[UUID, str]]) -> int:
    """Publish those of the given (job id, kind) whose id is not in Redis; returns how many.

    Raises:
        RedisError: Redis is unavailable.
    """
    connection = _publisher()
    known = {
        notice.partition("_")[0]
        for name in QUEUES
        for notice in _queue(connection, name).get_job_ids()
    }
    missing = [(job_id, kind) for job_id, kind in waiting if str(job_id) not in known]
    for job_id, kind in missing:
        _push(connection, job_id, kind)
    return len(missing)


class QueueWorker(Worker):
    """An RQ worker whose running job is requeued when the worker has to stop."""

    max_connection_wait_time = 2.0

    @property
    def is_stop_requested(self) -> bool:
        """Whether the worker ended because it was asked to."""
        return self._shutdown_requested_date is not None

    def handle_warm_shutdown_request(self) -> None:
        """Pass the request on to the process that runs the job."""
        if self.horse_pid:
            os.kill(self.horse_pid, signal.SIGTERM)

    def setup_work_horse_signals(self) -> None:
        """Let the job's process stop on request and, on Linux, with its worker."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, request_stop)
        end_with_parent()


def make_worker() -> QueueWorker:
    """A worker for every queue.

    Raises:
        RedisError: Redis is unavailable.
    """
    connection = Redis.from_url(settings().redis_url, socket_connect_timeout=5)
    return QueueWorker(
        [_queue(connection, name) for name in QUEUES],
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=_WORKER_TTL_S,
        maintenance_interval=_WORKER_TTL_S,
        log_job_description=False,
    )


def end_with_parent() -> None:
    """Ask Linux to send this process SIGTERM when its parent dies; does nothing elsewhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _publisher() -> Redis:
    """A connection that never blocks a web request for long."""
    return connect(settings().redis_url, retries=0)


def _queue(connection: Redis, name: QueueName) -> Queue:
    return Queue(name, connection=connection, serializer=JSONSerializer)


def _push(connection: Redis, job_id: UUID, kind: str) -> None:
    known = find_kind(kind)
    _queue(connection, known.queue if known else "slow").enqueue_call(
        _ENTRY,
        args=(str(job_id),),
        job_id=f"{job_id}_{secrets.token_hex(4)}",
        timeout=int(settings().job_deadline_s + 2 * settings().job_lease_s) + 60,
        result_ttl=0,
        failure_ttl=_FAILURE_TTL_S,
        ttl=_NOTICE_TTL_S,
    )
