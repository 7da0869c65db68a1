"""What the demo's sign-in provider keeps between starts, in one SQLite file.

Codes and tokens are stored as hashes, so that the file alone signs nobody in.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.jwk import KeySet, RSAKey

from dev.private_files import write_private

SCHEMA = """
create table if not exists code (hash text primary key, expires_at real, fields text);
create table if not exists token (
    hash text primary key,
    subject text not null,
    client_id text not null,
    scope text not null,
    session text not null,
    issued_at integer not null,
    expires_at integer not null,
    is_revoked integer not null default 0
);
create table if not exists service_account (email text primary key, public_key text not null);
"""
SUBJECTS = uuid.UUID("1b0f7c53-5c6c-4f0a-9a53-6f5a8d0f3e11")


@dataclass(frozen=True)
class Member:
    """Someone the sign-in page offers. `group` and `role` are shown there only."""

    email: str
    name: str
    group: str = "Members"
    role: str = ""
    is_email_verified: bool = True

    @property
    def subject(self) -> str:
        """The provider's lasting name for this address."""
        return str(uuid.uuid5(SUBJECTS, self.email.lower()))


@dataclass(frozen=True)
class Client:
    """The application as the provider knows it."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...] = ()


@dataclass(frozen=True)
class Token:
    """An access token; what it says is never shown again."""

    subject: str
    client_id: str
    scope: str
    session: str
    issued_at: int
    expires_at: int
    is_revoked: bool = False


def hash_of(secret: str) -> str:
    """What stands in the file for a code or token."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Store:
    """The file. Every call opens its own connection, so any thread may use it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.exists():
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        with self._connection() as db:
            db.execute("pragma journal_mode = wal")
            db.executescript(SCHEMA)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=30)
        try:
            with db:
                yield db
        finally:
            db.close()

    def keep_code(self, code: str, fields: Mapping[str, Any], lifetime_s: float) -> None:
        """Keep what an authorization code stands for."""
        with self._connection() as db:
            db.execute("delete from code where expires_at < ?", [time.time()])
            row = [hash_of(code), time.time() + lifetime_s, json.dumps(fields)]
            db.execute("insert into code values (?, ?, ?)", row)

    def find_code(self, code: str) -> dict[str, Any] | None:
        """What an unexpired code stands for."""
        query = "select fields from code where hash = ? and expires_at >= ?"
        with self._connection() as db:
            row = db.execute(query, [hash_of(code), time.time()]).fetchone()
        return json.loads(row[0]) if row else None

    def use_code(self, code: str) -> bool:
        """Use a code up; False when somebody else was first."""
        with self._connection() as db:
            return db.execute("delete from code where hash = ?", [hash_of(code)]).rowcount == 1

    def keep_token(self, value: str, token: Token) -> None:
        """Keep an access token; those over for a day go."""
        with self._connection() as db:
            db.execute("delete from token where expires_at < ?", [time.time() - 86_400])
            db.execute(
                "insert into token values (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    hash_of(value),
                    token.subject,
                    token.client_id,
                    token.scope,
                    token.session,
                    token.issued_at,
                    token.expires_at,
                    token.is_revoked,
                ],
            )

    def find_token(self, value: str) -> Token | None:
        """The token of this value, expired and revoked ones included."""
        query = (
            "select subject, client_id, scope, session, issued_at, expires_at, is_revoked"
            " from token where hash = ?"
        )
        with self._connection() as db:
            row = db.execute(query, [hash_of(value)]).fetchone()
        return Token(*row) if row else None

    def revoke_token(self, value: str) -> None:
        """End one token."""
        with self._connection() as db:
            db.execute("update token set is_revoked = 1 where hash = ?", [hash_of(value)])

    def revoke_session(self, session: str) -> None:
        """End every token of one sign-in."""
        with self._connection() as db:
            db.execute("update token set is_revoked = 1 where session = ?", [session])

    def register_service_account(self, email: str, public_key: str) -> None:
        """Accept Google service-account assertions signed with this PEM key."""
        with self._connection() as db:
            db.execute("insert or replace into service_account values (?, ?)", [email, public_key])

    def remove_service_account(self, email: str) -> None:
        """Accept them no longer."""
        with self._connection() as db:
            db.execute("delete from service_account where email = ?", [email])

    def find_service_account_key(self, email: str) -> str | None:
        """The PEM public key of a registered service account."""
        query = "select public_key from service_account where email = ?"
        with self._connection() as db:
            row = db.execute(query, [email]).fetchone()
        return row[0] if row else None


def signing_keys(path: Path) -> KeySet:
    """The provider's private key, made at the first start and readable to its owner only."""
    if not path.exists():
        key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        write_private(path, json.dumps(KeySet([key]).as_dict(private=True)))
    return KeySet.import_key_set(json.loads(path.read_text()))
