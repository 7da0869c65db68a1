"""The application and a sign-in provider, both running on real sockets, and browsers for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import requests
from flask import Flask
from werkzeug.serving import make_server

from app.config import Config
from app.factory import create_app
from app.settings import provision
from dev import oidc
from dev.oidc import Client, Member, Oidc
from dev.process import free_port
from tests.planted import SECRETS

ADA = Member("ada@acme.example", "Ada Moreno", "Acme", "admin")
REP = Member("rae@acme.example", "Rae Lund", "Acme", "rep")
VIEWER = Member("vic@acme.example", "Vic Osei", "Acme", "viewer")
GUS = Member("gus@globex.example", "Gus Weiss", "Globex", "admin")
STRANGER = Member("sam@nowhere.example", "Sam Park")
UNVERIFIED = Member("una@acme.example", "Una Roy", is_email_verified=False)
# Known to the provider, and to acme where a test invites them.
MEG = Member("meg@acme.example", "Meg Ode", "Acme", "manager")
OLA = Member("ola@acme.example", "Ola Far", "Acme", "rep")
DAN = Member("dan@acme.example", "Dan Gone", "Acme", "admin")
MIA = Member("mia@acme.example", "Mia Near", "Acme", "manager")
VAL = Member("val@acme.example", "Val Near", "Acme", "viewer")
MEMBERS = (ADA, REP, VIEWER, GUS, STRANGER, UNVERIFIED, MEG, OLA, DAN, MIA, VAL)
CLIENT_SECRET = SECRETS["client secret"]


@dataclass(frozen=True)
class Site:
    """The running application with tenants acme and globex and their members."""

    app: Flask
    config: Config
    base_url: str
    provider: Oidc
    acme: UUID
    globex: UUID

    def url(self, path: str) -> str:
        """The public address of a path."""
        return self.base_url + path

    def api(self, path: str, member: Member = ADA, tenant: UUID | None = None) -> requests.Response:
        """GET a JSON route as this member, in acme unless told otherwise."""
        return requests.get(self.url(path), headers=self.headers(member, tenant))

    def headers(self, member: Member = ADA, tenant: UUID | None = None) -> dict[str, str]:
        """What a program of this member sends with every call."""
        token = self.provider.token_for(member.email)
        return {"Authorization": f"Bearer {token}", "X-Tenant-Id": str(tenant or self.acme)}


class Browser(requests.Session):
    """A browser on the site: keeps cookies, follows redirects, sends Origin with changes."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site

    def open(
        self, path: str, *, follow: bool = True, headers: dict[str, str] | None = None
    ) -> requests.Response:
        """GET a path of the site."""
        return self.get(self.site.url(path), allow_redirects=follow, headers=headers)

    def submit(
        self,
        path: str,
        *,
        follow: bool = True,
        origin: str | None = None,
        **form: str | list[str],
    ) -> requests.Response:
        """POST a form with its CSRF token, as a page of `origin` would (the site's own)."""
        fields = {"csrf_token": self.csrf_token(), **form}
        headers = {"Origin": origin or self.site.base_url}
        return self.post(self.site.url(path), fields, headers=headers, allow_redirects=follow)

    def csrf_token(self) -> str:
        """The token on the pages of this browser's session; empty when there is none."""
        page = self.open("/auth/no-such-page").text
        _, found, rest = page.partition('name="csrf_token" value="')
        return rest.partition('"')[0] if found else ""

    def sign_in(self, member: Member, next_path: str = "/docs") -> requests.Response:
        """Through the provider and back to `next_path`."""
        hint = {"login_hint": member.email, "next": next_path}
        return self.get(self.site.url("/auth/start"), params=hint)

    def cookie(self) -> str | None:
        """The value of the sign-in cookie."""
        return self.cookies.get("signed-in")


@pytest.fixture(scope="session")
def port() -> int:
    """The port of the application, known before it starts: the provider is told it."""
    return free_port()


@pytest.fixture(scope="session")
def provider(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oidc]:
    """A running sign-in provider."""
    base = f"http://127.0.0.1:{port}"
    client = Client("shop", CLIENT_SECRET, (f"{base}/auth/callback",), (f"{base}/auth/signed-out",))
    with oidc.start(tmp_path_factory.mktemp("oidc"), MEMBERS, client) as running:
        yield running


def forget_limits(app: Flask) -> None:
    """What others did from this address counts no more: all tests come from one."""
    redis = app.extensions["redis_client"]
    for key in redis.scan_iter("*limit*"):
        redis.delete(key)


@pytest.fixture(scope="module")
def site(config: Config, provider: Oidc, port: int) -> Iterator[Site]:
    """The application on a real socket."""
    settings = config.model_copy(
        update={
            "base_url": f"http://127.0.0.1:{port}",
            "oidc_issuer": provider.issuer,
            "oidc_client_id": "shop",
            "oidc_client_secret": CLIENT_SECRET,
        }
    )
    app = create_app(settings)
    forget_limits(app)
    acme = provision.create_tenant("acme", "Acme", property_time_zone="America/New_York")
    globex = provision.create_tenant("globex", "Globex", "EUR")
    provision.add_member(acme, ADA.email, "admin")
    provision.add_member(globex, ADA.email, "viewer")
    provision.add_member(acme, REP.email, "rep", ["D01", "D02"])
    provision.add_member(acme, VIEWER.email, "viewer")
    provision.add_member(globex, GUS.email, "admin")
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(app, settings, settings.base_url, provider, acme, globex)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser(site: Site) -> Iterator[Browser]:
    """A browser that has not signed in."""
    with Browser(site) as opened:
        yield opened


def path_of(response: requests.Response) -> str:
    """Where a browser ended up."""
    return urlsplit(response.url).path


def log_lines(config: Config, name: str) -> str:
    """What a log file holds so far."""
    return (Path(config.log_dir) / f"{name}.log").read_text()
