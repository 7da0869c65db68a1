"""What the well-known providers really say: their discovery, ID tokens and userinfo, as data."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.auth.hostile import ACCESS_TOKEN, CLIENT_ID, Script
from tests.running import ADA

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
OTHER_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
_HASH = hashlib.sha256(ACCESS_TOKEN.encode()).digest()[:16]
AT_HASH = base64.urlsafe_b64encode(_HASH).rstrip(b"=").decode()
GROUPS = [str(UUID(int=number)) for number in range(600)]
OVERAGE = {
    "_claim_names": {"groups": "src1"},
    "_claim_sources": {
        "src1": {"endpoint": f"https://graph.windows.net/{TENANT}/users/1/getMemberObjects"}
    },
}


@dataclass(frozen=True)
class Named:
    """One provider as it is set up; paths follow the scripted server's own address.

    `configured` is OIDC_ISSUER; `issuer` is what discovery says, `tokens_issuer` the ID token.
    A claim of None is not sent.
    """

    configured: str
    issuer: str
    tokens_issuer: str
    claims: dict[str, Any]
    userinfo: dict[str, Any]
    discovery: dict[str, Any] = field(default_factory=dict)
    key_extra: dict[str, Any] = field(default_factory=dict)
    subject: str = "s-1"
    is_quiet: bool = True  # sends no `iss` beside the code

    def script(self, base: str, **changes: Any) -> Script:
        """The scripted server as this provider; `changes` replace claims (None: left out)."""
        said = {"iss": base + self.tokens_issuer, "sub": self.subject, **self.claims, **changes}
        silent = {"authorization_response_iss_parameter_supported": not self.is_quiet}
        return Script(
            claims=said,
            userinfo={"sub": self.subject, "email_verified": None, **self.userinfo},
            discovery={"issuer": base + self.issuer, **silent, **self.discovery},
            key_extra=self.key_extra,
        )


_PERSON = {"name": ADA.name, "given_name": "Ada", "family_name": "Moreno"}
_ENTRA_CLAIMS = {
    "email_verified": None,
    "tid": TENANT,
    "oid": "1f2e3d4c-0000-4000-8000-5b6a79881234",
    "preferred_username": ADA.email,
    "rh": "0.AVYA.",
    "uti": "x1Y2",
    "ver": "2.0",
    "nbf": 1_700_000_000,
    "name": ADA.name,
}
_ENTRA_USERINFO = {"picture": "https://graph.microsoft.com/v1.0/me/photo", **_PERSON}
_ENTRA_DISCOVERY = {
    "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "introspection_endpoint": None,
    "claims_supported": ["sub", "iss", "email", "tid", "oid"],
}
_ENTRA_SUBJECT = "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ"

ENTRA = Named(
    f"/{TENANT}/v2.0",
    f"/{TENANT}/v2.0",
    f"/{TENANT}/v2.0",
    {**_ENTRA_CLAIMS, "xms_edov": True},
    _ENTRA_USERINFO,
    _ENTRA_DISCOVERY,
    {},
    _ENTRA_SUBJECT,
)
ENTRA_UNMARKED = Named(
    f"/{TENANT}/v2.0",
    f"/{TENANT}/v2.0",
    f"/{TENANT}/v2.0",
    _ENTRA_CLAIMS,
    _ENTRA_USERINFO,
    _ENTRA_DISCOVERY,
    {},
    _ENTRA_SUBJECT,
)
ENTRA_SHARED = Named(
    "/organizations/v2.0",
    "/{tenantid}/v2.0",
    f"/{TENANT}/v2.0",
    {**_ENTRA_CLAIMS, "xms_edov": "1"},
    _ENTRA_USERINFO,
    _ENTRA_DISCOVERY,
    {},
    _ENTRA_SUBJECT,
)
OKTA = Named(
    "",
    "",
    "",
    {
        "email_verified": None,
        "ver": 1,
        "jti": "ID.x",
        "amr": ["pwd"],
        "idp": "00o1gq",
        **_PERSON,
        "preferred_username": ADA.email,
        "auth_time": 1_700_000_000,
        "at_hash": AT_HASH,
    },
    {
        "email": ADA.email,
        "email_verified": True,
        "zoneinfo": "America/New_York",
        "updated_at": 1_700_000_000,
        "preferred_username": ADA.email,
        **_PERSON,
    },
    {},
    {},
    "00u1gqyt5ehvsZyiL0h8",
)
GOOGLE = Named(
    "",
    "",
    "",
    {
        "azp": CLIENT_ID,
        "hd": "acme.example",
        "email_verified": True,
        "at_hash": AT_HASH,
        "picture": "https://lh3.googleusercontent.com/a/x",
        **_PERSON,
    },
    {"email": ADA.email, "email_verified": True, **_PERSON},
    {"introspection_endpoint": None},
    {},
    "110169484474386276334",
)
KEYCLOAK = Named(
    "/realms/acme",
    "/realms/acme",
    "/realms/acme",
    {
        "auth_time": 1_700_000_000,
        "jti": "5d3f",
        "typ": "ID",
        "azp": CLIENT_ID,
        "sid": "a1b2",
        "at_hash": AT_HASH,
        "acr": "1",
        "email_verified": True,
        "preferred_username": "ada",
        "groups": ["/sales"],
        **_PERSON,
    },
    {"email": ADA.email, "email_verified": True, "preferred_username": "ada", **_PERSON},
    {},
    {},
    "c0ffee00-1234-4abc-8def-0123456789ab",
    is_quiet=False,
)
