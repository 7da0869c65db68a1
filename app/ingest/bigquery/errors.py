"""Faults of BigQuery and Google's sign-in, in plain words with the fix.

Every fault has a kind: `permanent` (somebody must change something), `transient` (passes by
itself), `quota` (passes later), `not_yet` (a day's table is being replaced).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from app.errors import Upstream

_QUOTA = {
    "rateLimitExceeded",
    "jobRateLimitExceeded",
    "quotaExceeded",
    "userRateLimitExceeded",
    "dailyLimitExceeded",
}
_TRANSIENT = {
    "backendError",
    "internalError",
    "jobBackendError",
    "jobInternalError",
    "tableUnavailable",
    "timeout",
    "stopped",
}
_PASSING_STATUSES = (408, 409, 499)  # including gRPC's ABORTED and CANCELLED
_STATUS_REASONS = {
    400: "invalid",
    401: "authError",
    403: "accessDenied",
    404: "notFound",
    429: "rateLimitExceeded",
}
_ROLES = {
    "bigquery.jobs": "“BigQuery Job User” on the project",
    "bigquery.tables": "“BigQuery Data Viewer” on the dataset",
    "bigquery.datasets": "“BigQuery Data Viewer” on the dataset",
    "bigquery.readsessions": "“BigQuery Read Session User” on the project",
}
_PERMISSION = re.compile(r"\bbigquery\.[a-z]+\.[A-Za-z]+")
_DETAIL_CHARACTERS = 300


@contextmanager
def translated(account: str) -> Iterator[None]:
    """Run calls to BigQuery as `account`; their faults are raised as Upstream."""
    try:
        yield
    except api.GoogleAPICallError as error:
        raise _api_fault(error, account) from error
    except auth.RefreshError as error:
        raise _sign_in_fault(error, account) from error
    except (
        requests.exceptions.RequestException,
        auth.TransportError,
        auth.TimeoutError,
        api.RetryError,
        TimeoutError,
        ConnectionError,
    ) as error:
        raise Upstream(
            "BigQuery did not answer, or the answer broke off. If it keeps happening, check that "
            "this application may reach bigquery.googleapis.com.",
            kind="transient",
            detail=f"{type(error).__name__}: {error}"[:_DETAIL_CHARACTERS],
        ) from error


def job_fault(error_result: Mapping[str, str], account: str) -> Upstream:
    """The fault of a query that BigQuery accepted and later reported as failed."""
    reason = error_result.get("reason", "")
    return _fault(reason, error_result.get("message", ""), account)


def _api_fault(error: api.GoogleAPICallError, account: str) -> Upstream:
    message = str(error.message or "").partition("\n")[0]
    status = int(error.code or 0)
    details = next((e for e in error.errors if isinstance(e, dict)), {})
    reason = details.get("reason") or _STATUS_REASONS.get(status, "")
    if isinstance(error, api.ServerError) or status in _PASSING_STATUSES:
        reason = "backendError"
    if status in (401, 429):
        reason = _STATUS_REASONS[status]
    return _fault(str(reason), str(details.get("message") or message), account)


def _fault(reason: str, message: str, account: str) -> Upstream:
    """A sentence with the cause and one with the fix for BigQuery's `reason`."""
    detail = f"{reason}: {message}"[:_DETAIL_CHARACTERS]
    if reason in _QUOTA:
        return Upstream(
            "BigQuery's quota for this project is used up for now. If it keeps happening, load "
            "fewer days at once, or raise the quota in the Google Cloud console.",
            kind="quota",
            detail=detail,
        )
    if reason in _TRANSIENT:
        return Upstream(
            "BigQuery had a fault of its own, which passes. If it keeps happening, see "
            "status.cloud.google.com.",
            kind="transient",
            detail=detail,
        )
    if reason == "notFound":
        return _not_found(message, detail)
    return Upstream(
        _permanent_words(reason, message, account), permanent=True, kind="permanent", detail=detail
    )


def _permanent_words(reason: str, message: str, account: str) -> str:
    if reason == "authError":
        return (
            f"BigQuery did not accept the sign-in of {account} (401). Create a new key for this "
            "service account in the Google Cloud console and save it in the settings."
        )
    if reason == "accessDenied":
        return _access_denied(message, account)
    if reason == "accessNotConfigured":
        return (
            "The BigQuery API is switched off in this Google Cloud project. Switch it on under "
            "“APIs & Services” in the Google Cloud console."
        )
    if reason == "bytesBilledLimitExceeded":
        return (
            "The query would read more than the allowed number of bytes. Load fewer days at "
            "once, or raise the limit in the settings."
        )
    if reason == "billingNotEnabled":
        return "Billing is off for this Google Cloud project. Switch it on in the console."
    return f"BigQuery refused the query: {message[:_DETAIL_CHARACTERS] or reason or 'no reason'}."


def _access_denied(message: str, account: str) -> str:
    found = _PERMISSION.search(message)
    permission = found.group() if found else ""
    role = _ROLES.get(
        permission.rpartition(".")[0],
        "“BigQuery Data Viewer” on the dataset and “BigQuery Job User” on the project",
    )
    lacks = f"lacks the permission {permission}" if permission else "may not read this dataset"
    return f"{account} {lacks} (403). Grant it the role {role} in the Google Cloud console."


def _not_found(message: str, detail: str) -> Upstream:
    table = re.search(r"events_(?:intraday_|fresh_)?(\d{4})(\d\d)(\d\d)", message)
    if table:
        day = "-".join(table.groups())
        return Upstream(
            f"The table of {day} went away while it was read; Google replaces tables of late "
            "days. If it keeps happening, load the other days without this one.",
            kind="not_yet",
            detail=detail,
        )
    what = "dataset" if "dataset" in message.lower() else "project or dataset"
    return Upstream(
        f"BigQuery has no such {what} (404). Check the project, the dataset and its location in "
        "the settings; GA4's dataset is named like analytics_123456789.",
        permanent=True,
        kind="permanent",
        detail=detail,
    )


def _sign_in_fault(error: auth.RefreshError, account: str) -> Upstream:
    detail = str(error)[:_DETAIL_CHARACTERS]
    if getattr(error, "retryable", False):
        return Upstream(
            "Google's sign-in did not answer as it should. If it keeps happening, check that this "
            "application may reach oauth2.googleapis.com, and that no proxy answers in its place.",
            kind="transient",
            detail=detail,
        )
    if "reasonable timeframe" in detail:
        return Upstream(
            "Google refused the sign-in because the clock of this application's server is wrong. "
            "Ask whoever runs it to set the clock.",
            permanent=True,
            kind="permanent",
            detail=detail,
        )
    return Upstream(
        f"Google does not accept the key of {account}. Create a new key for this service "
        "account in the Google Cloud console and save it in the settings.",
        permanent=True,
        kind="permanent",
        detail=detail,
    )
