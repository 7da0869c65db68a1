"""Rate limits: sign-ins and invented tokens per address, everything else per tenant.

Counted in Redis per clock minute; in the process's memory while Redis is unavailable.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter
from limits.storage import MemoryStorage
from loguru import logger
from redis import RedisError

from app.config import Config
from app.errors import AppError

SIGN_IN = "60 per minute; 600 per hour"
REFUSED_TOKENS = 120
ASKED_TOKENS = 600
_WINDOW_S = 60
_PAUSE_S = 10.0  # how long to leave Redis alone after it did not respond


class TooOften(AppError):
    """That was too often. Please wait a minute."""

    status = 429


@dataclass(frozen=True)
class Window:
    """How much of a limit is used, and the seconds until it resets."""

    limit: int
    count: int
    reset_s: int


@dataclass
class Counters:
    tenant_limit: int
    memory: MemoryStorage = field(default_factory=MemoryStorage)
    away_until: float = 0.0


def address_of_caller() -> str:
    """The unit counted as one caller: an IPv4 address, or the IPv6 network of one line."""
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
    """Count this application's limits in its Redis and report them on every response."""
    app.config["RATELIMIT_STORAGE_URI"] = config.redis_url
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_timeout": 2, "socket_connect_timeout": 2}
    app.config["RATELIMIT_STRATEGY"] = "fixed-window"
    limiter.init_app(app)
    app.extensions["counters"] = Counters(config.tenant_calls_per_minute)
    app.after_request(_tell)


def count_tenant_call() -> None:
    """Count this request for its tenant. Runs once the caller is known.

    Raises:
        TooOften: the tenant exceeds its limit; other tenants are not affected.
    """
    membership = g.get("membership")
    if membership is None:
        return
    _hit(f"tenant:{membership.tenant.tenant_id}", _counters().tenant_limit)


def count_refused_token() -> None:
    """Count an invented token for the caller's address.

    Raises:
        TooOften: the address exceeded its limit.
    """
    _hit(f"token:{address_of_caller()}", REFUSED_TOKENS)


def check_token_flood() -> None:
    """Refuse to check further tokens from an address that sent too many invented ones.

    Raises:
        TooOften: the address sent far too many.
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
    """This minute's count after adding `step`."""
    counters = _counters()
    key = f"limit:{name}:{int(time.time()) // _WINDOW_S}"
    if time.monotonic() >= counters.away_until:
        try:
            return _count_in_redis(key, step)
        except RedisError as error:
            logger.warning("limits.store.unreachable", cause=type(error).__name__)
            counters.away_until = time.monotonic() + _PAUSE_S
    return counters.memory.incr(key, _WINDOW_S, step) if step else counters.memory.get(key)


def _count_in_redis(key: str, step: int) -> int:
    client = current_app.extensions["redis_client"]
    if not step:
        return int(client.get(key) or 0)
    with client.pipeline(transaction=False) as pipe:
        pipe.incrby(key, step)
        pipe.expire(key, 2 * _WINDOW_S)
        return int(pipe.execute()[0])


def _tell(response: Response) -> Response:
    """Add the applicable limit, what is left of it and its reset time to the response."""
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
    """The window of a limit set on the view itself."""
    current = limiter.current_limit
    if current is None:
        return None
    limit = current.limit.amount
    return Window(limit, limit - current.remaining, max(1, int(current.reset_at - time.time())))
