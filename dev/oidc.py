"""A sign-in provider (OpenID Connect) for the demo and the tests.

    members = [Member("ada@acme.example", "Ada Moreno", "Acme", "Admin")]
    client = Client("demo", secret, ("http://127.0.0.1:8000/auth/callback",))
    with start(Path(".demo"), members, client) as oidc:
        oidc.issuer

Authorization code flow with PKCE (S256, required) and nonce, made of Authlib's server classes.
The sign-in page lists the members with one button each; a `login_hint` that names one signs that
one in at once, unless `prompt` asks for the page. It also plays Google's token endpoint at
`google_token_uri`. Keys, codes and tokens survive a restart.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import requests

from dev.google_token import service_account
from dev.oidc_store import Client, Member, Store
from dev.private_files import write_private
from dev.process import HOST, Plan, Process, Service, python_module, start_on_port

__all__ = ["Client", "Member", "Oidc", "start"]

TIMEOUT_S = 30


class Oidc(Service):
    """A running provider."""

    def __init__(self, process: Process, port: int, home: Path, client: Client) -> None:
        super().__init__(process, port)
        self._home = home
        self._client = client

    @property
    def issuer(self) -> str:
        """OIDC_ISSUER of the application."""
        return issuer_at(self.port)

    @property
    def google_token_uri(self) -> str:
        """GOOGLE_TOKEN_URI of the application."""
        return f"{self.issuer}/google/token"

    def token_for(self, member: str) -> str:
        """An access token, valid 12 hours, for a member's address.

        Raises:
            requests.HTTPError: no such member.
        """
        answer = requests.post(
            f"{self.issuer}/demo/token",
            data={"member": member},
            auth=(self._client.client_id, self._client.client_secret),
            timeout=TIMEOUT_S,
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def service_account(self, project: str, name: str = "export-reader") -> dict[str, str]:
        """A Google service-account key file whose assertions are accepted here.

        The same one at every call and start.
        """
        key_file, public_key = service_account(self._home / "accounts", project, name)
        self._store().register_service_account(key_file["client_email"], public_key)
        return key_file

    def remove_service_account(self, email: str) -> None:
        """Answer `invalid_grant` to this account from now on."""
        self._store().remove_service_account(email)

    def _store(self) -> Store:
        return Store(self._home / "store.sqlite")


def issuer_at(port: int) -> str:
    """The issuer of a provider on this port."""
    return f"http://{HOST}:{port}"


def start(state: Path, members: Sequence[Member], client: Client, port: int | None = None) -> Oidc:
    """Start the provider over `state`/oidc; the members are shown in this order.

    Raises:
        StackError: it does not start.
    """
    home = (state / "oidc").resolve()
    home.mkdir(parents=True, exist_ok=True)

    def attempt(choice: int) -> Oidc:
        settings = home / "settings.json"
        content = {
            "issuer": issuer_at(choice),
            "port": choice,
            "client": asdict(client),
            "members": [asdict(member) for member in members],
        }
        write_private(settings, json.dumps(content))
        command = python_module("dev.oidc_server", str(settings))
        process = Process("The sign-in provider", Plan(command), home / "oidc.log")
        oidc = Oidc(process, choice, home, client)
        process.wait_until(lambda: _answers(oidc))
        return oidc

    return start_on_port(home, port, attempt)


def _answers(oidc: Oidc) -> bool:
    try:
        answer = requests.get(f"{oidc.issuer}/jwks", timeout=TIMEOUT_S)
    except requests.ConnectionError:
        return False
    return answer.ok
