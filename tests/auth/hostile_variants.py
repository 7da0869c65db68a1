"""The ways in which a provider, or somebody between, may lie, and what is answered to each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.auth.hostile import Reply, Script

HTML = Reply(body="<html>Welcome to the hotel's network</html>", kind="text/html")
DOWN = Reply(500, "{}")
ELSEWHERE = "started elsewhere"
NOT_ACCEPTED = "answer was not accepted. "
NO_ANSWER = "cannot be reached"
HOUR_S = 3600
FAR = 4_000_000_000


@dataclass(frozen=True)
class Variant:
    """One lie. `returned` replaces parameters of the way back (None: left out)."""

    name: str
    said: str
    script: Script = field(default_factory=Script)
    returned: dict[str, Any] = field(default_factory=dict)
    status: int = 400


def _claims(name: str, said: str, **claims: Any) -> Variant:
    return Variant(name, NOT_ACCEPTED + said, Script(claims=claims))


def _token(name: str, reply: Reply, status: int = 503, said: str = NO_ANSWER) -> Variant:
    return Variant(name, said, Script(replies={"/token": reply}), status=status)


def _keys(name: str, said: str, status: int = 400, **script: Any) -> Variant:
    return Variant(name, said, Script(**script), status=status)


WAYS_BACK = [
    Variant("no state", ELSEWHERE, returned={"state": None}),
    Variant("empty state", ELSEWHERE, returned={"state": ""}),
    Variant("foreign state", ELSEWHERE, returned={"state": "x" * 30}),
    Variant("two states", "could not be completed", returned={"state": ["a", "b"]}),
    Variant("no code", "could not be completed", returned={"code": None}),
    Variant("two codes", "could not be completed", returned={"code": ["a", "b"]}),
    Variant(
        "another provider's answer",
        "another sign-in service",
        returned={"iss": "https://evil.test"},
    ),
    Variant("no issuer although announced", "another sign-in service", returned={"iss": None}),
    Variant("denied", "It was canceled", returned={"error": "access_denied"}),
    Variant("denied, with a code", "refused it", returned={"error": "<b>odd</b>"}),
    Variant(
        "denied, of a foreign sign-in",
        ELSEWHERE,
        returned={"error": "access_denied", "state": "x" * 30},
    ),
]

CLAIMS = [
    _claims("wrong issuer", "It comes from another service", iss="https://evil.test"),
    _claims("no issuer", "It comes from another service", iss=None),
    _claims("wrong audience", "It is meant for another application", aud="other"),
    _claims("no audience", "It is meant for another application", aud=None),
    _claims("two audiences, nobody named", "It is meant for another", aud=["shop", "other"]),
    _claims(
        "two audiences, made for the other",
        "It is meant for another application",
        aud=["shop", "other"],
        azp="other",
    ),
    _claims("one audience, made for another", "It is meant for another application", azp="other"),
    _claims("wrong nonce", "It belongs to another sign-in", nonce="n" * 32),
    _claims("no nonce", "It belongs to another sign-in", nonce=None),
    _claims("nonce that is no text", "It belongs to another sign-in", nonce=["n"]),
    _claims("expired", "It has expired", exp=1_700_000_000),
    _claims("no end", "It has expired", exp=None),
    _claims("end that is no number", "It has expired", exp="soon"),
    _claims("issued in the future", "It is dated in the future", iat=FAR, exp=FAR + HOUR_S),
    _claims("valid later", "It is dated in the future", nbf=FAR, exp=FAR + HOUR_S),
    _claims("no subject", "It names nobody", sub=None),
    _claims("empty subject", "It names nobody", sub=""),
    _claims("subject that is no text", "It names nobody", sub=["s-1"]),
    _claims("endless subject", "It names nobody", sub="s" * 256),
    _claims("another access token's", "Its parts do not belong together", at_hash="A" * 22),
    Variant("unverified address", "has not verified", Script(claims={"email_verified": False})),
    Variant(
        "address with an unclear mark", "has not verified", Script(claims={"email_verified": "yes"})
    ),
    Variant(
        "address that is no text",
        "did not give us your email",
        Script(claims={"email": ["a@b.c"]}, userinfo={"email": None}),
    ),
]

_SIGNED = NOT_ACCEPTED + "It is signed in a way"
_KEY = NOT_ACCEPTED + "It is signed with a key"
_SEAL = NOT_ACCEPTED + "Its signature does not hold"
SIGNATURES = [
    _keys("no signature", _SIGNED, seal="none"),
    _keys("HMAC with the public key", _SIGNED, seal="hmac-public"),
    _keys("HMAC with the secret", _SIGNED, seal="hmac-secret"),
    _keys("unknown key", _KEY, key="stranger"),
    _keys("another key under a known name", _SEAL, key="stranger", header={"kid": "good"}),
    _keys("another key without a name", _SEAL, key="stranger", header={"kid": None}),
    _keys(
        "its own key in the header",
        _KEY,
        key="stranger",
        header={"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "jku": "https://evil.test"},
    ),
    _keys("key of the wrong type", _KEY, header={"kid": "curve"}),
    _keys("key that is for sealing", _KEY, key="sealed"),
    _keys("signature cut off", _SEAL, seal="cut"),
    _keys("other claims under the signature", _SEAL, seal="swapped"),
    _keys("no token at all", NOT_ACCEPTED + "It is missing", seal="absent"),
    _keys("nonsense", NOT_ACCEPTED + "It is damaged", seal="nonsense"),
    _keys("huge token", NOT_ACCEPTED + "It is too long", claims={"name": "x" * 100_000}),
    _keys("no keys published", _KEY, published=()),
    _keys("keys cannot be fetched", NO_ANSWER, 503, replies={"/jwks": DOWN}),
    _keys("keys are a web page", NO_ANSWER, 503, replies={"/jwks": HTML}),
    _keys("keys are a list", NO_ANSWER, 503, replies={"/jwks": Reply(body="[]")}),
]

NO_EMAIL = {"email": None, "email_verified": None}
ANSWERS = [
    _token("web page for a token", HTML),
    _token("token endpoint fails", DOWN),
    _token("token endpoint leads away", Reply(307, location="/other")),
    _token("token endpoint is slow", Reply(delay_s=2.0)),
    _token("token endpoint says nothing", Reply(body="{}"), 400, "did not accept"),
    _token("token endpoint answers a list", Reply(body="[1]")),
    _token("endless answer", Reply(body='{"a": "' + "x" * 600_000 + '"}')),
    _token("token endpoint drips", Reply(body='{"error": "x"}', drip_s=0.3)),
    _token("packed answer", Reply(body="{}", packed=True)),
    _token("code refused", Reply(400, '{"error": "invalid_grant"}'), 400, "did not accept"),
    _token("tokens beside a refusal", Reply(403), 400, "did not accept"),
    _token(
        "tokens that end soon",
        Reply(body='{"access_token": "a", "expires_in": "soon"}'),
        400,
        "did not accept",
    ),
    _token("we are refused", Reply(401, '{"error": "invalid_client"}'), 400, "did not accept"),
    Variant(
        "userinfo of somebody else",
        "contradicts itself",
        Script(claims=NO_EMAIL, userinfo={"sub": "s-2"}),
    ),
    Variant(
        "userinfo unverified",
        "has not verified",
        Script(claims=NO_EMAIL, userinfo={"email_verified": False}),
    ),
    Variant(
        "userinfo refused",
        "does not say who you are",
        Script(claims=NO_EMAIL, replies={"/userinfo": Reply(401, "{}")}),
    ),
    Variant(
        "no address anywhere",
        "did not give us your email",
        Script(claims=NO_EMAIL, userinfo={"email": None}),
    ),
]

_DOCUMENT = "/.well-known/openid-configuration"
DISCOVERY = [
    Variant(
        "foreign issuer",
        "calls itself by another name",
        Script(discovery={"issuer": "https://evil.test"}),
        status=503,
    ),
    Variant(
        "no issuer", "calls itself by another name", Script(discovery={"issuer": None}), status=503
    ),
    Variant(
        "no token endpoint",
        "no fit address",
        Script(discovery={"token_endpoint": None}),
        status=503,
    ),
    Variant(
        "address of a file",
        "no fit address",
        Script(discovery={"jwks_uri": "file:///etc/passwd"}),
        status=503,
    ),
    *(
        Variant(
            f"{name} leads inside: {address}",
            "no fit address",
            Script(discovery={name: address}),
            status=503,
        )
        for name in ("jwks_uri", "token_endpoint", "userinfo_endpoint", "introspection_endpoint")
        for address in (
            "http://169.254.169.254/latest",
            "https://10.0.0.5/x",
            "http://[::1]/x",
            "http://2130706433.0x7f.invalid/x",
            "http://user@10.1.1.1/",
            "http:///x",
            "http://[64:ff9b::a00:5]/",
        )
    ),
    Variant("a web page", NO_ANSWER, Script(replies={_DOCUMENT: HTML}), status=503),
    Variant("away", NO_ANSWER, Script(replies={_DOCUMENT: DOWN}), status=503),
    Variant(
        "leads away",
        NO_ANSWER,
        Script(replies={_DOCUMENT: Reply(302, location="/jwks")}),
        status=503,
    ),
]
VARIANTS = [*WAYS_BACK, *CLAIMS, *SIGNATURES, *ANSWERS]
