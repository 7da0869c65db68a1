"""The faults of BigQuery and of Google's sign-in: how each comes about, what a job then says."""

from __future__ import annotations

from dataclasses import dataclass

from tests.ingest.bigquery_server import SCHEMA, FakeBigQuery, Fault

READER = "reader@project-one.iam"
FOR_LONG = 400  # more often than any job asks


@dataclass(frozen=True)
class Scene:
    """What goes wrong in which call, what the job then says, and whether waiting may cure it."""

    name: str
    call: str
    fault: Fault
    words: str
    is_passing: bool = False

    def arrange(self, server: FakeBigQuery) -> None:
        """From now on that call meets that fault."""
        server.fail(self.call, *[self.fault] * FOR_LONG)


def _denied(permission: str, what: str) -> Fault:
    message = f"Access Denied: {what}: User does not have {permission} permission on it."
    return Fault(403, "accessDenied", message)


def _permanent(name: str, call: str, fault: Fault, words: str) -> Scene:
    return Scene(name, call, fault, words)


def _passing(name: str, call: str, fault: Fault, words: str) -> Scene:
    return Scene(name, call, fault, words, is_passing=True)


QUOTA = r"quota for this project is used up for now.*raise the quota"
OWN = r"fault of its own, which passes.*status\.cloud\.google\.com"
BROKEN = r"did not answer, or the answer broke off.*may reach bigquery\.googleapis\.com"
SIGN_IN = r"Google's sign-in did not answer as it should.*may reach oauth2\.googleapis\.com"
KEY = rf"does not accept the key of {READER}.*Create a new key"
VIEWER = r"Grant it the role “BigQuery Data Viewer” on the dataset"

_LISTING = [
    _permanent(
        "401",
        "tables.list",
        Fault(401, "authError"),
        rf"did not accept the sign-in of {READER} \(401\).*Create a new key",
    ),
    _permanent(
        "403 listing",
        "tables.list",
        _denied("bigquery.tables.list", "Dataset p:d"),
        rf"{READER} lacks the permission bigquery\.tables\.list \(403\).*{VIEWER}",
    ),
    _permanent(
        "403 table",
        "tables.get",
        _denied("bigquery.tables.get", "Table p:d.events"),
        rf"{READER} lacks the permission bigquery\.tables\.get \(403\).*{VIEWER}",
    ),
    _permanent(
        "API off",
        "tables.list",
        Fault(403, "accessNotConfigured"),
        "API is switched off .* Switch it on",
    ),
    _permanent(
        "404 dataset",
        "tables.list",
        Fault(404, "notFound", "Not found: Dataset p:d"),
        r"no such dataset \(404\).*Check the project, the dataset and its location",
    ),
    _permanent(
        "404 project",
        "tables.list",
        Fault(404, "notFound", "Not found: Project p"),
        r"no such project or dataset \(404\).*Check the project",
    ),
]
_QUERY = [
    _permanent(
        "403 query",
        "jobs.insert",
        _denied("bigquery.jobs.create", "Project p"),
        r"lacks the permission bigquery\.jobs\.create \(403\).*“BigQuery Job User” on",
    ),
    _permanent(
        "403 inside a 200",
        "jobs.insert",
        Fault(job_reason="accessDenied", message="lacks bigquery.tables.getData"),
        rf"lacks the permission bigquery\.tables\.getData \(403\).*{VIEWER}",
    ),
    _permanent(
        "bytes limit inside a 200",
        "jobs.insert",
        Fault(job_reason="bytesBilledLimitExceeded"),
        "Load fewer days at once",
    ),
    _permanent("billing off", "jobs.insert", Fault(403, "billingNotEnabled"), "Switch it on"),
    _permanent(
        "invalid query",
        "jobs.insert",
        Fault(400, "invalidQuery", "No matching signature"),
        "refused the query: No matching signature",
    ),
    _permanent(
        "403 reading",
        "queries.get",
        _denied("bigquery.tables.getData", "Table p:d.t"),
        rf"lacks the permission bigquery\.tables\.getData \(403\).*{VIEWER}",
    ),
    _passing(
        "404 day",
        "jobs.insert",
        Fault(404, "notFound", "Not found: Table p:d.events_20250401 was not found"),
        "table of 2025-04-01 went away .* load the other days without",
    ),
    _passing("quota inside a 200", "jobs.insert", Fault(job_reason="quotaExceeded"), QUOTA),
    _passing("fault inside a 200", "jobs.insert", Fault(job_reason="backendError"), OWN),
    _passing(
        "no row count",
        "queries.get",
        Fault(manner="uncounted"),
        "did not say how many rows .* not used",
    ),
    _passing(
        "wrong row count",
        "queries.get",
        Fault(total=1),
        "announced 1 rows and sent .* not used.*load fewer days",
    ),
]
_EVERY_CALL = [
    scene
    for call in ("tables.list", "tables.get", "jobs.insert", "queries.get")
    for scene in (
        _passing(f"429 {call}", call, Fault(429, "rateLimitExceeded"), QUOTA),
        _passing(f"403 quota {call}", call, Fault(403, "quotaExceeded"), QUOTA),
        _passing(f"500 {call}", call, Fault(500, "internalError"), OWN),
        _passing(f"503 {call}", call, Fault(503, "backendError"), OWN),
        *(
            _passing(f"{manner} {call}", call, Fault(manner=manner), BROKEN)
            for manner in ("hang", "drip", "cut", "lost")
        ),
    )
]
_PROXY = [
    _passing(f"{manner} {call}", call, Fault(manner=manner), BROKEN)
    for call in ("tables.list", "tables.get", "queries.get")
    for manner in ("html", "list", *(("empty",) if call != "tables.list" else ()))
]
_TOKEN = [
    _permanent(
        "invalid_grant", "token", Fault(400, "invalid_grant", "Invalid JWT Signature."), KEY
    ),
    _permanent("deleted account", "token", Fault(401, "invalid_client", "account deleted"), KEY),
    _permanent(
        "wrong clock",
        "token",
        Fault(400, "invalid_grant", "Invalid JWT: must be in a reasonable timeframe."),
        "clock of this application's server is wrong.*set the clock",
    ),
    *(
        _passing(f"token {status}", "token", Fault(status, "internal_failure"), SIGN_IN)
        for status in (429, 500, 503)
    ),
    _passing("proxy instead of a token", "token", Fault(manner="html"), SIGN_IN),
    _passing("proxy's refusal of a token", "token", Fault(403, manner="html"), SIGN_IN),
    *(
        _passing(f"token {manner}", "token", Fault(manner=manner), BROKEN)
        for manner in ("hang", "drip", "cut", "lost")
    ),
]

SCENES = [*_LISTING, *_QUERY, *_EVERY_CALL, *_PROXY, *_TOKEN]

RETYPED = [
    {**column, "type": "TIMESTAMP"} if column["name"] == "event_timestamp" else column
    for column in SCHEMA
]
WIDER = [
    *SCHEMA,
    {"name": "brand_new", "type": "RECORD", "fields": [{"name": "inside", "type": "JSON"}]},
]
