"""A client of the demo's sign-in provider."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session

from dev.oidc import Client, Member, Oidc

CALLBACK = "http://127.0.0.1:8000/auth/callback"
HOME = "http://127.0.0.1:8000/"
ADA = Member("ada@acme.example", "Ada Moreno", "Acme", "Admin")
BO = Member("bo@globex.example", "Bo <b>Lund", "Globex")
CLIENT = Client("demo", "s" * 40, (CALLBACK,), (HOME,))
VERIFIER = "v" * 64


def session(**more: str) -> OAuth2Session:
    return OAuth2Session(
        CLIENT.client_id,
        CLIENT.client_secret,
        scope="openid email profile",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        **more,
    )


def authorize_url(provider: Oidc, **more: str) -> str:
    made: tuple[str, str] = session().create_authorization_url(
        f"{provider.issuer}/authorize", code_verifier=VERIFIER, nonce="n-1", state="st-1", **more
    )
    return made[0]


def sign_in(provider: Oidc, member: Member = ADA) -> dict[str, str]:
    """The query the browser comes back with."""
    answer = requests.post(
        authorize_url(provider), data={"member": member.subject}, allow_redirects=False
    )
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"].startswith(CALLBACK + "?")
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def exchange(provider: Oidc, code: str, verifier: str = VERIFIER) -> requests.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": verifier,
    }
    secret = (CLIENT.client_id, CLIENT.client_secret)
    return requests.post(f"{provider.issuer}/token", data=form, auth=secret)


def post(provider: Oidc, path: str, **form: str) -> requests.Response:
    secret = (CLIENT.client_id, CLIENT.client_secret)
    return requests.post(f"{provider.issuer}{path}", data=form, auth=secret)


def is_active(provider: Oidc, token: str) -> bool:
    return bool(post(provider, "/introspect", token=token).json()["active"])
