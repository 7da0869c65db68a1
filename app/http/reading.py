"""Reads that may be a few seconds old: on the replica where it may answer, else on the primary.

Only GET and HEAD ask it. They change nothing, so a read whose replica was lost in the middle
is answered once more, by the primary.
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
    """The replica did not finish a read."""


def configure(app: Flask) -> None:
    """Ask again where the replica failed."""
    app.register_error_handler(ReplicaFailed, _answer_from_primary)


@contextmanager
def reading_transaction(tenant_id: UUID) -> Iterator[Connection]:
    """A tenant_transaction() for the reads of a request; nothing may be written in it."""
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
    """The same question once more."""
    logger.warning("request.replica.failed", error=type(error.__cause__).__name__)
    g.is_primary_only = True
    view = current_app.view_functions[str(request.endpoint)]
    try:
        return make_response(view(**(request.view_args or {})))
    except Exception as second:  # as the application does with a first attempt's
        return make_response(current_app.handle_user_exception(second))
