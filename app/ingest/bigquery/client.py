"""Access to BigQuery: a tenant's settings, the signed-in client and its limited calls."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any, cast

import grpc  # type: ignore[import-untyped] # ships no types
import requests
import urllib3
from google.api_core.retry import Retry
from google.auth import exceptions as auth_exceptions
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1.services.big_query_read import BigQueryReadClient
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import (
    BigQueryReadGrpcTransport,
)
from google.oauth2 import service_account

from app.errors import Invalid
from app.ingest.attempts import Limits
from app.ingest.bigquery.names import check_dataset, check_project

GOOGLE_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address, no secret
_SCOPES = ("https://www.googleapis.com/auth/bigquery",)
_CHUNK_BYTES = 65_536
_LOOK_BYTES = 64
_FAREWELL_S = 10.0

# The library's own retries are off: attempts.py handles deadline and cancellation.
ONCE = Retry(predicate=lambda _: False)


@dataclass(frozen=True)
class ServiceAccount:
    """The four fields of a Google service account's key that are used."""

    project_id: str
    client_email: str
    private_key_id: str
    private_key: str = field(repr=False)


@dataclass(frozen=True)
class BigQuerySettings:
    """The location of a tenant's GA4 export and the access to it.

    `endpoint`, `storage_endpoint` and `token_uri` come from the deployment, never from a tenant;
    without `endpoint` the real service and its Storage Read API are used. `max_bytes_billed` limits
    each of the seven queries of an ingestion. `nothing_words` are the words for nothing, in lower
    case.
    """

    project_id: str
    dataset_id: str
    credentials: ServiceAccount
    location: str | None = None
    max_bytes_billed: int = 100 * 1024**3
    endpoint: str | None = None
    storage_endpoint: str | None = None
    token_uri: str | None = None
    contact_property: str = "WebUserId"
    company_property: str = "WebCustomerId"
    branch_property: str = "default_branch_id"
    nothing_words: tuple[str, ...] = ()
    call_timeout_s: float = 120.0
    first_pause_s: float = 1.0

    def __post_init__(self) -> None:
        check_project(self.project_id)
        check_dataset(self.dataset_id)

    @property
    def account(self) -> str:
        """The address of the service account."""
        return self.credentials.client_email


@dataclass(frozen=True)
class BigQueryConnection:
    """A tenant's clients: REST always, the Storage Read API if the endpoint has it."""

    rest: bigquery.Client
    storage: BigQueryReadClient | None


def open_bigquery(settings: BigQuerySettings, limits: Limits) -> BigQueryConnection:
    """Clients for a tenant's project, for work within `limits`. Sends nothing yet.

    Raises:
        Invalid: the private key cannot be read.
    """
    credentials = _credentials(settings)
    session = BoundedSession(credentials, settings.call_timeout_s, limits.deadline)
    options = {"api_endpoint": settings.endpoint} if settings.endpoint else None
    rest = bigquery.Client(
        project=settings.project_id,
        credentials=credentials,
        _http=session,
        location=settings.location or None,
        client_options=options,
    )
    return BigQueryConnection(rest, _storage(settings, credentials))


def _credentials(settings: BigQuerySettings) -> service_account.Credentials:
    key = settings.credentials
    fields = {
        "type": "service_account",
        "project_id": key.project_id,
        "client_email": key.client_email,
        "private_key_id": key.private_key_id,
        "private_key": key.private_key,
        "token_uri": settings.token_uri or GOOGLE_TOKEN_URI,
    }
    try:
        made = _Credentials.from_service_account_info(  # type: ignore[no-untyped-call] # google's
            fields, scopes=_SCOPES
        )
        return cast(service_account.Credentials, made)
    except (ValueError, auth_exceptions.MalformedError) as error:
        raise Invalid(
            "The private key of the Google service account cannot be read. Upload the JSON file "
            "again, exactly as the Google Cloud console gave it."
        ) from error


def _storage(
    settings: BigQuerySettings, credentials: service_account.Credentials
) -> BigQueryReadClient | None:
    """The Storage Read API's client; needs its own endpoint if REST's is not Google's."""
    if settings.storage_endpoint and str(settings.endpoint).startswith("http://"):
        return _plain_storage(settings.storage_endpoint)
    if settings.endpoint and not settings.storage_endpoint:
        return None
    options = {"api_endpoint": settings.storage_endpoint} if settings.storage_endpoint else None
    return BigQueryReadClient(credentials=credentials, client_options=options)


def _plain_storage(endpoint: str) -> BigQueryReadClient:
    """The client of an emulator without TLS, as its REST address shows."""
    channel = grpc.insecure_channel(endpoint, options=[("grpc.max_receive_message_length", -1)])
    transport = BigQueryReadGrpcTransport(channel=channel)
    return BigQueryReadClient(transport=transport)


class _Credentials(service_account.Credentials):
    """Service account credentials that call only their token endpoint.

    The library's class also asks iamcredentials.googleapis.com, in its own thread, without our
    timeouts and for any endpoint, for a hint that BigQuery does not need.
    """

    def _maybe_start_regional_access_boundary_refresh(self, request: object, url: str) -> None:
        """Do nothing."""


class _BoundedSend(requests.Session):
    """Calls whose `timeout` covers the whole response, however slowly it arrives.

    No call takes longer than `longest_s` or outlasts `deadline`, an instant of time.monotonic():
    the library waits 120 seconds for rows regardless of its settings. Calls after the deadline,
    which stop remaining queries, get a few seconds.
    """

    longest_s: float
    deadline: float

    def send(
        self,
        request: requests.PreparedRequest,
        **options: Any,  # noqa: ANN401 - passed through to requests
    ) -> requests.Response:
        """As in requests, but reads the whole response before returning it.

        Raises:
            requests.exceptions.ConnectionError: the response broke off or took over `timeout`.
        """
        now = time.monotonic()
        left_s = self.deadline - now if now < self.deadline else _FAREWELL_S
        timeout_s = min(options.get("timeout") or self.longest_s, self.longest_s, left_s)
        end = now + timeout_s
        response = super().send(request, **{**options, "stream": True, "timeout": timeout_s})
        _read_whole(response, end)
        return response


class _TokenSession(_BoundedSend):
    def __init__(self, longest_s: float, deadline: float) -> None:
        super().__init__()
        self.longest_s, self.deadline = longest_s, deadline


class _TokenRequest(Request):
    """Fetches an access token. A response that is not from Google's sign-in is a passing fault.

    The library's class fails on a response that is not JSON, reports one without a token as a
    refused key, and retries others without our deadline.
    """

    def __call__(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - google.auth's
        """As in Request.

        Raises:
            auth_exceptions.RefreshError: the response has neither a token nor an error's name.
        """
        answer = super().__call__(*args, **options)  # type: ignore[no-untyped-call] # as above
        is_passing = answer.status == 429 or answer.status >= 500
        wanted = "access_token" if answer.status == 200 else "error"
        if is_passing or not isinstance(_object(answer.data).get(wanted), str):
            raise auth_exceptions.RefreshError(  # type: ignore[no-untyped-call] # as above
                f"answer {answer.status}", retryable=True
            )
        return answer


def _object(body: bytes) -> dict[str, Any]:
    """The response's JSON object; empty if it is none."""
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


class BoundedSession(_BoundedSend, AuthorizedSession):
    """The session that calls BigQuery, signed in with `credentials`."""

    def __init__(
        self, credentials: service_account.Credentials, longest_s: float, deadline: float
    ) -> None:
        tokens = _TokenRequest(_TokenSession(longest_s, deadline))
        super().__init__(  # type: ignore[no-untyped-call] # google.auth's
            credentials, auth_request=tokens
        )
        self.longest_s, self.deadline = longest_s, deadline

    def send(
        self,
        request: requests.PreparedRequest,
        **options: Any,  # noqa: ANN401 - passed through to requests
    ) -> requests.Response:
        """As above, also refusing empty responses, which the library reads as a result without
        rows.

        Raises:
            requests.exceptions.ConnectionError: the response is not BigQuery's.
        """
        response = super().send(request, **options)
        start = response.content[:_LOOK_BYTES].strip()
        is_object = start.startswith(b"{") and start != b"{}"
        if request.method == "GET" and response.ok and not is_object:
            raise requests.exceptions.ConnectionError("the answer is not BigQuery's")
        return response


def _read_whole(response: requests.Response, end: float) -> None:
    body = bytearray()
    try:
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if time.monotonic() > end:
                raise requests.exceptions.ReadTimeout("the answer came too slowly")
    except (urllib3.exceptions.HTTPError, requests.exceptions.Timeout) as error:
        response.close()
        raise requests.exceptions.ConnectionError(error) from error
    response._content = bytes(body)  # returned by response.content
    response._content_consumed = True
    response.raw.release_conn()
