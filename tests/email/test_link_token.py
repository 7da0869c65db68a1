"""Tokens lead back to their tenant, show nothing of what is stored, and nothing else is one."""

from __future__ import annotations

import hashlib
from uuid import uuid4

import pytest

from app.email.links.tokens import find_token, make_token


def test_a_token_is_read_as_it_was_made() -> None:
    made = make_token(uuid4())
    assert len(made.letters) == 64
    assert find_token(made.letters) == made


def test_only_the_hash_of_32_random_bytes_is_stored() -> None:
    made = make_token(uuid4())
    assert made.token_hash == hashlib.sha256(made.secret).digest()
    assert len(made.secret) == 32
    assert repr(made.secret) not in repr(made)


def test_no_two_are_alike() -> None:
    tenant_id = uuid4()
    assert len({make_token(tenant_id).letters for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "letters", ["", "a" * 63, "a" * 65, "a" * 63 + "=", "a" * 64 + "\n", "é" * 64, "a" * 63 + "/"]
)
def test_what_is_no_token(letters: str) -> None:
    assert find_token(letters) is None
