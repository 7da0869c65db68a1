"""The demo's sign-in provider, over its real socket, with Authlib's client as the peer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials
from joserfc import jwt
from joserfc.jwk import KeySet

from dev import oidc
from dev.oidc import Client, Member, Oidc

CALLBACK = "http://127.0.0.1:8000/auth/callback"
HOME = "http://127.0.0.1:8000/"
ADA = Member("ada@acme.example", "Ada Moreno", "Acme", "Admin")
BO = Member("bo@globex.example", "Bo <b>Lund", "Globex")
CLIENT = Client("demo", "s" * 40, (CALLBACK,), (HOME,))
VERIFIER = "v" * 64


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("oidc")


@pytest.fixture(scope="module")
def provider(state: Path) -> Iterator[Oidc]:
    with oidc.start(state, [ADA, BO], CLIENT) as running:
        yield running


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


def test_code_flow_gives_a_verified_identity(provider: Oidc) -> None:
    back = sign_in(provider)
    assert (back["state"], back["iss"]) == ("st-1", provider.issuer)
    token = exchange(provider, back["code"]).json()
    keys = KeySet.import_key_set(requests.get(f"{provider.issuer}/jwks").json())
    claims = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
    told = {name: claims[name] for name in ("iss", "sub", "nonce", "email", "email_verified")}
    assert told == {
        "iss": provider.issuer,
        "sub": ADA.subject,
        "nonce": "n-1",
        "email": ADA.email,
        "email_verified": True,
    }
    assert claims["aud"] == CLIENT.client_id
    assert claims["exp"] > claims["iat"]
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    info = requests.get(f"{provider.issuer}/userinfo", headers=bearer).json()
    assert (info["sub"], info["name"]) == (ADA.subject, ADA.name)


def test_private_key_is_not_published(provider: Oidc) -> None:
    keys = requests.get(f"{provider.issuer}/jwks").json()["keys"]
    assert [sorted({"d", "p", "q"} & set(key)) for key in keys] == [[]]


def test_code_works_once(provider: Oidc) -> None:
    code = sign_in(provider)["code"]
    assert exchange(provider, code).ok
    again = exchange(provider, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_wrong_verifier_is_refused(provider: Oidc) -> None:
    answer = exchange(provider, sign_in(provider)["code"], verifier="w" * 64)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("method", ["plain", None])
def test_sign_in_without_s256_is_sent_back(provider: Oidc, method: str | None) -> None:
    url = authorize_url(provider)
    url = re.sub(r"&code_challenge_method=S256", f"&code_challenge_method={method}", url)
    if method is None:
        url = re.sub(r"&code_challenge(_method)?=[^&]*", "", url)
    answer = requests.get(url, allow_redirects=False)
    assert answer.headers["Location"].startswith(f"{CALLBACK}?error=invalid_request")


def test_unknown_callback_is_never_redirected_to(provider: Oidc) -> None:
    url = authorize_url(provider).replace("callback", "elsewhere")
    for answer in (
        requests.get(url, allow_redirects=False),
        requests.post(url, data={"member": ADA.subject}, allow_redirects=False),
    ):
        assert answer.status_code == 400
        assert "Location" not in answer.headers


def test_page_offers_every_member_and_runs_no_script(provider: Oidc) -> None:
    answer = requests.get(authorize_url(provider))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "form-action 'self' http://127.0.0.1:8000" in policy
    assert "Bo &lt;b&gt;Lund" in answer.text
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert sorted(re.findall(r'value="([^"]+)"', answer.text)) == sorted([ADA.subject, BO.subject])


def test_login_hint_signs_in_at_once(provider: Oidc) -> None:
    hinted = requests.get(authorize_url(provider, login_hint=BO.email), allow_redirects=False)
    code = parse_qs(urlsplit(hinted.headers["Location"]).query)["code"][0]
    token = exchange(provider, code).json()["access_token"]
    assert post(provider, "/introspect", token=token).json()["sub"] == BO.subject


@pytest.mark.parametrize(
    ("hint", "prompt"), [("nobody@else.example", ""), (ADA.email, "select_account")]
)
def test_page_is_shown_when_the_hint_does_not_decide(
    provider: Oidc, hint: str, prompt: str
) -> None:
    asked = authorize_url(provider, login_hint=hint, **({"prompt": prompt} if prompt else {}))
    answer = requests.get(asked, allow_redirects=False)
    assert (answer.status_code, answer.text.count("<button")) == (200, 2)


def test_choice_from_another_site_is_refused(provider: Oidc) -> None:
    answer = requests.post(
        authorize_url(provider),
        data={"member": ADA.subject},
        headers={"Origin": "http://elsewhere.example"},
        allow_redirects=False,
    )
    assert answer.status_code == 400


def test_revoked_token_is_not_active(provider: Oidc) -> None:
    token = provider.token_for(ADA.email)
    assert is_active(provider, token)
    assert post(provider, "/revoke", token=token).status_code == 200
    assert not is_active(provider, token)
    bearer = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{provider.issuer}/userinfo", headers=bearer).status_code == 401


def test_demo_token_needs_the_secret_and_lives_hours(provider: Oidc) -> None:
    answer = requests.post(
        f"{provider.issuer}/demo/token", data={"member": ADA.email}, auth=("demo", "guess")
    )
    assert answer.status_code == 401
    told = post(provider, "/introspect", token=provider.token_for(ADA.email)).json()
    assert told["exp"] - told["iat"] >= 2 * 3600
    with pytest.raises(requests.HTTPError, match="404"):
        provider.token_for("nobody@else.example")


def test_introspection_needs_the_secret(provider: Oidc) -> None:
    answer = requests.post(f"{provider.issuer}/introspect", data={"token": "x"})
    assert answer.status_code == 401
    assert not is_active(provider, "no such token")


def test_sign_out_ends_that_sign_in_and_leads_home(provider: Oidc) -> None:
    token = exchange(provider, sign_in(provider)["code"]).json()
    other = provider.token_for(ADA.email)
    form = {"id_token_hint": token["id_token"], "post_logout_redirect_uri": HOME, "state": "s"}
    answer = requests.get(f"{provider.issuer}/end_session", form, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{HOME}?state=s")
    assert not is_active(provider, token["access_token"])
    assert is_active(provider, other)


@pytest.mark.parametrize("target", ["http://127.0.0.1:8000/elsewhere", "https://evil.example/"])
def test_sign_out_leads_nowhere_else(provider: Oidc, target: str) -> None:
    token = exchange(provider, sign_in(provider)["code"]).json()
    form = {"id_token_hint": token["id_token"], "post_logout_redirect_uri": target}
    answer = requests.get(f"{provider.issuer}/end_session", form, allow_redirects=False)
    assert (answer.status_code, "Location" in answer.headers) == (200, False)


def credentials(provider: Oidc, key_file: dict[str, str]) -> Credentials:
    made = Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
        key_file | {"token_uri": provider.google_token_uri}
    )
    return made.with_scopes(["https://www.googleapis.com/auth/bigquery"])  # type: ignore[no-any-return,no-untyped-call]


def test_registered_service_account_gets_a_google_token(provider: Oidc) -> None:
    key_file = provider.service_account("acme-shop")
    google = credentials(provider, key_file)
    google.refresh(Request())  # type: ignore[no-untyped-call]
    assert google.token
    assert provider.service_account("acme-shop") == key_file


def test_unknown_or_forged_service_account_is_invalid_grant(provider: Oidc) -> None:
    known = provider.service_account("acme-shop")
    other = provider.service_account("globex-shop")
    forged = known | {"private_key": other["private_key"]}
    with pytest.raises(RefreshError, match=r"invalid_grant.*Invalid JWT Signature"):
        credentials(provider, forged).refresh(Request())  # type: ignore[no-untyped-call]
    provider.remove_service_account(other["client_email"])
    with pytest.raises(RefreshError, match=r"invalid_grant.*account not found"):
        credentials(provider, other).refresh(Request())  # type: ignore[no-untyped-call]


def test_restart_keeps_address_keys_and_tokens(tmp_path: Path) -> None:
    with oidc.start(tmp_path, [ADA], CLIENT) as first:
        token, issuer = first.token_for(ADA.email), first.issuer
        keys = requests.get(f"{issuer}/jwks").json()
    with oidc.start(tmp_path, [ADA], CLIENT) as second:
        assert second.issuer == issuer
        assert requests.get(f"{issuer}/jwks").json() == keys
        assert is_active(second, token)
    for secret in ("settings.json", "keys.json", "store.sqlite"):
        assert (tmp_path / "oidc" / secret).stat().st_mode & 0o077 == 0
