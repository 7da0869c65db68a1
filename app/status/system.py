"""System status: the alert rules of deploy/prometheus/alerts.yml, for admins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.format import NOT_COMPUTABLE, Format, duration
from app.status.measures import Measure

SLOW_S, ERROR_SHARE, FAILURES, POOL_SHARE = 0.5, 0.01, 3, 0.8
OLD_DATA_S, OLD_JOB_S, OLD_MAIL_S = 172_800, 900, 14_400
_DEPENDENCIES = {"bigquery": "BigQuery", "sftp": "SFTP server", "smtp": "Mail server"}


@dataclass(frozen=True)
class Check:
    """One line: what is checked, its state and the target; `is_good` None means unknown."""

    name: str
    value: str
    wanted: str
    is_good: bool | None


@dataclass(frozen=True)
class Requests:
    """The requests served by this process since its start. `p95_s` None: none yet."""

    count: int
    errors: int
    p95_s: float | None


def list_checks(
    measures: Sequence[Measure],
    slug: str,
    requests: Requests,
    pool: tuple[int, int],
    workers: int | None,
    fmt: Format,
) -> list[Check]:
    """Every check of the whole system and of this tenant, without other tenants' measures."""
    own = [one for one in measures if one.labels.get("tenant", slug) == slug]
    return [*_services(own, workers, pool, fmt), *_answers(requests, fmt), *_work(own)]


def _services(
    own: Sequence[Measure], workers: int | None, pool: tuple[int, int], fmt: Format
) -> Iterator[Check]:
    is_up = _value(own, "database_up") == 1
    yield Check("PostgreSQL", "answers" if is_up else "is down", "answers", is_up)
    if (is_read := _value(own, "replica_up")) is not None:
        said = "answers" if is_read else "is down or behind: the primary answers"
        yield Check("Read replica", said, "answers", bool(is_read))
    said = NOT_COMPUTABLE if workers is None else fmt.number(workers)
    yield Check("Workers alive", said, "at least 1", None if workers is None else workers > 0)
    used, most = pool
    yield Check(
        "Database connections in use",
        f"{fmt.number(used)} of {fmt.number(most)}",
        f"at most {POOL_SHARE:.0%}",
        used <= POOL_SHARE * most,
    )


def _answers(requests: Requests, fmt: Format) -> Iterator[Check]:
    slow = requests.p95_s
    yield Check(
        "Response time, 95 of 100 requests",
        NOT_COMPUTABLE if slow is None else f"{slow:.2f} s",
        f"at most {SLOW_S} s",
        None if slow is None else slow <= SLOW_S,
    )
    share = requests.errors / requests.count if requests.count else None
    yield Check(
        "Requests that failed on our side",
        NOT_COMPUTABLE if share is None else fmt.percent(100 * share, 2),
        f"at most {ERROR_SHARE:.0%}",
        None if share is None else share <= ERROR_SHARE,
    )


def _work(own: Sequence[Measure]) -> Iterator[Check]:
    yield _age(own, "Oldest due job", "jobs_oldest_due_seconds", OLD_JOB_S)
    yield _age(own, "Since your last complete day ended", "data_age_seconds", OLD_DATA_S)
    failed = _value(own, "ingest_failures_in_a_row")
    said = NOT_COMPUTABLE if failed is None else f"{failed:.0f}"
    is_good = None if failed is None else failed <= FAILURES
    yield Check("Failed ingestions in a row", said, f"at most {FAILURES}", is_good)
    yield _age(own, "Since your last ingestion", "ingest_last_success_seconds", OLD_DATA_S)
    yield _age(own, "Oldest message on its way", "mail_oldest_seconds", OLD_MAIL_S)
    for one in own:
        if one.name == "dependency_up":
            name = _DEPENDENCIES[one.labels["dependency"]]
            said = "works" if one.value else "does not work"
            yield Check(f"{name}, last test", said, "works", bool(one.value))


def _age(own: Sequence[Measure], name: str, measure: str, most_s: float) -> Check:
    value = _value(own, measure)
    if value is None:
        return Check(name, NOT_COMPUTABLE, f"at most {duration(most_s)}", None)
    return Check(name, duration(value), f"at most {duration(most_s)}", value <= most_s)


def _value(own: Sequence[Measure], name: str) -> float | None:
    return max((one.value for one in own if one.name == name), default=None)
