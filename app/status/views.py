"""Health, and the description of the JSON routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, make_response, render_template
from loguru import logger
from redis import Redis, RedisError
from rq import Worker
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app import __version__
from app.database.engine import admin_transaction, pool_use
from app.database.redis_client import connect
from app.dates import utc_now
from app.http.current import current_membership, public
from app.http.web import current_format, render_page, require_role
from app.jobs.settings import settings as job_settings
from app.status import metrics as prometheus
from app.status import openapi
from app.status.system import list_checks

blueprint = Blueprint("status", __name__)

_SERVICES = {
    "all": "sales-intelligence",
    "analytics": "analytics-service",
    "data": "data-ingestion-service",
    "auth": "auth-service",
}


@blueprint.get("/health")
@public
def health() -> Response:
    """Who this is, and that it answers. `timestamp` is in epoch seconds."""
    return jsonify(
        service=_SERVICES[current_app.config["APP_SERVICE"]],
        version=__version__,
        status="healthy",
        timestamp=utc_now().timestamp(),
    )


@blueprint.get("/health/live")
@public
def live() -> Response:
    """Answers as long as the process does."""
    return jsonify(status="alive")


@blueprint.get("/health/ready")
@public
def ready() -> Response:
    """200 when requests can be served, 503 naming what is away."""
    checks = {"database": _works(_ask_database), "redis": _works(_ask_redis)}
    is_ready = all(checks.values())
    words = {name: "ok" if works else "unreachable" for name, works in checks.items()}
    answer = jsonify(status="ready" if is_ready else "not ready", checks=words)
    return make_response(answer, 200 if is_ready else 503)


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Metrics for Prometheus. The proxy in front blocks strangers."""
    return prometheus.render()


@blueprint.get("/analytics/status")
@require_role("admin")
def system() -> Response:
    """The state of the system and of the tenant's data and connections."""
    checks = list_checks(
        prometheus.kept_measures(),
        current_membership().tenant.slug,
        prometheus.answered(),
        pool_use(),
        _count_workers(),
        current_format(),
    )
    return render_page(
        "status/system.html", "status/_system.html", checks=checks, version=__version__
    )


@blueprint.get("/docs")
@public
def docs() -> str:
    """The JSON routes, listed for people."""
    return render_template("status/docs.html", routes=_routes(openapi.describe()))


@blueprint.get("/openapi.json")
@public
def openapi_json() -> Response:
    return jsonify(openapi.describe())


def _routes(described: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"method": method.upper(), "path": path, **operation}
        for path, operations in sorted(described["paths"].items())
        for method, operation in operations.items()
    ]


def _count_workers() -> int | None:
    """Workers that reported lately; None if Redis is unreachable."""
    try:
        return len(Worker.all(connection=connect(job_settings().redis_url)))
    except RedisError:
        return None


def _works(ask: Callable[[], None]) -> bool:
    try:
        ask()
    except (SQLAlchemyError, RedisError) as error:
        logger.warning("status.unready", cause=type(error).__name__)
        return False
    return True


def _ask_database() -> None:
    with admin_transaction() as conn:
        conn.execute(text("select 1"))


def _ask_redis() -> None:
    client: Redis = current_app.extensions["redis_client"]
    client.ping()
