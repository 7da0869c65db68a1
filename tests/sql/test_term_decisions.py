"""What is decided about a term: rates before and after, tasks that close, two people at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.dates import DateRange, utc_now
from app.errors import Conflict, NotFound
from tests.loading import contact
from tests.oracle.rows import failed_search, search
from tests.sql.conftest import Shop
from tests.sql.tasks import one
from tests.sql.terms import DAY, NEXT, Decide, ask, by_term, decide

__all__ = ["decide"]


def test_a_decision_is_written_with_the_rates_before_and_after(shop: Shop, decide: Decide) -> None:
    today, search_at = utc_now().date(), "12:00"
    days = {n: f"{today + timedelta(days=n)} {search_at}" for n in (-40, -30, -1, 0)}
    shop.load(
        [
            failed_search(days[-40], "valve", "p", 1),
            failed_search(days[-30], "valve", "p", 2),
            search(days[-1], "valve", "p", 3),
            failed_search(days[0], "valve", "p", 4),
        ]
    )
    period = DateRange(today - timedelta(days=60), today)
    decide("valve", "redirected", redirect_to="valves", note="as agreed")
    found = by_term(shop, period=period)["valve"]
    assert (found.status, found.redirect_to, found.note) == ("redirected", "valves", "as agreed")
    assert (found.decided_by, found.rate_before, found.rate_after) == ("meg@acme.test", 50, None)
    assert (found.searches_before, found.searches_after) == (2, 0)
    shop.superuser.execute(
        "update search_term set decided_at = decided_at - interval '31 days' where tenant_id = %s",
        (shop.tenant_id,),
    )
    found = by_term(shop, period=period)["valve"]
    assert (found.rate_before, found.rate_after, found.searches_after) == (100, 50, 2)


def test_a_task_closes_when_all_its_terms_are_fixed_and_opens_again(
    shop: Shop, decide: Decide
) -> None:
    rows = [failed_search(f"{DAY} 10:0{n}", f"t{n}", "p", 1, contact="U1") for n in range(2)]
    shop.load(rows, contacts=[contact("U1", "K1")])
    state = lambda: one(shop.tenant_id, "no_results", f"{NEXT} 10:00").closed_reason  # noqa: E731
    decide("t0", "fixed")
    assert state() is None
    decide("t1", "fixed")
    assert state() == "fixed"
    (seen,) = (t.decided_at for t in ask(shop) if t.term == "t1")
    decide("t1", "missing", seen_at=seen)
    assert state() is None


def test_a_decision_not_seen_is_never_overwritten(shop: Shop, decide: Decide) -> None:
    shop.load([failed_search(f"{DAY} 10:00", "valve", None, None)])
    decide("valve", "fixed")
    with pytest.raises(Conflict, match=r"meg@acme\.test marked it fixed"):
        decide("valve", "missing")
    seen = by_term(shop)["valve"].decided_at
    decide("valve", None, seen_at=seen)
    assert by_term(shop)["valve"].status is None
    with pytest.raises(NotFound):
        decide("nobody searched for this", "fixed")
