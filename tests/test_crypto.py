"""Stored credentials open for their tenant and field alone, and survive a change of keys."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from uuid import uuid4

import pytest

from app import crypto
from app.config import ConfigError
from app.crypto import CredentialError

OLD = "old:" + base64.b64encode(secrets.token_bytes(32)).decode()
NEW = "new:" + base64.b64encode(secrets.token_bytes(32)).decode()
TENANT = uuid4()


@pytest.fixture(autouse=True)
def _ring() -> Iterator[None]:
    before = dict(crypto._ring)
    crypto.configure(OLD)
    yield
    crypto._ring.clear()
    crypto._ring.update(before)


def test_what_was_encrypted_opens_again() -> None:
    envelope = crypto.encrypt(TENANT, "sftp", "pässword")
    assert crypto.decrypt(TENANT, "sftp", envelope) == "pässword"
    assert "pässword".encode() not in envelope


def test_the_same_text_never_makes_the_same_envelope() -> None:
    assert crypto.encrypt(TENANT, "sftp", "x") != crypto.encrypt(TENANT, "sftp", "x")


def test_another_tenant_cannot_open_it() -> None:
    envelope = crypto.encrypt(TENANT, "sftp", "x")
    with pytest.raises(CredentialError):
        crypto.decrypt(uuid4(), "sftp", envelope)


def test_another_field_cannot_open_it() -> None:
    envelope = crypto.encrypt(TENANT, "sftp", "x")
    with pytest.raises(CredentialError):
        crypto.decrypt(TENANT, "bigquery", envelope)


def test_a_changed_byte_anywhere_is_noticed() -> None:
    envelope = crypto.encrypt(TENANT, "sftp", "secret")
    for position in range(len(envelope)):
        damaged = bytearray(envelope)
        damaged[position] ^= 1
        with pytest.raises(CredentialError):
            crypto.decrypt(TENANT, "sftp", bytes(damaged))


@pytest.mark.parametrize("text", [b"", b"\x01", b"\x01\x03old", b"plain text"])
def test_what_is_no_envelope_is_refused(text: bytes) -> None:
    with pytest.raises(CredentialError):
        crypto.decrypt(TENANT, "sftp", text)


def test_the_first_key_encrypts_and_every_key_decrypts() -> None:
    by_old = crypto.encrypt(TENANT, "sftp", "x")
    crypto.configure(f"{NEW},{OLD}")
    by_new = crypto.encrypt(TENANT, "sftp", "x")
    assert crypto.decrypt(TENANT, "sftp", by_old) == "x"
    assert not crypto.is_current(by_old)
    assert crypto.is_current(by_new)
    crypto.configure(NEW)
    assert crypto.decrypt(TENANT, "sftp", by_new) == "x"
    with pytest.raises(CredentialError, match=r"“old” .* not in CREDENTIAL_KEYS"):
        crypto.decrypt(TENANT, "sftp", by_old)


def test_two_keys_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="same name"):
        crypto.configure(f"{OLD},{OLD}")
