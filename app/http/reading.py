"""Reads that may be a few seconds old: from the replica if it may serve them, else the primary.

Only GET and HEAD use it. They change nothing, so a read that loses its replica is repeated on the
primary.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import Flask, Response, current_app, g, make_response, request
from loguru import logger
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.database.engine import replica_transaction, tenant_transaction

_SAFE = ("GET", "HEAD")


class ReplicaFailed(RuntimeError):
    """The replica failed during a read."""


def configure(app: Flask) -> None:
    """Repeat reads on the primary when the replica fails."""
    app.register_error_handler(ReplicaFailed, _answer_from_primary)


@contextmanager
def reading_transaction(tenant_id: UUID) -> Iterator[Connection]:
    """A read-only tenant_transaction() for a request."""
    if request.method not in _SAFE or g.get("is_primary_only"):
        with tenant_transaction(tenant_id) as primary:
            yield primary
        return
    with replica_transaction(tenant_id) as replica:
        if replica is not None:
            try:
                yield replica
            except DBAPIError as error:
                raise ReplicaFailed from error
            return
    with tenant_transaction(tenant_id) as primary:
        yield primary


def _answer_from_primary(error: Exception) -> Response:
    """Handle the same request again on the primary."""
    logger.warning("request.replica.failed", error=type(error.__cause__).__name__)
    g.is_primary_only = True
    view = current_app.view_functions[str(request.endpoint)]
    try:
        return make_response(view(**(request.view_args or {})))
    except Exception as second:  # handled like an exception of the first attempt
        return make_response(current_app.handle_user_exception(second))
