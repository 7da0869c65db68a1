"""SSH keys as people paste them: a server's public key, a tenant's private key."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
from contextlib import suppress
from dataclasses import dataclass

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.errors import Invalid


@dataclass(frozen=True)
class HostKey:
    """A server's key: the line to pin and the fingerprint to compare."""

    line: str
    fingerprint: str


def described(key: paramiko.PKey) -> HostKey:
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return HostKey(f"{key.get_name()} {key.get_base64()}", f"SHA256:{digest}")


def parse_host_key(line: str) -> paramiko.PKey:
    """The key of an OpenSSH line "ssh-ed25519 AAAA…"; a host in front is skipped.

    Raises:
        Invalid: the line has no key of an accepted type.
    """
    words = line.split()
    for kind, encoded in itertools.pairwise(words):
        if not encoded.startswith("AAAA"):
            continue
        with suppress(ValueError, paramiko.SSHException, paramiko.pkey.UnknownKeyType):
            return paramiko.PKey.from_type_string(kind, base64.b64decode(encoded))
    raise Invalid(
        "The SFTP server's host key is missing or cannot be read. Fetch it in the settings and "
        "accept it; it looks like “ssh-ed25519 AAAA…”."
    )


def parse_private_key(text: str, passphrase: str | None) -> paramiko.PKey:
    """The key in an OpenSSH or PEM file.

    Raises:
        Invalid: it has no key of an accepted type, or the passphrase is wrong.
    """
    with suppress(ValueError, TypeError, UnsupportedAlgorithm, paramiko.SSHException):
        return _as_paramiko(_load(text, passphrase))
    raise Invalid(
        "The SFTP private key cannot be read. Paste the whole OpenSSH or PEM file of an "
        "Ed25519, ECDSA or RSA key, with its passphrase if it has one."
    )


def _load(text: str, passphrase: str | None) -> PrivateKeyTypes:
    """The key in a private key file of any usual format.

    Raises:
        ValueError, TypeError: no key, or the passphrase is missing, wrong or not needed.
    """
    content, secret = text.strip().encode() + b"\n", passphrase.encode() if passphrase else None
    if b"OPENSSH PRIVATE KEY" in content:
        return serialization.load_ssh_private_key(content, secret)
    return serialization.load_pem_private_key(content, secret)


def _as_paramiko(key: PrivateKeyTypes) -> paramiko.PKey:
    """Convert the key to the one format in which paramiko reads its type."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return paramiko.Ed25519Key.from_private_key(_written(key, PrivateFormat.OpenSSH))
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return paramiko.ECDSAKey.from_private_key(_written(key, PrivateFormat.TraditionalOpenSSL))
    if isinstance(key, rsa.RSAPrivateKey):
        return paramiko.RSAKey.from_private_key(_written(key, PrivateFormat.TraditionalOpenSSL))
    raise ValueError("no kind of key that SFTP servers take")


def _written(key: PrivateKeyTypes, form: PrivateFormat) -> io.StringIO:
    content = key.private_bytes(Encoding.PEM, form, NoEncryption())
    return io.StringIO(content.decode())
