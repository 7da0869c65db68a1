"""Every function of the application keeps to its tenant by itself, so that tenants can be spread
over servers: with row-level security out of the way, and beside a twin with the very same ids, it
answers what it answers behind the fence."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest

from app import jobs
from app.config import Config
from app.database import engine as db
from app.ingest.files.customer_file import BranchRow, ContactRow
from dev.database import Urls
from dev.generate import generate, tiny
from tests.conftest import Cast
from tests.loading import load_days
from tests.scopes import EVERYTHING

Superuser = psycopg.Connection[Any]
FIRST, LAST = date(2025, 4, 1), date(2025, 4, 4)
# What a parameter without a default is given; of the customer and session, the first there is.
GIVEN: dict[str, object] = {
    "p_start_date": FIRST,
    "p_end_date": LAST,
    "p_granularity": "daily",
    "p_location_ids": None,
    "p_now": datetime(2025, 4, 5, 12, tzinfo=UTC),
    "p_since": datetime(2025, 4, 1, tzinfo=UTC),
    "p_file_type": "users",
    "p_scope": EVERYTHING.literal,
    "p_columns": ["buying_company_erp_id"],
}
FOUND = {
    "p_customer_key": "select min(customer_key) from task where tenant_id = %s",
    "p_customer_keys": "select array_agg(customer_key) from task where tenant_id = %s",
    "p_session_id": "select min(session_id) from session where tenant_id = %s",
    "p_order_key": "select min(order_key) from shop_order where tenant_id = %s",
    "p_task_ids": "select array_agg(task_id) from task where tenant_id = %s",
    "p_page": "select min(to_jsonb(p)->>'page') from get_landing_pages(%s, '2025-04-01',"
    " '2025-04-04') as p",
    "p_term": "select min(to_jsonb(t)->>'term') from get_search_terms(%s, '2025-04-01',"
    " '2025-04-04') as t",
}


@pytest.fixture(scope="module")
def twins(cast: Cast, config: Config, superuser: Superuser) -> Cast:
    """Two tenants with the same export and the same customer file."""
    db.configure(config, role="worker")
    jobs.configure(config)
    profile = tiny(5, days=4, zone="UTC", currency="USD")
    tables = {name: list(rows) for name, rows in generate(profile, FIRST, LAST, 5)}
    contacts = [ContactRow(f"U{n}", buying_company_erp_id=f"K{n % 3}") for n in range(20)]
    branches = [BranchRow(f"D{n:02}", name=f"Branch {n}") for n in range(4)]
    for tenant_id in (cast.acme, cast.globex):
        load_days(tenant_id, tables, contacts=contacts, branches=branches)
    db.configure(config)
    return cast


def functions(superuser: Superuser) -> list[tuple[str, list[str]]]:
    """Every function that the application reads with, and the parameters it must be given."""
    return superuser.execute(
        "select p.proname, coalesce(p.proargnames[2 : p.pronargs - p.pronargdefaults], '{}')"
        " || (select coalesce(array_agg(n), '{}') from unnest(p.proargnames[1 : p.pronargs]) as n"
        "     where n = 'p_now' and p.pronargdefaults > 0)"
        " from pg_proc as p where p.pronamespace = 'public'::regnamespace"
        " and p.proname like 'get\\_%' order by 1"
    ).fetchall()


def test_every_function_keeps_to_its_tenant_without_the_fence(
    twins: Cast, superuser: Superuser, urls: Urls
) -> None:
    told = 0
    found = {name: first(superuser, query, twins) for name, query in FOUND.items()}
    with psycopg.connect(urls.web, autocommit=True) as web:
        web.execute("select set_config('app.tenant_id', %s, false)", (str(twins.acme),))
        for name, needed in functions(superuser):
            given = {"p_tenant_id": twins.acme} | {n: (GIVEN | found)[n] for n in set(needed)}
            behind, before = (answer(wire, name, given) for wire in (web, superuser))
            assert behind == before, name
            told += bool(behind)
    assert told > 25, f"only {told} of them had anything to say"


def first(superuser: Superuser, query: str, twins: Cast) -> object:
    row = superuser.execute(query, (twins.acme,)).fetchone()
    return row and row[0]


def answer(wire: Superuser, name: str, given: dict[str, object]) -> list[str]:
    """Every row as text, in an order of its own."""
    arguments = ", ".join(f"{parameter} => %({parameter})s" for parameter in given)
    statement = f"select to_jsonb(f)::text from {name}({arguments}) as f"
    return sorted(row[0] for row in wire.execute(statement, given))


def test_keys_that_refer_to_other_tables_hold_the_tenant(superuser: Superuser) -> None:
    """Or one could lead into another tenant's rows; members alone are no tenant's."""
    without = superuser.execute(
        "select c.conname from pg_constraint as c where c.contype = 'f'"
        " and c.connamespace = 'public'::regnamespace and c.confrelid <> 'member'::regclass"
        " and not exists (select from pg_attribute as a where a.attrelid = c.conrelid"
        "     and a.attnum = any(c.conkey) and a.attname = 'tenant_id')"
    ).fetchall()
    assert without == []
