"""The way to BigQuery: a tenant's settings, the signed-in client and its bounded calls."""

from __future__ import annotations

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
from google.cloud.bigquery_storage_v1 import BigQueryReadClient
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import (
    BigQueryReadGrpcTransport,
)
from google.oauth2 import service_account

from app.errors import Invalid
from app.ingest.bigquery_names import check_dataset, check_project

GOOGLE_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address, no secret
_SCOPES = ("https://www.googleapis.com/auth/bigquery",)
_CHUNK_BYTES = 65_536

# The library's own retries are off: attempts.py knows the deadline and who cancelled.
ONCE = Retry(predicate=lambda _: False)


@dataclass(frozen=True)
class ServiceAccount:
    """The four fields of a Google service account's key that are used, and no others."""

    project_id: str
    client_email: str
    private_key_id: str
    private_key: str = field(repr=False)


@dataclass(frozen=True)
class BigQuerySettings:
    """Where a tenant's GA4 export lies and how it may be read.

    `endpoint`, `storage_endpoint` and `token_uri` come from the deployment, never from a
    tenant; without `endpoint` the real service is meant, and its Storage Read API is used.
    `max_bytes_billed` limits each query, of which an ingestion runs six.
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
    call_timeout_s: float = 120.0
    first_pause_s: float = 1.0

    def __post_init__(self) -> None:
        check_project(self.project_id)
        check_dataset(self.dataset_id)

    @property
    def account(self) -> str:
        """Who asks BigQuery: the service account's address."""
        return self.credentials.client_email


@dataclass(frozen=True)
class BigQueryConnection:
    """The clients of one tenant: REST always, the Storage Read API where the endpoint has it."""

    rest: bigquery.Client
    storage: BigQueryReadClient | None


def open_bigquery(settings: BigQuerySettings) -> BigQueryConnection:
    """Clients for a tenant's project. Nothing is sent before the first call.

    Raises:
        Invalid: the private key cannot be read.
    """
    credentials = _credentials(settings)
    session = BoundedSession(credentials, settings.call_timeout_s)
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
    """The Storage Read API's client; another endpoint than Google's must name its own."""
    if settings.storage_endpoint and str(settings.endpoint).startswith("http://"):
        return _plain_storage(settings.storage_endpoint)
    if settings.endpoint and not settings.storage_endpoint:
        return None
    options = {"api_endpoint": settings.storage_endpoint} if settings.storage_endpoint else None
    return BigQueryReadClient(  # type: ignore[no-untyped-call] # the library's
        credentials=credentials, client_options=options
    )


def _plain_storage(endpoint: str) -> BigQueryReadClient:
    """The client of an emulator, which speaks no TLS; its REST address says so."""
    channel = grpc.insecure_channel(endpoint, options=[("grpc.max_receive_message_length", -1)])
    transport = BigQueryReadGrpcTransport(channel=channel)
    return BigQueryReadClient(transport=transport)  # type: ignore[no-untyped-call] # as above


class _Credentials(service_account.Credentials):
    """Service account credentials that call nothing but their token endpoint.

    The stock class asks iamcredentials.googleapis.com in a thread of its own, without our
    timeouts and whatever the endpoint, for a hint that BigQuery does not need.
    """

    def _maybe_start_regional_access_boundary_refresh(self, request: object, url: str) -> None:
        """Ask nobody."""


class _BoundedSend(requests.Session):
    """Calls whose `timeout` bounds the whole answer, however slowly it drips in.

    No call may take longer than `longest_s`: the library asks for 120 seconds by itself.
    """

    longest_s: float

    def send(
        self,
        request: requests.PreparedRequest,
        **options: Any,  # noqa: ANN401 - passed through to requests
    ) -> requests.Response:
        """As requests' own, with the answer read whole before it is returned.

        Raises:
            requests.exceptions.ConnectionError: the answer broke off or took over `timeout`.
        """
        timeout_s = min(options.get("timeout") or self.longest_s, self.longest_s)
        end = time.monotonic() + timeout_s
        response = super().send(request, **{**options, "stream": True, "timeout": timeout_s})
        _read_whole(response, end)
        return response


class _TokenSession(_BoundedSend):
    """The session that fetches access tokens."""

    def __init__(self, longest_s: float) -> None:
        super().__init__()
        self.longest_s = longest_s


class BoundedSession(_BoundedSend, AuthorizedSession):
    """The session that calls BigQuery, signed in with `credentials`."""

    def __init__(self, credentials: service_account.Credentials, longest_s: float) -> None:
        tokens = Request(_TokenSession(longest_s))
        super().__init__(  # type: ignore[no-untyped-call] # google.auth's
            credentials, auth_request=tokens
        )
        self.longest_s = longest_s


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
    response._content = bytes(body)  # what response.content answers
    response._content_consumed = True
    response.raw.release_conn()
