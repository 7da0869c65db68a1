"""Redis (Valkey) for web requests: a dead server costs seconds, not the request."""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_S = 2.0


def connect(redis_url: str, *, retries: int = 1) -> Redis:
    """A client that gives up after seconds; connects on first use."""
    client: Redis = Redis.from_url(
        redis_url,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), retries),
        health_check_interval=30,
    )
    return client
