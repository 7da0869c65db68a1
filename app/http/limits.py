"""Rate limits: sign-ins and made-up tokens by address, everything else by tenant.

Counted in Redis by the minute of the clock; in the process's memory while Redis is away.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter
from limits.storage import MemoryStorage, RedisStorage, Storage
from loguru import logger
from redis import RedisError

from app.config import Config
from app.errors import AppError

SIGN_IN = "60 per minute; 600 per hour"
REFUSED_TOKENS = 120
ASKED_TOKENS = 600
_WINDOW_S = 60
_PAUSE_S = 10.0  # how long Redis is left alone after it did not answer


class TooOften(AppError):
    """Too many requests. Please wait a minute."""

    status = 429


@dataclass(frozen=True)
class Window:
    """How much of a limit is used, and the seconds until it starts anew."""

    limit: int
    count: int
    reset_s: int


@dataclass
class Counters:
    """One application's counters: in Redis, and in memory while it is away."""

    tenant_limit: int
    redis: Storage
    memory: Storage = field(default_factory=MemoryStorage)
    away_until: float = 0.0


def address_of_caller() -> str:
    """Who is counted as one: an IPv4 address, or an IPv6 network of the size given to one line."""
    text = request.remote_addr or "unknown"
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return text
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network(f"{address}/64", strict=False))
    return text


limiter = Limiter(key_func=address_of_caller, key_prefix="limit:", in_memory_fallback_enabled=True)


def configure(app: Flask, config: Config) -> None:
    """Count this application's limits in its Redis, and tell them on every answer."""
    app.config["RATELIMIT_STORAGE_URI"] = config.redis_url
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_timeout": 2, "socket_connect_timeout": 2}
    app.config["RATELIMIT_STRATEGY"] = "fixed-window"
    limiter.init_app(app)
    pool = app.extensions["redis_client"].connection_pool
    storage = RedisStorage(config.redis_url, connection_pool=pool, key_prefix="limit")
    app.extensions["counters"] = Counters(config.tenant_calls_per_minute, storage)
    app.after_request(_tell)


def count_tenant_call() -> None:
    """Count this request for the tenant it works in. Runs once it is known who asks.

    Raises:
        TooOften: the tenant asks for too much; other tenants are not concerned.
    """
    membership = g.get("membership")
    if membership is None:
        return
    _hit(f"tenant:{membership.tenant.tenant_id}", _counters().tenant_limit)


def count_refused_token() -> None:
    """Count, by address, a token that somebody made up.

    Raises:
        TooOften: it was one too many.
    """
    _hit(f"token:{address_of_caller()}", REFUSED_TOKENS)


def check_token_flood() -> None:
    """Refuse to have any more tokens of this address checked.

    Raises:
        TooOften: this address made up far too many.
    """
    if _count(f"token:{address_of_caller()}", 0) > ASKED_TOKENS:
        raise TooOften


def _hit(name: str, limit: int) -> None:
    g.window = Window(limit, _count(name, 1), _WINDOW_S - int(time.time()) % _WINDOW_S)
    if g.window.count > limit:
        raise TooOften


def _counters() -> Counters:
    known: Counters = current_app.extensions["counters"]
    return known


def _count(name: str, step: int) -> int:
    """The count of this minute after adding `step`."""
    counters = _counters()
    key = f"{name}:{int(time.time()) // _WINDOW_S}"
    if time.monotonic() >= counters.away_until:
        try:
            return _counted(counters.redis, key, step)
        except RedisError as error:
            logger.warning("limits.store.unreachable", cause=type(error).__name__)
            counters.away_until = time.monotonic() + _PAUSE_S
    return _counted(counters.memory, key, step)


def _counted(storage: Storage, key: str, step: int) -> int:
    return storage.incr(key, 2 * _WINDOW_S, step) if step else storage.get(key)


def _tell(response: Response) -> Response:
    """The limit that counts here, how much of it is left, and when it starts anew."""
    window = g.get("window") or _sign_in_window()
    if window is None:
        return response
    told = {
        "Limit": window.limit,
        "Remaining": max(0, window.limit - window.count),
        "Reset": window.reset_s,
    }
    for name, value in told.items():
        response.headers[f"RateLimit-{name}"] = str(value)
        response.headers[f"X-RateLimit-{name}"] = str(value)
    if response.status_code == 429:
        response.headers["Retry-After"] = str(window.reset_s)
    return response


def _sign_in_window() -> Window | None:
    """The window of a limit that stands on the view itself."""
    current = limiter.current_limit
    if current is None:
        return None
    limit = current.limit.amount
    return Window(limit, limit - current.remaining, max(1, int(current.reset_at - time.time())))
