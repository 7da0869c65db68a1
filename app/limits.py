"""Rate limits, counted in Redis; in the process's memory while Redis is away."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, g
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from app.config import Config

SIGN_IN = "60 per minute; 600 per hour"
REFUSED_TOKENS = "120 per minute"

limiter = Limiter(
    key_func=get_remote_address,
    key_prefix="limit:",
    in_memory_fallback_enabled=True,
)


def configure(app: Flask, config: Config) -> None:
    """Count this application's limits in its Redis."""
    app.config["RATELIMIT_STORAGE_URI"] = config.redis_url
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_timeout": 2, "socket_connect_timeout": 2}
    app.config["RATELIMIT_STRATEGY"] = "fixed-window"
    limiter.init_app(app)


def slow_down_guessing(*blueprints: Blueprint) -> None:
    """Count, by address, the tokens these blueprints' callers made up. Call it once a process."""
    limit = limiter.shared_limit(REFUSED_TOKENS, "token", deduct_when=was_token_refused)
    for blueprint in blueprints:
        limit(blueprint)


def was_token_refused(_: Response) -> bool:
    """Whether the provider was asked about a bearer token and did not know it."""
    return bool(g.get("token_refused"))
