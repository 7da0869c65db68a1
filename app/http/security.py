"""Security headers for browsers, and which client addresses and origins to trust."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any
from uuid import uuid4

from flask import Flask, Response, current_app, g, request
from loguru import logger

from app.auth.sign_in.provider import origin_of, provider_origins
from app.config import Config
from app.database.watch import begin_request, end_request
from app.errors import Forbidden
from app.http.api import is_api_request
from app.log import Service, request_scope

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
Networks = Sequence[IPv4Network | IPv6Network]
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_YEAR_S = 31_536_000
_ID = re.compile(r"[0-9a-f]{32}")


def configure(app: Flask, config: Config) -> None:
    """Install the wrapper around each request and the headers of each response."""
    app.config["BASE_ORIGIN"] = origin_of(config.base_url)
    app.config["HSTS"] = config.base_url.startswith("https://")
    wrapped = _scoped(_believing(app.wsgi_app, config.proxies()), config.proxies())
    app.wsgi_app = wrapped  # type: ignore[method-assign,assignment]  # as Flask documents it
    app.before_request(_begin)
    app.before_request(check_origin)
    app.after_request(_finish)


def check_origin() -> None:
    """Refuse changes requested by another site's page.

    JSON calls with only a bearer token are exempt: no browser adds such a token by itself. Calls
    that also have a session cookie are not, because some act on that session.

    Raises:
        Forbidden: the change comes from another site, or its origin is unknown.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "is_origin_free", False):
        return
    if request.method in _READING or _is_bearer_call():
        return
    said = request.headers.get("Origin") or _referring_origin()
    if said != current_app.config["BASE_ORIGIN"]:
        logger.warning("security.origin.refused", origin=said or "none", path=request.path)
        raise Forbidden("This change came from another site, so it was not made.")


def _is_bearer_call() -> bool:
    has_token = request.headers.get("Authorization", "").lower().startswith("bearer ")
    has_session = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    return has_token and not has_session and is_api_request()


def service_of(path: str) -> Service:
    """The service that a path belongs to."""
    if path.startswith("/auth"):
        return "auth"
    return "data" if path.startswith("/data") else "analytics"


def content_security_policy() -> str:
    """Only our own files; forms may also end at the identity provider (sign-out)."""
    forms = " ".join(("'self'", *provider_origins()))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; "
        f"form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
    )


def _referring_origin() -> str | None:
    return origin_of(request.referrer) if request.referrer else None


def _begin() -> None:
    g.request_id = request.environ.get("app.request_id") or uuid4().hex
    g.began = time.perf_counter()
    begin_request()


def _finish(response: Response) -> Response:
    end_request()
    took_s = time.perf_counter() - g.get("began", time.perf_counter())
    headers = response.headers
    headers["X-Process-Time"] = f"{took_s:.6f}"
    headers["X-Request-Id"] = g.get("request_id", "")
    headers.setdefault("Content-Security-Policy", content_security_policy())
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    headers["Cache-Control"] = _cache_control(response)
    if current_app.config["HSTS"]:
        headers["Strict-Transport-Security"] = f"max-age={_YEAR_S}"
    _log(response, took_s)
    return response


def _cache_control(response: Response) -> str:
    """Cache versioned files forever, revalidate other files, never store anything else."""
    if request.endpoint != "static" or response.status_code not in (200, 206, 304):
        return "private, no-store"
    is_versioned = "@" in request.path or bool(request.args.get("v"))
    return f"public, max-age={_YEAR_S}, immutable" if is_versioned else "public, no-cache"


def _log(response: Response, took_s: float) -> None:
    if request.endpoint == "static" or request.path.startswith("/health"):
        return
    logger.info(
        "request.done",
        method=request.method,
        path=request.path,
        status=response.status_code,
        took_ms=round(took_s * 1000, 1),
    )


def _scoped(inner: Wsgi, proxies: Networks) -> Wsgi:
    """Give each request an id and its service, on all of its log lines.

    A trusted proxy may have set the id already.
    """

    def scoped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI
        said = environ.get("HTTP_X_REQUEST_ID", "")
        is_ours = _is_listed(environ.get("REMOTE_ADDR", ""), proxies) and _ID.fullmatch(said)
        environ["app.request_id"] = said if is_ours else uuid4().hex
        service = service_of(environ.get("PATH_INFO", ""))
        with request_scope(request_id=environ["app.request_id"], service=service):
            return inner(environ, start_response)

    return scoped


def _believing(inner: Wsgi, proxies: Networks) -> Wsgi:
    """Take client address and scheme from X-Forwarded-*, only from listed proxies."""

    def believing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI
        if _is_listed(environ.get("REMOTE_ADDR", ""), proxies):
            environ["REMOTE_ADDR"] = _client_address(environ, proxies)
            scheme = environ.get("HTTP_X_FORWARDED_PROTO", "")
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
        return inner(environ, start_response)

    return believing


def _client_address(environ: dict[str, Any], proxies: Networks) -> str:
    """The nearest hop that is not listed; anything beyond it may be forged."""
    address = str(environ["REMOTE_ADDR"])
    for hop in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if not _is_listed(address, proxies) or not _is_address(hop.strip()):
            break
        address = hop.strip()
    return address


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_listed(text: str, proxies: Networks) -> bool:
    return _is_address(text) and any(ip_address(text) in network for network in proxies)
