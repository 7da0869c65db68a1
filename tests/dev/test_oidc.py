"""Signing in at the demo's provider and out of it, over its real socket."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from dev.oidc import Oidc
from tests.dev.oidc_peer import (
    ADA,
    BO,
    CALLBACK,
    CLIENT,
    HOME,
    authorize_url,
    exchange,
    is_active,
    post,
    sign_in,
)


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
