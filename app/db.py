"""The doors to PostgreSQL. `tenant_transaction()` is the only one to a tenant's rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, QueuePool

from app.config import Config, ConfigError
from app.redis_client import connect
from app.replica import Replica

Role = Literal["web", "worker"]
_POOL_SIZE, _POOL_OVERFLOW = 8, 4

_engines: dict[str, Engine] = {}
_config: Config | None = None
_role: Role = "web"
_replica: Replica | None = None


def configure(config: Config, role: Role = "web") -> None:
    """Say which settings and which database role this process uses. Closes what was open before."""
    global _config, _role, _replica
    dispose()
    _config, _role = config, role
    if config.database_replica_url:
        redis = connect(config.redis_url)
        _replica = Replica(config.database_replica_url, _url(role), redis)


def dispose() -> None:
    """Close every pooled connection of this process."""
    global _replica
    if _replica is not None:
        _replica.close()
        _replica = None
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
    with _engine(_role).connect() as connection, _noting_changes(connection, tenant_id):
        event.listen(connection, "begin", _tenant_setter(tenant_id))
        yield connection
        connection.commit()


@contextmanager
def replica_transaction(tenant_id: UUID) -> Iterator[Connection | None]:
    """One transaction that sees this tenant's rows on the replica; None where it may not answer.

    What was committed for the tenant before this began is seen, and whatever was committed more
    than some seconds before (`replica.MOST_BEHIND_S`). `app.reading` is what views use.
    """
    connection = _open_replica(tenant_id)
    if connection is None:
        yield None
        return
    try:
        yield connection
    finally:
        with suppress(DBAPIError):  # what was read is read, whatever becomes of the replica now
            connection.rollback()
        connection.close()


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


def replica() -> Replica | None:
    """The read replica of this deployment, if it has one."""
    return _replica


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


def _open_replica(tenant_id: UUID) -> Connection | None:
    if _replica is None or _role != "web":
        return None
    needed = _replica.needed(tenant_id)
    if needed is None:
        return None
    try:
        connection = _engine("replica").connect()
    except DBAPIError:
        return None
    with suppress(DBAPIError):
        values = {"tenant_id": str(tenant_id), "needed": needed}
        if connection.execute(_OPEN_REPLICA, values).scalar_one():
            return connection
    connection.close()
    return None


_OPEN_REPLICA = text("""
    select
        set_config('app.tenant_id', :tenant_id, true) <> ''
        and pg_is_in_recovery()
        and pg_last_wal_replay_lsn() >= '0/0'::pg_lsn + :needed
""")


@contextmanager
def _noting_changes(connection: Connection, tenant_id: UUID) -> Iterator[None]:
    """Let later reads of this tenant wait for what is committed here, where there is a replica."""
    if _replica is None:
        yield
        return
    has_changed = False

    def look(committing: Connection) -> None:
        nonlocal has_changed
        asked = "select pg_current_xact_id_if_assigned() is not null"
        has_changed = has_changed or bool(committing.exec_driver_sql(asked).scalar_one())

    event.listen(connection, "commit", look)
    try:
        yield
    finally:
        if has_changed:
            with suppress(DBAPIError):
                _replica.note_change(tenant_id, _position(connection))


def _position(connection: Connection) -> int:
    """The end of what the primary has written, in bytes of log."""
    asked = "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"
    return int(connection.exec_driver_sql(asked).scalar_one())


def _engine(name: str) -> Engine:
    if name in _engines:
        return _engines[name]
    is_replica = name == "replica"
    engine = make_engine(_url(name), pooled=is_replica or name == "web", is_replica=is_replica)
    if is_replica and (watched := _replica) is not None:
        event.listen(engine, "connect", lambda wire, _: watched.keep(wire))
    return _engines.setdefault(name, engine)


def _url(name: str) -> str:
    if _config is None:
        raise ConfigError("app.db.configure() was not called")
    if name == "maint":
        if _config.maint_database_url is None:
            raise ConfigError("MAINT_DATABASE_URL: needed here, and not set")
        return _config.maint_database_url
    if name == "replica":
        return _config.database_replica_url or ""
    if name == "worker" and _config.worker_database_url:
        return _config.worker_database_url
    return _config.database_url


def make_engine(url: str, *, pooled: bool = True, is_replica: bool = False) -> Engine:
    """An engine for a libpq URL; without prepared statements, as PgBouncer's mode needs.

    The connection that came back last is taken first: its caches of plans and tables are warm.
    One to a replica is not tried before its use: its first statement says enough.
    """
    sqlalchemy_url = re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql+psycopg://", url)
    options = {"prepare_threshold": None, "connect_timeout": 2 if is_replica else 10}
    if not pooled:
        return create_engine(sqlalchemy_url, poolclass=NullPool, connect_args=options)
    return create_engine(
        sqlalchemy_url, pool_pre_ping=not is_replica, pool_use_lifo=True, pool_size=_POOL_SIZE,
        max_overflow=_POOL_OVERFLOW, connect_args=options,
    )  # fmt: skip
