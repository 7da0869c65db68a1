"""The doors to PostgreSQL. `tenant_transaction()` is the only one to a tenant's rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.pool import NullPool, QueuePool

from app.config import Config, ConfigError

Role = Literal["web", "worker"]
_POOL_SIZE, _POOL_OVERFLOW = 8, 4

_engines: dict[str, Engine] = {}
_config: Config | None = None
_role: Role = "web"


def configure(config: Config, role: Role = "web") -> None:
    """Say which settings and which database role this process uses. Closes what was open before."""
    global _config, _role
    dispose()
    _config, _role = config, role


def dispose() -> None:
    """Close every pooled connection of this process."""
    for engine in _engines.values():
        engine.dispose()
    _engines.clear()


@contextmanager
def tenant_transaction(tenant_id: UUID) -> Iterator[Connection]:
    """One transaction that sees and writes this tenant's rows alone.

    The tenant is set again after every begin, so that a commit in the middle does not
    leave a connection that silently sees nothing; it ends with each transaction, so that
    the next user of the connection, also behind PgBouncer, starts without a tenant.
    """
    with _engine(_role).connect() as connection:
        event.listen(connection, "begin", _tenant_setter(tenant_id))
        yield connection
        connection.commit()


@contextmanager
def admin_transaction() -> Iterator[Connection]:
    """One transaction over the few rows that belong to no single tenant's work.

    It may read tenants, members and memberships and drive the job queue, and nothing
    else: sign-in, schedules and the sweeper need it.
    """
    with _engine(_role).begin() as connection:
        connection.execute(text("set local role app_admin"))
        yield connection


@contextmanager
def maint_transaction() -> Iterator[Connection]:
    """One transaction past row-level security, for provisioning, partitions and retention alone."""
    with _engine("maint").begin() as connection:
        yield connection


def pool_use() -> tuple[int, int]:
    """Connections in use and how many there may be, of this process's pool."""
    engine = _engines.get("web")
    if engine is None or not isinstance(engine.pool, QueuePool):
        return 0, _POOL_SIZE + _POOL_OVERFLOW
    return engine.pool.checkedout(), _POOL_SIZE + _POOL_OVERFLOW


def _tenant_setter(tenant_id: UUID):  # type: ignore[no-untyped-def]  # noqa: ANN202 - SQLAlchemy's listener
    statement = text("select set_config('app.tenant_id', :tenant_id, true)")

    def set_tenant(connection: Connection) -> None:
        connection.execute(statement, {"tenant_id": str(tenant_id)})

    return set_tenant


def _engine(name: str) -> Engine:
    if name not in _engines:
        _engines[name] = make_engine(_url(name), pooled=name == "web")
    return _engines[name]


def _url(name: str) -> str:
    if _config is None:
        raise ConfigError("app.db.configure() was not called")
    if name == "maint":
        if _config.maint_database_url is None:
            raise ConfigError("MAINT_DATABASE_URL: needed here, and not set")
        return _config.maint_database_url
    if name == "worker" and _config.worker_database_url:
        return _config.worker_database_url
    return _config.database_url


def make_engine(url: str, *, pooled: bool = True) -> Engine:
    """An engine for a libpq URL; without prepared statements, as PgBouncer's mode needs."""
    sqlalchemy_url = re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql+psycopg://", url)
    options = {"prepare_threshold": None, "connect_timeout": 10}
    if not pooled:
        return create_engine(sqlalchemy_url, poolclass=NullPool, connect_args=options)
    return create_engine(
        sqlalchemy_url, pool_pre_ping=True, pool_size=_POOL_SIZE, max_overflow=_POOL_OVERFLOW,
        connect_args=options,
    )
