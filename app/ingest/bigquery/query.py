"""Runs a query so that it is billed only once, whatever fails."""

from __future__ import annotations

import hashlib
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from google.api_core import exceptions as api
from google.cloud import bigquery

from app.errors import Upstream
from app.ingest.attempts import Limits, retry
from app.ingest.bigquery.client import ONCE, BigQuerySettings
from app.ingest.bigquery.errors import job_fault, translated
from app.ingest.store.event_tables import SESSION_PART, EventTable
from app.jobs import JobLost, JobStopped
from app.jobs.failpoints import reached

_ATTEMPTS = 10  # failed queries of one job in BigQuery before a new one is refused
_FIRST_POLL_S = 0.25
_LONGEST_POLL_S = 3.0
_CANCEL_TIMEOUT_S = 10.0
_CHECK_CHARACTERS = 12


@dataclass(frozen=True)
class Query:
    """The SQL of one extraction; `state` identifies the tables and instants it reads."""

    table: EventTable
    sql: str
    state: str

    def config(self, settings: BigQuerySettings) -> bigquery.QueryJobConfig:
        """The query's bound parameters and cost limit."""
        texts = {
            "contact_property": settings.contact_property,
            "company_property": settings.company_property,
            "branch_property": settings.branch_property,
        }
        lists = {"event_names": self.table.event_names}
        if self.table is SESSION_PART:
            lists["nothing"] = settings.nothing_words
        return bigquery.QueryJobConfig(
            query_parameters=[
                *(bigquery.ArrayQueryParameter(n, "STRING", v) for n, v in lists.items()),
                *(bigquery.ScalarQueryParameter(n, "STRING", v) for n, v in texts.items()),
            ],
            maximum_bytes_billed=settings.max_bytes_billed,
            use_legacy_sql=False,
        )

    def job_id(self, settings: BigQuerySettings, job_key: str, attempt: int) -> str:
        """BigQuery's id for this query: the same for the same query of the same job."""
        question = repr(
            (
                self.sql,
                self.state,
                self.table.event_names,
                settings.contact_property,
                settings.company_property,
                settings.branch_property,
                settings.nothing_words,
            )
        )
        check = hashlib.sha256(question.encode()).hexdigest()[:_CHECK_CHARACTERS]
        key = re.sub(r"[^A-Za-z0-9_-]", "_", job_key)
        return f"ga4_{key}_{self.table.name}_{check}_{attempt}"


class _QueryFailed(Exception):
    """The query with this id failed; a retry needs a new id."""

    def __init__(self, fault: Upstream) -> None:
        super().__init__(fault.message)
        self.fault = fault


def run_query(
    client: bigquery.Client, settings: BigQuerySettings, query: Query, job_key: str, limits: Limits
) -> bigquery.QueryJob:
    """The finished query, found again if this job ran it before.

    If the job is cancelled or past its deadline, the query is also asked to stop, even if the
    response to its start was lost. It continues if another run of the job will need it.

    Raises:
        Upstream: the query was refused or failed, or the deadline has passed.
        Cancelled: the job was cancelled.
    """
    attempts = iter(range(_ATTEMPTS))
    attempt = next(attempts)

    def ask() -> bigquery.QueryJob:
        nonlocal attempt
        while True:
            job_id = query.job_id(settings, job_key, attempt)
            job, is_new = _start_or_find(client, settings, query, job_id, limits)
            reached("query.started")
            try:
                return _wait(settings, job, limits)
            except _QueryFailed as failed:
                attempt = next(attempts, _ATTEMPTS)
                if is_new or attempt == _ATTEMPTS:
                    raise failed.fault from failed

    try:
        return retry(ask, limits, first_pause_s=settings.first_pause_s)
    except Exception as error:  # always raised again
        if _is_final(error, limits):
            _stop(client, settings, query.job_id(settings, job_key, attempt))
        raise


def _is_final(error: Exception, limits: Limits) -> bool:
    """Whether nobody will need the query's result after this."""
    if isinstance(error, Upstream):
        return time.monotonic() >= limits.deadline
    return not isinstance(error, JobStopped | JobLost)


def _start_or_find(
    client: bigquery.Client, settings: BigQuerySettings, query: Query, job_id: str, limits: Limits
) -> tuple[bigquery.QueryJob, bool]:
    """The query with this id, and whether this call started it."""
    with translated(settings.account):
        try:
            job = client.query(
                query.sql,
                job_config=query.config(settings),
                job_id=job_id,
                retry=ONCE,
                job_retry=None,
                timeout=limits.within(settings.call_timeout_s),
            )
        except api.Conflict:
            timeout_s = limits.within(settings.call_timeout_s)
            found = client.get_job(job_id, retry=ONCE, timeout=timeout_s)
            return cast(bigquery.QueryJob, found), False
        return job, True


def _wait(settings: BigQuerySettings, job: bigquery.QueryJob, limits: Limits) -> bigquery.QueryJob:
    poll_s = _FIRST_POLL_S
    while job.state != "DONE":
        limits.pause(poll_s)
        poll_s = min(poll_s * 1.5, _LONGEST_POLL_S)
        _reload(settings, job, limits)
    limits.check()
    if job.error_result:
        raise _QueryFailed(job_fault(job.error_result, settings.account))
    reached("query.done")
    return job


def _reload(settings: BigQuerySettings, job: bigquery.QueryJob, limits: Limits) -> None:
    with translated(settings.account):
        job.reload(retry=ONCE, timeout=limits.within(settings.call_timeout_s))


def _stop(client: bigquery.Client, settings: BigQuerySettings, job_id: str) -> None:
    """Ask BigQuery to stop the query and its cost. A refusal changes nothing."""
    with suppress(Upstream), translated(settings.account):
        client.cancel_job(job_id, retry=ONCE, timeout=_CANCEL_TIMEOUT_S)
