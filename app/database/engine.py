"""Connections to PostgreSQL. `tenant_transaction()` is the only access to a tenant's rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from app.config import Config, ConfigError
from app.database.redis_client import connect
from app.database.replica import Replica
from app.database.watch import (
    CONNECT_S,
    PING_S,
    PLACES,
    STATEMENT_S,
    Watch,
    Wire,
    asking,
    is_limited,
)

Role = Literal["web", "worker"]
_POOL_SIZE, _POOL_OVERFLOW, _POOL_WAIT_S = PLACES, 4, 3
# Milliseconds until sent data must be confirmed; seconds for probing an idle connection.
_KERNEL = {
    "tcp_user_timeout": 8_000,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
}

_engines: dict[str, Engine] = {}
_config: Config | None = None
_role: Role = "web"
_replica: Replica | None = None
_watch: Watch | None = None


def configure(config: Config, role: Role = "web") -> None:
    """Set the settings and database role of this process. Closes earlier connections."""
    global _config, _role, _replica, _watch
    dispose()
    _config, _role = config, role
    if role == "web":
        _watch = Watch(config.database_url, _let_go)
    if config.database_replica_url:
        redis = connect(config.redis_url)
        _replica = Replica(config.database_replica_url, _url(role), redis)


def dispose() -> None:
    global _replica, _watch
    if _watch is not None:
        _watch.close()
        _watch = None
    if _replica is not None:
        _replica.close()
        _replica = None
    for engine in _engines.values():
        engine.dispose()
    _engines.clear()


@contextmanager
def tenant_transaction(tenant_id: UUID) -> Iterator[Connection]:
    """One transaction that sees and writes only this tenant's rows.

    The tenant is set again after every begin, so that a commit in the middle does not leave a
    connection that silently sees nothing. It ends with the transaction, so that the connection's
    next user, also behind PgBouncer, starts without a tenant.
    """
    with _open() as connection, _noting_changes(connection, tenant_id):
        event.listen(connection, "begin", _tenant_setter(tenant_id))
        yield connection
        connection.commit()


@contextmanager
def replica_transaction(tenant_id: UUID) -> Iterator[Connection | None]:
    """One transaction that reads this tenant's rows on the replica; None if the replica may not
    serve it.

    It sees everything committed for the tenant before it began, and everything committed more than
    `replica.MOST_BEHIND_S` before. Views use `app.http.reading`.
    """
    connection = _open_replica(tenant_id)
    if connection is None:
        yield None
        return
    try:
        yield connection
    finally:
        with suppress(DBAPIError):  # reads are done, whatever happens to the replica now
            connection.rollback()
        connection.close()


@contextmanager
def admin_transaction() -> Iterator[Connection]:
    """One transaction over the few rows that belong to no single tenant's work.

    For sign-in, schedules and the sweeper: it can read tenants, members and memberships and use the
    job queue, nothing else.
    """
    with _open() as connection:
        connection.execute(_SET_ADMIN, {"limit": _statement_limit()})
        yield connection
        connection.commit()


@contextmanager
def maint_transaction() -> Iterator[Connection]:
    """One transaction without row-level security, only for provisioning, partitions, retention."""
    with _engine("maint").begin() as connection:
        yield connection


def replica() -> Replica | None:
    """The deployment's read replica, if any."""
    return _replica


def pool_use() -> tuple[int, int]:
    """Connections in use and their maximum, in this process's pool."""
    engine = _engines.get("web")
    if engine is None or not isinstance(engine.pool, QueuePool):
        return 0, _POOL_SIZE + _POOL_OVERFLOW
    return engine.pool.checkedout(), _POOL_SIZE + _POOL_OVERFLOW


@contextmanager
def _open() -> Iterator[Connection]:
    """A connection with this process's role. The web role does not wait for a dead server."""
    with ExitStack() as ending:
        if _watch is not None:
            ending.enter_context(_watch.place())
        try:
            connection = ending.enter_context(_engine(_role).connect())
        except OperationalError:
            if _watch is not None:
                _watch.note_silence()
            raise
        yield connection


def _let_go() -> None:
    """Drop idle connections to a silent server; those in use end by themselves."""
    engine = _engines.get("web")
    if engine is not None:
        engine.dispose()


def _statement_limit() -> str | None:
    """The server-side statement limit of a request; None keeps the default."""
    return f"{STATEMENT_S:.0f}s" if is_limited() else None


_KEPT = "coalesce(:limit, current_setting('statement_timeout'))"
_LIMIT = f"set_config('statement_timeout', {_KEPT}, true)"
_SET_TENANT = text(f"select set_config('app.tenant_id', :tenant_id, true), {_LIMIT}")
_SET_ADMIN = text(f"select set_config('role', 'app_admin', true), {_LIMIT}")


def _tenant_setter(tenant_id: UUID):  # type: ignore[no-untyped-def]  # noqa: ANN202 - SQLAlchemy's listener
    def set_tenant(connection: Connection) -> None:
        values = {"tenant_id": str(tenant_id), "limit": _statement_limit()}
        connection.execute(_SET_TENANT, values)

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
    """Let later reads of this tenant wait for this commit, if there is a replica."""
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
    """The end of the primary's log, in bytes."""
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
        raise ConfigError("app.database.engine.configure() was not called")
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
    """An engine for a libpq URL, without prepared statements, as PgBouncer's mode needs.

    The last returned connection is used first: its caches of plans and tables are warm. Connections
    to a replica are not tested before use: their first statement shows a failure.
    """
    sqlalchemy_url = re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql+psycopg://", url)
    options = {"prepare_threshold": None, "connect_timeout": CONNECT_S if pooled else 10}
    if not pooled:
        return create_engine(
            sqlalchemy_url, poolclass=NullPool, connect_args=options, hide_parameters=True
        )
    engine = create_engine(
        sqlalchemy_url,
        pool_pre_ping=not is_replica,
        pool_use_lifo=True,
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_OVERFLOW,
        pool_timeout=_POOL_WAIT_S,
        connect_args=options | _KERNEL,
        hide_parameters=True,
    )
    event.listen(engine, "do_connect", _connect)
    engine.dialect.do_ping = partial(_ping, engine.dialect.do_ping)  # type: ignore[method-assign]
    return engine


def _connect(_dialect: object, _record: object, urls: list[str], options: dict[str, Any]) -> Wire:
    with asking():
        return Wire.connect(*urls, **options)


def _ping(ask: Callable[[Any], bool], wire: Any) -> bool:  # noqa: ANN401 - SQLAlchemy's own
    """SQLAlchemy's ping with a short time limit."""
    with wire.within(PING_S):
        return ask(wire)
