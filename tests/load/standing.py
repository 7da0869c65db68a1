"""A hundred loaded tenants with a member each; kept in a folder, so that a run can be taken up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import psycopg

from app import crypto
from app.settings import provision
from bench.ground import Ground, load_month, standing_ground
from bench.loading import vacuum
from bench.scale import Scale
from dev.oidc import Member

_CONTACTS = 2_000


def member_of(tenant: int) -> Member:
    """The admin of that tenant."""
    return Member(f"admin@t{tenant}.example", f"Admin {tenant}", f"Tenant {tenant}", "admin")


@contextmanager
def standing(scale: Scale, seed: int, folder: Path) -> Iterator[Ground]:
    """Every tenant of that scale, loaded up to yesterday or to the day it was first made."""
    folder.mkdir(parents=True, exist_ok=True)
    with standing_ground(replace(scale, last_day=_last_day(folder)), seed, folder) as ground:
        crypto.configure(ground.config.credential_keys)
        _load_all(ground, folder / "loaded")
        _invite_all(ground)
        yield ground


def _last_day(folder: Path) -> date:
    kept = folder / "last_day"
    if not kept.exists():
        kept.write_text(str(datetime.now(UTC).date() - timedelta(days=1)))
    return date.fromisoformat(kept.read_text())


def _load_all(ground: Ground, kept: Path) -> None:
    """What is not loaded yet, month by month; then what autovacuum does in the minutes after."""
    loaded = kept.read_text().split() if kept.exists() else []

    def once(name: str, load: Callable[[], object]) -> None:
        if name not in loaded:
            load()
            with kept.open("a") as out:
                out.write(f"{name}\n")

    for number, tenant_id in enumerate(ground.tenants):
        for first, last in ground.scale.months():
            once(f"{number}:{first}", partial(load_month, ground, number, first, last))
        once(f"{number}:people", partial(_add_people, ground, tenant_id))
    once("vacuum", partial(vacuum, ground))


def _invite_all(ground: Ground) -> None:
    """Somebody who works at each tenant, and has not signed in at a provider of an earlier run."""
    with psycopg.connect(ground.urls.superuser, autocommit=True) as connection:
        connection.execute("truncate member, membership, api_token")
    for number, tenant_id in enumerate(ground.tenants):
        provision.add_member(tenant_id, member_of(number).email, "admin")


def _add_people(ground: Ground, tenant_id: UUID) -> None:
    """Names and companies for the contacts that sign in."""
    with psycopg.connect(ground.urls.superuser, autocommit=True) as connection:
        connection.execute(
            "insert into users (tenant_id, user_id, name, email, buying_company_erp_id,"
            " buying_company_name) select %s, 'W' || n * 5, 'Contact ' || n,"
            " 'c' || n || '@shop.example', 'K' || n / 3, 'Company ' || n / 3"
            " from generate_series(1, %s) as n on conflict do nothing",
            (tenant_id, _CONTACTS),
        )
