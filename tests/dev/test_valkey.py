"""Valkey of the local stack."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from dev import valkey


@pytest.mark.parametrize(("persist", "after"), [(True, b"kept"), (False, None)])
def test_writes_come_back_only_when_asked_for(
    tmp_path: Path, persist: bool, after: bytes | None
) -> None:
    with valkey.start(tmp_path, persist=persist) as first:
        redis.Redis.from_url(first.url).set("key", "kept")
    with valkey.start(tmp_path, persist=persist) as second:
        assert second.port == first.port
        assert redis.Redis.from_url(second.url).get("key") == after


def test_it_listens_on_loopback_and_refuses_writes_rather_than_evict(tmp_path: Path) -> None:
    with valkey.start(tmp_path) as server:
        settings = redis.Redis.from_url(server.url).config_get("*")
        assert settings["bind"] == "127.0.0.1"
        assert settings["maxmemory-policy"] == "noeviction"
