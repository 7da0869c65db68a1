"""Google's token endpoint for service accounts (RFC 7523), and accounts to call it with."""

from __future__ import annotations

import json
import secrets
import time
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from dev.oidc_store import Store
from dev.private_files import write_private

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GOOGLE_TOKEN_URI = "https://oauth2.googleapis.com/token"
LONGEST_ASSERTION_S = 3600
CLOCK_SKEW_S = 60
TOKEN_LIFETIME_S = 3599


class AssertionRefused(Exception):
    """The assertion does not hold; the message is Google's `error_description`."""


def exchange(store: Store, own_address: str, assertion: str) -> dict[str, Any]:
    """An access token for a valid assertion.

    Raises:
        AssertionRefused: unknown account, wrong signature, audience or times, or no scope.
    """
    try:
        issuer = _unverified_issuer(assertion)
        public_key = store.find_service_account_key(issuer)
        if public_key is None:
            raise AssertionRefused("Invalid grant: account not found")
        key = RSAKey.import_key(public_key)
        claims = jwt.decode(assertion, key, algorithms=["RS256"]).claims
        jwt.JWTClaimsRegistry(
            leeway=CLOCK_SKEW_S, exp={"essential": True}, iat={"essential": True}
        ).validate(claims)
    except (JoseError, ValueError) as error:
        raise AssertionRefused("Invalid JWT Signature.") from error
    _check_claims(claims, own_address)
    return {
        "access_token": f"ya29.{secrets.token_urlsafe(48)}",
        "expires_in": TOKEN_LIFETIME_S,
        "token_type": "Bearer",
    }


def _unverified_issuer(assertion: str) -> str:
    """Whose key has to be tried."""
    parts = assertion.split(".")
    if len(parts) != 3:
        raise AssertionRefused("Invalid JWT: 3 parts are expected")
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    return str(json.loads(urlsafe_b64decode(padded)).get("iss", ""))


def _check_claims(claims: dict[str, Any], own_address: str) -> None:
    if claims.get("aud") not in (GOOGLE_TOKEN_URI, own_address):
        raise AssertionRefused("Invalid JWT: failed audience check")
    if claims["exp"] - claims["iat"] > LONGEST_ASSERTION_S or claims["exp"] < time.time():
        raise AssertionRefused("Invalid JWT: token must be short-lived (60 minutes)")
    if not claims.get("scope"):
        raise AssertionRefused("Invalid OAuth scope or ID token audience provided.")


def service_account(folder: Path, project: str, name: str) -> tuple[dict[str, str], str]:
    """The key file of an account, as Google gives it out, and its public key (PEM).

    Made at the first call and kept in `folder`, readable to its owner only.
    """
    email = f"{name}@{project}.iam.gserviceaccount.com"
    path = folder / f"{email}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_private(path, json.dumps(_new_key_file(email, project), indent=2))
    key_file: dict[str, str] = json.loads(path.read_text())
    private = serialization.load_pem_private_key(key_file["private_key"].encode(), None)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return key_file, public.decode()


def _new_key_file(email: str, project: str) -> dict[str, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "project_id": project,
        "private_key_id": secrets.token_hex(20),
        "private_key": pem.decode(),
        "client_email": email,
        "client_id": str(secrets.randbelow(10**21)),
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": GOOGLE_TOKEN_URI,
    }
