"""What the whole suite types, stores and sends; after it, none of it stands where it must not.

Secrets stand nowhere plain; people's names, phones and notes in no log, job or error page. Every
worker of the test run searches each database, all of Redis (with what RQ packs), every log that
the application and PostgreSQL wrote, and each error page that a test was given.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import requests
from flask.testing import FlaskClient
from psycopg import sql
from psycopg.conninfo import make_conninfo
from redis import Redis

SECRETS = {
    "secret key": "k" * 8 + "Z3n9qLw7Xb2TtVc5" * 2,
    "credential key": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=",
    "client secret": "client-secret-canary-5d1",
    "mail password": "mail-password-canary-38a",
    "file password": "file-password-canary-c07",
    "typed password": "pw-canary-7",
    "typed SFTP password": "canary-sftp-71f3",
    "typed SMTP password": "canary-smtp-92b4",
}


# What tests say of people; it belongs into the database and on pages, and nowhere else.
CONTACTS = {
    "name": "Caracanary",
    "address": "cara.canary@customer.example",
    "phone": "555-0199",
    "note": "prefers email",
}


def forms(secret: str) -> tuple[str, ...]:
    """How it may stand somewhere: plain, and as the hexadecimal of bytes."""
    return secret, secret.encode().hex()


def found_in(text: str, planted: dict[str, str]) -> list[str]:
    """The names of what stands in this text."""
    return [name for name, value in planted.items() if any(form in text for form in forms(value))]


def search_databases(server_url: str, planted: dict[str, str]) -> Iterator[str]:
    """Where something planted stands in any table of any database of this server."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        names = connection.execute("select datname from pg_database where not datistemplate")
        databases = [str(row[0]) for row in names]
    for name in databases:
        with psycopg.connect(make_conninfo(server_url, dbname=name)) as connection:
            yield from (f"{name}.{place}" for place in search_tables(connection, planted))


def search_tables(
    connection: psycopg.Connection[tuple[object, ...]], planted: dict[str, str]
) -> Iterator[str]:
    """Where something planted stands in a table of this database; rows are read in the server."""
    tables = connection.execute(
        "select relname from pg_class where relkind in ('r', 'p') and not relispartition"
        " and relnamespace = 'public'::regnamespace"
    ).fetchall()
    patterns = [f"%{form}%" for value in planted.values() for form in forms(value)]
    for (table,) in tables:
        statement = sql.SQL("select t::text from {} as t where t::text like any(%s) limit 3")
        for (row,) in connection.execute(
            statement.format(sql.Identifier(str(table))), (patterns,)
        ).fetchall():
            yield f"{table}: {found_in(str(row), planted)} in {str(row)[:200]}"


def search_redis(redis_url: str, planted: dict[str, str]) -> Iterator[str]:
    """Where something planted stands in Redis, what RQ keeps compressed unpacked."""
    redis = Redis.from_url(redis_url)
    for key in redis.scan_iter(count=1_000):
        if found := found_in(read_key(redis, key), planted):
            yield f"{key!r}: {found}"


def read_key(redis: Redis, key: bytes) -> str:
    """A key and all it holds as one text."""
    readers = {
        "string": redis.get,
        "hash": redis.hgetall,
        "set": redis.smembers,
        "list": lambda name: redis.lrange(name, 0, -1),
        "zset": lambda name: redis.zrange(name, 0, -1),
        "stream": redis.xrange,
    }
    reader = readers.get(redis.type(key).decode())
    kept = reader(key) if reader else b""
    unpacked = " ".join(_unpack(value) for value in _values(kept))
    return f"{key!r} {kept!r} {unpacked}"


def _values(kept: object) -> Iterable[object]:
    if isinstance(kept, dict):
        return kept.values()
    return kept if isinstance(kept, list | set | tuple) else [kept]


def _unpack(value: object) -> str:
    try:
        return zlib.decompress(value).decode("utf-8", "replace") if isinstance(value, bytes) else ""
    except zlib.error:
        return ""


def search_logs(folder: Path, planted: dict[str, str]) -> Iterator[str]:
    """Where something planted stands in a log of the application or PostgreSQL in this folder."""
    for path in folder.rglob("*.log"):
        is_ours = path.stem.endswith(("-service", "-service-error", "application", "postgres"))
        if is_ours and (found := found_in(path.read_text(errors="replace"), planted)):
            yield f"{path.name}: {found}"


@dataclass
class ErrorPages:
    """Watches every answer that a test gets: no fault of ours may show what was planted."""

    leaks: list[str] = field(default_factory=list)

    def look(self, url: str, status: int, text: Callable[[], str]) -> None:
        """Note an answer that says too much."""
        if status >= 500 and (found := found_in(text(), SECRETS | CONTACTS)):
            self.leaks.append(f"{status} of {url}: {found}")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look at what `requests` and Flask's own client receive in the block."""
        send, open_ = requests.Session.send, FlaskClient.open

        def sent(client: requests.Session, asked: Any, **options: Any) -> requests.Response:
            answer = send(client, asked, **options)
            if not options.get("stream"):
                self.look(asked.url, answer.status_code, lambda: answer.text)
            return answer

        def opened(client: FlaskClient, *asked: Any, **options: Any) -> Any:
            answer = open_(client, *asked, **options)
            if not answer.is_streamed:
                self.look(str(asked), answer.status_code, lambda: answer.get_data(as_text=True))
            return answer

        requests.Session.send, FlaskClient.open = sent, opened  # type: ignore[method-assign]
        try:
            yield
        finally:
            requests.Session.send, FlaskClient.open = send, open_  # type: ignore[method-assign]
