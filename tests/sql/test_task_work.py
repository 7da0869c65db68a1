"""What people do with tasks survives every load, and nobody overwrites anybody."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from app.database.engine import tenant_transaction
from app.dates import after_working_days, utc_now
from app.errors import Conflict, Invalid, NotFound
from app.tasks.daily import keep_tasks
from app.tasks.queries import find_task
from app.tasks.steps.change import Actor, Change, change_task, undo
from app.tasks.steps.history import list_steps
from tests.loading import Row, contact
from tests.oracle.rows import add_to_cart, failed_search, item, purchase
from tests.scopes import EVERYTHING
from tests.sql.comparing import make_tenant
from tests.sql.conftest import Shop
from tests.sql.tasks import at, one, tasks

REP, OTHER = Actor("rep@acme.test", "page"), Actor("other@acme.test", "page")


def day(ago: int) -> str:
    """The day so many days before today."""
    return f"{utc_now() - timedelta(days=ago):%Y-%m-%d}"


def cart(ago: int, name: str = "A", session: int = 1, time: str = "10:00") -> Row:
    return add_to_cart(
        f"{day(ago)} {time}", "p", session, contact="U1", items=[item(name, price=10)]
    )


def do(shop: Shop, task_id: UUID, action: str, version: int | None = 0, **more: object) -> UUID:
    actor = more.pop("actor", REP)
    with tenant_transaction(shop.tenant_id) as conn:
        change = Change(action, version, **more)  # type: ignore[arg-type]  # names the test gives
        return change_task(conn, shop.tenant_id, task_id, change, actor)  # type: ignore[arg-type]  # as above


def history(shop: Shop, task_id: UUID) -> list[tuple[str, str | None]]:
    with tenant_transaction(shop.tenant_id) as conn:
        steps = list_steps(conn, shop.tenant_id, task_id)
    return [(step.action, step.outcome or step.note) for step in steps]


@pytest.fixture(autouse=True)
def _members(shop: Shop) -> None:
    """Only members own customers."""
    for person in (REP, OTHER):
        shop.superuser.execute(
            "insert into membership (tenant_id, email, role) values (%s, %s, 'rep')",
            (shop.tenant_id, person.email),
        )


@pytest.fixture
def abandoned(shop: Shop) -> UUID:
    """A cart of five days ago that is a task."""
    shop.load([cart(5)], until=day(1))
    return one(shop.tenant_id, "cart").task_id


def test_done_with_an_outcome_is_done_and_kept(shop: Shop, abandoned: UUID) -> None:
    do(shop, abandoned, "note", None, note="prefers mornings")
    do(shop, abandoned, "done", outcome="won", note="ordered by phone")
    task = one(shop.tenant_id, "cart")
    assert (task.state, task.outcome, task.version) == ("done", "won", 1)
    assert history(shop, abandoned) == [("done", "won"), ("note", "prefers mornings")]


def test_a_stale_change_is_refused_and_says_who_did_what(shop: Shop, abandoned: UUID) -> None:
    do(shop, abandoned, "done", outcome="won")
    with pytest.raises(Conflict) as refused:
        do(shop, abandoned, "snooze", snoozed_until=utc_now() + timedelta(days=1), actor=OTHER)
    assert refused.value.extra["changed_by"] == "rep@acme.test"
    assert "rep@acme.test finished it (Won)" in refused.value.message
    assert one(shop.tenant_id, "cart").state == "done"


def test_two_people_s_notes_do_not_conflict(shop: Shop, abandoned: UUID) -> None:
    do(shop, abandoned, "start")
    do(shop, abandoned, "note", None, note="one")
    do(shop, abandoned, "note", None, note="two", actor=OTHER)
    assert [note for action, note in history(shop, abandoned) if action == "note"] == ["two", "one"]


def test_undo_puts_back_what_the_step_changed_once(shop: Shop, abandoned: UUID) -> None:
    step = do(shop, abandoned, "done", outcome="not_relevant")
    with tenant_transaction(shop.tenant_id) as conn, pytest.raises(Conflict):
        undo(conn, shop.tenant_id, step, OTHER)
    with tenant_transaction(shop.tenant_id) as conn:
        assert undo(conn, shop.tenant_id, step, REP) == abandoned
    task = one(shop.tenant_id, "cart")
    assert (task.state, task.outcome, task.version) == ("open", None, 2)
    with tenant_transaction(shop.tenant_id) as conn, pytest.raises(Conflict):
        undo(conn, shop.tenant_id, step, REP)


def test_no_answer_comes_back_in_two_working_days_and_the_third_is_done(
    shop: Shop, abandoned: UUID
) -> None:
    for version in (0, 1):
        do(shop, abandoned, "done", version, outcome="no_answer")
        task = one(shop.tenant_id, "cart")
        assert (task.state, task.outcome) == ("snoozed", "no_answer")
        assert task.snoozed_until is not None
        assert utc_now() + timedelta(days=1) < task.snoozed_until < utc_now() + timedelta(days=5)
    do(shop, abandoned, "done", 2, outcome="no_answer")
    assert one(shop.tenant_id, "cart").state == "done"


def test_working_days_leave_out_the_weekend() -> None:
    friday = at("2025-04-04 15:00")
    assert after_working_days(friday, 2, "UTC") == at("2025-04-08 15:00")


def test_will_order_later_needs_a_day_and_comes_back(shop: Shop, abandoned: UUID) -> None:
    with pytest.raises(Invalid):
        do(shop, abandoned, "done", outcome="will_order_later")
    until = utc_now() + timedelta(days=9)
    do(shop, abandoned, "done", outcome="will_order_later", snoozed_until=until)
    assert one(shop.tenant_id, "cart").state == "snoozed"
    later = f"{utc_now() + timedelta(days=9, hours=1):%Y-%m-%d %H:%M}"
    assert one(shop.tenant_id, "cart", later).state == "open"


def test_an_unknown_task_and_one_of_another_tenant_are_the_same_nothing(
    shop: Shop, abandoned: UUID
) -> None:
    stranger = Shop(make_tenant(shop.superuser, "UTC", "USD"), shop.superuser)
    with pytest.raises(NotFound):
        do(stranger, abandoned, "start")
    with tenant_transaction(stranger.tenant_id) as conn:
        assert find_task(conn, stranger.tenant_id, EVERYTHING, abandoned) is None


def test_a_done_task_stays_done_through_any_load(shop: Shop, abandoned: UUID) -> None:
    do(shop, abandoned, "done", outcome="not_interested", note="no budget")
    shop.load([cart(5), cart(4, "B")], until=day(1))
    task = one(shop.tenant_id, "cart")
    assert (task.task_id, task.state, task.value) == (abandoned, "done", 20)


def test_work_follows_when_late_events_move_the_first_instant(shop: Shop, abandoned: UUID) -> None:
    do(shop, abandoned, "note", None, note="keep me")
    do(shop, abandoned, "assign", owner="other@acme.test")
    shop.load([cart(7, "Z", 3)], until=day(6))
    task = one(shop.tenant_id, "cart")
    assert (task.task_id, task.owner, task.value) == (abandoned, "other@acme.test", 20)
    assert ("note", "keep me") in history(shop, abandoned)


def test_an_order_that_splits_a_chain_leaves_the_work_on_the_earlier_part(shop: Shop) -> None:
    shop.load([cart(9), cart(5, "B", 2)], until=day(1))
    first = one(shop.tenant_id, "cart").task_id
    do(shop, first, "assign", owner="rep@acme.test")
    order = purchase(f"{day(7)} 12:00", "p", 9, contact="U1", transaction_id="T", revenue=1)
    shop.load([order], until=day(6))
    kept, fresh = tasks(shop.tenant_id, "cart")
    assert (kept.task_id, kept.owner, kept.closed_reason) == (first, "rep@acme.test", "recovered")
    assert (fresh.owner, fresh.version, fresh.state) == ("rep@acme.test", 0, "open")


def test_works_on_chains_that_join_are_one_and_lose_nothing(shop: Shop) -> None:
    order = purchase(f"{day(7)} 12:00", "p", 9, contact="U1", transaction_id="T", revenue=1)
    shop.load([cart(9), order, cart(5, "B", 2)], until=day(1))
    early, late = tasks(shop.tenant_id, "cart")
    do(shop, early.task_id, "note", None, note="early")
    do(shop, late.task_id, "note", None, note="late")
    do(shop, early.task_id, "done", outcome="not_relevant")
    shop.load([], until=day(7), kind="")
    shop.load([], until=day(6))
    joined = one(shop.tenant_id, "cart")
    assert (joined.task_id, joined.state) == (early.task_id, "done")
    notes = {note for action, note in history(shop, joined.task_id) if action == "note"}
    assert notes == {"early", "late"}
    with tenant_transaction(shop.tenant_id) as conn:
        found = find_task(conn, shop.tenant_id, EVERYTHING, late.task_id)
    assert found is not None and found.task_id == early.task_id


def test_what_vanishes_untouched_closes_with_data_changed_and_comes_back(
    shop: Shop, abandoned: UUID
) -> None:
    shop.load([], until=day(5))
    task = one(shop.tenant_id, "cart")
    assert (task.state, task.closed_reason, task.is_flagged) == ("closed", "data_changed", False)
    assert shop.overview(day(5)).abandoned_carts == 0
    shop.load([cart(5)], until=day(5))
    task = one(shop.tenant_id, "cart")
    assert (task.state, task.closed_reason, task.task_id) == ("open", None, abandoned)


def test_what_vanishes_touched_is_flagged_and_nothing_is_lost(shop: Shop, abandoned: UUID) -> None:
    do(shop, abandoned, "note", None, note="called twice")
    shop.load([], until=day(5))
    task = one(shop.tenant_id, "cart")
    assert (task.task_id, task.is_flagged, task.state, task.value) == (abandoned, True, "open", 10)
    assert ("note", "called twice") in history(shop, abandoned)
    do(shop, abandoned, "done", outcome="not_relevant")
    shop.load([cart(5)], until=day(5))
    task = one(shop.tenant_id, "cart")
    assert (task.task_id, task.is_flagged, task.state) == (abandoned, False, "done")


def test_what_follows_a_done_task_is_another_task(shop: Shop, abandoned: UUID) -> None:
    do(shop, abandoned, "done", outcome="not_interested")
    shop.superuser.execute(
        "update task_work set done_at = %s where task_id = %s",
        (utc_now() - timedelta(days=4), abandoned),
    )
    shop.load([cart(3, "B", 2)], until=day(1))
    done, fresh = tasks(shop.tenant_id, "cart")
    assert (done.task_id, done.state, done.value) == (abandoned, "done", 10)
    assert (fresh.state, fresh.value) == ("open", 10)


def test_after_a_contact_a_new_task_of_the_company_waits_seven_days(
    shop: Shop, abandoned: UUID
) -> None:
    do(shop, abandoned, "call", note="spoke to them")
    shop.superuser.execute(
        "update task_cooldown set begins_at = %s where tenant_id = %s",
        (utc_now() - timedelta(days=3), shop.tenant_id),
    )
    shop.load(
        [add_to_cart(f"{day(2)} 10:00", "q", 5, contact="U2", items=[item("B", price=3)])],
        until=day(1),
        contacts=[contact("U1", "K1"), contact("U2", "K1")],
    )
    fresh = next(task for task in tasks(shop.tenant_id, "cart") if task.contact_id == "U2")
    assert fresh.state == "snoozed"
    later = f"{utc_now() + timedelta(days=7, hours=1):%Y-%m-%d %H:%M}"
    (woken,) = (t for t in tasks(shop.tenant_id, "cart", later) if t.contact_id == "U2")
    assert woken.state == "open"
    do(shop, fresh.task_id, "wake")
    assert next(t for t in tasks(shop.tenant_id, "cart") if t.contact_id == "U2").state == "open"


def test_undoing_a_contact_ends_the_wait(shop: Shop, abandoned: UUID) -> None:
    step = do(shop, abandoned, "call")
    with tenant_transaction(shop.tenant_id) as conn:
        undo(conn, shop.tenant_id, step, REP)
    assert shop.rows("select * from task_cooldown where tenant_id = %(t)s") == []


def test_a_term_marked_fixed_closes_the_task_and_unmarked_opens_it(shop: Shop) -> None:
    shop.load([failed_search(f"{day(3)} 10:00", "valve", "p", 1, contact="U1")], until=day(1))
    values = {"t": shop.tenant_id}
    insert = "insert into search_term values (%(t)s, 'valve', 'fixed', null, null, now(), 'x')"
    shop.superuser.execute(insert, values)
    mirror = "select _mirror_fixed_terms(%(t)s, array['valve'])"
    shop.superuser.execute(mirror, values)
    task = one(shop.tenant_id, "no_results")
    assert (task.state, task.closed_reason) == ("closed", "fixed")
    shop.superuser.execute("delete from search_term where tenant_id = %(t)s", values)
    shop.superuser.execute(mirror, values)
    assert one(shop.tenant_id, "no_results").state == "open"


def test_the_clock_writes_down_once_what_closed_after_somebody_touched_it(
    shop: Shop, abandoned: UUID
) -> None:
    do(shop, abandoned, "note", None, note="waiting")
    order = purchase(f"{day(2)} 12:00", "p", 9, contact="U1", transaction_id="T", revenue=1)
    shop.load([order], until=day(2))
    keep_tasks()
    keep_tasks()
    assert history(shop, abandoned)[0][0] == "closed"
    assert [action for action, _ in history(shop, abandoned)].count("closed") == 1


def test_the_factors_follow_every_load_and_the_clock_leaves_a_day_s_alone(
    shop: Shop, abandoned: UUID
) -> None:
    scale = "select value_p90 from task_scale where tenant_id = %(t)s"
    keep_tasks()
    assert shop.rows(scale) == [(10,)]
    shop.load([cart(6, "Z", 7)], until=day(6))
    assert shop.rows(scale) == [(20,)]
    shop.superuser.execute("update task_scale set value_p90 = 3")
    keep_tasks()
    assert shop.rows(scale) == [(3,)]
    shop.superuser.execute("delete from task_scale")
    keep_tasks()
    assert shop.rows(scale) == [(20,)]
