"""Databases on a local server: a migrated template and copies of it, for tests and snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from app.database.migrate import SQL, migrate

TEMPLATE = "template_migrated"
PASSWORD = "tests-only"
ROLES = ("app_web", "app_worker", "app_maint")


@dataclass(frozen=True)
class Urls:
    """Where one database is, for the superuser and for each role of the application."""

    superuser: str
    web: str
    worker: str
    maint: str


def urls(server_url: str, database: str) -> Urls:
    """The addresses of a database on the server whose superuser's URL is given."""
    base = make_url(server_url).set(database=database)
    as_role = [base.set(username=role, password=PASSWORD) for role in ROLES]
    return Urls(*(url.render_as_string(hide_password=False) for url in (base, *as_role)))


def create_template(server_url: str) -> None:
    """Bootstrap and migrate the template database, once a server."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database {TEMPLATE}")
    target = urls(server_url, TEMPLATE)
    with psycopg.connect(target.superuser, autocommit=True) as connection:
        connection.execute((SQL / "bootstrap.sql").read_bytes())
        for role in ROLES:
            statement = sql.SQL("alter role {} password {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(PASSWORD)))
    migrate(target.maint)


def create_database(server_url: str, name: str) -> Urls:
    """A fresh copy of the migrated template; database-level rights are set anew."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")
        connection.execute(f"create database {name} template {TEMPLATE}")
    target = urls(server_url, name)
    with psycopg.connect(target.superuser, autocommit=True) as connection:
        connection.execute((SQL / "bootstrap.sql").read_bytes())
    return target


def project_root() -> Path:
    """The folder of the checkout."""
    return SQL.parent
