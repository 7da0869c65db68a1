"""The errors people see. Each class's docstring is its default message."""

from __future__ import annotations

from typing import Any


class AppError(Exception):
    """Something went wrong."""

    status = 500

    def __init__(self, message: str | None = None, **extra: Any) -> None:  # noqa: ANN401 - any JSON value
        self.message = message or (type(self).__doc__ or "").strip()
        self.extra = extra
        super().__init__(self.message)


class Malformed(AppError):
    """This request cannot be read."""

    status = 400


class Unauthenticated(AppError):
    """Please sign in."""

    status = 401


class Forbidden(AppError):
    """You do not have access to this."""

    status = 403


class NotFound(AppError):
    """There is nothing here."""

    status = 404


class Conflict(AppError):
    """Someone else changed this in the meantime."""

    status = 409


class TooLarge(AppError):
    """This is too large."""

    status = 413


class Invalid(AppError):
    """Some of what you entered is not right."""

    status = 422


class Upstream(AppError):
    """An outside system did not respond as expected."""

    status = 502

    def __init__(
        self,
        message: str | None = None,
        *,
        permanent: bool = False,
        **extra: Any,  # noqa: ANN401 - any JSON value
    ) -> None:
        super().__init__(message, **extra)
        self.permanent = permanent


class TenantNotSet(RuntimeError):
    """A tenant's rows were asked for outside tenant_transaction()."""
