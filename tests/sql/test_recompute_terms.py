"""Stored searches under a new rule: terms, tasks and decisions follow, and nothing else changes."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from app.database.engine import tenant_transaction
from app.ingest.store import terms
from app.ingest.store.load import lock_tenant
from app.ingest.store.terms import recompute_terms
from tests.oracle.rows import failed_search, search
from tests.sql.comparing import derived_rows
from tests.sql.conftest import Shop
from tests.sql.tasks import one, tasks
from tests.sql.terms import DAY, NEXT, Decide, by_term, decide

__all__ = ["decide"]
TYPED = ("पानी", "पान", "C++", "c", "🔧", "Ｍ８ ½", "bolt", "nut!")
OLD = {"पानी": "पान", "C++": "c", "🔧": None, "Ｍ８ ½": "m8 1⁄2"}  # as NFKC and \\W made them


def load_typed(shop: Shop) -> None:
    """A failed search of everything, in sessions and without consent, and one that found it."""
    rows = []
    for number, typed in enumerate(TYPED):
        moment = f"{DAY} 10:{number:02d}"
        rows += [failed_search(moment, typed, "p", 1, contact="U1")]
        rows += [failed_search(moment, typed, None, None), search(moment, typed, "q", number)]
    shop.load(rows, until=NEXT)


def make_old(shop: Shop) -> None:
    """Store the terms as the earlier rule made them, and derive from them."""
    for table in ("view_search_results", "no_search_results"):
        for typed, term in OLD.items():
            shop.superuser.execute(
                f"update {table} set term = %s where tenant_id = %s and search_term = %s",
                (term, shop.tenant_id, typed),
            )
    with tenant_transaction(shop.tenant_id) as conn:
        _derive(
            conn,
            shop,
            "insert into touched_session select session_key, session_id"
            " from session where tenant_id = :t",
        )


def _derive(conn: Connection, shop: Shop, touch: str | None = None) -> int:
    values = {"t": shop.tenant_id}
    lock_tenant(conn, shop.tenant_id)
    conn.execute(text("select _derive_begin()"))
    changed = recompute_terms(conn, shop.tenant_id) if touch is None else 0
    if touch is not None:
        conn.execute(text(touch), values)
    conn.execute(text("select _derive(:t)"), values)
    return changed


def follow(shop: Shop) -> int:
    """What the background job does."""
    with tenant_transaction(shop.tenant_id) as conn:
        return _derive(conn, shop)


@pytest.mark.parametrize("batch", [1, 3, 5_000])
def test_derived_rows_are_those_of_a_new_load(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(terms, "BATCH", batch)
    load_typed(shop)
    new = derived_rows(shop.superuser, shop.tenant_id)
    make_old(shop)
    assert derived_rows(shop.superuser, shop.tenant_id) != new
    assert by_term(shop)["c"].failed_searches == 4

    assert follow(shop) == 3 * len(OLD)

    assert derived_rows(shop.superuser, shop.tenant_id) == new
    found = by_term(shop)
    assert {term: found[term].failed_searches for term in found} == dict.fromkeys(
        ("पानी", "पान", "c++", "c", "🔧", "m8 ½", "bolt", "nut"), 2
    )
    assert follow(shop) == 0


def test_a_decision_follows_its_term_where_that_is_one(shop: Shop, decide: Decide) -> None:
    load_typed(shop)
    make_old(shop)
    decide("m8 1⁄2", "fixed", note="as agreed")
    decide("c", "missing")
    decide("bolt", "redirected", redirect_to="bolts")
    follow(shop)
    found = by_term(shop)
    assert {term: row.status for term, row in found.items() if row.status} == {
        "m8 ½": "fixed",
        "c": "missing",
        "bolt": "redirected",
    }
    assert (found["m8 ½"].note, found["m8 ½"].decided_by) == ("as agreed", "meg@acme.test")


def test_two_decisions_that_meet_on_one_term_stay_where_they_are(
    shop: Shop, decide: Decide
) -> None:
    rows = [failed_search(f"{DAY} 10:00", typed, "p", 1) for typed in ("Straße", "STRASSE")]
    shop.load(rows, until=NEXT)
    shop.superuser.execute(
        "update no_search_results set term = lower(search_term) where tenant_id = %s",
        (shop.tenant_id,),
    )
    with tenant_transaction(shop.tenant_id) as conn:
        _derive(
            conn,
            shop,
            "insert into touched_session select session_key, session_id"
            " from session where tenant_id = :t",
        )
    decide("straße", "fixed")
    decide("strasse", "missing")
    follow(shop)
    decisions = shop.rows("select term, status from search_term where tenant_id = %(t)s order by 1")
    assert decisions == [("strasse", "missing"), ("straße", "fixed")]


def test_a_task_whose_terms_are_fixed_stays_closed_without_any_work(
    shop: Shop, decide: Decide
) -> None:
    shop.load([failed_search(f"{DAY} 10:00", "bolt", "p", 1, contact="U1")], until=NEXT)
    decide("bolt", "fixed")
    assert one(shop.tenant_id, "no_results", f"{NEXT} 10:00").closed_reason == "fixed"
    late = failed_search(f"{DAY} 09:00", "bolt", "p", 1, contact="U1")
    shop.load([late, failed_search(f"{DAY} 10:00", "bolt", "p", 1, contact="U1")], until=NEXT)
    assert one(shop.tenant_id, "no_results", f"{NEXT} 10:00").closed_reason == "fixed"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("पानी", {"U0"}),
        ("पान", {"U0", "U1"}),
        ("🔧", {"U4"}),
        ("ที่", {"U8"}),
        ("é", {"U9"}),
        ("e\u0301", {"U9"}),
        ("½", {"U5"}),
    ],
)
def test_lists_find_words_of_every_script(shop: Shop, query: str, found: set[str]) -> None:
    typed = (*TYPED, "ที่", "E\u0301te\u0301", "ที")
    shop.load(
        [
            failed_search(f"{DAY} 10:00", term, f"p{n}", n, contact=f"U{n}")
            for n, term in enumerate(typed)
        ],
        until=NEXT,
    )
    listed = tasks(shop.tenant_id, "no_results", f"{NEXT} 10:00", query=query)
    assert {task.contact_id for task in listed} == found
