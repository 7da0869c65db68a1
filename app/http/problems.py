"""Renders every refusal and failure as the request needs it: page, fragment or JSON."""

from __future__ import annotations

from flask import Flask, Response, g, jsonify, make_response, render_template
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from loguru import logger
from redis import RedisError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as AnyResponse

from app.database.watch import DatabaseAway
from app.errors import AppError, NotFound, Unauthenticated
from app.http import web
from app.http.api import is_api_request
from app.http.current import NoTenant

_WORDS = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    422: "invalid",
    429: "too_many_requests",
    502: "upstream",
    503: "unavailable",
}
_SENTENCES = {
    400: "This request cannot be read.",
    405: "This address does not work that way.",
    413: "This is too large.",
    429: "Too many requests. Please wait a minute.",
}
_PLAIN = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Something went wrong</title></head>
<body><main><h1>Something went wrong</h1><p>{message}</p><p>Reference {reference}</p></main></body>
</html>"""


class OurFault(AppError):
    """Something went wrong on our side. It has been noted."""


class DatabaseDown(AppError):
    """The database cannot be reached at the moment. Please try again in a minute."""

    status = 503


class Elsewhere(AppError):
    """An HTTP refusal that the framework or an extension made."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def configure(app: Flask) -> None:
    """Register the handlers for errors of every kind."""
    app.register_error_handler(AppError, render)
    app.register_error_handler(CSRFError, _render_stale_form)
    app.register_error_handler(HTTPException, _render_http)
    app.register_error_handler(OperationalError, _render_database_down)
    app.register_error_handler(InterfaceError, _render_database_down)
    app.register_error_handler(PoolTimeout, _render_database_down)
    app.register_error_handler(Exception, _render_unexpected)


def render(error: AppError) -> AnyResponse:
    """Render one of our errors."""
    if is_api_request():
        return _as_json(error)
    if error.status >= 500:
        logger.error("request.failed", cause=type(error).__name__, status=error.status)
    try:
        return _as_page(error)
    except Exception:  # rendering the page may need what just failed
        logger.exception("request.error_page.failed")
        return _as_plain(error)


def _as_page(error: AppError) -> AnyResponse:
    if isinstance(error, NoTenant) and not web.is_fragment_request():
        page = render_template("auth/no_tenant.html", error=error)
        return make_response(page, error.status)
    return web.render_error(error)


def _as_json(error: AppError) -> Response:
    if error.status == 500:
        return make_response(jsonify(error="Internal server error"), 500)
    answer = {
        "error": _WORDS.get(error.status, "error"),
        "message": error.message,
        "request_id": g.get("request_id", ""),
        **error.extra,
    }
    response = make_response(jsonify(answer), error.status)
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _as_plain(error: AppError) -> Response:
    text = _PLAIN.format(message=error.message, reference=str(g.get("request_id", ""))[:8])
    return make_response(text, error.status)


def _render_stale_form(_: CSRFError) -> AnyResponse:
    message = "This page has been open for too long. Reload it and try again."
    return render(Elsewhere(400, message))


def _render_http(error: HTTPException) -> AnyResponse:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()
    status = error.code or 500
    if status >= 500:
        return _render_unexpected(error)
    ours = NotFound() if status == 404 else Elsewhere(status, _sentence(error))
    response = render(ours)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    if isinstance(error, RateLimitExceeded):
        response.headers.setdefault("Retry-After", "60")
    return response


def _sentence(error: HTTPException) -> str:
    return _SENTENCES.get(error.code or 0) or error.description or "This did not work."


def _render_database_down(error: Exception) -> AnyResponse:
    if isinstance(error, DatabaseAway):
        logger.warning("request.database.away")
    else:
        logger.opt(exception=error).error("request.database.failed")
    g.member, g.membership, g.memberships = None, None, []
    return render(DatabaseDown())


def _render_unexpected(error: Exception) -> AnyResponse:
    """An unexpected error: the traceback goes to the log, a reference to the member."""
    cause = error.original_exception if isinstance(error, InternalServerError) else error
    logger.opt(exception=cause or error).error("request.crashed")
    if isinstance(cause, RedisError):
        return render(Elsewhere(503, "The session store cannot be reached. Try again in a minute."))
    return render(OurFault())
